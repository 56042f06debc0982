package sandbox

import (
	"errors"
	"time"

	"cutaway/inspect/fault"
)

// errLate is for what did not answer in time.
var errLate = errors.New("no answer in time")

// likePatience is how long one thing may take that waits for the process's memory or its file systems: an honest one takes a
// thousandth.
const likePatience = 2 * time.Second

// inTime does something that may hang, such as reading the memory of a process that serves its page faults itself
// (userfaultfd(2)). When it does, the goroutine is left behind; what it finds is nobody's then.
func inTime[T any](limit time.Duration, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	fault.Go(func() {
		value, err := f()
		done <- result{value, err}
	})
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-timer.C:
		var none T
		return none, errLate
	}
}
