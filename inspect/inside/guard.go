package inside

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/fault"
)

const (
	// patience is how long a look may take: an honest one takes a hundredth.
	patience = time.Second
	// hangMemory is how long a part that hung is left alone.
	hangMemory = 30 * time.Second
	// maxStuck bounds the parts under way, and so those that are stuck: each holds a thread. One look takes two.
	maxStuck = 8
)

// errLate is the errno of what did not answer in time.
const errLate = unix.ETIMEDOUT

// part is what may hang of a look: a root may be on a file system that does not answer.
type part struct {
	pid   int
	start uint64
	name  string
}

// guard runs the parts of looks aside. One that does not return in time is given up and not tried again for a while.
type guard struct {
	patience time.Duration
	slots    chan struct{}
	mu       sync.Mutex
	hung     map[part]time.Time
}

func newGuard() *guard {
	return &guard{patience: patience, slots: make(chan struct{}, maxStuck), hung: map[part]time.Time{}}
}

// avoids tells whether a part is to be left alone.
func (g *guard) avoids(p part) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for old, since := range g.hung {
		if time.Since(since) > hangMemory {
			delete(g.hung, old)
		}
	}
	_, hung := g.hung[p]
	return hung
}

func (g *guard) remember(p part) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hung[p] = time.Now()
}

// aside starts a part and returns a function that waits for it, until ctx is done.
func aside[T any](ctx context.Context, g *guard, p part, dir place, read func(place) T, late func() T) func() T {
	if g.avoids(p) {
		return late
	}
	own, err := dir.again() // is open for as long as the part takes
	if err != nil {
		return late
	}
	done := make(chan T, 1)
	var started atomic.Bool
	fault.Go(func() {
		defer own.close()
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done(): // others are stuck
			return
		}
		defer func() { <-g.slots }()
		started.Store(true)
		done <- read(own)
	})
	return func() T {
		select {
		case v := <-done:
			return v
		case <-ctx.Done():
		}
		select {
		case v := <-done: // while others were waited for
			return v
		default:
		}
		if ctx.Err() == context.DeadlineExceeded && started.Load() {
			g.remember(p)
		}
		return late()
	}
}
