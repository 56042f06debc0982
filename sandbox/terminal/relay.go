package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Relay connects the caller's terminal with the master of a sandbox's, until the sandbox closes its end or ctx ends. What
// the sandbox wrote before that is written out in full; what was typed after it stays for whoever reads next. The caller's
// terminal is in raw mode meanwhile (termios(3)), so that ^C and ^Z are the inner terminal's, and as it was before when
// Relay returns or panics.
//
// A caller that is stopped (SIGTSTP) leaves its terminal as it was, and sets it up again when it goes on. In the background
// it stops at once, as any program that changes its terminal does (SIGTTOU).
func Relay(ctx context.Context, master, stdin, stdout *os.File) error {
	r := &relay{master: int(master.Fd()), in: int(stdin.Fd()), out: int(stdout.Fd())}
	if err := unix.SetNonblock(r.master, true); err != nil {
		return fmt.Errorf("make the sandbox's terminal non-blocking: %w", err)
	}
	wake, err := r.watch(ctx)
	if err != nil {
		return err
	}
	defer wake()
	if err := r.raw(); err != nil {
		return err
	}
	defer r.restore()
	r.resize()
	return r.run()
}

// relay is the state of a Relay. Its loop is one goroutine: poll(2) says what can be done without waiting.
type relay struct {
	master, in, out int
	before          *unix.Termios // the caller's terminal as it was; nil when it is none
	pending         []byte        // typed, not yet taken by the sandbox
	buffer          [64 << 10]byte
	signals         chan os.Signal
	wakeRead        int
	ended           bool // ctx ended
}

// watch makes signals and the end of ctx readable for poll, by a pipe.
func (r *relay) watch(ctx context.Context) (stop func(), err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	r.wakeRead = p[0]
	r.signals = make(chan os.Signal, 16)
	signal.Notify(r.signals, unix.SIGWINCH, unix.SIGCONT, unix.SIGTSTP)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		say := func(b byte) { _, _ = unix.Write(p[1], []byte{b}) }
		over := ctx.Done()
		for {
			select {
			case s := <-r.signals:
				switch s {
				case unix.SIGWINCH:
					say('w')
				case unix.SIGCONT:
					say('c')
				case unix.SIGTSTP:
					say('z')
				}
			case <-over:
				over = nil
				say('e')
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(r.signals)
		close(quit)
		<-done
		unix.Close(p[0])
		unix.Close(p[1])
	}, nil
}

// raw sets the caller's terminal as cfmakeraw(3) does.
func (r *relay) raw() error {
	t, err := unix.IoctlGetTermios(r.in, unix.TCGETS)
	if err != nil {
		return nil // no terminal: nothing to set
	}
	if r.before == nil {
		before := *t
		r.before = &before
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(r.in, unix.TCSETSW, t); err != nil {
		return fmt.Errorf("set the terminal to raw mode: %w", err)
	}
	return nil
}

// restore sets the caller's terminal as it was before raw.
func (r *relay) restore() {
	if r.before != nil {
		_ = unix.IoctlSetTermios(r.in, unix.TCSETSW, r.before)
	}
}

// resize gives the sandbox's terminal the size of the caller's; its kernel side sends SIGWINCH inside.
func (r *relay) resize() {
	size, err := unix.IoctlGetWinsize(r.out, unix.TIOCGWINSZ)
	if err != nil {
		size, err = unix.IoctlGetWinsize(r.in, unix.TIOCGWINSZ)
	}
	if err == nil && size.Row > 0 && size.Col > 0 {
		_ = unix.IoctlSetWinsize(r.master, unix.TIOCSWINSZ, size)
	}
}

// run passes bytes both ways.
func (r *relay) run() error {
	const in, master, wake = 0, 1, 2
	fds := []unix.PollFd{in: {Fd: int32(r.in)}, master: {Fd: int32(r.master)}, wake: {Fd: int32(r.wakeRead), Events: unix.POLLIN}}
	for {
		fds[in].Events, fds[master].Events = 0, unix.POLLIN
		if len(r.pending) == 0 {
			fds[in].Events = unix.POLLIN
		} else {
			fds[master].Events |= unix.POLLOUT
		}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return fmt.Errorf("poll: %w", err)
		}
		if fds[wake].Revents != 0 {
			r.awake()
		}
		if fds[master].Revents&unix.POLLOUT != 0 {
			r.typeIn()
		}
		if fds[master].Revents&(unix.POLLIN|unix.POLLHUP|unix.POLLERR) != 0 || r.ended {
			over, err := r.show()
			if over || err != nil {
				return err
			}
		}
		if fds[in].Revents&unix.POLLIN != 0 {
			n, err := unix.Read(r.in, r.buffer[:])
			if n > 0 {
				r.pending = append(r.pending, r.buffer[:n]...)
				r.typeIn()
			} else if n == 0 || (err != unix.EINTR && err != unix.EAGAIN) {
				fds[in].Fd = -1 // nobody types any more
			}
		} else if fds[in].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0 {
			fds[in].Fd = -1
		}
	}
}

// typeIn gives the sandbox what was typed, as much as it takes.
func (r *relay) typeIn() {
	n, err := unix.Write(r.master, r.pending)
	if n > 0 {
		r.pending = r.pending[:copy(r.pending, r.pending[n:])]
	}
	if err != nil && err != unix.EAGAIN && err != unix.EINTR {
		r.pending = nil // it reads no more
	}
}

// show writes out what the sandbox wrote. It is over when the other end is closed (EIO), and, once the sandbox ended, when
// nothing is left.
func (r *relay) show() (over bool, err error) {
	for {
		n, err := unix.Read(r.master, r.buffer[:])
		switch {
		case n > 0:
			if err := writeAll(r.out, r.buffer[:n]); err != nil {
				return true, fmt.Errorf("write to the terminal: %w", err)
			}
			if !r.ended {
				return false, nil
			}
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return r.ended, nil
		default: // EIO: all of the sandbox's ends are closed
			return true, nil
		}
	}
}

func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if n > 0 {
			b = b[n:]
		}
		switch {
		case err == nil || errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN): // a terminal that somebody made non-blocking
			if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1); err != nil && err != unix.EINTR {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

// awake does what the signals asked for.
func (r *relay) awake() {
	var b [16]byte
	n, _ := unix.Read(r.wakeRead, b[:])
	for _, what := range b[:max(n, 0)] {
		switch what {
		case 'w':
			r.resize()
		case 'z': // from outside: a typed ^Z is the sandbox's
			r.restore()
			_ = unix.Kill(unix.Getpid(), unix.SIGSTOP)
		case 'c':
			_ = r.raw()
			r.resize()
		case 'e':
			r.ended = true
		}
	}
}
