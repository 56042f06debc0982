package engine

import (
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/proc"
)

// ownerState says how far the search for a process's container has come.
type ownerState uint8

const (
	ownerUnknown ownerState = iota
	ownerSearching
	ownerKnown
)

// owner finds the container of a process, nil for the host's own: the one of its cgroup, unless its parent is in a
// sandbox inside of that one; else its parent's, since namespaces and roots are inherited; unless it crossed a border.
func (d *Detector) owner(i int32) *group {
	switch d.states[i] {
	case ownerKnown:
		return d.owners[i]
	case ownerSearching: // a circle of parents: the table was read while PIDs were used again
		return nil
	}
	d.states[i] = ownerSearching
	d.owners[i] = d.inherit(i)
	d.states[i] = ownerKnown
	return d.owners[i]
}

func (d *Detector) inherit(i int32) *group {
	var above *group
	if parent := d.parents[i]; parent >= 0 {
		above = d.owner(parent)
	}
	if g := d.claimed[i]; g != nil && g.init >= 0 && !above.within(g) {
		return g
	}
	return above
}

// placeEdges looks at the processes that differ from their parents, the oldest first, so that a sandbox is known before
// those that join it.
func (d *Detector) placeEdges() {
	slices.SortFunc(d.edges, d.compareAge)
	for _, i := range d.edges {
		if g := d.place(i); g != nil {
			d.owners[i], d.states[i] = g, ownerKnown
		}
	}
}

// place tells to which container a process at an edge belongs, if that is not what it inherits.
func (d *Detector) place(i int32) *group {
	p := &d.procs[i]
	if p.Zombie || p.Kernel || p.NS == nil {
		return nil
	}
	around := d.inherit(i)
	diff := compare(p.NS, d.baseOf(around))
	// Namespaces that are the host's are nobody's own: a process that left its container for the host made no sandbox.
	diff.kinds &= d.fromHost(p.NS).kinds
	if g := d.joins(p, diff); g != nil {
		if around != nil && !g.within(around) {
			return nil // a process of one container in another one's namespaces stays where its cgroup is
		}
		g.joined = append(g.joined, i)
		return g
	}
	if !d.isSandbox(i, around, diff) {
		return nil
	}
	return d.sandbox(i, around)
}

// joins finds the container whose mnt or pid namespace a process is in, other than the one that it inherits: it came
// by nsenter, or by a runtime's exec where the container has no cgroup.
func (d *Detector) joins(p *Process, diff difference) *group {
	if diff.has(proc.Mnt) {
		if g := d.byMnt[p.NS.Ino[proc.Mnt]]; g != nil {
			return g
		}
	}
	if diff.has(proc.PID) {
		return d.byPID[p.NS.Ino[proc.PID]]
	}
	return nil
}

// isSandbox tells whether a process is the first of a sandbox: it has pid and mnt namespaces of its own, or an engine
// that we know by its executable made its mnt namespace, or its root directory is elsewhere and its program comes from
// there (a daemon that locks itself into an empty directory was started from outside of it).
func (d *Detector) isSandbox(i int32, around *group, diff difference) bool {
	p := &d.procs[i]
	if diff.has(proc.PID) && diff.has(proc.Mnt) {
		return !d.isService(i)
	}
	if diff.has(proc.Mnt) && d.parents[i] >= 0 {
		parent := &d.procs[d.parents[i]]
		if makerOf(parent).serves() && compare(p.NS, parent.NS).has(proc.Mnt) {
			return true
		}
	}
	return d.isChroot(i, around)
}

func (d *Detector) isChroot(i int32, around *group) bool {
	p := &d.procs[i]
	if !isOtherRoot(p.Root) || !strings.HasPrefix(p.Exe, strings.TrimSuffix(p.Root, "/")+"/") {
		return false
	}
	return around == nil || d.procs[around.init].Root != p.Root
}

// isService tells a systemd service with PrivatePIDs= or the like: systemd itself started it, in the service's cgroup.
func (d *Detector) isService(i int32) bool {
	parent := d.parents[i]
	if parent < 0 || d.procs[i].Cgroup == nil {
		return false
	}
	if d.procs[parent].PID != 1 && programOf(&d.procs[parent]) != "systemd" {
		return false
	}
	for _, line := range d.procs[i].Cgroup.Lines {
		if strings.HasSuffix(line.Path, ".service") {
			return true
		}
	}
	return false
}

// sandbox makes or finds the container whose first process is i. It is known by its engine's id where the maker tells
// one, a chroot by its directory, any other by the identity of its first process.
func (d *Detector) sandbox(i int32, around *group) *group {
	p := &d.procs[i]
	scope := ""
	if around != nil {
		scope = around.key + "/"
	}
	if !compare(p.NS, d.baseOf(around)).has(proc.PID) && d.isChroot(i, around) {
		key := scope + "chroot:" + strconv.FormatUint(p.NS.Ino[proc.Mnt], 10) + ":" + escapeSlash(p.Root)
		g := d.groups[key]
		if g == nil {
			g = d.newGroup(key, around)
			g.chroot = true
		}
		return d.inhabit(g, i)
	}
	if m := d.makerAbove(i); m.id != "" {
		key := scope + d.userScope(i, around) + m.id
		switch g := d.groups[key]; {
		case g == nil:
			return d.inhabit(d.newGroup(key, around), i)
		case g.level.path == "" && g.tick != d.tick:
			return d.inhabit(g, i)
		}
		// Two makers name the same id, or a cgroup has it: the later one is not believed.
	}
	key := scope + "ns:" + strconv.Itoa(p.PID) + "." + strconv.FormatUint(p.Start, 10)
	g := d.groups[key]
	if g == nil {
		g = d.newGroup(key, around)
	}
	return d.inhabit(g, i)
}

func (d *Detector) newGroup(key string, around *group) *group {
	g := &group{key: key, around: around, init: -1}
	d.groups[key] = g
	return g
}

func (d *Detector) inhabit(g *group, i int32) *group {
	d.enliven(g)
	g.consider(d, i)
	d.own(g)
	return g
}

// userScope keeps the ids that a user's own engine gives apart from root's.
func (d *Detector) userScope(i int32, around *group) string {
	parent := d.parents[i]
	if around != nil || parent < 0 || d.procs[parent].UID == 0 {
		return ""
	}
	return "u" + strconv.FormatUint(uint64(d.procs[parent].UID), 10) + "/"
}

// baseOf is what a container's namespaces are compared with: those around it.
func (d *Detector) baseOf(around *group) *proc.Namespaces {
	if around == nil {
		return d.host
	}
	return d.procs[around.init].NS
}

// makerAbove is what a first process's parent, or it itself, tells of who made it.
func (d *Detector) makerAbove(i int32) maker {
	if parent := d.parents[i]; parent >= 0 {
		if m := makerOf(&d.procs[parent]); m.engine != "" {
			return m
		}
	}
	return initMaker(&d.procs[i])
}
