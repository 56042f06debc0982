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
	unlock := int32(0)
	_, errno := call(syscall.SYS_IOCTL, uintptr(master), syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlock)), 0, 0, 0)
	c.must(errno, "ioctl(TIOCSPTLCK)", ptmx)
	r, errno := call(syscall.SYS_IOCTL, uintptr(master), tiocgptpeer, syscall.O_RDWR|syscall.O_NOCTTY|cloexec, 0, 0, 0)
	c.must(errno, "ioctl(TIOCGPTPEER)", ptmx)
	c.tty = int(r)
	c.send([]byte{byte(MsgTerminal)}, master)
	syscall.Close(master)
}
