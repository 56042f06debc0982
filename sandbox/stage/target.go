package stage

import (
	"syscall"
	"unsafe"
)

// openat2 opens a path below a directory; see openat2(2) for the RESOLVE flags.
func openat2(dir int, path string, flags, resolve uint64) (int, syscall.Errno) {
	how := struct{ flags, mode, resolve uint64 }{flags | cloexec, 0, resolve}
	for {
		r, errno := call(sysOpenat2, uintptr(dir), uintptr(ptr(relative(path))), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
		// EAGAIN: a rename or a mount somewhere on the machine raced with a path that holds "..".
		if errno == syscall.EINTR || errno == syscall.EAGAIN {
			continue
		}
		return int(r), errno
	}
}

// relative is an absolute path without its first slashes, "." for the root.
func relative(path string) string {
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	if path == "" {
		return "."
	}
	return path
}

func isDir(fd int) bool {
	var st syscall.Stat_t
	return syscall.Fstat(fd, &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFDIR
}

// target opens where something is to be mounted, inside the new root, and makes it first when the operation says so.
func (c *child) target(o *Op, dir bool) (int, syscall.Errno) {
	resolve := uint64(resolveInRoot | resolveNoMagicLinks)
	if o.Flags&NoSymlinks != 0 {
		resolve |= resolveNoSymlinks
	}
	fd, errno := openat2(c.root, o.Target, oPath, resolve)
	if errno != syscall.ENOENT || o.Flags&Create == 0 {
		return fd, errno
	}
	parent, name, errno := c.parent(o.Target)
	if errno != 0 {
		return -1, errno
	}
	defer syscall.Close(parent)
	if dir {
		errno = errnoOf(syscall.Mkdirat(parent, name, 0o755))
	} else {
		errno = touch(parent, name, "", 0o644)
	}
	if errno != 0 && errno != syscall.EEXIST {
		return -1, errno
	}
	return openat2(parent, name, oPath, resolveInRoot|resolveNoSymlinks|resolveNoMagicLinks)
}

// parent opens the directory that holds a path, and makes the directories that are missing on the way.
func (c *child) parent(path string) (dir int, name string, errno syscall.Errno) {
	path = relative(path)
	for end := len(path); ; end-- {
		if end > 0 && path[end-1] != '/' {
			continue
		}
		above := relative(path[:max(end-1, 0)])
		dir, errno = openat2(c.root, above, oPath|syscall.O_DIRECTORY, resolveInRoot|resolveNoMagicLinks)
		if errno == 0 {
			return dir, path[end:], 0
		}
		if errno != syscall.ENOENT || end <= 0 {
			return -1, "", errno
		}
		up, last, errno := c.parent(above)
		if errno != 0 {
			return -1, "", errno
		}
		err := syscall.Mkdirat(up, last, 0o755)
		syscall.Close(up)
		if err != nil && err != syscall.EEXIST {
			return -1, "", errnoOf(err)
		}
		dir, errno = openat2(c.root, above, oPath|syscall.O_DIRECTORY, resolveInRoot|resolveNoMagicLinks)
		return dir, path[end:], errno
	}
}

// makeNode makes a directory, a symbolic link or a file inside the new root.
func (c *child) makeNode(o *Op) {
	parent, name, errno := c.parent(o.Target)
	c.must(errno, "open the directory of", o.Target)
	switch o.Verb {
	case Mkdir:
		errno = errnoOf(syscall.Mkdirat(parent, name, uint32(o.N)))
	case Symlink:
		_, errno = call(syscall.SYS_SYMLINKAT, uintptr(ptr(o.Data)), uintptr(parent), uintptr(ptr(name)), 0, 0, 0)
	case Touch:
		errno = touch(parent, name, o.Data, uint32(o.N))
	}
	syscall.Close(parent)
	if errno == syscall.EEXIST && o.Flags&Optional != 0 {
		return
	}
	c.must(errno, "make", o.Target)
}

// touch makes a new file that holds data.
func touch(dir int, name, data string, mode uint32) syscall.Errno {
	fd, err := syscall.Openat(dir, name, syscall.O_CREAT|syscall.O_EXCL|syscall.O_WRONLY|syscall.O_NOFOLLOW|cloexec, mode)
	if err != nil {
		return errnoOf(err)
	}
	defer syscall.Close(fd)
	if data != "" {
		if n, err := syscall.Write(fd, []byte(data)); err != nil || n != len(data) {
			return syscall.EIO
		}
	}
	return 0
}

func errnoOf(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	if errno, ok := err.(syscall.Errno); ok {
		return errno
	}
	return syscall.EIO
}
