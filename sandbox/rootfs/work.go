package rootfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// work is a root that this process makes.
type work struct {
	cache *cache
	key   string
	dir   string
	held  *os.File // the lock
}

// claim gets the right to make a root, and an empty directory for it. While another process makes the same, waiting is
// called now and then.
func (c *cache) claim(ctx context.Context, key string, waiting func()) (*work, error) {
	c.sweep(ctx)
	dir := filepath.Join(c.dir, workDir, key)
	for {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make a directory to unpack in: %w", err)
		}
		held, err := lockDir(ctx, dir, unix.LOCK_EX, waiting)
		if errors.Is(err, fs.ErrNotExist) {
			continue // made, or given up, while we waited
		}
		if err != nil {
			return nil, fmt.Errorf("lock a directory to unpack in: %w", err)
		}
		w := &work{c, key, dir, held}
		if err := w.empty(); err != nil {
			held.Close()
			return nil, err
		}
		return w, nil
	}
}

// empty removes what somebody has left who was killed here.
func (w *work) empty() error {
	names, err := os.ReadDir(w.dir)
	if err != nil {
		return fmt.Errorf("list the directory to unpack in: %w", err)
	}
	for _, left := range names {
		if err := removeAll(int(w.held.Fd()), left.Name(), nil); err != nil {
			return fmt.Errorf("clear the directory to unpack in: %w", err)
		}
	}
	return nil
}

// sweep removes the remains of who was killed while unpacking or removing: nobody holds their locks.
func (c *cache) sweep(ctx context.Context) {
	dir := filepath.Join(c.dir, workDir)
	left, _ := os.ReadDir(dir) // what stays is seen by the next
	for _, e := range left {
		path := filepath.Join(dir, e.Name())
		held, err := lockDir(ctx, path, unix.LOCK_EX, nil)
		if err != nil {
			continue
		}
		_ = removeAll(unix.AT_FDCWD, path, nil)
		held.Close()
	}
}

// finish puts the root, which is complete, into the cache, and gives up the lock.
func (w *work) finish(e entry) error {
	defer w.held.Close()
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write %s: %w", entryName, err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, entryName), data, 0o600); err != nil {
		return err
	}
	if err := os.Rename(w.dir, w.cache.root(w.key)); err != nil {
		return fmt.Errorf("put the root into the cache: %w", err)
	}
	return nil
}

// giveUp removes what was made.
func (w *work) giveUp() error {
	defer w.held.Close()
	return removeAll(unix.AT_FDCWD, w.dir, nil)
}
