package cgroup

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// maxFile bounds what is read of one file: the largest honest ones, io.stat and devices.list, stay far below.
const maxFile = 1 << 20

// folder is an open directory of a cgroup. Its files are read relative to it, so that all of them are of the same cgroup
// even when another takes its name in between.
type folder int

// openFolder opens the directory that stands below a trusted one ("" is that one itself), see openBelow.
func openFolder(dir, below string) (folder, error) {
	base, err := retry(func() (int, error) { return unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil || below == "" {
		return folder(base), err
	}
	defer unix.Close(base)
	fd, err := folder(base).openBelow(below, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC)
	return folder(fd), err
}

// openBelow opens what stands at a relative path. It goes through no symbolic link and no mount, and never up: the names
// come from other processes, and a copy of a machine's files may hold anything.
func (f folder) openBelow(name string, flags int) (int, error) {
	how := unix.OpenHow{
		Flags:   uint64(flags),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	fd, err := retry(func() (int, error) { return unix.Openat2(int(f), name, &how) })
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // before Linux 5.6; EPERM: a seccomp filter that does not know the call
		return f.walkBelow(name, flags)
	}
	return fd, err
}

// walkBelow does openat2's work one name at a time.
func (f folder) walkBelow(name string, flags int) (int, error) {
	const step = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	at := int(f)
	for {
		first, rest, more := strings.Cut(name, "/")
		if first == "" || first == "." || first == ".." {
			closeBut(at, f)
			return -1, unix.EXDEV
		}
		how := flags
		if more {
			how = step
		}
		next, err := retry(func() (int, error) { return unix.Openat(at, first, how|unix.O_NOFOLLOW, 0) })
		closeBut(at, f)
		if err != nil || !more {
			return next, err
		}
		at, name = next, rest
	}
}

func closeBut(fd int, keep folder) {
	if fd != int(keep) {
		unix.Close(fd)
	}
}

func (f folder) close() {
	if f >= 0 {
		unix.Close(int(f))
	}
}

// read reads a regular file in or below the folder into buf, which grows up to maxFile; longer files are cut there.
// O_NONBLOCK because a FIFO in a copy of a machine's files would block.
func (f folder) read(name string, buf []byte) ([]byte, error) {
	fd, err := f.openBelow(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if err != nil {
		return buf[:0], err
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return buf[:0], err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return buf[:0], unix.EINVAL
	}
	return readAll(fd, buf)
}

func readAll(fd int, buf []byte) ([]byte, error) {
	buf = buf[:0]
	for len(buf) < maxFile {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := retry(func() (int, error) { return unix.Read(fd, buf[len(buf):min(cap(buf), maxFile)]) })
		if err != nil {
			return buf[:0], err
		}
		if n == 0 {
			break
		}
		buf = buf[:len(buf)+n]
	}
	return buf, nil
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

// readText reads one file of a directory, "" when it cannot be read.
func readText(dir, name string) string {
	f, err := openFolder(dir, "")
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
