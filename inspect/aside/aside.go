// Package aside runs reads that may hang away from who waits for them: /proc/PID/environ waits for a process's memory, a look
// below somebody's root for its file system, which may not answer.
package aside

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/fault"
)

// hangMemory is how long what hung is left alone.
const hangMemory = 30 * time.Second

// ErrLate is the errno of what did not answer in time, or is left alone because it did not before.
const ErrLate = unix.ETIMEDOUT

// ErrPanic stands for a parser that broke at a text. Ours do not, but one from elsewhere may, and a screen must not fall for what a
// process writes.
var ErrPanic = errors.New("the text broke its parser")

// Guard gives up a read that does not return in time, remembers it by its key, and does not try it again for a while.
type Guard[K comparable] struct {
	patience time.Duration
	slots    chan struct{}
	mu       sync.Mutex
	hung     map[K]time.Time
}

// New makes a guard that waits for each read for a time. Most bounds the reads under way, and so those that are stuck: each holds a
// thread.
func New[K comparable](most int, patience time.Duration) *Guard[K] {
	return &Guard[K]{patience: patience, slots: make(chan struct{}, most), hung: map[K]time.Time{}}
}

// Avoids tells whether a read is left alone.
func (g *Guard[K]) Avoids(key K) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget()
	_, hung := g.hung[key]
	return hung
}

// Remember has a read left alone for half a minute.
func (g *Guard[K]) Remember(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget()
	g.hung[key] = time.Now()
}

func (g *Guard[K]) forget() {
	for old, since := range g.hung {
		if time.Since(since) > hangMemory {
			delete(g.hung, old)
		}
	}
}

// Busy is how many reads are under way, the stuck ones with them.
func (g *Guard[K]) Busy() int { return len(g.slots) }

type result[T any] struct {
	value T
	err   error
}

// Start begins a read and returns a function that waits for the result, which is ErrLate when there is none in time and ErrPanic
// when the read panicked. The read must not touch anything that others use; release is called once, when nothing reads any more.
func Start[K comparable, T any](ctx context.Context, g *Guard[K], key K, read func() (T, error), release func()) func() (T, error) {
	if g.Avoids(key) {
		release()
		return func() (none T, err error) { return none, ErrLate }
	}
	due, cancel := context.WithTimeout(ctx, g.patience)
	done := make(chan result[T], 1)
	var started atomic.Bool
	fault.Go(func() {
		defer release()
		select {
		case g.slots <- struct{}{}:
		case <-due.Done(): // others are stuck
			return
		}
		defer func() { <-g.slots }()
		started.Store(true)
		done <- unharmed(read)
	})
	return func() (none T, err error) {
		defer cancel()
		select {
		case r := <-done:
			return r.value, r.err
		case <-due.Done():
		}
		select {
		case r := <-done: // while others were waited for
			return r.value, r.err
		default:
		}
		if ctx.Err() == nil && started.Load() {
			g.Remember(key)
		}
		return none, ErrLate
	}
}

// unharmed does a read and makes an error of a panic.
func unharmed[T any](read func() (T, error)) (r result[T]) {
	defer func() {
		if recover() != nil {
			r = result[T]{err: ErrPanic}
		}
	}()
	r.value, r.err = read()
	return r
}
