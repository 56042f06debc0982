package rootfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Cached is a root in the cache.
type Cached struct {
	Key     string // its name in the cache
	Digest  string // as Root.Digest
	Kind    Kind
	Path    string    // of the archive that it was made from
	Made    time.Time // when
	Used    time.Time // when Unpack gave it out last
	Bytes   int64     // of all files, as the archive says
	Entries int       // of the archive
	InUse   bool      // some Root of it is not closed
	Damaged error     // it cannot be used: the next Unpack makes it again
}

// List returns the roots of a cache; "" is the default one. A cache that is not there is empty.
func List(cacheDir string) ([]Cached, error) {
	c, err := cacheAt(cacheDir)
	if c == nil || err != nil {
		return nil, err
	}
	dirs, err := os.ReadDir(filepath.Join(c.dir, rootsDir))
	if err != nil {
		return nil, fmt.Errorf("list the cache: %w", err)
	}
	var list []Cached
	for _, d := range dirs {
		if root, err := c.look(d.Name()); err == nil {
			list = append(list, root)
		}
	}
	return list, nil
}

// Prune removes the roots that nobody uses, and that nobody has used for so long; and what was left behind by processes
// that were killed. It returns the roots that it removed.
func Prune(ctx context.Context, cacheDir string, unused time.Duration) ([]Cached, error) {
	list, err := List(cacheDir)
	if err != nil {
		return nil, err
	}
	c, err := cacheAt(cacheDir)
	if c == nil || err != nil {
		return nil, err
	}
	var removed []Cached
	kept := map[digest]bool{}
	for _, root := range list {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		err := errBusy
		if time.Since(root.Used) >= unused {
			err = c.discard(ctx, root.Key)
		}
		switch {
		case err == nil:
			removed = append(removed, root)
		case errors.Is(err, errBusy):
			kept[digest(root.Digest)] = true
		case !errors.Is(err, fs.ErrNotExist):
			return removed, err
		}
	}
	c.sweep(ctx)
	c.forget(kept)
	return removed, nil
}

// cacheAt is the cache when there is one.
func cacheAt(dir string) (*cache, error) {
	opts, err := Options{CacheDir: dir}.complete()
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(opts.CacheDir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return openCache(opts.CacheDir)
}

// look says what is known of a root, without using it.
func (c *cache) look(key string) (Cached, error) {
	dir := c.root(key)
	info, err := os.Lstat(dir)
	if err != nil {
		return Cached{}, err
	}
	e, err := readEntry(dir)
	held, busy := lockDir(context.Background(), dir, unix.LOCK_EX, nil)
	if held != nil {
		held.Close()
	}
	return Cached{
		Key: key, Digest: string(e.Digest), Kind: e.Kind, Path: e.Path, Made: e.Made, Used: info.ModTime(),
		Bytes: e.Bytes, Entries: e.Entries, InUse: errors.Is(busy, errBusy), Damaged: err,
	}, nil
}
