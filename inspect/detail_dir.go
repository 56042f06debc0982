package inspect

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// procDir is an open /proc/PID. What is read through it is of one process, even when that ends and its PID is used again:
// the directory stays bound to the old one and then gives ESRCH or ENOENT (proc_pid_lookup in fs/proc/base.c).
//
// It is closed when the last holder lets go, since a read that hangs outlives the one who asked for it.
type procDir struct {
	fd      int
	path    string
	holders atomic.Int32
}

func openProcDir(root string, pid int) (*procDir, error) {
	path := root + "/" + strconv.Itoa(pid)
	fd, err := retry(func() (int, error) { return unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	d := &procDir{fd: fd, path: path}
	d.hold()
	return d, nil
}

func (d *procDir) hold() { d.holders.Add(1) }

func (d *procDir) release() {
	if d.holders.Add(-1) == 0 {
		unix.Close(d.fd)
	}
}

// isProc tells whether the directory is the kernel's, and not one of a copy.
func (d *procDir) isProc() bool {
	var fs unix.Statfs_t
	return unix.Fstatfs(d.fd, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC
}

var errNotRegular = errors.New("not a regular file")

// read reads a file up to its end or to a number of bytes; cut tells that there was more. It refuses what is not a regular
// file, and opens without waiting: in a copy of a proc tree a FIFO may stand in a file's place.
func (d *procDir) read(name string, most int) (text []byte, cut bool, err error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, false, err
	}
	defer unix.Close(fd)
	if err := regular(fd, ""); err != nil {
		return nil, false, err
	}
	for {
		if len(text) == cap(text) {
			text = slices.Grow(text, max(len(text), 4096))
		}
		n, err := retry(func() (int, error) { return unix.Read(fd, text[len(text):cap(text)]) })
		if err != nil {
			return nil, false, err
		}
		if n == 0 {
			return text, false, nil
		}
		if text = text[:len(text)+n]; len(text) > most {
			return text[:most], true, nil
		}
	}
}

// regular gives an error unless a file below a directory is a regular one; "" is the open file itself.
func regular(dir int, name string) error {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return errNotRegular
	}
	return nil
}

// maxSmall caps what is read of a small file; a status with the 65,536 groups that a process may have stays below.
const maxSmall = 1 << 20

// text reads a small file.
func (d *procDir) text(name string) reading.Of[string] {
	b, _, err := d.read(name, maxSmall)
	if err != nil {
		return reading.Error[string](err)
	}
	return reading.Value(string(b))
}

// link reads where a link points, as the kernel words it.
func (d *procDir) link(name string) (string, error) {
	for size := 128; ; size *= 4 {
		buf := make([]byte, size)
		n, err := retry(func() (int, error) { return unix.Readlinkat(d.fd, name, buf) })
		if err != nil {
			return "", err
		}
		if n < size || size > maxSmall {
			return string(buf[:n]), nil
		}
	}
}

// numbers lists the names below a directory that are numbers (of descriptors, of threads) in ascending order, and tells
// whether there are more than it lists.
func (d *procDir) numbers(dir string, most int) (list []int, more bool, err error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(d.fd, dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, false, err
	}
	defer unix.Close(fd)
	buf := make([]byte, 8<<10)
	var names []string
	for len(list) <= most {
		n, err := retry(func() (int, error) { return unix.Getdents(fd, buf) })
		if err != nil {
			return nil, false, err
		}
		if n == 0 {
			break
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names[:0])
		for _, name := range names {
			if number, err := strconv.Atoi(name); err == nil && number >= 0 {
				list = append(list, number)
			}
		}
	}
	slices.Sort(list)
	if len(list) > most {
		return list[:most], true, nil
	}
	return list, false, nil
}

// stat reads the process's stat, and how that went when it could not be read.
func (d *procDir) stat() (proc.Stat, error) {
	var st proc.Stat
	b, _, err := d.read("stat", maxSmall)
	if err != nil {
		return st, err
	}
	return st, proc.ParseStat(b, &st)
}

func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
