package seccomp

import (
	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
)

// check refuses a call for one of its arguments. It looks at the argument's low 32 bits and no more, as the kernel does with
// these arguments, which are ints there: a comparison of all 64 would be passed by a value with a high bit set
// (CVE-2019-10063).
type check struct {
	call   string
	arg    uint8
	mask   uint32   // of the bits that are compared
	values []uint32 // that they are compared with
	pass   bool     // these values are let through and no others; else these are refused and no others
	with   caps.Set // turns the check off when one of these is kept
	about  string   // for which arguments it is refused
}

const every = ^uint32(0)

// newNamespaces are clone's flags for new namespaces. CLONE_NEWTIME is none of them: there it is part of the exit signal
// (clone(2)), and only unshare and clone3 can ask for it.
const newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
	unix.CLONE_NEWPID | unix.CLONE_NEWNET

// Personalities: Linux, programs of 32 bits, and a uname that says 2.6 (personality(2)).
const (
	perLinux   = 0x0
	perLinux32 = 0x8
	uname26    = 0x20000
	asksOnly   = 0xffffffff // asks and changes nothing
)

var dockerChecks = []check{
	{
		// Either runs commands outside, where the terminal is shared with who started the sandbox (CVE-2017-5226). Docker's
		// own profile lets them through; no capability is worth that.
		call: "ioctl", arg: 1, mask: every, values: []uint32{unix.TIOCSTI, unix.TIOCLINUX},
		about: "TIOCSTI and TIOCLINUX: typing into the terminal",
	},
	{
		// Any of the flags makes the masked value another than 0.
		call: "clone", mask: newNamespaces, values: []uint32{0}, pass: true, with: sysAdmin,
		about: "flags CLONE_NEW*: new namespaces",
	},
	{
		// The crypto API's sockets have led to root, and a virtual machine's reach its host whatever the network namespace.
		call: "socket", mask: every, values: []uint32{unix.AF_ALG, unix.AF_VSOCK},
		about: "families AF_ALG and AF_VSOCK",
	},
	{
		call: "personality", mask: every, values: []uint32{perLinux, perLinux32, uname26, uname26 | perLinux32, asksOnly},
		pass: true, about: "all but PER_LINUX, PER_LINUX32 and UNAME26: a process without ASLR, for one",
	},
}

var strictChecks = []check{
	{
		call: "ioctl", arg: 1, mask: every, values: []uint32{unix.TIOCSTI, unix.TIOCLINUX, unix.TIOCSETD},
		about: "TIOCSTI, TIOCLINUX: typing into the terminal; TIOCSETD: its line disciplines",
	},
	{
		call: "clone", mask: newNamespaces, values: []uint32{0}, pass: true,
		about: "flags CLONE_NEW*: new namespaces",
	},
	{
		call: "socket", mask: every, values: []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6},
		pass: true, about: "families other than AF_UNIX, AF_INET and AF_INET6",
	},
	{
		call: "socketpair", mask: every, values: []uint32{unix.AF_UNIX},
		pass: true, about: "families other than AF_UNIX",
	},
	{
		call: "personality", mask: every, values: []uint32{perLinux, asksOnly},
		pass: true, about: "all but PER_LINUX",
	},
}
