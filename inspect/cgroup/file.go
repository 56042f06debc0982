package cgroup

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxFile bounds what is read of one file: the largest honest ones, io.stat and devices.list, stay far below.
const maxFile = 1 << 20

// folder is an open directory of a cgroup. Its files are read relative to it, so that all of them are of the same cgroup
// even when another takes its name in between.
type folder struct {
	fd     int
	kernel bool // see place
}

var noFolder = folder{fd: -1}

const openDirectory = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC

// openFolder opens the directory of a place, which is trusted.
func openFolder(at place) (folder, error) {
	fd, err := retry(func() (int, error) { return unix.Open(at.dir, openDirectory, 0) })
	return folder{fd, at.kernel}, err
}

// folder opens a directory below, see openBelow.
func (f folder) folder(below string) (folder, error) {
	fd, err := f.openBelow(below, openDirectory)
	return folder{fd, f.kernel}, err
}

// openBelow opens what stands at a relative path. It goes through no symbolic link and no mount, and never up: the names
// come from other processes, and a copy of a machine's files may hold anything.
func (f folder) openBelow(name string, flags int) (int, error) {
	if !strings.Contains(name, "/") { // leads nowhere else, and is cheaper so
		return f.openName(name, flags)
	}
	how := unix.OpenHow{
		Flags:   uint64(flags),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	fd, err := retry(func() (int, error) { return unix.Openat2(f.fd, name, &how) })
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // before Linux 5.6; EPERM: a seccomp filter that does not know the call
		return f.walkBelow(name, flags)
	}
	return fd, err
}

// walkBelow does openat2's work one name at a time.
func (f folder) walkBelow(name string, flags int) (int, error) {
	at := f
	for {
		first, rest, more := strings.Cut(name, "/")
		how := flags
		if more {
			how = openDirectory
		}
		fd, err := at.openName(first, how)
		if at != f {
			at.close()
		}
		if err != nil || !more {
			return fd, err
		}
		at, name = folder{fd, f.kernel}, rest
	}
}

func (f folder) openName(name string, flags int) (int, error) {
	if name == "" || name == "." || name == ".." {
		return -1, unix.EXDEV
	}
	return retry(func() (int, error) { return unix.Openat(f.fd, name, flags|unix.O_NOFOLLOW, 0) })
}

func (f folder) close() {
	if f.fd >= 0 {
		unix.Close(f.fd)
	}
}

// read reads a regular file in or below the folder into buf, which grows up to maxFile; longer files are cut there.
// In a copy of a machine's files there may be other things than files: O_NONBLOCK because a FIFO would block.
func (f folder) read(name string, buf []byte) ([]byte, error) {
	fd, err := f.openBelow(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if err != nil {
		return buf[:0], err
	}
	defer unix.Close(fd)
	if !f.kernel {
		var stat unix.Stat_t
		if err := unix.Fstat(fd, &stat); err != nil {
			return buf[:0], err
		}
		if stat.Mode&unix.S_IFMT != unix.S_IFREG {
			return buf[:0], unix.EINVAL
		}
	}
	return readAll(fd, buf)
}

// readAll reads to the end. A read that leaves room in the buffer was the last one: a cgroup file is one record, which
// the kernel gives whole (fs/seq_file.c).
func readAll(fd int, buf []byte) ([]byte, error) {
	buf = slices.Grow(buf[:0], 1)
	for {
		n, err := retry(func() (int, error) { return unix.Read(fd, buf[len(buf):min(cap(buf), maxFile)]) })
		if err != nil {
			return buf[:0], err
		}
		buf = buf[:len(buf)+n]
		if len(buf) < cap(buf) || len(buf) == maxFile {
			return buf, nil
		}
		buf = slices.Grow(buf, 1)
	}
}

func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// exists tells whether a directory holds a file of a name.
func exists(dir, name string) bool {
	err := unix.Faccessat(unix.AT_FDCWD, filepath.Join(dir, name), unix.F_OK, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil || !errors.Is(err, fs.ErrNotExist)
}

// readText reads one file of a place, "" when it cannot be read.
func readText(at place, name string) string {
	f, err := openFolder(at)
	if err != nil {
		return ""
	}
	defer f.close()
	text, err := f.read(name, nil)
	if err != nil {
		return ""
	}
	return string(text)
}
