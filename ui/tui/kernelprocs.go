package tui

import (
	"cmp"
	"slices"

	"cutaway/inspect"
	"cutaway/inspect/proc"
)

// family is the processes of a sandbox over time: the first one, all below it, and all of its PID namespace.
type family struct {
	known   map[inspect.ID]*member
	members []*member // as a tree: each before its children
	ghosts  []*member // those of them that have ended
	ended   []*member // in the last tick
	ticks   int
	cpu     float64 // percent of one core, of all
	rss     uint64

	// These are kept to be used again at the next tick; the first two are by position in Snapshot.Procs.
	kin    []kinship
	places []*member
	byPID  []*member
}

// member is one process of the family.
type member struct {
	proc   *inspect.Process // as it was seen last
	key    string           // of its row
	fill   func(*row)       // makes its row
	depth  int
	seen   int    // the last tick that saw it
	born   int    // the first one
	end    int    // the tick that found it ended; 0 while it is there
	killed bool   // for want of memory
	held   uint64 // its resident memory when it was seen alive last, in bytes

	child, next *member // in the tree: its first child, and the next of its parent
}

// over tells whether it has ended: also when its parent has not asked how, so that it is still in the table.
func (m *member) over() bool { return m.end != 0 || m.proc.Zombie() }

// kinship says whether a process belongs to the family.
type kinship uint8

const (
	kinUnknown kinship = iota
	kinAsked           // its ancestors are being asked
	kinYes
	kinNo
)

// freshTicks is for how many ticks a new process is marked, and one that has ended stays.
const freshTicks = 5

func newFamily() *family { return &family{known: map[inspect.ID]*member{}} }

// fresh tells whether a process came after the first tick and not long ago.
func (f *family) fresh(m *member) bool { return m.born > 1 && f.ticks-m.born < freshTicks }

// look takes the next snapshot.
func (f *family) look(s *inspect.Snapshot, first *inspect.Process) {
	f.ticks++
	f.ended, f.cpu, f.rss = f.ended[:0], 0, 0
	f.find(s, first)
	f.places = append(f.places[:0], make([]*member, len(s.Procs))...)
	for i := range s.Procs {
		if f.kin[i] == kinYes {
			f.places[i] = f.see(&s.Procs[i])
		}
	}
	f.bury()
	f.arrange(s)
}

// find tells who belongs to the family. Who did once does for good: a process whose parent has ended is given to another.
func (f *family) find(s *inspect.Snapshot, first *inspect.Process) {
	f.kin = append(f.kin[:0], make([]kinship, len(s.Procs))...)
	own := ownPIDs(s, first)
	for i := range s.Procs {
		p := &s.Procs[i]
		switch {
		case p.ID == first.ID || f.known[p.ID] != nil || own != 0 && inPIDs(p, own):
			f.kin[i] = kinYes
		case p.Kernel:
			f.kin[i] = kinNo
		}
	}
	var path []int
	for i := range s.Procs {
		path = path[:0]
		at := i
		for at >= 0 && f.kin[at] == kinUnknown {
			f.kin[at] = kinAsked
			path = append(path, at)
			at = s.Position(s.Procs[at].PPID)
		}
		verdict := kinNo
		if at >= 0 && f.kin[at] == kinYes {
			verdict = kinYes
		}
		for _, at := range path {
			f.kin[at] = verdict
		}
	}
}

// ownPIDs is the inode of a process's PID namespace, or 0 when that is the host's or not known.
func ownPIDs(s *inspect.Snapshot, p *inspect.Process) uint64 {
	ns := p.Facts.NS
	if ns == nil || !ns.How[proc.PID].OK() || s.Host.NS != nil && s.Host.NS.Ino[proc.PID] == ns.Ino[proc.PID] {
		return 0
	}
	return ns.Ino[proc.PID]
}

func inPIDs(p *inspect.Process, ino uint64) bool {
	ns := p.Facts.NS
	return ns != nil && ns.Ino[proc.PID] == ino
}

// see notes that a process is there.
func (f *family) see(p *inspect.Process) *member {
	m := f.known[p.ID]
	switch {
	case m == nil:
		m = &member{key: p.Key(), born: f.ticks}
		f.known[p.ID] = m
	case p.Zombie() && !m.proc.Zombie():
		f.ended = append(f.ended, m)
	}
	if !p.Zombie() {
		m.held = p.RSS
	}
	m.proc, m.seen, m.depth, m.child, m.next = p, f.ticks, -1, nil, nil
	f.cpu += max(p.CPU, 0)
	f.rss += p.RSS
	return m
}

// bury notes who is there no more. They stay for some ticks, but the end of thousands does not bury the living.
func (f *family) bury() {
	f.ghosts = f.ghosts[:0]
	for id, m := range f.known {
		if m.seen == f.ticks {
			continue
		}
		if m.end == 0 {
			m.end = f.ticks
			if !m.proc.Zombie() {
				f.ended = append(f.ended, m)
			}
		}
		if f.ticks-m.end >= freshTicks {
			delete(f.known, id)
			continue
		}
		m.depth, m.child, m.next = -1, nil, nil
		f.ghosts = append(f.ghosts, m)
	}
	slices.SortFunc(f.ghosts, func(a, b *member) int {
		return cmp.Or(cmp.Compare(b.end, a.end), cmp.Compare(a.proc.PID, b.proc.PID))
	})
	for len(f.ghosts) > maxGhosts {
		last := len(f.ghosts) - 1
		delete(f.known, f.ghosts[last].proc.ID)
		f.ghosts = f.ghosts[:last]
	}
}

// arrange puts the members below their parents, by PID.
func (f *family) arrange(s *inspect.Snapshot) {
	all := f.byPID[:0]
	for _, m := range f.places {
		if m != nil {
			all = append(all, m)
		}
	}
	for _, m := range f.ghosts {
		at, _ := slices.BinarySearchFunc(all, m, func(a, b *member) int { return a.proc.PID - b.proc.PID })
		all = slices.Insert(all, at, m)
	}
	f.byPID = all
	root := member{depth: -1}
	for _, m := range slices.Backward(all) {
		parent := f.parent(s, m)
		if parent == nil || parent == m {
			parent = &root
		}
		m.next, parent.child = parent.child, m
	}
	f.members = f.members[:0]
	f.flatten(&root)
	for _, m := range all {
		if m.depth < 0 { // parents in a circle: the kernel has none, but a table is not read in one instant
			m.depth = 0
			f.members = append(f.members, m)
		}
	}
}

// flatten lists what is below a member.
func (f *family) flatten(above *member) {
	for m := above.child; m != nil; m = m.next {
		m.depth = above.depth + 1
		f.members = append(f.members, m)
		f.flatten(m)
	}
}

// parent finds the member that is the parent of another, or nil.
func (f *family) parent(s *inspect.Snapshot, m *member) *member {
	if at := s.Position(m.proc.PPID); at >= 0 {
		return f.places[at]
	}
	for _, ghost := range f.ghosts {
		if ghost.proc.PID == m.proc.PPID {
			return ghost
		}
	}
	return nil
}
