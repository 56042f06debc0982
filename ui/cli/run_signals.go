package cli

import (
	"context"
	"os"
	"slices"
	"sync"
	"syscall"

	"cutaway/sandbox/terminal"
)

// early holds the signals that cutaway gets while it launches. One that asks it to end ends the launch; what comes too late
// for that is the command's, which runs already.
type early struct {
	arrived chan os.Signal
	stop    func()
	came    []syscall.Signal // valid once stop has returned
}

// ending are the signals that ask a launch to end.
var ending = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// catchEarly catches what terminal.Forward forwards, until the program ends; the context ends with the first signal that asks
// to end.
func catchEarly(parent context.Context) (context.Context, *early) {
	ctx, cancel := context.WithCancel(parent)
	e := &early{arrived: terminal.Catch()}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case s := <-e.arrived:
				e.came = append(e.came, s.(syscall.Signal))
				if slices.Contains(ending, s.(syscall.Signal)) {
					cancel()
				}
			case <-quit:
				return
			}
		}
	}()
	e.stop = sync.OnceFunc(func() {
		close(quit)
		<-done
	})
	return ctx, e
}

// asked is the first signal that asked to end, 0 when none came. What comes from now on waits in the channel.
func (e *early) asked() syscall.Signal {
	e.stop()
	if i := slices.IndexFunc(e.came, func(s syscall.Signal) bool { return slices.Contains(ending, s) }); i >= 0 {
		return e.came[i]
	}
	return 0
}

// hand gives what came, and all that comes until ctx ends, to a command.
func (e *early) hand(ctx context.Context, send func(syscall.Signal) error) {
	e.stop()
	for _, s := range e.came {
		_ = send(s) // an error is a command that has ended
	}
	terminal.ForwardCaught(ctx, e.arrived, send)
}
