// Package calls asks the kernel which system calls a launcher may make, without making them: each is called with arguments
// that are invalid on purpose, in such a way that the kernel refuses them before it does anything. An answer other than the
// expected one tells that the kernel does not know the call (ENOSYS), or that a seccomp filter stands before it.
//
// A filter may also end who asks (SECCOMP_RET_KILL_PROCESS). Where one is in force, the questions are asked by a child: the
// program executed again with Variable set. The package imports only syscall, so that Go initialises it before nearly all
// others and its init function takes over after less than a millisecond.
package calls

import "syscall"

// Call is a system call with arguments that must fail.
type Call struct {
	Name  string
	Since string // the first Linux that has it; "" for those that every kernel has
	// Privileged says that the kernel answers EPERM to whoever lacks CAP_SYS_ADMIN before it looks at the arguments: EPERM
	// then tells nothing of a filter.
	Privileged bool

	number uintptr
	args   [3]uintptr
}

const (
	bad        = ^uintptr(0)        // no descriptor
	badPointer = uintptr(1)         // nothing is mapped there (mmap_min_addr)
	badFlags   = uintptr(1)<<30 - 1 // more bits than any call here knows

	newUser     = 0x10000000                                             // CLONE_NEWUSER
	cannotClone = newUser | 0x20000 /* NEWNS */ | 0x200 /* FS */ | 0x800 /* SIGHAND without VM */
	cannotShare = newUser | 0x4000                                       /* VFORK: not for unshare */
)

// List are the calls, in the order in which Probe answers. clone and unshare are asked about a user namespace, which filters
// single out by the flag.
var List = [...]Call{
	{Name: "clone", number: syscall.SYS_CLONE, args: [3]uintptr{cannotClone}},
	{Name: "unshare", number: syscall.SYS_UNSHARE, args: [3]uintptr{cannotShare}},
	{Name: "setns", number: sysSetns, args: [3]uintptr{bad}},
	{Name: "mount", number: syscall.SYS_MOUNT, args: [3]uintptr{badPointer, badPointer, badPointer}},
	{Name: "pivot_root", number: syscall.SYS_PIVOT_ROOT, args: [3]uintptr{badPointer, badPointer}, Privileged: true},
	{Name: "chroot", number: syscall.SYS_CHROOT, args: [3]uintptr{badPointer}},
	{Name: "seccomp", number: sysSeccomp, args: [3]uintptr{1, badFlags}},
	{Name: "clone3", Since: "5.3", number: 435},
	{Name: "pidfd_open", Since: "5.3", number: 434, args: [3]uintptr{0, badFlags}},
	{Name: "openat2", Since: "5.6", number: 437, args: [3]uintptr{bad}},
	{Name: "close_range", Since: "5.9", number: 436, args: [3]uintptr{3, 2}},
	{Name: "open_tree", Since: "5.2", number: 428, args: [3]uintptr{bad, badPointer, badFlags}},
	{Name: "move_mount", Since: "5.2", number: 429, args: [3]uintptr{bad, badPointer, bad}, Privileged: true},
	{Name: "fsopen", Since: "5.2", number: 430, args: [3]uintptr{badPointer, badFlags}, Privileged: true},
	{Name: "mount_setattr", Since: "5.12", number: 442, args: [3]uintptr{bad, badPointer, badFlags}},
}

// Answers is what the kernel answered: one errno for each Call of List that was asked. When there are fewer, a filter ended
// the child at the next one.
type Answers struct {
	Errnos []syscall.Errno
	// Landlock is the version of its interface, 0 when there is none for the reason in LandlockErrno (landlock(7)).
	Landlock      int
	LandlockErrno syscall.Errno
}

// Probe asks in this process. Never call it where a filter may end the process: see Child.
func Probe() (a Answers) {
	for i := range List {
		a.Errnos = append(a.Errnos, List[i].ask())
	}
	a.Landlock, a.LandlockErrno = landlock()
	return a
}

// ask makes the call, which must fail. The clone is refused by every Linux there is; a child that some other kernel made
// all the same ends at once.
func (c *Call) ask() syscall.Errno {
	r, _, errno := syscall.RawSyscall6(c.number, c.args[0], c.args[1], c.args[2], 0, 0, 0)
	if r == 0 && errno == 0 && c.number == syscall.SYS_CLONE {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return errno
}

// landlock asks for the version (LANDLOCK_CREATE_RULESET_VERSION).
func landlock() (abi int, errno syscall.Errno) {
	const createRuleset, version = 444, 1
	r, _, errno := syscall.RawSyscall(createRuleset, 0, 0, version)
	if errno != 0 {
		return 0, errno
	}
	return int(r), 0
}

// Variable in the environment makes a program that holds this package ask, write its answers to standard output and exit.
const Variable = "CUTAWAY_CALLS"

func init() {
	if _, asked := syscall.Getenv(Variable); !asked {
		return
	}
	answer := func(b ...byte) {
		if n, err := syscall.Write(1, b); err != nil || n != len(b) {
			syscall.Exit(1)
		}
	}
	for i := range List {
		answer(byte(List[i].ask())) // one by one: the next one may be the last
	}
	abi, errno := landlock()
	answer(byte(abi), byte(errno))
	syscall.Exit(0)
}

// Decode reads what a child wrote before it ended.
func Decode(b []byte) (a Answers) {
	for i := 0; i < len(b) && i < len(List); i++ {
		a.Errnos = append(a.Errnos, syscall.Errno(b[i]))
	}
	if rest := b[min(len(b), len(List)):]; len(rest) == 2 {
		a.Landlock, a.LandlockErrno = int(rest[0]), syscall.Errno(rest[1])
	}
	return a
}
