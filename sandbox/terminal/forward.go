package terminal

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// forwarded are the signals that a program is sent from outside and that mean its command.
var forwarded = []syscall.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM,
	syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT,
}

// BesideRelay are the signals to forward while Relay runs, which heeds the others itself.
var BesideRelay = []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM}

// Forward gives the signals that this process gets to send until ctx ends: those named, or, when none is, all that a command
// without a terminal is sent: HUP, INT, QUIT, TERM, USR1, USR2, ALRM, WINCH, CONT and TSTP. Those that were ignored when
// this process started stay so (nohup(1)).
//
// SIGTSTP, a ^Z at the caller's terminal, stops the command by SIGSTOP, since a group of its own session would not heed
// SIGTSTP, and then this process; both go on together. An error of send is a command that has ended, which the caller learns
// otherwise.
func Forward(ctx context.Context, send func(syscall.Signal) error, signals ...syscall.Signal) {
	ForwardCaught(ctx, Catch(signals...), send)
}

// Catch is the first half of Forward, for a caller whose command does not run yet: what this process gets from now on is in
// the channel, and nothing is lost or heeded meanwhile.
func Catch(signals ...syscall.Signal) chan os.Signal {
	if len(signals) == 0 {
		signals = forwarded
	}
	arrived := make(chan os.Signal, 64)
	notify(arrived, signals)
	return arrived
}

// ForwardCaught is the second half of Forward. The channel is Catch's, and given up when ctx ends.
func ForwardCaught(ctx context.Context, arrived chan os.Signal, send func(syscall.Signal) error) {
	go func() {
		defer signal.Stop(arrived)
		for {
			select {
			case s := <-arrived:
				if s == syscall.SIGTSTP {
					stopBoth(send)
				} else {
					_ = send(s.(syscall.Signal))
				}
			case <-ctx.Done():
				return
			}
		}
	}()
}

func stopBoth(send func(syscall.Signal) error) {
	if send(syscall.SIGSTOP) != nil {
		return
	}
	_ = stopHere(syscall.SIGTSTP) // one that cannot stop lets the command go on at once
	_ = send(syscall.SIGCONT)
}
