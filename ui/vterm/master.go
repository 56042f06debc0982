package vterm

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// closeLatency is how long a read or write may go on after the owner closed the pty.
const closeLatency = 100 * time.Millisecond

// master is a pty's master whose reads and writes end when its owner closes it.
//
// Close interrupts them by itself only when the descriptor was non-blocking as the os.File was made. One that came by a
// socket, or was asked for its Fd, is not so: a read would go on for as long as any process has the other end open. So
// the descriptor is made non-blocking, and waited for here, for a short time each.
type master struct{ *os.File }

func newMaster(f *os.File) master {
	m := master{f}
	m.control(func(fd int) { _ = unix.SetNonblock(fd, true) })
	return m
}

// control runs f with the descriptor, unless that is closed.
func (m master) control(f func(fd int)) {
	if conn, err := m.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { f(int(fd)) })
	}
}

func (m master) Read(b []byte) (int, error) {
	for {
		n, err := m.File.Read(b)
		if !errors.Is(err, unix.EAGAIN) {
			return n, err
		}
		m.wait(unix.POLLIN)
	}
}

// write writes all of b, unless ended is closed before: nobody will read what it waits with.
func (m master) write(b []byte, ended <-chan struct{}) error {
	for {
		n, err := m.File.Write(b)
		if !errors.Is(err, unix.EAGAIN) {
			return err
		}
		b = b[n:]
		select {
		case <-ended:
			return os.ErrClosed
		default:
			m.wait(unix.POLLOUT)
		}
	}
}

func (m master) wait(events int16) {
	m.control(func(fd int) {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, int(closeLatency.Milliseconds()))
	})
}

// setSize tells the program another size by SIGWINCH (TIOCSWINSZ, ioctl_tty(2)).
func (m master) setSize(w, h int) {
	m.control(func(fd int) {
		_ = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(h), Col: uint16(w)})
	})
}
