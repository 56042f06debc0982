package tui

import (
	"cutaway/inspect"
)

// historyLength is how many ticks a history line remembers.
const historyLength = 120

// ring is the last values of something, the newest last.
type ring struct {
	values []float64
	seq    uint64 // of the last snapshot that fed it
}

func (r *ring) add(v float64, seq uint64) {
	if len(r.values) == historyLength {
		copy(r.values, r.values[1:])
		r.values = r.values[:historyLength-1]
	}
	r.values, r.seq = append(r.values, v), seq
}

// history remembers the CPU use of every container and of the processes that were looked at.
type history struct {
	rings   map[string]*ring
	watched map[inspect.ID]bool
}

func newHistory() *history {
	return &history{rings: map[string]*ring{}, watched: map[inspect.ID]bool{}}
}

// watch has a process remembered from now on.
func (h *history) watch(id inspect.ID) { h.watched[id] = true }

// of is the history of a node, oldest first; nil when there is none.
func (h *history) of(key string) []float64 {
	if r := h.rings[key]; r != nil {
		return r.values
	}
	return nil
}

// record takes a new snapshot, and forgets what is no longer there.
func (h *history) record(s *inspect.Snapshot) {
	var host float64
	for i := range s.Procs {
		if s.Procs[i].Container == nil {
			host += max(s.Procs[i].CPU, 0)
		}
	}
	h.add("host", host, s.Seq)
	for _, c := range s.Containers {
		h.add("c"+c.Key, c.CPU, s.Seq)
	}
	for id := range h.watched {
		p := s.ByID(id)
		if p == nil {
			delete(h.watched, id)
			continue
		}
		h.add(id.Key(), p.CPU, s.Seq)
	}
	for key, r := range h.rings {
		if r.seq != s.Seq {
			delete(h.rings, key)
		}
	}
}

func (h *history) add(key string, v float64, seq uint64) {
	r := h.rings[key]
	if r == nil {
		r = &ring{}
		h.rings[key] = r
	}
	r.add(v, seq)
}
