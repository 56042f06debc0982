// Package reading holds a value read from the kernel together with how the reading went, so that "unknown" is never
// mistaken for zero: a value is known, denied, gone, absent on this kernel, failed, or was not read yet.
package reading

import (
	"errors"
	"fmt"
	"syscall"
)

// State says how a reading went. The zero State is NotRead.
type State uint8

// The states of a reading. Each must look different to the person who sees it.
const (
	NotRead State = iota // nobody looked yet
	Known                // the value is the kernel's answer
	Denied               // the kernel refused: EACCES or EPERM
	Gone                 // the process or file went away: ESRCH, or ENOENT below a process that ended
	Absent               // this kernel, hierarchy or process has no such value: ENOENT, EINVAL, EOPNOTSUPP, a line not there
	Failed               // anything else: an I/O error, a deadline that passed, text that could not be understood
)

// String names the state in one lower-case word.
func (s State) String() string {
	switch s {
	case NotRead:
		return "not read"
	case Known:
		return "known"
	case Denied:
		return "denied"
	case Gone:
		return "gone"
	case Absent:
		return "absent"
	default:
		return "failed"
	}
}

// How is the state of a reading with the errno behind it (0 when there was none). It fits in four bytes, because the
// process table holds many.
type How struct {
	State State
	Errno uint16
}

// NotSaved is the state of a value that is not in a saved snapshot.
var NotSaved = How{State: NotRead, Errno: uint16(syscall.ENODATA)}

// OK tells whether the value is known.
func (h How) OK() bool { return h.State == Known }

// Err returns the errno behind the state as an error, or nil.
func (h How) Err() error {
	if h.Errno == 0 {
		return nil
	}
	return syscall.Errno(h.Errno)
}

// String says the state and, when there is one, the errno's text: "denied (permission denied)".
func (h How) String() string {
	switch {
	case h == NotSaved:
		return "not in the snapshot"
	case h.Errno == 0:
		return h.State.String()
	}
	return fmt.Sprintf("%s (%s)", h.State, syscall.Errno(h.Errno))
}

// FromError maps the error of a read to its How; nil is Known. ENOENT counts as Absent: only the reader knows
// whether the process behind the file has ended (ESRCH is always Gone).
func FromError(err error) How {
	if err == nil {
		return How{State: Known}
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return How{State: Failed}
	}
	h := How{State: Failed, Errno: uint16(errno)}
	switch errno {
	case syscall.EACCES, syscall.EPERM:
		h.State = Denied
	case syscall.ESRCH:
		h.State = Gone
	case syscall.ENOENT, syscall.ENOTDIR, syscall.EINVAL, syscall.EOPNOTSUPP, syscall.ENODEV, syscall.ENOSYS:
		h.State = Absent
	}
	return h
}

// Of is a value with how its reading went. Value means something only when OK.
type Of[T any] struct {
	Value T
	How
}

// Value returns a known reading.
func Value[T any](v T) Of[T] { return Of[T]{Value: v, How: How{State: Known}} }

// Error returns a reading without a value, for the reason that err gives.
func Error[T any](err error) Of[T] { return Of[T]{How: FromError(err)} }

// Missing returns a reading without a value, in the given state.
func Missing[T any](s State) Of[T] { return Of[T]{How: How{State: s}} }
