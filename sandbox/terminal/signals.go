package terminal

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// SignalError is a signal that asked this process to end.
type SignalError struct {
	// Signal is what was sent; SIGHUP too when the terminal is gone.
	Signal syscall.Signal
}

func (e *SignalError) Error() string {
	return fmt.Sprintf("ended by signal %d (%v)", int(e.Signal), e.Signal)
}

// endOfContext stands among the numbers of signals for the end of the context.
const endOfContext = 0

// notices makes signals and the end of a context readable for poll(2): a pipe that holds a byte for each, its number.
type notices struct {
	fd   int
	stop func()
}

// watch adds to a channel of Catch's what it is to watch for. What is in there already has come.
func watch(ctx context.Context, arrived chan os.Signal, signals []syscall.Signal) (*notices, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("make a pipe for signals: %w", err)
	}
	notify(arrived, signals)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ended := ctx.Done()
		for {
			number := byte(endOfContext)
			select {
			case s := <-arrived:
				number = byte(s.(syscall.Signal))
			case <-ended:
				ended = nil
			case <-quit:
				return
			}
			_ = retry(func() error { _, err := unix.Write(p[1], []byte{number}); return err })
		}
	}()
	return &notices{fd: p[0], stop: func() {
		close(quit)
		<-done
		unix.Close(p[0])
		unix.Close(p[1])
	}}, nil
}

// read returns what has come, nothing when nothing has.
func (n *notices) read() []byte {
	b := make([]byte, 64)
	m, _ := unix.Read(n.fd, b)
	return b[:max(m, 0)]
}

// notify asks for signals but for those that were ignored when this process started: nohup(1) and a shell's background
// jobs mean it.
func notify(c chan<- os.Signal, signals []syscall.Signal) {
	for _, s := range signals {
		if !ignored(s) {
			signal.Notify(c, s)
		}
	}
}

// stopHere stops this process as a signal does by default, and returns when it was continued; at once where the signal is
// ignored. A handler of Go's stays once a signal was asked for (sigInstallGoHandler in runtime/signal_unix.go), so the
// default action is set for the moment by the system call. The kernel does not stop a group that nobody could continue (an
// orphaned one, setpgid(2)): a reason not to send SIGSTOP. The signal is this thread's own, so that it works before
// tgkill(2) returns.
func stopHere(s syscall.Signal) error {
	if ignored(s) {
		return nil
	}
	var byDefault, before sigaction
	if err := setAction(s, &byDefault, &before); err != nil {
		return err
	}
	err := raise(s)
	if err2 := setAction(s, &before, nil); err == nil {
		err = err2
	}
	return err
}

// raise sends a signal to the calling thread.
func raise(s syscall.Signal) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Tgkill(unix.Getpid(), unix.Gettid(), s); err != nil {
		return fmt.Errorf("send oneself %v: %w", s, err)
	}
	return nil
}

// ignored tells whether a signal is ignored as it was when this process started, for all that Go does not handle before it
// is asked to: not SIGQUIT and other signals that would dump or kill.
func ignored(s syscall.Signal) bool {
	const ignore = 1 // SIG_IGN
	var now sigaction
	return setAction(s, nil, &now) == nil && now[0] == ignore
}

// sigaction is the kernel's struct sigaction of 64-bit machines: handler, flags, restorer, mask. Zero is the default action.
type sigaction [4]uint64

func setAction(s syscall.Signal, action, before *sigaction) error {
	const maskSize = 8
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(action)), uintptr(unsafe.Pointer(before)), maskSize, 0, 0)
	if errno != 0 {
		return fmt.Errorf("rt_sigaction(%v): %w", s, errno)
	}
	return nil
}
