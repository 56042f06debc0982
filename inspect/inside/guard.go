package inside

import (
	"context"
	"time"

	"cutaway/inspect/aside"
)

const (
	// patience is how long a look may take: an honest one takes a hundredth.
	patience = time.Second
	// maxStuck bounds the parts under way, and so those that are stuck. One look takes two.
	maxStuck = 8
)

// guard runs the parts of looks aside.
type guard struct{ *aside.Guard[part] }

// part is what may hang of a look: a root may be on a file system that does not answer.
type part struct {
	pid   int
	start uint64
	name  string
}

func newGuard(patience time.Duration) guard { return guard{aside.New[part](maxStuck, patience)} }

// begin starts a part in a directory of its own, and returns a function that waits for it. Late stands for what did not answer.
func begin[T any](ctx context.Context, g guard, p part, dir place, read func(place) T, late func() T) func() T {
	own, err := dir.again() // is open for as long as the part takes
	if err != nil {
		return late
	}
	wait := aside.Start(ctx, g.Guard, p, func() (T, error) { return read(own), nil }, own.close)
	return func() T {
		v, err := wait()
		if err != nil {
			return late()
		}
		return v
	}
}
