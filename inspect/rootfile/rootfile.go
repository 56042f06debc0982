// Package rootfile reads files below a root directory that belongs to somebody else, such as /proc/PID/root, without being led
// out of it or held up in it.
package rootfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxEntries caps how many names of one directory are looked at.
const maxEntries = 4096

// ErrNotRegular is wrapped when something else stands where a regular file, or a directory, is expected.
var ErrNotRegular = errors.New("not a regular file")

// Root is a directory below which paths mean what they mean to a process whose root it is.
type Root string

// Read reads a regular file below the root, whole, up to most bytes. Links are followed inside of the root only (RESOLVE_IN_ROOT,
// openat2(2)), and nothing but a regular file is opened for reading, so that no FIFO, device or socket that somebody put there can
// hold the reader up or be set off. A file system that does not answer (FUSE, NFS) still can: who cannot wait reads apart.
func (r Root) Read(path string, most int) ([]byte, error) {
	fd, err := r.openPath(path, unix.S_IFREG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	// Only an O_PATH descriptor is held so far; its link in /proc opens the very file that was looked at.
	f, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(fd), os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", r.Path(path), err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Path(path), err)
	}
	if len(text) > most {
		return nil, fmt.Errorf("read %s: larger than %d bytes", r.Path(path), most)
	}
	return text, nil
}

// List returns the names in a directory below the root, at most 4096.
func (r Root) List(path string) ([]string, error) {
	fd, err := r.openPath(path, unix.S_IFDIR)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	dir, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", r.Path(path), err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("list %s: %w", r.Path(path), err)
	}
	return names, nil
}

// Path is how a person would reach a file below the root.
func (r Root) Path(path string) string { return filepath.Join(string(r), path) }

// openPath opens a path without opening what stands there, and checks its kind.
func (r Root) openPath(path string, kind uint32) (int, error) {
	fd, err := r.resolve(path)
	if err != nil {
		return -1, fmt.Errorf("open %s: %w", r.Path(path), err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("stat %s: %w", r.Path(path), err)
	}
	if st.Mode&unix.S_IFMT != kind {
		unix.Close(fd)
		return -1, fmt.Errorf("open %s: %w", r.Path(path), ErrNotRegular)
	}
	return fd, nil
}

func (r Root) resolve(path string) (int, error) {
	root, err := unix.Open(string(r), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(root)
	fd, err := unix.Openat2(root, path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	// Before Linux 5.6, and where a seccomp filter does not know the call, only our own root can be read safely.
	if r == "/" && (errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM)) {
		return unix.Open(filepath.Join("/", path), unix.O_PATH|unix.O_CLOEXEC, 0)
	}
	return fd, err
}
