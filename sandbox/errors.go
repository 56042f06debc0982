package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// LaunchError says why a launch ended before its command ran: the stage, what was tried, where, and what to do about it.
type LaunchError struct {
	Stage  Stage
	What   string // "mount proc"
	Path   string // "" when there is none
	Err    error  // a syscall.Errno where the kernel refused; nil when the launch refused by itself
	Advice string // "" when there is none
}

// Error is one line; the advice follows behind a semicolon.
func (e *LaunchError) Error() string {
	var b strings.Builder
	if e.ofCommand() { // by far the most frequent, and seldom the launch's fault
		fmt.Fprintf(&b, "execute %s", e.Path)
	} else {
		fmt.Fprintf(&b, "launch stopped at %s: %s", e.Stage, e.What)
		if e.Path != "" {
			fmt.Fprintf(&b, ": %s", e.Path)
		}
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
		if errno := syscall.Errno(0); errors.As(e.Err, &errno) && !strings.Contains(e.Err.Error(), "(errno ") {
			fmt.Fprintf(&b, " (errno %d)", int(errno))
		}
	}
	if e.Advice != "" {
		fmt.Fprintf(&b, "; %s", e.Advice)
	}
	return b.String()
}

// ofCommand tells whether it is the command that could not be executed; all before was done.
func (e *LaunchError) ofCommand() bool { return e.Stage == StageExec && e.What == "execve" }

// Unwrap is the errno.
func (e *LaunchError) Unwrap() error { return e.Err }

// failed makes a LaunchError for a step of the launcher's own.
func failed(at Stage, what, path string, err error) error {
	var launch *LaunchError
	if errors.As(err, &launch) {
		return err
	}
	return &LaunchError{Stage: at, What: what, Path: path, Err: err}
}

// ExitCode is what a shell would return for a launch that failed with err: 127 when the command is not there, 126 when it
// cannot be executed, else 125, as `docker run` has it.
func ExitCode(err error) int {
	var launch *LaunchError
	if errors.As(err, &launch) && launch.ofCommand() {
		if errors.Is(launch.Err, syscall.ENOENT) || errors.Is(launch.Err, syscall.ENOTDIR) {
			return 127
		}
		return 126
	}
	return 125
}

// Status is how the command ended.
type Status struct {
	Code   int            // its exit status; 0 when a signal ended it
	Signal syscall.Signal // that ended it; 0 when it exited
	Core   bool           // it dumped core
}

// ExitCode is the status as a shell has it: 128 and the signal's number when a signal ended it.
func (s Status) ExitCode() int {
	if s.Signal != 0 {
		return 128 + int(s.Signal)
	}
	return s.Code
}

func statusOf(w syscall.WaitStatus) Status {
	if w.Signaled() {
		return Status{Signal: w.Signal(), Core: w.CoreDump()}
	}
	return Status{Code: w.ExitStatus()}
}
