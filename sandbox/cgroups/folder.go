package cgroups

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
)

// maxFile bounds what is read of one file; a cgroup.procs of a machine's every process stays below.
const maxFile = 4 << 20

// folder is one directory of a cgroup, held open.
type folder struct {
	cgroup.Place
	dir *os.File
}

// openFolder opens the directory of a place.
func openFolder(p cgroup.Place) (*folder, error) {
	fd, err := p.Open()
	if err != nil {
		return nil, &Error{What: "open the cgroup", Path: p.Dir, Err: err}
	}
	return &folder{Place: p, dir: os.NewFile(uintptr(fd), p.Dir)}, nil
}

// child is the place of a cgroup below.
func child(p cgroup.Place, name string) cgroup.Place {
	p.Dir, p.Path = filepath.Join(p.Dir, name), filepath.Join(p.Path, name)
	return p
}

func (f *folder) close() { f.dir.Close() }

func (f *folder) file(name string) string { return filepath.Join(f.Dir, name) }

// open opens a file of the cgroup; O_NONBLOCK because in a copy of a machine's files there may be a FIFO.
func (f *folder) open(name string, flags int) (fd int, err error) {
	return retry(func() (int, error) {
		return unix.Openat(int(f.dir.Fd()), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	})
}

// read reads a file without the last line end.
func (f *folder) read(name string) (string, error) {
	text, err := f.readAll(name)
	if err != nil {
		return "", &Error{What: "read", Path: f.file(name), Err: err}
	}
	return strings.TrimSuffix(string(text), "\n"), nil
}

func (f *folder) readAll(name string) ([]byte, error) {
	fd, err := f.open(name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	text := make([]byte, 0, 512)
	for len(text) < maxFile {
		text = slices.Grow(text, 512)
		n, err := retry(func() (int, error) { return unix.Read(fd, text[len(text):cap(text)]) })
		if err != nil || n == 0 {
			return text, err
		}
		text = text[:len(text)+n]
	}
	return text, nil
}

// write writes a value in one call, as the kernel wants it (fs/kernfs/file.c). O_TRUNC is what a shell's > gives.
func (f *folder) write(name, value string) error {
	fd, err := f.open(name, unix.O_WRONLY|unix.O_TRUNC)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = retry(func() (int, error) { return unix.Write(fd, []byte(value+"\n")) })
	return err
}

func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// has tells whether the cgroup has a file.
func (f *folder) has(name string) bool {
	return unix.Faccessat(int(f.dir.Fd()), name, unix.F_OK, unix.AT_SYMLINK_NOFOLLOW) == nil
}

func (f *folder) hasController(name string) bool { return slices.Contains(f.Controllers, name) }

// words reads a file of words, such as cgroup.controllers; none when it cannot be read.
func (f *folder) words(name string) []string {
	text, err := f.read(name)
	if err != nil {
		return nil
	}
	return strings.Fields(text)
}

// below lists the directories of the cgroup and of those in it, the deepest first.
func (f *folder) below() []string {
	var dirs []string
	_ = filepath.WalkDir(f.Dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	slices.Reverse(dirs)
	return dirs
}

// stat tells who owns the cgroup, and its identity.
func (f *folder) stat() (unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.dir.Fd()), &st); err != nil {
		return st, &Error{What: "look at the cgroup", Path: f.Dir, Err: err}
	}
	return st, nil
}

// errnoOf takes the errno out of an error of package os, whose text repeats the path.
func errnoOf(err error) error {
	errno := unix.Errno(0)
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
