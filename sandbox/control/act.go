package control

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/sandbox/journal"
)

// Freeze stops all processes of the target's cgroup and below until Thaw; it returns when they have stopped.
func (t *Target) Freeze(ctx context.Context) (journal.Entry, error) {
	g, err := t.own("freeze")
	if err != nil {
		return journal.Entry{}, err
	}
	file, freeze, thaw := g.FreezeFile()
	return journal.Do(journal.Change{
		Action: "freeze", Target: t.String(), Shell: shellWrite(freeze, file), File: file, Old: thaw, New: freeze,
	}, func() error { return naming("freeze", t, g.Freeze(ctx)) })
}

// Thaw lets the processes of the target's cgroup run again; it returns when they do.
func (t *Target) Thaw(ctx context.Context) (journal.Entry, error) {
	if t.group == nil {
		return journal.Entry{}, fmt.Errorf("thaw %s: %w", t, t.shared)
	}
	file, old, thaw := t.group.FreezeFile()
	if frozen, err := t.group.Frozen(); err == nil && !frozen { // it is thawed all the same: it may be freezing
		old = thaw
	}
	return journal.Do(journal.Change{
		Action: "thaw", Target: t.String(), Shell: shellWrite(thaw, file), File: file, Old: old, New: thaw,
	}, func() error { return naming("thaw", t, t.group.Thaw(ctx)) })
}

// KillAll ends all processes of the target's cgroup and below by SIGKILL; it returns when none is left, and how many there
// were.
func (t *Target) KillAll(ctx context.Context) (killed int, e journal.Entry, err error) {
	g, err := t.own("kill")
	if err != nil {
		return 0, journal.Entry{}, err
	}
	pids, err := g.PIDs()
	if err != nil {
		return 0, journal.Entry{}, naming("kill", t, err)
	}
	e, err = journal.Do(journal.Change{Action: "kill", Target: t.String(), Shell: g.KillLine()}, func() error {
		return naming("kill", t, g.Kill(ctx))
	})
	return len(pids), e, err
}

// Signal sends the target's process a signal, and no other that has its PID by now.
func (t *Target) Signal(signal syscall.Signal) (journal.Entry, error) {
	name := strings.TrimPrefix(proc.SignalName(int(signal)), "SIG")
	if t.PID == 1 {
		return journal.Entry{}, fmt.Errorf("send %s to PID 1: refused: %w", name, ErrProtected)
	}
	return journal.Do(journal.Change{
		Action: "signal", Target: t.String(), Shell: "kill -s " + name + " " + strconv.Itoa(t.PID),
	}, func() error {
		switch err := unix.PidfdSendSignal(t.pidfd, signal, nil, 0); {
		case err == nil:
			return nil
		case errors.Is(err, unix.ESRCH):
			return fmt.Errorf("send %s to %s: %w", name, t, ErrGone)
		case errors.Is(err, unix.EPERM):
			return fmt.Errorf("send %s to %s: %w: it is another user's: run cutaway as root", name, t, err)
		default:
			return fmt.Errorf("send %s to %s: %w", name, t, err)
		}
	})
}

// naming says in an error to whom something could not be done.
func naming(what string, t *Target, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, t, err)
}

// signalNumbers are the last number and the thread library's first real-time signal (signal(7), nptl(7)).
const (
	lastSignal    = 64
	firstRealTime = 34
)

// ParseSignal reads a signal as kill(1) does: "TERM", "SIGTERM", "term", "15", "RTMIN+3".
func ParseSignal(text string) (syscall.Signal, error) {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= lastSignal {
		return syscall.Signal(n), nil
	}
	name := strings.ToUpper(text)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	for n := 1; n <= lastSignal; n++ {
		if n >= 32 && n < firstRealTime { // the thread library's own
			continue
		}
		if proc.SignalName(n) == name {
			return syscall.Signal(n), nil
		}
	}
	return 0, fmt.Errorf("%q is no signal: say a name such as TERM, HUP or KILL, or a number from 1 to %d; `kill -l` lists them", text, lastSignal)
}
