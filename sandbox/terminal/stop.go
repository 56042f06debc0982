package terminal

import (
	"slices"

	"golang.org/x/sys/unix"
)

// pause stops this process with its terminal as it was, and sets it up again afterwards.
func (r *relay) pause() error {
	if err := r.restore(); err != nil {
		return err
	}
	if err := stopHere(unix.SIGTSTP); err != nil {
		return err
	}
	if _, err := r.settle(); err != nil {
		return err
	}
	return r.setUp()
}

// awaitForeground stops this process until it is in the foreground or the sandbox has ended. The kernel would stop it at
// the change of the terminal too, but then a signal to end that came while it was stopped would come too late: bash's
// `kill %1` sends SIGTERM and SIGCONT, and expects an end.
func (r *relay) awaitForeground() error {
	for !r.foreground() {
		if _, err := r.settle(); err != nil || r.leaving {
			return err
		}
		if err := stopHere(unix.SIGTTOU); err != nil {
			return err
		}
		continued, err := r.settle()
		if err != nil || r.leaving {
			return err
		}
		if !continued { // it was not stopped, because nobody could continue it: setRaw says so
			return nil
		}
	}
	return nil
}

// settle waits until the signals have come that continued this process, and those that were sent with them: other threads
// than this one may get them. In the foreground it does not wait longer than for SIGCONT.
func (r *relay) settle() (continued bool, err error) {
	const quiet = 50 // ms; only a process in the background, or one that could not stop, waits for so long
	for !continued || !r.foreground() {
		came, err := r.await(quiet)
		if err != nil {
			return continued, err
		}
		if len(came) == 0 {
			return continued, r.overtake()
		}
		continued = continued || slices.Contains(came, byte(unix.SIGCONT))
	}
	return continued, nil
}

// overtake returns when all signals that were sent before it have come, however busy the machine is. A signal to this very
// thread is handled before tgkill(2) returns, and with it what waits for any thread (get_signal in kernel/signal.c); what Go
// has taken by then comes before the second of two.
func (r *relay) overtake() error {
	const patience = 2000 // ms; SIGWINCH may be ignored
	for range 2 {
		if err := raise(unix.SIGWINCH); err != nil {
			return err
		}
		for {
			came, err := r.await(patience)
			if err != nil {
				return err
			}
			if len(came) == 0 || slices.Contains(came, byte(unix.SIGWINCH)) {
				break
			}
		}
	}
	r.resize() // it may have been a real one
	return nil
}

// await receives what comes within a time in milliseconds, nothing when nothing does.
func (r *relay) await(limit int) (came []byte, err error) {
	fds := []unix.PollFd{{Fd: int32(r.notices.fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, limit)
		if err == unix.EINTR {
			continue
		}
		if n == 0 || err != nil {
			return nil, err
		}
		return r.receive()
	}
}
