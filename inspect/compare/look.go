package compare

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect"
	"cutaway/inspect/inside"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// Reader reads what is known of a process from outside: an *inspect.DetailReader, or what a saved snapshot holds.
type Reader interface {
	ReadParts(context.Context, *inspect.Snapshot, inspect.ID, inspect.Part) (*inspect.Detail, error)
}

// Inside looks from a process's place: inside.Read, or what a saved snapshot holds. A nil view without an error says that nobody
// has looked from there.
type Inside func(context.Context, inside.Target) (*inside.View, error)

// Look reads a side. in is nil where the snapshot is of another machine, or of a copy: nothing can be looked at from inside
// there. An error says that the process has ended.
func Look(ctx context.Context, s *inspect.Snapshot, r Reader, in Inside, p *inspect.Process, c *inspect.Container) (*Side, error) {
	side := &Side{Title: Title(p, c), Snapshot: s, Process: p, Container: c}
	d, err := r.ReadParts(ctx, s, p.ID, inspect.PartMounts|inspect.PartFiles)
	if err != nil {
		return nil, err
	}
	side.Detail = d
	if in == nil {
		return side, nil
	}
	v := &view{side}
	side.Inside, err = in(ctx, inside.Target{PID: p.PID, Start: p.Start, Offset: v.ahead()})
	if errors.Is(err, unix.ESRCH) {
		return nil, err
	}
	switch {
	case err != nil:
		side.NotInside = reading.FromError(unix.ETIMEDOUT)
	case side.Inside == nil:
		side.NotInside = reading.NotSaved
	}
	return side, nil
}

// ahead is how far the side's clock of the time since boot is before ours: 0 in our own time namespace, else the difference to the
// host's, in which cutaway is unless somebody moved it.
func (v *view) ahead() time.Duration {
	ns, host := v.Process.Facts.NS, v.Snapshot.Host.NS
	link := linkOf(proc.Time)
	if ns == nil || host == nil || !ns.How[link].OK() || ns.Ino[link] == host.Ino[link] {
		return 0
	}
	return v.offset("boottime")
}

// Host is the process whose view is the host's: the first, else the reader's own.
func Host(s *inspect.Snapshot, self int) *inspect.Process {
	if p := s.ByPID(1); p != nil && p.Facts.NS != nil && p.Facts.NS.How[linkOf(proc.Mnt)].OK() {
		return p
	}
	return s.ByPID(self)
}
