package cgroups

import (
	"errors"
	"fmt"
	"syscall"
)

// Error says what could not be done with a cgroup, where, why, and what to do about it.
type Error struct {
	What   string // "write 64M"
	Path   string // the file or directory; "" when there is none
	Err    error  // a syscall.Errno where the kernel refused; nil when it did not come to that
	Advice string // "" when there is none
}

// Error is one line; the advice follows behind a semicolon.
func (e *Error) Error() string {
	line := e.What
	if e.Path != "" {
		line += ": " + e.Path
	}
	if e.Err != nil {
		line += ": " + e.Err.Error()
		if errno, ok := e.Err.(syscall.Errno); ok { // an Error within says it itself
			line += fmt.Sprintf(" (errno %d)", int(errno))
		}
	}
	if e.Advice != "" {
		line += "; " + e.Advice
	}
	return line
}

// Unwrap is the errno.
func (e *Error) Unwrap() error { return e.Err }

// ErrShared is wrapped when a process has no cgroup of its own, or none of that kind: what would be done to it would be
// done to others too.
var ErrShared = errors.New("no cgroup of its own")
