package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxState caps a state file. Docker's and runc's have some tens of KiB; Podman's list of all containers may grow to
// some MiB.
const maxState = 8 << 20

// maxEntries caps how many names of one directory are looked at.
const maxEntries = 4096

var errNotRegular = errors.New("not a regular file")

// view is a root directory below which an engine's paths mean what the engine means by them: the host's, or
// /proc/PID/root of an engine in a mount namespace of its own.
type view struct {
	root string
}

// read reads a regular file below the view's root, whole, up to maxState. Links are followed inside of the root only
// (RESOLVE_IN_ROOT, openat2(2)), and nothing but a regular file is opened for reading, so that no FIFO, device or
// socket that somebody put there can hold us up or be set off.
func (v view) read(path string) ([]byte, error) {
	fd, err := v.openPath(path, unix.S_IFREG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	// Only an O_PATH descriptor is held so far; its link in /proc opens the very file that was looked at.
	f, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(fd), os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", v.path(path), err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", v.path(path), err)
	}
	if len(text) > maxState {
		return nil, fmt.Errorf("read %s: larger than %d bytes", v.path(path), maxState)
	}
	return text, nil
}

// list returns the names in a directory below the view's root, at most maxEntries.
func (v view) list(path string) ([]string, error) {
	fd, err := v.openPath(path, unix.S_IFDIR)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	dir, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", v.path(path), err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("list %s: %w", v.path(path), err)
	}
	return names, nil
}

// openPath opens a path without opening what stands there, and checks its kind.
func (v view) openPath(path string, kind uint32) (int, error) {
	fd, err := v.resolve(path)
	if err != nil {
		return -1, fmt.Errorf("open %s: %w", v.path(path), err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("stat %s: %w", v.path(path), err)
	}
	if st.Mode&unix.S_IFMT != kind {
		unix.Close(fd)
		return -1, fmt.Errorf("open %s: %w", v.path(path), errNotRegular)
	}
	return fd, nil
}

func (v view) resolve(path string) (int, error) {
	root, err := unix.Open(v.root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(root)
	fd, err := unix.Openat2(root, path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	// Before Linux 5.6, and where a seccomp filter does not know the call, only our own root can be read safely.
	if v.root == "/" && (errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM)) {
		return unix.Open(filepath.Join("/", path), unix.O_PATH|unix.O_CLOEXEC, 0)
	}
	return fd, err
}

// path is how a person would reach a file of the view.
func (v view) path(path string) string { return filepath.Join(v.root, path) }
