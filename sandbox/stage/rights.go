package stage

import (
	"syscall"
	"unsafe"
)

// becomeRoot takes the ids that the new user namespace maps to root. Groups are dropped where the namespace lets us:
// "deny" in /proc/PID/setgroups makes it EPERM, and then there is none to drop that would give anything.
func (c *child) becomeRoot() {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0); errno != 0 && errno != syscall.EPERM {
		c.fail("setgroups", "", errno)
	}
	c.must(c.threads(syscall.SYS_SETRESGID, 0, 0, 0), "setresgid(0)", "")
	c.must(c.threads(syscall.SYS_SETRESUID, 0, 0, 0), "setresuid(0)", "")
}

// threads makes a system call on all threads of a process that stays as the init, whose others would keep the ids and rights
// that it was started with. A program built with cgo cannot (ENOTSUP), and then only this thread, which starts the command,
// makes it.
func (c *child) threads(number, a, b, d uintptr) syscall.Errno {
	if c.plan.Init {
		if errno := everyThread(number, a, b, d); errno != syscall.ENOTSUP {
			return errno
		}
	}
	return thisThread(number, a, b, d)
}

// bounding empties the bounding set of what is not kept: nothing that the command executes, set-user-ID or not, gets it
// back (capabilities(7)). Only the thread that starts the command needs it.
func (c *child) bounding(o *Op) {
	for n := int64(0); n <= o.N; n++ {
		if o.Flags&(1<<n) == 0 {
			c.must(prctl(prCapbsetDrop, uintptr(n), 0), "prctl(PR_CAPBSET_DROP) of capability "+itoa(int(n)), "")
		}
	}
}

// user becomes the command's user. The permitted set is kept over the change for the operations that follow.
func (c *child) user(o *Op) {
	groups := make([]uint32, len(o.List)+1)
	for i, g := range o.List {
		groups[i] = uint32(atoi(g))
	}
	_, errno := call(syscall.SYS_SETGROUPS, uintptr(len(o.List)), uintptr(unsafe.Pointer(&groups[0])), 0, 0, 0, 0)
	if errno == syscall.EPERM && len(o.List) == 0 {
		errno = 0 // "deny" in /proc/PID/setgroups: see becomeRoot
	}
	c.must(errno, "setgroups", "")
	c.must(prctl(prSetKeepcaps, 1, 0), "prctl(PR_SET_KEEPCAPS)", "")
	gid, uid := uintptr(o.M), uintptr(o.N)
	c.must(thisThread(syscall.SYS_SETRESGID, gid, gid, gid), "setresgid "+itoa(int(o.M)), "")
	c.must(thisThread(syscall.SYS_SETRESUID, uid, uid, uid), "setresuid "+itoa(int(o.N)), "")
	c.must(prctl(prSetKeepcaps, 0, 0), "prctl(PR_SET_KEEPCAPS)", "")
}

// capset sets the sets of the threads (capset(2), version 3); with EveryThread it must be all of them: a command could trace
// an init's and use what they have.
func (c *child) capset(o *Op) {
	header := &struct {
		version uint32
		pid     int32
	}{version: 0x20080522}
	low, high := uint32(o.Attr), uint32(o.Attr>>32)
	data := &[6]uint32{low, low, 0, high, high, 0}
	if o.Flags&KeepPermitted != 0 {
		_, errno := call(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(data)), 0, 0, 0, 0)
		c.must(errno, "capget", "")
		data[0], data[2], data[3], data[5] = data[1], 0, data[4], 0
	}
	set := c.threads
	if o.Flags&EveryThread != 0 {
		set = everyThread
	}
	errno := set(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(data)), 0)
	keep(header, data)
	if errno == syscall.ENOTSUP {
		c.fail("capset on the init's other threads, which a program built with cgo cannot do: build cutaway with CGO_ENABLED=0", "", errno)
	}
	c.must(errno, "capset", "")
}

// keep holds on to what a system call was given as a number.
//
//go:noinline
func keep(...any) {}

// seccomp loads a filter, on all threads when the process stays.
func (c *child) seccomp(program string) {
	filter := make([]byte, len(program)+8)
	copy(filter, program)
	prog := struct {
		length uint16
		_      [6]byte
		filter unsafe.Pointer
	}{length: uint16(len(program) / 8), filter: unsafe.Pointer(&filter[0])}
	flags := uintptr(0)
	if c.plan.Init {
		flags = seccompTsync
	}
	r, errno := call(sysSeccomp, seccompSetModeFilter, flags, uintptr(unsafe.Pointer(&prog)), 0, 0, 0)
	if errno == 0 && r != 0 {
		c.fail("seccomp: thread "+itoa(int(r))+" cannot take the filter", "", syscall.EBUSY)
	}
	c.must(errno, "seccomp(SECCOMP_SET_MODE_FILTER)", "")
}

// landlock restricts this thread, and what it starts, to paths (landlock(7)). The paths are opened inside the new root.
func (c *child) landlock(o *Op) {
	attr := struct{ fs, net, scoped uint64 }{o.Flags, o.Attr, uint64(o.M)}
	size := unsafe.Sizeof(attr)
	if attr.scoped == 0 { // older kernels know a shorter one
		size -= 8
		if attr.net == 0 {
			size -= 8
		}
	}
	r, errno := call(sysLandlockNew, uintptr(unsafe.Pointer(&attr)), size, 0, 0, 0, 0)
	c.must(errno, "landlock_create_ruleset", "")
	ruleset := int(r)
	for i, path := range o.List {
		fd, err := syscall.Open(path, oPath|cloexec, 0)
		c.check(err, "open for a Landlock rule", path)
		rights := uint64(0)
		for j := 0; j < 8; j++ {
			rights |= uint64(o.Data[8*i+j]) << (8 * j)
		}
		var st syscall.Stat_t
		c.check(syscall.Fstat(fd, &st), "fstat for a Landlock rule", path)
		if st.Mode&syscall.S_IFMT != syscall.S_IFDIR {
			rights &= uint64(o.N) // the kernel refuses a rule with the others
		}
		var rule [12]byte // struct landlock_path_beneath_attr is packed
		*(*uint64)(unsafe.Pointer(&rule[0])) = rights
		*(*int32)(unsafe.Pointer(&rule[8])) = int32(fd)
		_, errno := call(sysLandlockAdd, uintptr(ruleset), 1, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
		c.must(errno, "landlock_add_rule", path)
		syscall.Close(fd)
	}
	_, errno = call(sysLandlockEnter, uintptr(ruleset), 0, 0, 0, 0, 0)
	c.must(errno, "landlock_restrict_self", "")
	syscall.Close(ruleset)
}

// parentDeath asks the kernel to end this process when the launcher ends, and looks whether it did before that: the
// launcher's end of the control socket is closed then. A change of credentials would have cleared it (prctl(2)).
func (c *child) parentDeath() {
	c.must(prctl(prSetPdeathsig, uintptr(syscall.SIGKILL), 0), "prctl(PR_SET_PDEATHSIG)", "")
	var b [1]byte
	n, _, err := syscall.Recvfrom(ControlFD, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	if err == nil && n == 0 {
		syscall.Exit(125)
	}
}
