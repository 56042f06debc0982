package aside

import (
	"errors"
	"time"

	"cutaway/inspect/fault"
)

// ErrNoAnswer is for what did not answer in time, in words for a person.
var ErrNoAnswer = errors.New("no answer in time")

// InTime does once something that may hang, such as reading the memory of a process that serves its page faults itself
// (userfaultfd(2)). When it does, the error is ErrNoAnswer and the goroutine is left behind; what it finds is nobody's then.
func InTime[T any](limit time.Duration, f func() (T, error)) (T, error) {
	done := make(chan result[T], 1)
	fault.Go(func() {
		value, err := f()
		done <- result[T]{value, err}
	})
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-timer.C:
		var none T
		return none, ErrNoAnswer
	}
}
