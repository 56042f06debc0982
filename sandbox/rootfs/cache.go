package rootfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// cache is the cache directory, see the package's documentation.
type cache struct {
	dir string
}

const (
	rootsDir   = "roots"
	workDir    = "work"
	digestsDir = "digests"

	rootName  = "root"
	entryName = "entry.json"
)

// openCache makes what is missing of a cache, and refuses one that others can change: they would decide what runs in a
// sandbox, and own files that its user trusts.
func openCache(dir string) (*cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the cache: %w", err)
	}
	for _, d := range []string{dir, filepath.Join(dir, rootsDir), filepath.Join(dir, workDir), filepath.Join(dir, digestsDir)} {
		if err := os.Mkdir(d, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make the cache: %w", err)
		}
		if err := onlyOurs(d); err != nil {
			return nil, err
		}
	}
	return &cache{dir}, nil
}

func onlyOurs(dir string) error {
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return fmt.Errorf("look at the cache %s: %w", dir, err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("the cache %s is not a directory: remove it, or choose another", dir)
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("the cache %s belongs to uid %d, who could change what runs in sandboxes: choose another", dir, st.Uid)
	case st.Mode&0o022 != 0:
		return fmt.Errorf("the cache %s can be changed by others (mode %04o): chmod go-w it, or choose another", dir, st.Mode&0o7777)
	}
	return nil
}

func (c *cache) root(key string) string { return filepath.Join(c.dir, rootsDir, key) }

// entryVersion is of entry.json, and of how roots are made: an older root is made again.
const entryVersion = 1

// entry is entry.json: what is known of a root.
type entry struct {
	Version int          `json:"version"`
	Digest  digest       `json:"digest"`
	Kind    Kind         `json:"kind"`
	Path    string       `json:"path"`    // of the archive it was made from
	Made    time.Time    `json:"made"`    // when
	Bytes   int64        `json:"bytes"`   // of all files, as the archive says
	Entries int          `json:"entries"` // of the archive
	Skipped int          `json:"skipped"` // device files that were not made
	Config  *ImageConfig `json:"config,omitempty"`
}

// open locks a root for use. It is nil without an error when there is none.
func (c *cache) open(ctx context.Context, key string, waiting func()) (*Root, error) {
	dir := c.root(key)
	held, err := lockDir(ctx, dir, unix.LOCK_SH, waiting)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the root in the cache: %w", err)
	}
	e, err := readEntry(dir)
	if err != nil {
		held.Close()
		return nil, c.discardDamaged(ctx, key, err)
	}
	now := time.Now()
	_ = os.Chtimes(dir, now, now) // when it was last used, for Prune: worth no failure
	return &Root{
		Dir: filepath.Join(dir, rootName), Digest: string(e.Digest), Config: e.Config, Skipped: e.Skipped, held: held,
	}, nil
}

// discardDamaged removes a root that nobody can use, so that it is made again.
func (c *cache) discardDamaged(ctx context.Context, key string, why error) error {
	switch err := c.discard(ctx, key); {
	case errors.Is(err, errBusy):
		return fmt.Errorf("the root in the cache is damaged, and in use: %w", why)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

func readEntry(dir string) (e entry, err error) {
	data, err := readSmall(filepath.Join(dir, entryName), 2*maxJSON)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("read %s: %w", filepath.Join(dir, entryName), err)
	}
	if e.Version != entryVersion {
		return e, fmt.Errorf("version %d of %s is not %d", e.Version, entryName, entryVersion)
	}
	if _, err := parseDigest(string(e.Digest)); err != nil {
		return e, err
	}
	info, err := os.Lstat(filepath.Join(dir, rootName))
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", filepath.Join(dir, rootName))
	}
	return e, err
}

// readSmall reads a file of the cache, which should not be large.
func readSmall(path string, most int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return data, err
}

// discard removes a root that nobody uses: errBusy when somebody does. It is moved away first, so that no half of it is
// ever found.
func (c *cache) discard(ctx context.Context, key string) error {
	held, err := lockDir(ctx, c.root(key), unix.LOCK_EX, nil)
	if err != nil {
		return err
	}
	defer held.Close()
	away := filepath.Join(c.dir, workDir, fmt.Sprintf("%s.gone.%d", key, time.Now().UnixNano()))
	if err := os.Rename(c.root(key), away); err != nil {
		return fmt.Errorf("remove a root from the cache: %w", err)
	}
	if err := removeAll(unix.AT_FDCWD, away, nil); err != nil {
		return fmt.Errorf("remove a root from the cache: %w", err)
	}
	return nil
}
