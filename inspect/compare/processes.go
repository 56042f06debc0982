package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// mostAlone is how many processes that one side alone sees get a row each; more are counted in one row.
const mostAlone = 20

// processes joins the processes that the sides see, by the process, with the PID that each side has for it.
func processes(p *pairs) {
	l, r := p.l.sees(), p.r.sees()
	if !l.how.OK() || !r.how.OK() || !sameBoot(p.l.Snapshot, p.r.Snapshot) { // of two boots none is the same
		p.add("processes", "processes", l.count(), r.count())
		return
	}
	var ids []inspect.ID
	for id := range l.pids {
		ids = append(ids, id)
	}
	for id := range r.pids {
		if _, both := l.pids[id]; !both {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b inspect.ID) int { return a.PID - b.PID })
	alone := [2]int{}
	for _, id := range ids {
		if _, ok := r.pids[id]; !ok {
			alone[0]++
		} else if _, ok := l.pids[id]; !ok {
			alone[1]++
		}
	}
	for _, id := range ids {
		_, onLeft := l.pids[id]
		_, onRight := r.pids[id]
		if !onRight && alone[0] > mostAlone || !onLeft && alone[1] > mostAlone {
			continue
		}
		p.add(strconv.Itoa(id.PID), name(p.l, p.r, id), l.value(id), r.value(id))
	}
	if alone[0] > mostAlone {
		p.add("others", "others", known(fmt.Sprintf("%d more that the right does not see", alone[0]), inspect.Source{}), nil)
	}
	if alone[1] > mostAlone {
		p.add("others_right", "others", nil, known(fmt.Sprintf("%d more that the left does not see", alone[1]), inspect.Source{}))
	}
}

// seen is the processes that a side sees, with their PIDs there.
type seen struct {
	view *view
	pids map[inspect.ID]int
	how  reading.How
}

func (s *seen) count() *Value {
	if !s.how.OK() {
		return unknown(s.how, inspect.Source{})
	}
	return known(strconv.Itoa(len(s.pids)), inspect.Source{})
}

func (s *seen) value(id inspect.ID) *Value {
	pid, ok := s.pids[id]
	if !ok {
		return nil
	}
	from := inspect.Source{}
	if p := s.view.Snapshot.ByID(id); p != nil {
		from = s.view.Snapshot.Source(p, nil, "status.NSpid")
	}
	return known(strconv.Itoa(pid), from)
}

// name is what a process is called, on whichever side it is.
func name(l, r *view, id inspect.ID) string {
	p := l.Snapshot.ByID(id)
	if p == nil {
		p = r.Snapshot.ByID(id)
	}
	if p == nil {
		return strconv.Itoa(id.PID)
	}
	if line := p.Facts.Cmdline; line.OK() && strings.Trim(line.Value, "\x00") != "" {
		return strings.TrimSpace(strings.ReplaceAll(line.Value, "\x00", " "))
	}
	return p.Comm
}

// sees finds the processes that are in the PID namespace of the side's process or below it, and what they are called there: a
// process has a PID in its own namespace and in all above (pid_namespaces(7)). NSpid lists them from the reader's down, so that
// the one of the side's namespace stands where that of the side's process itself stands last. Kernel threads are left out.
func (v *view) sees() *seen {
	s := &seen{view: v, pids: map[inspect.ID]int{}}
	ns, status := v.Process.Facts.NS, v.Process.Facts.Status
	pidLink := linkOf(proc.PID)
	switch {
	case !status.OK():
		s.how = status.How
		return s
	case ns == nil:
		s.how = notRead
		return s
	case !ns.How[pidLink].OK():
		s.how = ns.How[pidLink]
		return s
	}
	s.how = reading.How{State: reading.Known}
	depth, ino := len(status.Value.NSpid), ns.Ino[pidLink]
	below := v.belowPIDs(ino)
	for i := range v.Snapshot.Procs {
		p := &v.Snapshot.Procs[i]
		if p.Kernel || !p.Facts.Status.OK() || len(p.Facts.Status.Value.NSpid) < depth {
			continue
		}
		if depth > 1 && !below(i) {
			continue
		}
		s.pids[p.ID] = p.Facts.Status.Value.NSpid[depth-1]
	}
	return s
}

// belowPIDs tells of a process whether it is in a PID namespace or in one below: it or one that it descends from is a member. Who was
// given to a parent outside (by setns) is found by its own namespace, which others are in that descend from a member.
func (v *view) belowPIDs(ino uint64) func(int) bool {
	link := linkOf(proc.PID)
	procs := v.Snapshot.Procs
	inos := map[uint64]bool{ino: true}
	own := func(i int) bool {
		ns := procs[i].Facts.NS
		return ns != nil && ns.How[link].OK() && inos[ns.Ino[link]]
	}
	verdict := make([]int8, len(procs))
	var descends func(int) bool
	descends = func(i int) bool {
		if verdict[i] != 0 {
			return verdict[i] > 0
		}
		verdict[i] = -1 // also for a parent that is its own, in a hostile copy of proc
		up := v.Snapshot.Position(procs[i].PPID)
		in := own(i) || up >= 0 && descends(up)
		if in {
			verdict[i] = 1
		}
		return in
	}
	var below []uint64
	for i := range procs {
		if ns := procs[i].Facts.NS; descends(i) && ns != nil && ns.How[link].OK() {
			below = append(below, ns.Ino[link])
		}
	}
	for _, b := range below {
		inos[b] = true
	}
	return func(i int) bool { return verdict[i] > 0 || own(i) }
}
