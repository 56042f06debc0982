package inspect

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/fault"
	"cutaway/inspect/reading"
)

const (
	// fileDeadline is how long one file may take: a thousand times what an honest one does.
	fileDeadline = 500 * time.Millisecond
	// hangMemory is how long a file that hung is left alone.
	hangMemory = 30 * time.Second
	// maxAsides bounds the reads under way, and so those that are stuck: each holds a thread. One detail takes eight.
	maxAsides = 24
)

// guard runs reads that may hang aside: /proc/PID/environ and cmdline wait for the process's memory, a look at an open
// file for its file system. One that does not return in time is given up, remembered, and not tried again for a while.
type guard struct {
	deadline time.Duration
	slots    chan struct{}
	mu       sync.Mutex
	hung     map[hang]time.Time
}

// hang is what once did not answer.
type hang struct {
	id   ID
	file string
}

func newGuard() *guard {
	return &guard{deadline: fileDeadline, slots: make(chan struct{}, maxAsides), hung: map[hang]time.Time{}}
}

// avoids tells whether a file is to be left alone.
func (g *guard) avoids(h hang) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	since, ok := g.hung[h]
	if ok && time.Since(since) > hangMemory {
		delete(g.hung, h)
		return false
	}
	return ok
}

func (g *guard) remember(h hang) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for old, since := range g.hung {
		if time.Since(since) > hangMemory {
			delete(g.hung, old)
		}
	}
	g.hung[h] = time.Now()
}

// errLate is the errno of a file that did not answer in time.
const errLate = unix.ETIMEDOUT

// late is the reading of such a file.
var late = reading.FromError(errLate)

// aside is what a read that ran aside brought.
type aside[T any] struct {
	value T
	err   error
}

// readAside starts a read of a process's file and returns a function that waits for the result. The read gets the
// directory, which is kept open for it; it must not touch anything that others use.
func readAside[T any](ctx context.Context, g *guard, id ID, dir *procDir, file string, read func(*procDir) (T, error)) func() (T, error) {
	h := hang{id, file}
	if g.avoids(h) {
		return func() (none T, err error) { return none, errLate }
	}
	due, cancel := context.WithTimeout(ctx, g.deadline)
	done := make(chan aside[T], 1)
	var started atomic.Bool
	dir.hold()
	fault.Go(func() {
		defer dir.release()
		select {
		case g.slots <- struct{}{}:
		case <-due.Done():
			return
		}
		defer func() { <-g.slots }()
		started.Store(true)
		done <- unharmed(dir, read)
	})
	return func() (T, error) {
		defer cancel()
		select {
		case a := <-done:
			return a.value, a.err
		case <-due.Done():
		}
		select {
		case a := <-done: // while others were waited for
			return a.value, a.err
		default:
		}
		if ctx.Err() == nil && started.Load() {
			g.remember(h)
		}
		var none T
		return none, errLate
	}
}

// unharmed does a read and makes an error of a panic.
func unharmed[T any](dir *procDir, read func(*procDir) (T, error)) (a aside[T]) {
	defer func() {
		if recover() != nil {
			a = aside[T]{err: errPanic}
		}
	}()
	a.value, a.err = read(dir)
	return a
}

// errPanic stands for a parser that broke at a text. Ours do not, but one from elsewhere may, and a screen must not fall
// for what a process writes.
var errPanic = errors.New("the text broke its parser")

// asReading makes a reading of a result.
func asReading[T any](value T, err error) reading.Of[T] {
	if err != nil {
		return reading.Error[T](err)
	}
	return reading.Value(value)
}
