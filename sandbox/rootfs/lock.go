package rootfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// errBusy says that somebody else has a lock.
var errBusy = errors.New("in use")

// lockDir opens a directory and locks it with LOCK_SH or LOCK_EX, see flock(2). The lock ends when the file is closed, or
// with the process. While somebody else has it, waiting is called now and then; without waiting, errBusy is returned at
// once. It is fs.ErrNotExist when the directory is gone, also when it goes while waiting.
func lockDir(ctx context.Context, path string, how int, waiting func()) (*os.File, error) {
	f, err := os.OpenFile(path, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := lock(ctx, f, how, waiting); err != nil {
		f.Close()
		return nil, err
	}
	if !isAt(f, path) {
		f.Close()
		return nil, &fs.PathError{Op: "lock", Path: path, Err: fs.ErrNotExist}
	}
	return f, nil
}

func lock(ctx context.Context, f *os.File, how int, waiting func()) error {
	for {
		switch err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB); err {
		case nil:
			return nil
		case unix.EINTR:
			continue
		case unix.EWOULDBLOCK:
		default:
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if waiting == nil {
			return errBusy
		}
		waiting()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond): // flock(2) itself waits without an end
		}
	}
}

// isAt tells whether an open directory is still the one at a path.
func isAt(f *os.File, path string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(ours, there)
}
