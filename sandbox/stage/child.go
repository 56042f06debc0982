package stage

import (
	"syscall"
	"unsafe"
)

// child carries out a plan. All of it happens on the process's main thread, to which Go locks init functions: credentials,
// namespaces and filters are the kernel's properties of a thread, and the command is started from this one.
type child struct {
	plan  Plan
	stage string
	root  int   // the new root, O_PATH or a mount's descriptor; -1 before there is one
	tasks int   // /proc/self/task, for finding children without a PID namespace; -1 when there is none
	came  []int // descriptors that came with the first Go
	pid   int   // the command, once an init has started it
	tty   int   // the terminal made by OpenTerminal; -1 when there is none
}

func (c *child) run() {
	c.root, c.tasks, c.tty = -1, -1, -1
	// What the launcher or its caller left open must not reach the command: everything from here on closes at exec.
	call(sysCloseRange, 3, ^uintptr(0)>>32, closeRangeCloexec, 0, 0, 0)
	syscall.Umask(0o022)
	prctl(prSetName, uintptr(ptr("cutaway-init")), 0) // the program's file is only a descriptor's number
	c.stage = "maps"
	c.receiveGo(true)
	c.readPlan()
	syscall.Setsid()
	if !c.plan.PIDNS && c.plan.Init {
		c.tasks, _ = syscall.Open("/proc/self/task", oPath|syscall.O_DIRECTORY|cloexec, 0)
		prctl(prSetSubreaper, 1, 0)
	}
	for i := range c.plan.Ops {
		c.do(&c.plan.Ops[i])
	}
	c.fail("a plan without a command", "", 0)
}

// readPlan reads the plan, which is there with the first Go: the launcher works it out while this process starts.
func (c *child) readPlan() {
	b, ok := readPlan()
	if ok {
		c.plan, ok = decode(b)
	}
	if !ok {
		c.fail("the launcher sent no plan", "", 0)
	}
	syscall.Close(PlanFD)
}

// do carries out one operation, or ends the launch.
func (c *child) do(o *Op) {
	switch o.Verb {
	case Begin:
		c.begin(o.Data)
	case BecomeRoot:
		c.becomeRoot()
	case Guard:
		c.must(prctl(prSetDumpable, 0, 0), "prctl(PR_SET_DUMPABLE)", "")
	case WriteFD:
		c.writeAll(c.sent(o), o.Data, o.Path)
	case Unshare:
		c.check(syscall.Unshare(int(o.Flags)), "unshare: "+o.Data, "")
	case Setns:
		c.setns(o)
	case ChrootFD:
		c.check(syscall.Fchdir(c.sent(o)), "fchdir to the target's root", o.Path)
		c.chrootHere(o.Path)
	case WriteFile:
		c.writeFile(o.Path, o.Data)
	case Slave:
		c.check(syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_SLAVE, ""), "mount --make-rslave", "/")
	case Private:
		c.check(syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""), "mount --make-rprivate", "/")
	case RootTree, RootFD, RootFS, RootOverlay, RootHere:
		c.makeRoot(o)
	case Bind, BindFD:
		c.bind(o)
	case NewFS:
		c.mountFS(o)
	case Overlay:
		c.mountOverlay(o)
	case Mask:
		c.mask(o)
	case ReadOnly:
		c.readOnly(o)
	case Mkdir, Symlink, Touch:
		c.makeNode(o)
	case Reattr:
		c.must(setattr(c.root, o.Attr, false), "mount_setattr on the root", "/")
	case Pivot:
		c.pivot()
	case Chroot:
		c.chroot(o.Path)
	case Hostname:
		c.check(syscall.Sethostname([]byte(o.Data)), "sethostname", o.Data)
	case Loopback:
		c.loopback()
	case Rlimit:
		c.rlimit(o)
	case Landlock:
		c.landlock(o)
	case Bounding:
		c.bounding(o)
	case User:
		c.user(o)
	case Capset:
		c.capset(o)
	case NoNewPrivs:
		c.must(prctl(prSetNoNewPrivs, 1, 0), "prctl(PR_SET_NO_NEW_PRIVS)", "")
	case Seccomp:
		c.seccomp(o.Data)
	case ParentDeath:
		c.parentDeath()
	case OpenTerminal:
		c.openTerminal(o.Target)
	case Chdir:
		c.check(syscall.Chdir(o.Target), "chdir to the working directory", o.Target)
	case Exec:
		c.exec(o)
	default:
		c.fail("an operation that this version does not know", "", 0)
	}
}

// begin reports a stage and, when the launcher asked for it, waits for the word to go on.
func (c *child) begin(name string) {
	c.stage = name
	c.send(append([]byte{byte(MsgBegin)}, name...), -1)
	if c.plan.Wait {
		c.receiveGo(false)
	}
}

// send writes one message, with a descriptor when fd is not negative. Without a launcher there is nothing left to do.
func (c *child) send(message []byte, fd int) {
	var rights []byte
	if fd >= 0 {
		rights = syscall.UnixRights(fd)
	}
	for {
		err := syscall.Sendmsg(ControlFD, message, rights, nil, syscall.MSG_NOSIGNAL)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			c.killRest(c.pid)
			syscall.Exit(125)
		}
		return
	}
}

// receiveGo waits for MsgGo, which the first time may bring descriptors. When the launcher is gone, so are we.
func (c *child) receiveGo(first bool) {
	var b [8]byte
	var rights [1100]byte // SCM_MAX_FD, 253 descriptors
	for {
		n, oobn, _, _, err := syscall.Recvmsg(ControlFD, b[:], rights[:], syscall.MSG_CMSG_CLOEXEC)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			syscall.Exit(125)
		}
		if b[0] != byte(MsgGo) {
			continue // a signal before there is a command: the launcher ends us by closing the socket
		}
		if first && oobn > 0 {
			c.accept(rights[:oobn])
		}
		return
	}
}

func (c *child) accept(rights []byte) {
	messages, err := syscall.ParseSocketControlMessage(rights)
	if err != nil {
		c.fail("cannot read the launcher's descriptors", "", 0)
	}
	for i := range messages {
		if fds, err := syscall.ParseUnixRights(&messages[i]); err == nil {
			c.came = append(c.came, fds...)
		}
	}
}

// check ends the launch for an error of package syscall.
func (c *child) check(err error, what, path string) {
	if err == nil {
		return
	}
	errno, _ := err.(syscall.Errno)
	c.fail(what, path, errno)
}

// must ends the launch for an errno.
func (c *child) must(errno syscall.Errno, what, path string) {
	if errno != 0 {
		c.fail(what, path, errno)
	}
}

// fail reports what went wrong and ends the process, and with it the sandbox. Nothing was executed.
func (c *child) fail(what, path string, errno syscall.Errno) {
	f := Failure{Stage: c.stage, What: what, Path: path, Errno: uint64(errno)}
	c.send(f.encode(), -1)
	syscall.Exit(125)
}

// setns moves the main thread into a namespace, and what it starts. A mount namespace takes a thread that shares its root
// and working directory with no other (setns(2)).
func (c *child) setns(o *Op) {
	if o.Data == "mnt" {
		c.check(syscall.Unshare(syscall.CLONE_FS), "unshare(CLONE_FS)", "")
	}
	_, errno := call(sysSetns, uintptr(c.sent(o)), 0, 0, 0, 0, 0)
	c.must(errno, "setns into the "+o.Data+" namespace", o.Path)
}

func (c *child) writeAll(fd int, data, path string) {
	for {
		n, err := syscall.Write(fd, []byte(data))
		if err == syscall.EINTR {
			continue
		}
		if err == nil && n != len(data) {
			err = syscall.EIO
		}
		c.check(err, "write "+data, path)
		return
	}
}

func (c *child) writeFile(path, data string) {
	fd, err := syscall.Open(path, syscall.O_WRONLY|cloexec, 0)
	c.check(err, "open for writing", path)
	c.writeAll(fd, data, path)
	syscall.Close(fd)
}

// loopback sets lo up: a new network namespace has it down (netdevice(7)).
func (c *child) loopback() {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	c.check(err, "socket for setting lo up", "")
	var request struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = syscall.IFF_UP | syscall.IFF_RUNNING
	_, errno := call(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)), 0, 0, 0)
	c.must(errno, "ioctl(SIOCSIFFLAGS)", "lo")
	syscall.Close(fd)
}

func (c *child) rlimit(o *Op) {
	limit := [2]uint64{o.Flags, o.Attr}
	_, errno := call(syscall.SYS_PRLIMIT64, 0, uintptr(o.N), uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	c.must(errno, "prlimit "+o.Data, "")
}
