package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Relay connects the caller's terminal with the master of a sandbox's until the sandbox closes its end or ctx ends, which
// are no errors. What the sandbox wrote before is written out in full; what was typed after it stays for whoever reads next.
// The caller's terminal is in raw mode meanwhile (termios(3)), so that ^C, ^Z and ^\ are the inner terminal's, and as it was
// before when Relay returns or panics. The master gets the caller's size now and whenever it changes.
//
// SIGINT, SIGTERM, SIGHUP and SIGQUIT, which in raw mode come from outside alone, end it at once with a *SignalError, and so
// does a terminal that is gone (SIGHUP): the caller should end the sandbox and itself. A caller that is stopped (SIGTSTP)
// leaves its terminal as it was, and sets it up again when it goes on, also after SIGSTOP, SIGTTIN and SIGTTOU. In the
// background it stops, as any program does that changes its terminal.
//
// An stdin that is no terminal is typed as it is, and its end as the inner terminal's end-of-file key. The master is
// Relay's alone until it returns; it may be closed meanwhile.
func Relay(ctx context.Context, master, stdin, stdout *os.File) error {
	caught := make(chan os.Signal, 64)
	defer signal.Stop(caught)
	return RelayCaught(ctx, caught, master, stdin, stdout)
}

// RelayCaught is Relay for who has caught signals already: what waits in the channel, Catch's, has come. The channel stays
// the caller's: a terminal that goes away is often seen before its SIGHUP comes, which must not find the default action.
func RelayCaught(ctx context.Context, caught chan os.Signal, master, stdin, stdout *os.File) (err error) {
	r := &relay{left: stillWritten}
	defer r.close()
	if err := r.open(master, stdin, stdout); err != nil {
		return fmt.Errorf("relay the sandbox's terminal: %w", err)
	}
	before, err := setNonblock(r.master, true)
	if err != nil {
		return fmt.Errorf("make the sandbox's terminal non-blocking: %w", err)
	}
	defer setNonblock(r.master, before)
	if r.notices, err = watch(ctx, caught, slices.Concat(ending, []syscall.Signal{unix.SIGWINCH, unix.SIGCONT, unix.SIGTSTP})); err != nil {
		return err
	}
	defer r.notices.stop()
	defer func() {
		if failed := r.restore(); failed != nil {
			err = errors.Join(err, failed)
		}
	}()
	if err := r.setUp(); err != nil {
		return err
	}
	return r.run()
}

// ending are the signals that end a Relay.
var ending = []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT}

// stillWritten bounds what is read after the end of ctx: more than any terminal holds back (pty_common_install in
// drivers/tty/pty.c), so that it is what was written before, and an end to a program that goes on writing.
const stillWritten = 1 << 20

// relay is the state of a Relay: one goroutine, which poll(2) tells what can be done without waiting.
type relay struct {
	master, in, out int   // descriptors of its own
	mode            *mode // nil when stdin is no terminal
	notices         *notices
	typed, shown    queue
	lastTyped       byte
	noInput         bool // stdin is at its end, or the sandbox takes no more
	leaving         bool // ctx ended
	left            int  // bytes that are still read when leaving
	over            bool // the sandbox has written its last
}

func (r *relay) open(master, stdin, stdout *os.File) (err error) {
	r.master, r.in, r.out = -1, -1, -1
	if r.master, err = with(master, duplicate); err != nil {
		return err
	}
	if r.in, err = reopen(stdin, unix.O_RDONLY); err != nil {
		return err
	}
	if r.out, err = reopen(stdout, unix.O_WRONLY); err != nil {
		return err
	}
	if isTerminal(r.in) {
		r.mode = &mode{fd: r.in}
	}
	return nil
}

func (r *relay) close() {
	for _, fd := range []int{r.master, r.in, r.out} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// setUp makes the caller's terminal and the sandbox's fit each other.
func (r *relay) setUp() error {
	if err := r.awaitForeground(); err != nil || r.leaving {
		return err
	}
	if r.mode != nil {
		err := r.mode.setRaw()
		if errors.Is(err, unix.EIO) && r.foreground() { // hung up: the SIGCONT was seen before the SIGHUP that it came with
			return &SignalError{unix.SIGHUP}
		}
		if err != nil {
			return err
		}
	}
	r.resize()
	return nil
}

func (r *relay) restore() error {
	if r.mode == nil {
		return nil
	}
	return r.mode.restore()
}

// foreground tells whether this process may use the caller's terminal, if that is one.
func (r *relay) foreground() bool { return r.mode == nil || r.mode.foreground() }

// resize gives the sandbox's terminal the size of the caller's, whose change the kernel tells inside by SIGWINCH. A
// terminal that does not know its size has 0 by 0 (ioctl_tty(2)).
func (r *relay) resize() {
	for _, fd := range []int{r.out, r.in} {
		size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		if err == nil && size.Row > 0 && size.Col > 0 {
			_ = unix.IoctlSetWinsize(r.master, unix.TIOCSWINSZ, size)
			return
		}
	}
}

// run passes bytes both ways.
func (r *relay) run() error {
	for {
		timeout := -1
		if r.leaving && r.shown.empty() { // what is not there now is not waited for
			timeout = 0
		}
		fds := r.wanted()
		if _, err := unix.Poll(fds[:], timeout); err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for the terminals (poll): %w", err)
		}
		if fds[3].Revents != 0 {
			if err := r.heed(); err != nil {
				return err
			}
			continue // it may have taken long
		}
		// The output comes first: an end of the sandbox is seen before a key is taken that nobody would get.
		if err := r.show(); err != nil || r.over && r.shown.empty() {
			return err
		}
		ready := fds[0].Revents != 0 && fds[1].Revents&unix.POLLHUP == 0
		if ready && !r.foreground() {
			// It was stopped by what it was not told of (SIGSTOP), and what is there to read is typed to the shell: the kernel
			// would stop it again (SIGTTIN), before the signals that came with SIGCONT are seen.
			if err := r.setUp(); err != nil {
				return err
			}
			continue
		}
		if err := r.typeIn(ready); err != nil {
			return err
		}
	}
}

// wanted is what to wait for: stdin, the master, stdout, notices. A descriptor with nothing to wait for is left out, since
// poll would tell of its end again and again.
func (r *relay) wanted() [4]unix.PollFd {
	fds := [4]unix.PollFd{{Fd: -1}, {Fd: -1}, {Fd: -1}, {Fd: int32(r.notices.fd), Events: unix.POLLIN}}
	if r.typed.empty() && !r.noInput && !r.over {
		fds[0] = unix.PollFd{Fd: int32(r.in), Events: unix.POLLIN}
	}
	var master int16
	if r.shown.empty() && !r.over {
		master |= unix.POLLIN
	}
	if !r.typed.empty() {
		master |= unix.POLLOUT
	}
	if master != 0 {
		fds[1] = unix.PollFd{Fd: int32(r.master), Events: master}
	}
	if !r.shown.empty() {
		fds[2] = unix.PollFd{Fd: int32(r.out), Events: unix.POLLOUT}
	}
	return fds
}

// show passes what the sandbox wrote. Its end is EIO, when all of its descriptors of the terminal are closed and everything
// is read (pts(4)), or, once ctx ended, that nothing is there.
func (r *relay) show() error {
	if r.shown.empty() && !r.over {
		switch err := r.shown.fill(r.master, false); {
		case err == unix.EAGAIN:
			r.over = r.leaving
		case err != nil:
			r.over = true
		case r.leaving:
			r.left -= len(r.shown.waiting)
			r.over = r.left <= 0
		}
	}
	switch err := r.shown.drain(r.out); {
	case err == unix.EIO: // a terminal that was hung up
		return &SignalError{unix.SIGHUP}
	case err != nil:
		return fmt.Errorf("write what the sandbox wrote: %w", err)
	}
	return nil
}

// typeIn passes what was typed.
func (r *relay) typeIn(ready bool) error {
	if ready && r.typed.empty() && !r.noInput {
		if err := r.listen(); err != nil {
			return err
		}
	}
	if r.typed.drain(r.master) != nil { // EIO: nobody is there to read
		r.typed.waiting, r.noInput = nil, true
	}
	return nil
}

// listen reads from stdin, once: it may be a descriptor that blocks.
func (r *relay) listen() error {
	err := r.typed.fill(r.in, true)
	switch {
	case err == nil:
		r.lastTyped = r.typed.waiting[len(r.typed.waiting)-1]
	case err == unix.EAGAIN:
	case r.mode != nil: // in raw mode no key means an end
		return &SignalError{unix.SIGHUP}
	default:
		r.noInput = true
		r.typeEnd()
	}
	return nil
}

// typeEnd types the key that the inner terminal takes for the end of its input; in the middle of a line it takes two
// (termios(3), VEOF).
func (r *relay) typeEnd() {
	inner, err := unix.IoctlGetTermios(r.master, unix.TCGETS) // of a master it is the other end's
	if err != nil {
		return
	}
	key := inner.Cc[unix.VEOF]
	if inner.Lflag&unix.ICANON != 0 && r.lastTyped != '\n' && r.lastTyped != 0 {
		r.typed.put(key, key)
		return
	}
	r.typed.put(key)
}

// heed does what signals and the end of the context ask for. To end comes first, whatever came before it.
func (r *relay) heed() error {
	came, err := r.receive()
	if err != nil {
		return err
	}
	for _, number := range came {
		switch number {
		case byte(unix.SIGWINCH):
			r.resize()
		case byte(unix.SIGCONT):
			err = r.setUp()
		case byte(unix.SIGTSTP):
			err = r.pause()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// receive reads the numbers of signals that came, and heeds what ends the relay.
func (r *relay) receive() ([]byte, error) {
	came := r.notices.read()
	for _, number := range came {
		if number == endOfContext {
			r.leaving = true
		} else if slices.Contains(ending, syscall.Signal(number)) {
			return nil, &SignalError{syscall.Signal(number)}
		}
	}
	return came, nil
}
