package stage

import (
	"syscall"
	"unsafe"
)

// call adds a system call to the script.
func (s *script) call(kind callKind, at step, number uintptr, args ...uintptr) *rawCall {
	c := rawCall{number: number, kind: kind}
	copy(c.args[:], args)
	s.calls = append(s.calls, c)
	s.steps = append(s.steps, at)
	return &s.calls[len(s.calls)-1]
}

// text is a string as the kernel wants it, kept for the script.
func (s *script) text(t string) uintptr { return s.hold(ptr(t)) }

// hold keeps what an argument points to. It is on the heap, whose objects do not move.
func (s *script) hold(p unsafe.Pointer) uintptr {
	s.keep = append(s.keep, p)
	return uintptr(p)
}

// words is a list of strings as execve(2) wants it.
func (s *script) words(list []string) uintptr {
	pointers := make([]uintptr, len(list)+1)
	for i, word := range list {
		pointers[i] = s.text(word)
	}
	return s.hold(unsafe.Pointer(&pointers[0]))
}

// open adds the opening of a file by an absolute path, for calls that use it.
func (s *script) open(at step, path string, flags int) {
	s.call(opens, at, syscall.SYS_OPENAT, dirCwd, s.text(path), uintptr(flags|cloexec))
}

var (
	fdCwd  = atFdcwd
	dirCwd = uintptr(fdCwd)
)

// add compiles an operation. It is not ok for one that a fork does not know.
func (w *forkWriter) add(o *Op) (ok bool) {
	if o.Verb == Begin {
		w.stage = o.Data
		return true
	}
	return w.joining(o) || w.rights(o) || w.ending(o)
}

// forkWriter turns the operations of an order into a script.
type forkWriter struct {
	*script
	stage string
	leash int // closes when the spawner ends; -1 when the launcher's end counts
	tty   int // -1 without a terminal
}

func (w *forkWriter) at(what, path string) step { return step{w.stage, what, path} }

// fd is an operation's descriptor.
func fd(n int64) uintptr { return uintptr(ExtraFD + n) }

// joining compiles what makes a fork part of other namespaces, and its place there.
func (w *forkWriter) joining(o *Op) (ok bool) {
	switch o.Verb {
	case WriteFD:
		at, kind := w.at("write "+o.Data, o.Path), plain
		if o.Flags&Optional != 0 {
			kind = lenient
		}
		w.call(kind, at, syscall.SYS_WRITE, fd(o.N), w.text(o.Data), uintptr(len(o.Data)))
	case WriteFile:
		at := w.at("write "+o.Data, o.Path)
		w.open(at, o.Path, syscall.O_WRONLY)
		w.call(uses, at, syscall.SYS_WRITE, 0, w.text(o.Data), uintptr(len(o.Data)))
		w.call(uses, at, syscall.SYS_CLOSE)
	case Unshare:
		w.call(plain, w.at("unshare: "+o.Data, ""), syscall.SYS_UNSHARE, uintptr(o.Flags))
	case Setns:
		w.call(plain, w.at("setns into the "+o.Data+" namespace", o.Path), sysSetns, fd(o.N), namespaceFlag(o.Data))
	case EnterTime:
		at := w.at("setns into the time namespace of its own", "")
		w.open(at, "/proc/self/ns/time_for_children", syscall.O_RDONLY)
		w.call(uses, at, sysSetns, 0, cloneNewTime)
		w.call(uses, at, syscall.SYS_CLOSE)
	case Fork:
		number, first, second := cloneFlags{parent: true, spaces: uintptr(o.Flags)}.call(w.script)
		w.call(forks, w.at("clone", ""), number, first, second)
	case Slave, Private:
		flags := uintptr(syscall.MS_REC | syscall.MS_SLAVE)
		if o.Verb == Private {
			flags = syscall.MS_REC | syscall.MS_PRIVATE
		}
		w.call(plain, w.at("change the propagation of mounts", "/"), syscall.SYS_MOUNT, w.text("none"), w.text("/"), 0, flags, 0)
	case NewFS:
		flags := uintptr(syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC)
		w.call(plain, w.at("mount "+o.Path, o.Target), syscall.SYS_MOUNT, w.text(o.Path), w.text(o.Target), w.text(o.Path), flags, 0)
		return o.Path == "proc"
	case ChrootFD:
		at := w.at("chroot", o.Path)
		w.call(plain, at, syscall.SYS_FCHDIR, fd(o.N))
		w.call(plain, at, syscall.SYS_CHROOT, w.text("."))
		w.call(plain, at, syscall.SYS_CHDIR, w.text("/"))
	case Chdir:
		kind := plain
		if o.Flags&Optional != 0 {
			kind = lenient
		}
		w.call(kind, w.at("chdir to the working directory", o.Target), syscall.SYS_CHDIR, w.text(o.Target))
	case Umask:
		w.call(plain, w.at("umask", ""), syscall.SYS_UMASK, uintptr(o.N))
	default:
		return false
	}
	return true
}

// namespaceFlag is the CLONE_NEW* of a type of namespaces: setns(2) refuses a descriptor of another. 0 is any.
func namespaceFlag(kind string) uintptr {
	switch kind {
	case "mnt":
		return syscall.CLONE_NEWNS
	case "net":
		return syscall.CLONE_NEWNET
	case "pid":
		return syscall.CLONE_NEWPID
	case "ipc":
		return syscall.CLONE_NEWIPC
	case "uts":
		return syscall.CLONE_NEWUTS
	case "user":
		return syscall.CLONE_NEWUSER
	case "cgroup":
		return syscall.CLONE_NEWCGROUP
	case "time":
		return cloneNewTime
	}
	return 0
}

// ending compiles the operations with which the fork becomes the command.
func (w *forkWriter) ending(o *Op) (ok bool) {
	switch o.Verb {
	case ParentDeath:
		at := w.at("prctl(PR_SET_PDEATHSIG)", "")
		w.call(plain, at, syscall.SYS_PRCTL, prSetPdeathsig, uintptr(syscall.SIGKILL))
		b := w.hold(unsafe.Pointer(new([8]byte)))
		number, from, flags := uintptr(syscall.SYS_READ), uintptr(w.leash), uintptr(0)
		if w.leash < 0 {
			number, from, flags = syscall.SYS_RECVFROM, ControlFD, syscall.MSG_PEEK|syscall.MSG_DONTWAIT
		}
		w.call(needsNone, at, number, from, b, 1, flags, 0, 0).pass[0] = syscall.EAGAIN
	case Standard:
		for i, n := range []int64{o.N, o.M, int64(o.Attr)} {
			from := fd(n)
			if n == TerminalFD {
				from = uintptr(w.tty)
			}
			w.call(plain, w.at("dup3", ""), syscall.SYS_DUP3, from, uintptr(i), 0)
		}
	case CloseRest:
		w.closeRest()
	case Session:
		w.call(plain, w.at("setsid", ""), syscall.SYS_SETSID)
		if w.tty >= 0 {
			w.call(plain, w.at("ioctl(TIOCSCTTY)", ""), syscall.SYS_IOCTL, 0, syscall.TIOCSCTTY, 0)
		}
	case Exec:
		w.exec(o)
	case ExecFD:
		at := w.at("execute cutaway's own program", "")
		w.call(plain, at, syscall.SYS_DUP3, fd(o.M), PlanFD, 0)
		w.call(plain, at, syscall.SYS_FCNTL, ControlFD, syscall.F_SETFD, 0)
		w.call(plain, at, sysExecveat, fd(o.N), w.text(""), w.words(o.List), w.words(o.More), atEmptyPath)
	default:
		return false
	}
	return true
}

// closeRest closes what is open around the descriptors that the rest of the script uses. Where the kernel cannot (before Linux
// 5.9) or a filter refuses it, the exec closes them.
func (w *forkWriter) closeRest() {
	at, first := w.at("close_range", ""), 3
	closeUntil := func(end uintptr) {
		if end >= uintptr(first) {
			w.call(plain, at, sysCloseRange, uintptr(first), end, 0).pass = [2]syscall.Errno{syscall.ENOSYS, syscall.EPERM}
		}
	}
	for _, fd := range []int{min(w.leash, w.report), max(w.leash, w.report)} {
		if fd >= first {
			closeUntil(uintptr(fd - 1))
			first = fd + 1
		}
	}
	closeUntil(^uintptr(0) >> 32)
}

// exec tries the places where a command may be, as execvp(3) does.
func (w *forkWriter) exec(o *Op) {
	if len(o.List) == 0 {
		return
	}
	at := w.at("execve", o.List[0])
	argv, env := w.words(o.List), w.words(o.More)
	for _, path := range places(o.List[0], o.Path) {
		w.call(tries, at, syscall.SYS_EXECVE, w.text(path), argv, env)
	}
	if o.Flags&Optional == 0 {
		w.call(gives, at, 0)
	}
}

// places are the paths that a command's name stands for. Nobody looks whether they are there: that is for the fork.
func places(name, path string) []string {
	if _, _, slash := cut(name, '/'); slash {
		return []string{name}
	}
	var list []string
	for more := true; more; {
		var dir string
		dir, path, more = cut(path, ':')
		if dir != "" && dir[0] == '/' && name != "" {
			list = append(list, dir+"/"+name)
		}
	}
	return list
}

const cloneNewTime = 0x80
