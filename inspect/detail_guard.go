package inspect

import (
	"context"
	"time"

	"cutaway/inspect/aside"
	"cutaway/inspect/reading"
)

const (
	// fileDeadline is how long one file may take: a thousand times what an honest one does.
	fileDeadline = 500 * time.Millisecond
	// maxAsides bounds the reads under way, and so those that are stuck. One detail takes eight.
	maxAsides = 24
)

// guard runs reads of processes' files that may hang aside.
type guard = aside.Guard[hang]

// hang is what once did not answer.
type hang struct {
	id   ID
	file string
}

func newGuard() *guard { return aside.New[hang](maxAsides, fileDeadline) }

// late is the reading of a file that did not answer in time.
var late = reading.FromError(aside.ErrLate)

// readAside starts a read of a process's file and returns a function that waits for the result. The read gets the
// directory, which is kept open for it; it must not touch anything that others use.
func readAside[T any](ctx context.Context, g *guard, id ID, dir *procDir, file string, read func(*procDir) (T, error)) func() (T, error) {
	dir.hold()
	return aside.Start(ctx, g, hang{id, file}, func() (T, error) { return read(dir) }, dir.release)
}

// asReading makes a reading of a result.
func asReading[T any](value T, err error) reading.Of[T] {
	if err != nil {
		return reading.Error[T](err)
	}
	return reading.Value(value)
}
