package stage

import (
	"syscall"
	"unsafe"
)

const tiocgptpeer = 0x5441

// openTerminal makes a pseudoterminal from a ptmx, sends its master to the launcher and keeps the other end for the
// command. The other end is opened through the master (TIOCGPTPEER, ioctl_tty(2)), not by a path, which could lead to
// another devpts.
func (c *child) openTerminal(ptmx string) {
	master, err := syscall.Open(ptmx, syscall.O_RDWR|syscall.O_NOCTTY|cloexec, 0)
	c.check(err, "open a terminal", ptmx)
	tty, errno := otherEnd(master)
	c.must(errno, "ioctl(TIOCSPTLCK, TIOCGPTPEER)", ptmx)
	c.tty = tty
	c.send([]byte{byte(MsgTerminal)}, master)
	syscall.Close(master)
}

// otherEnd unlocks a terminal and opens it through its master.
func otherEnd(master int) (int, syscall.Errno) {
	unlock := int32(0)
	if _, errno := call(syscall.SYS_IOCTL, uintptr(master), syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlock)), 0, 0, 0); errno != 0 {
		return -1, errno
	}
	r, errno := call(syscall.SYS_IOCTL, uintptr(master), tiocgptpeer, syscall.O_RDWR|syscall.O_NOCTTY|cloexec, 0, 0, 0)
	return int(r), errno
}
