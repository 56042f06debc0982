package rootfs

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// meter tells the caller how far the work is, at most every 50 ms.
type meter struct {
	report  func(Progress)
	what    string
	total   int64
	entries int
	done    atomic.Int64 // counted by the goroutine that reads, told by the one that works
	told    time.Time
}

// start begins another part of the work.
func (m *meter) start(what string, total int64) {
	if m.what == what && what == Waiting {
		m.tell()
		return
	}
	m.what, m.total = what, total
	m.done.Store(0)
	m.told = time.Time{}
	m.tell()
}

// tell is to be called often.
func (m *meter) tell() {
	if m.report == nil || time.Since(m.told) < 50*time.Millisecond {
		return
	}
	m.last()
}

// last tells at once: a part is done.
func (m *meter) last() {
	if m.report == nil {
		return
	}
	m.told = time.Now()
	m.report(Progress{What: m.what, Done: m.done.Load(), Total: m.total, Entries: m.entries})
}

// input reads an archive, until the context ends, and counts.
type input struct {
	ctx   context.Context
	r     io.Reader
	meter *meter
	n     atomic.Int64
}

func (i *input) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := i.r.Read(p)
	i.n.Add(int64(n))
	i.meter.done.Add(int64(n))
	return n, err
}
