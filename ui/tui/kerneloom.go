package tui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/ui/text"
)

// oomWatch watches the number of processes that the kernel killed in a cgroup for want of memory.
type oomWatch struct {
	path   string // of the cgroup; "" before the first look
	count  uint64
	at     time.Time // when it rose last; zero when it did not since it is watched
	victim string    // who it was, when that is certain
}

// look takes the number of a new look and tells by how much it rose.
func (w *oomWatch) look(use *cgroup.Usage, at time.Time) (rise uint64) {
	if use == nil || !use.OOMKills.OK() {
		return 0
	}
	kills := use.OOMKills.Value
	if w.path == use.Path && kills > w.count {
		rise = kills - w.count
		w.at, w.victim = at, ""
	}
	w.path, w.count = use.Path, kills
	return rise
}

// lookForKills looks whether the number rose. Whom the kernel killed is told only where hardly anything else can have happened:
// one more kill, in a cgroup that has no other processes, and in the same tick the end of the process that held most of
// what all may use. That one ended is not enough: who lived for less than a tick was never seen.
func (k *kernelPane) lookForKills(at time.Time) {
	use := k.subject.usage()
	if rise := k.oom.look(use, at); rise != 1 || !limited(use.EffectiveMemory.Limit) || !k.ownCgroup() {
		return
	}
	most := use.EffectiveMemory.Limit.Value.Value / 2
	i := slices.IndexFunc(k.family.ended, func(m *member) bool { return m.held > most })
	if i < 0 {
		return
	}
	m := k.family.ended[i]
	m.killed = true
	k.oom.victim = text.Sanitise(m.proc.Comm) + " " + strconv.Itoa(m.proc.PID)
}

// ownCgroup tells whether all processes whose memory counts for the cgroup of the usage belong to the sandbox.
func (k *kernelPane) ownCgroup() bool {
	own := k.subject.usageOf()
	if own == nil {
		return false
	}
	s, path := k.subject.snap, memoryPath(own)
	for i := range s.Procs {
		if k.family.places[i] != nil {
			continue
		}
		m := s.Procs[i].Facts.Cgroup
		if !m.OK() || within(memoryPath(m.Value), path) {
			return false
		}
	}
	return true
}

// memoryPath is the cgroup that a process's memory is charged to: v1's of the controller, else v2's.
func memoryPath(m *cgroup.Membership) string {
	path := ""
	for i := range m.Lines {
		switch l := &m.Lines[i]; {
		case slices.Contains(l.Controllers, "memory"):
			return l.Path
		case len(l.Controllers) == 0:
			path = l.Path
		}
	}
	return path
}

func within(path, above string) bool {
	return path == above || strings.HasPrefix(path, strings.TrimSuffix(above, "/")+"/")
}

// killsLine is the number of kills, and when it rose.
func (w *oomWatch) killsLine(use *cgroup.Usage) line {
	l := killsLine(use)
	if l == nil || w.at.IsZero() {
		return l
	}
	l = l.gap(2).put(dim, clock(w.at))
	if w.victim != "" {
		l = l.gap(2).put(bad, w.victim)
	}
	return l
}

// clock is the time of day.
func clock(t time.Time) string { return t.Format(time.TimeOnly) }
