package compare

import (
	"context"
	"time"

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
	d, err := r.ReadParts(ctx, s, p.ID, inspect.PartMounts|inspect.PartSockets)
	if err != nil {
		return nil, err
	}
	side.Detail = d
	if in == nil {
		return side, nil
	}
	v := &view{side}
	side.Inside, err = in(ctx, inside.Target{PID: p.PID, Start: p.Start, Ahead: v.ahead("boottime")})
	if err != nil { // it has ended
		return nil, err
	}
	if side.Inside == nil {
		side.NotInside = reading.NotSaved
	}
	return side, nil
}

// ahead is how far a clock of the side's time namespace is ahead of the machine's. The file tells it of the namespace that the
// process's children will be in (time_namespaces(7)); where that is another, only the host's own is known, which has no offsets.
func (v *view) ahead(clock string) reading.Of[time.Duration] {
	if v.Detail == nil {
		return reading.Missing[time.Duration](reading.NotRead)
	}
	if ns := v.Process.Facts.NS; ns != nil && ns.How[proc.TimeForChildren].OK() {
		own, host := linkOf(proc.Time), v.Snapshot.Host
		switch {
		case !ns.How[own].OK():
			return reading.Of[time.Duration]{How: ns.How[own]}
		case ns.Ino[own] == ns.Ino[proc.TimeForChildren]:
		case host.InitSeen && host.NS != nil && host.NS.How[own].OK() && host.NS.Ino[own] == ns.Ino[own]:
			return reading.Value(time.Duration(0))
		default:
			return reading.Missing[time.Duration](reading.NotRead)
		}
	}
	if !v.Detail.TimeOffsets.OK() {
		return reading.Of[time.Duration]{How: v.Detail.TimeOffsets.How}
	}
	for _, o := range v.Detail.TimeOffsets.Value {
		if o.Clock == clock {
			return reading.Value(o.Offset)
		}
	}
	return reading.Value(time.Duration(0))
}

// Host is the process whose view is the host's: the first, else the reader's own, whose PID is self. HostTitle says which.
func Host(s *inspect.Snapshot, self int) *inspect.Process {
	if p := s.ByPID(1); p != nil && p.Facts.NS != nil && p.Facts.NS.How[linkOf(proc.Mnt)].OK() {
		return p
	}
	return s.ByPID(self)
}

// HostTitle names the side that Host found: where the first process cannot be read, what is compared is not the host.
func HostTitle(p *inspect.Process) string {
	if p.PID == 1 {
		return "host"
	}
	return "cutaway itself"
}
