package stage

import (
	"syscall"
	"unsafe"
)

// script is what a fork does: system calls, one after the other, prepared to the last byte. A fork of a Go program has the
// one thread that forked, with a copy of everything but the others, which hold locks and do the collector's and the
// scheduler's work: no allocation, no growing stack, nothing but raw system calls is safe in it (package syscall's
// forkAndExecInChild).
type script struct {
	calls  []rawCall
	steps  []step           // what each call is, for the report of its failure
	keep   []unsafe.Pointer // what the calls' arguments point to
	report int              // a pipe: the records of report below
	record *[2]uint64
}

// rawCall is one system call.
type rawCall struct {
	number uintptr
	args   [6]uintptr
	kind   callKind
	pass   [2]syscall.Errno // errors that are none
}

// callKind is what a call's result means.
type callKind uint8

const (
	plain     callKind = iota
	opens              // the result is the descriptor that the following calls use
	uses               // the first argument is that descriptor
	forks              // the child goes on; the parent reports the child's PID and ends
	tries              // an execve that another may follow
	gives              // no call: the last execve did not work either
	needsNone          // the result 0 means that whom we were started for is gone: so are we
	lenient            // errors are none
)

// step says what a call is for.
type step struct{ stage, what, path string }

// The first number of a record on the report pipe is the number of the call that failed, and the second its errno; or it
// is recordSpawned, and the second is a PID.
const recordSpawned = ^uint64(0)

//go:linkname runtimeBeforeFork syscall.runtime_BeforeFork
func runtimeBeforeFork()

//go:linkname runtimeAfterFork syscall.runtime_AfterFork
func runtimeAfterFork()

//go:linkname runtimeAfterForkInChild syscall.runtime_AfterForkInChild
func runtimeAfterForkInChild()

// cloneFlags are what a fork is made with.
type cloneFlags struct {
	parent bool    // it is a child of this process's parent
	spaces uintptr // CLONE_NEW*
}

const cloneParent = 0x8000

// call is the system call that forks. In clone(2)'s flags CLONE_NEWTIME has no place; clone3(2) is not asked without need,
// because filters of system calls often refuse it.
func (f cloneFlags) call(s *script) (number, first, second uintptr) {
	flags, signal := f.spaces, uintptr(syscall.SIGCHLD)
	if f.parent {
		flags, signal = flags|cloneParent, 0 // it ends with this process's own signal
	}
	if f.spaces&cloneNewTime == 0 {
		return syscall.SYS_CLONE, flags | signal, 0
	}
	args := &[8]uint64{0: uint64(flags), 4: uint64(signal)} // struct clone_args, its first version
	return sysClone3, s.hold(unsafe.Pointer(args)), unsafe.Sizeof(*args)
}

const sysClone3 = 435

// fork carries out a script in a fork of this process, which is alone in its copy of memory, root and working directory, as
// setns(2) wants it for user, mount and time namespaces.
//
//go:norace
//go:noinline
func (s *script) fork(flags cloneFlags) (pid int, errno syscall.Errno) {
	number, first, second := flags.call(s)
	runtimeBeforeFork()
	r, _, errno := syscall.RawSyscall6(number, first, second, 0, 0, 0, 0)
	if errno != 0 || r != 0 {
		runtimeAfterFork()
		return int(r), errno
	}
	runtimeAfterForkInChild()
	s.run()
	return 0, 0 // never: run ends the process
}

// run is the fork.
//
//go:norace
//go:nosplit
func (s *script) run() {
	var fd uintptr
	worst := syscall.ENOENT
	for i := 0; i < len(s.calls); i++ {
		c := &s.calls[i]
		if c.kind == gives {
			s.end(uint64(i), uint64(worst))
		}
		first := c.args[0]
		if c.kind == uses {
			first = fd
		}
		r, _, errno := syscall.RawSyscall6(c.number, first, c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
		switch {
		case c.kind == tries:
			if errno != syscall.ENOENT && errno != syscall.ENOTDIR {
				worst = errno
			}
		case c.kind == lenient:
		case errno != 0 && errno != c.pass[0] && errno != c.pass[1]:
			s.end(uint64(i), uint64(errno))
		case c.kind == needsNone && errno == 0 && r == 0:
			s.leave()
		case c.kind == opens:
			fd = r
		case c.kind == forks && r != 0:
			s.end(recordSpawned, uint64(r))
		}
	}
	s.end(uint64(len(s.calls)), 0)
}

// end writes a record and ends the process.
//
//go:norace
//go:nosplit
func (s *script) end(what, value uint64) {
	s.record[0], s.record[1] = what, value
	syscall.RawSyscall(syscall.SYS_WRITE, uintptr(s.report), uintptr(unsafe.Pointer(s.record)), unsafe.Sizeof(*s.record))
	s.leave()
}

// leave ends the process, without a word.
//
//go:norace
//go:nosplit
func (s *script) leave() {
	for {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 125, 0, 0)
	}
}
