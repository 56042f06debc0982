package engine

// group is one container over several calls. Those found by cgroup have a level; those found by namespaces do not.
type group struct {
	key    string
	level  level
	around *group // the container around it, or nil
	chroot bool   // found by its root directory alone

	facts facts  // what its first process and its maker tell
	names *entry // what the engines' state files tell

	// Of the call numbered tick.
	tick, touched uint64
	init          int32 // position of the first process, or -1
	count         int
	alive         bool
	members       []int
	joined        []int32 // members by their namespaces only
}

func (g *group) begin(tick uint64) {
	g.tick = tick
	g.init, g.count, g.alive, g.members, g.joined = -1, 0, false, nil, nil
	for a := g; a != nil; a = a.around {
		a.touched = tick
	}
}

// consider takes a process as the first one when it is older than the one so far.
func (g *group) consider(d *Detector, i int32) {
	if !d.procs[i].Zombie && (g.init < 0 || d.older(i, g.init)) {
		g.init = i
	}
}

// within tells whether the group is another one, or inside of it.
func (g *group) within(other *group) bool {
	for ; g != nil; g = g.around {
		if g == other {
			return true
		}
	}
	return false
}
