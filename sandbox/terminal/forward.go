package terminal

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// forwarded are the signals that a program is sent from outside and that mean its command.
var forwarded = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGWINCH,
}

// Forward gives the signals that this process gets to send, until ctx ends. An error of send is a command that has ended,
// which the caller learns otherwise.
func Forward(ctx context.Context, send func(syscall.Signal) error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, forwarded...)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case s := <-signals:
				if s, ok := s.(syscall.Signal); ok {
					_ = send(s)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
}
