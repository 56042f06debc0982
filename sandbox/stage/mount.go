package stage

import (
	"syscall"
	"unsafe"
)

// mountAttr is struct mount_attr of mount_setattr(2).
type mountAttr struct{ set, clr, propagation, userns uint64 }

// setattr sets MOUNT_ATTR_* on a mount, and on those below it when recursive.
func setattr(fd int, attr uint64, recursive bool) syscall.Errno {
	a := mountAttr{set: attr}
	flags := uintptr(atEmptyPath)
	if recursive {
		flags |= atRecursive
	}
	_, errno := call(sysMountSetattr, uintptr(fd), uintptr(ptr("")), flags, uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a), 0)
	return errno
}

// openTree clones the mount at path (below the directory dir, where it is relative) into a detached tree.
func openTree(dir int, path string, recursive bool) (int, syscall.Errno) {
	flags := uintptr(openTreeClone | cloexec)
	if recursive {
		flags |= atRecursive
	}
	if path == "" {
		flags |= atEmptyPath
	}
	fd, errno := call(sysOpenTree, uintptr(dir), uintptr(ptr(path)), flags, 0, 0, 0)
	return int(fd), errno
}

// moveMount attaches the detached tree in fd to what target is open on.
func moveMount(fd, target int) syscall.Errno {
	_, errno := call(sysMoveMount, uintptr(fd), uintptr(ptr("")), uintptr(target), uintptr(ptr("")), moveFromEmpty|moveToEmpty, 0)
	return errno
}

// newFS makes a detached mount of a new file system; options are "key=value" or flags, between commas. An option's value
// that holds a comma is written with a backslash before it.
func newFS(kind, options string, attr uint64) (fd int, errno syscall.Errno, what string) {
	r, errno := call(sysFsopen, uintptr(ptr(kind)), 1, 0, 0, 0, 0)
	if errno != 0 {
		return -1, errno, "fsopen " + kind
	}
	ctx := int(r)
	defer syscall.Close(ctx)
	if _, errno = call(sysFsconfig, uintptr(ctx), fsconfigString, uintptr(ptr("source")), uintptr(ptr(kind)), 0, 0); errno != 0 {
		return -1, errno, "name the source of " + kind
	}
	for options != "" {
		var option string
		option, options = cutOption(options)
		key, value, ok := cut(option, '=')
		if ok {
			_, errno = call(sysFsconfig, uintptr(ctx), fsconfigString, uintptr(ptr(key)), uintptr(ptr(value)), 0, 0)
		} else {
			_, errno = call(sysFsconfig, uintptr(ctx), fsconfigFlag, uintptr(ptr(key)), 0, 0, 0)
		}
		if errno != 0 {
			return -1, errno, "mount " + kind + " with the option " + option
		}
	}
	if _, errno = call(sysFsconfig, uintptr(ctx), fsconfigCreate, 0, 0, 0, 0); errno != 0 {
		return -1, errno, "mount " + kind
	}
	r, errno = call(sysFsmount, uintptr(ctx), 1, uintptr(attr), 0, 0, 0)
	if errno != 0 {
		return -1, errno, "fsmount " + kind
	}
	return int(r), 0, ""
}

// cutOption takes the first option off a list.
func cutOption(list string) (option, rest string) {
	var b []byte
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == '\\' && i+1 < len(list):
			i++
			b = append(b, list[i])
		case list[i] == ',':
			return string(b), list[i+1:]
		default:
			b = append(b, list[i])
		}
	}
	return string(b), ""
}

func cut(s string, sep byte) (before, after string, found bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == sep {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// makeRoot makes the tree that becomes the root and attaches it over the present one, where later mounts find it, while
// absolute paths still lead into the old root beneath.
func (c *child) makeRoot(o *Op) {
	if o.Verb == RootHere {
		fd, err := syscall.Open("/", oPath|syscall.O_DIRECTORY|cloexec, 0)
		c.check(err, "open", "/")
		c.root = fd
		return
	}
	var errno syscall.Errno
	var what string
	switch o.Verb {
	case RootTree:
		c.root, errno = openTree(atFdcwd, o.Path, o.Flags&Recursive != 0)
		c.must(errno, "open_tree of the root", o.Path)
		c.must(setattr(c.root, o.Attr, o.Flags&Recursive != 0), "mount_setattr on the root", o.Path)
	case RootFD:
		c.root = c.sent(o)
		c.must(setattr(c.root, o.Attr, o.Flags&Recursive != 0), "mount_setattr on the root", o.Path)
	case RootFS:
		c.root, errno, what = newFS(o.Path, o.Data, o.Attr)
		c.must(errno, what, "/")
	case RootOverlay:
		c.root = c.overlay(o)
	}
	fd, err := syscall.Open("/", oPath|syscall.O_DIRECTORY|cloexec, 0)
	c.check(err, "open", "/")
	c.must(moveMount(c.root, fd), "move_mount of the new root over the old one", "/")
	syscall.Close(fd)
	c.check(syscall.Fchdir(c.root), "fchdir into the new root", "/")
}

// overlay makes a detached overlay mount over o.Path whose upper layer is in memory. The layers need paths, so a tmpfs is
// attached for the moment, in a mount namespace that nobody else sees.
func (c *child) overlay(o *Op) int {
	scratch, errno, what := newFS("tmpfs", "mode=0755", AttrNoSuid|AttrNoDev)
	c.must(errno, what, o.Path)
	const place = "/proc" // there on every root that a sandbox can start from
	at, err := syscall.Open(place, oPath|syscall.O_DIRECTORY|cloexec, 0)
	c.check(err, "open", place)
	c.must(moveMount(scratch, at), "move_mount of the overlay's memory", place)
	for _, dir := range []string{"upper", "work"} {
		c.check(syscall.Mkdirat(scratch, dir, 0o755), "mkdir for the overlay", dir)
	}
	lower := o.Path
	if o.Flags&Sent != 0 {
		lower = place + "/lower"
		c.check(syscall.Mkdirat(scratch, "lower", 0o755), "mkdir for the overlay", "lower")
		dir, errno := openat2(scratch, "lower", oPath, resolveNoSymlinks)
		c.must(errno, "open the overlay's lower layer", lower)
		c.must(moveMount(c.sent(o), dir), "move_mount of the overlay's lower layer", o.Path)
		syscall.Close(dir)
	}
	var st syscall.Stat_t
	if syscall.Stat(lower, &st) == nil {
		// The directory itself looks as the one below it does.
		if syscall.Chmod(place+"/upper", st.Mode&0o7777) != nil || syscall.Fchownat(scratch, "upper", int(st.Uid), int(st.Gid), 0) != nil {
			syscall.Chmod(place+"/upper", 0o755)
		}
	}
	options := "lowerdir=" + escapeLower(lower) + ",upperdir=" + place + "/upper,workdir=" + place + "/work"
	if o.Data != "" {
		options += "," + o.Data
	}
	fd, errno, what := newFS("overlay", options, o.Attr)
	c.must(errno, what, o.Path)
	c.check(syscall.Unmount(place, syscall.MNT_DETACH), "umount of the overlay's memory", place)
	syscall.Close(at)
	syscall.Close(scratch)
	return fd
}

// escapeLower writes a path as a value of lowerdir, where colons separate layers, and as an option of newFS.
func escapeLower(path string) string {
	var b []byte
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case ':':
			b = append(b, '\\', '\\', ':') // newFS takes one of them
		case '\\':
			b = append(b, '\\', '\\', '\\', '\\')
		case ',':
			b = append(b, '\\', ',')
		default:
			b = append(b, path[i])
		}
	}
	return string(b)
}

// sent is the descriptor that came with the first Go for an operation.
func (c *child) sent(o *Op) int {
	if o.N < 0 || int(o.N) >= len(c.came) {
		c.fail("the launcher sent no descriptor", o.Path, 0)
	}
	return c.came[o.N]
}

func (c *child) bind(o *Op) {
	var source int
	var errno syscall.Errno
	switch {
	case o.Verb == BindFD:
		source = c.sent(o)
	case o.Flags&Device != 0:
		source = c.openDevice(o)
	default:
		source, errno = openTree(atFdcwd, o.Path, o.Flags&Recursive != 0)
		if errno == syscall.ENOENT && o.Flags&Optional != 0 {
			return
		}
		c.must(errno, "open_tree", o.Path)
	}
	c.must(setattr(source, o.Attr, o.Flags&Recursive != 0), "mount_setattr", o.Path)
	c.attach(source, o, isDir(source))
}

// openDevice clones a host's device node after checking that it is one: a path may be anything (CVE-2025-31133).
func (c *child) openDevice(o *Op) int {
	fd, errno := openTree(atFdcwd, o.Path, false)
	c.must(errno, "open_tree", o.Path)
	var st syscall.Stat_t
	c.check(syscall.Fstat(fd, &st), "fstat", o.Path)
	major, minor := int64(st.Rdev>>8&0xfff), int64(st.Rdev&0xff|st.Rdev>>12&0xfff00)
	if st.Mode&syscall.S_IFMT != syscall.S_IFCHR || major != o.N || minor != o.M {
		c.fail("this is not the device "+itoa(int(o.N))+":"+itoa(int(o.M)), o.Path, 0)
	}
	return fd
}

func (c *child) mountFS(o *Op) {
	fd, errno, what := newFS(o.Path, o.Data, o.Attr)
	c.must(errno, what, o.Target)
	c.attach(fd, o, true)
}

func (c *child) mountOverlay(o *Op) {
	c.attach(c.overlay(o), o, true)
}

// attach mounts the detached tree on the operation's target.
func (c *child) attach(tree int, o *Op, dir bool) {
	target, errno := c.target(o, dir)
	if errno == syscall.ENOENT && o.Flags&Optional != 0 {
		syscall.Close(tree)
		return
	}
	if errno == syscall.ELOOP {
		c.fail("a symbolic link where a directory must be", o.Target, errno)
	}
	c.must(errno, "open the place to mount on", o.Target)
	if isDir(target) != dir {
		c.fail("a directory can only be mounted on a directory, a file on a file", o.Target, syscall.ENOTDIR)
	}
	c.must(moveMount(tree, target), "move_mount", o.Target)
	syscall.Close(target)
	syscall.Close(tree)
}

// mask covers a file with the null device, which nodev makes impossible to open, and a directory with an empty one.
func (c *child) mask(o *Op) {
	target, errno := openat2(c.root, o.Target, oPath, resolveInRoot|resolveNoMagicLinks)
	if errno == syscall.ENOENT || errno == syscall.ENOTDIR {
		return
	}
	c.must(errno, "open what is to be masked", o.Target)
	var tree int
	if isDir(target) {
		var what string
		tree, errno, what = newFS("tmpfs", "mode=0,size=4096", AttrReadOnly|AttrNoSuid|AttrNoDev|AttrNoExec)
		c.must(errno, what, o.Target)
	} else {
		tree = c.openDevice(&Op{Path: "/dev/null", N: 1, M: 3})
		c.must(setattr(tree, AttrReadOnly|AttrNoSuid|AttrNoDev|AttrNoExec, false), "mount_setattr", "/dev/null")
	}
	c.must(moveMount(tree, target), "move_mount of a mask", o.Target)
	syscall.Close(target)
	syscall.Close(tree)
}

// readOnly mounts a directory or file over itself, read-only.
func (c *child) readOnly(o *Op) {
	target, errno := openat2(c.root, o.Target, oPath, resolveInRoot|resolveNoMagicLinks)
	if errno == syscall.ENOENT {
		return
	}
	c.must(errno, "open what is to be read-only", o.Target)
	tree, errno := openTree(target, "", true)
	c.must(errno, "open_tree", o.Target)
	c.must(setattr(tree, o.Attr|AttrReadOnly, true), "mount_setattr", o.Target)
	c.must(moveMount(tree, target), "move_mount", o.Target)
	syscall.Close(target)
	syscall.Close(tree)
}

// pivot makes the new root the root, lets go of the old one, and makes sure that it worked. pivot_root(".", ".") stacks
// the old root on the new one, so that no directory for it is needed; see pivot_root(2), Notes.
func (c *child) pivot() {
	c.check(syscall.Fchdir(c.root), "fchdir into the new root", "/")
	c.check(syscall.PivotRoot(".", "."), "pivot_root", ".")
	// What happens below the old root must not reach the host when it is unmounted.
	c.check(syscall.Mount("none", ".", "", syscall.MS_REC|syscall.MS_PRIVATE, ""), "mount --make-rprivate of the old root", ".")
	c.check(syscall.Unmount(".", syscall.MNT_DETACH), "umount of the old root", ".")
	c.check(syscall.Chdir("/"), "chdir", "/")
	// Paths must lead into the new root, and the old one must be gone: "(unreachable)" is what getcwd(2) says of a
	// directory outside of the root.
	cwd, err := getcwd()
	c.check(err, "getcwd after pivot_root", "/")
	if cwd != "/" {
		c.fail("pivot_root left us at "+cwd, "/", 0)
	}
}

func (c *child) chroot(path string) {
	if path != "" {
		c.check(syscall.Chdir(path), "chdir to the new root", path)
	} else {
		c.check(syscall.Fchdir(c.root), "fchdir into the new root", "/")
	}
	c.chrootHere(path)
}

// chrootHere makes the working directory the root.
func (c *child) chrootHere(path string) {
	c.check(syscall.Chroot("."), "chroot", path)
	c.check(syscall.Chdir("/"), "chdir", "/")
}

func getcwd() (string, error) {
	var b [4096]byte
	n, err := syscall.Getcwd(b[:])
	if err != nil {
		return "", err
	}
	return string(b[:max(n-1, 0)]), nil
}
