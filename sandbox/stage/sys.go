package stage

import (
	"syscall"
	"unsafe"
)

// Numbers of system calls that package syscall does not know; these are the same on every architecture
// (include/uapi/asm-generic/unistd.h, from 424 on).
const (
	sysOpenTree      = 428
	sysMoveMount     = 429
	sysFsopen        = 430
	sysFsconfig      = 431
	sysFsmount       = 432
	sysPidfdSend     = 424
	sysCloseRange    = 436
	sysOpenat2       = 437
	sysMountSetattr  = 442
	sysLandlockNew   = 444
	sysLandlockAdd   = 445
	sysLandlockEnter = 446
)

const (
	oPath         = 0x200000
	atEmptyPath   = 0x1000
	atRecursive   = 0x8000
	atFdcwd       = -100
	openTreeClone = 1
	cloexec       = syscall.O_CLOEXEC

	moveFromEmpty = 0x4  // MOVE_MOUNT_F_EMPTY_PATH
	moveToEmpty   = 0x40 // MOVE_MOUNT_T_EMPTY_PATH

	fsconfigFlag   = 0
	fsconfigString = 1
	fsconfigCreate = 6

	resolveNoMagicLinks = 0x2
	resolveNoSymlinks   = 0x4
	resolveInRoot       = 0x10

	closeRangeCloexec = 4

	prCapbsetDrop   = 24
	prSetDumpable   = 4
	prSetPdeathsig  = 1
	prSetKeepcaps   = 8
	prSetName       = 15
	prSetNoNewPrivs = 38
	prSetSubreaper  = 36
	prCapAmbient    = 47
	ambientClearAll = 4

	seccompSetModeFilter = 1
	seccompTsync         = 1
)

// MOUNT_ATTR_* of mount_setattr(2) and fsmount(2), for Op.Attr.
const (
	AttrReadOnly   = 0x1
	AttrNoSuid     = 0x2
	AttrNoDev      = 0x4
	AttrNoExec     = 0x8
	attrNoSymlinks = 0x200000
)

// ptr is s as the kernel wants it. A NUL inside would cut it; the launcher refuses such paths and options.
func ptr(s string) unsafe.Pointer {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return unsafe.Pointer(&b[0])
}

// call makes a system call that may block. What its arguments point to stays where it is until it returns.
//
//go:uintptrescapes
func call(number, a, b, c, d, e, f uintptr) (uintptr, syscall.Errno) {
	r, _, errno := syscall.Syscall6(number, a, b, c, d, e, f)
	return r, errno
}

//go:uintptrescapes
func prctl(option, a, b uintptr) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, option, a, b, 0, 0, 0)
	return errno
}

// everyThread makes a system call on all threads of the process, for what the kernel keeps for each thread. It is ENOTSUP
// in a program that was built with cgo.
func everyThread(number, a, b, c uintptr) syscall.Errno {
	_, _, errno := syscall.AllThreadsSyscall(number, a, b, c)
	return errno
}

// thisThread makes a system call whose effect is the calling thread's alone, as credentials' is.
func thisThread(number, a, b, c uintptr) syscall.Errno {
	_, _, errno := syscall.RawSyscall(number, a, b, c)
	return errno
}

// itoa is n in decimal.
func itoa(n int) string {
	if n < 0 {
		return "-" + itoa(-n)
	}
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// atoi is the number that s begins with.
func atoi(s string) (n int) {
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
