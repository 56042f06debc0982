package engine

import (
	"cmp"
	"fmt"
	"strings"
)

// facts are what a group's first process and its parent tell of the container. They are worked out again only when what
// they were made of changes.
type facts struct {
	from     origin
	engine   string
	runtime  string
	id, name string
	rootless bool
	evidence []Evidence
	maker    maker
}

// origin is all that facts are made of.
type origin struct {
	pid, ppid        int
	start            uint64
	exe, comm        string
	parentExe        string
	parentComm       string
	parentArgs, args string
	parentUID        uint32
	own              difference
	root             string
}

func (d *Detector) originOf(g *group) origin {
	p := &d.procs[g.init]
	o := origin{
		pid: p.PID, ppid: p.PPID, start: p.Start, exe: p.Exe, comm: p.Comm, args: p.Cmdline, root: p.Root,
		own: compare(p.NS, d.baseOf(d.liveAround(g))),
	}
	if parent := d.parents[g.init]; parent >= 0 {
		q := &d.procs[parent]
		o.parentExe, o.parentComm, o.parentArgs, o.parentUID = q.Exe, q.Comm, q.Cmdline, q.UID
	}
	return o
}

// liveAround is the container around a group: the next one in its cgroup path that has processes, else the one that its
// first process's parent is in.
func (d *Detector) liveAround(g *group) *group {
	for a := g.around; a != nil; a = a.around {
		if a.tick == d.tick && a.alive {
			return a
		}
	}
	if parent := d.parents[g.init]; parent >= 0 {
		if a := d.owners[parent]; a != nil && a.alive && !a.within(g) {
			return a
		}
	}
	return nil
}

// examine brings a group's facts up to date, and returns the job of looking up its names when there is one to do.
func (d *Detector) examine(g *group) *job {
	if o := d.originOf(g); o != g.facts.from {
		before := g.facts
		g.facts = d.factsOf(g, o)
		if g.names == nil || g.facts.askOf() != before.askOf() {
			g.names = new(entry)
		}
	}
	if !keepsState(g.facts.engine) || !d.names.due(g.names) {
		return nil
	}
	engine := g.facts.engine
	return &job{entry: g.names, look: d.queryOf(g).look, urgent: engine != Unshare && engine != Bubblewrap}
}

// ask is what a lookup depends on: while it stays, so does the answer, though PID 1 may run another program.
type ask struct {
	engine, id, namespace, bundle string
	pid, ppid                     int
	start                         uint64
}

func (f *facts) askOf() ask {
	return ask{f.engine, f.id, f.maker.namespace, f.maker.bundle, f.from.pid, f.from.ppid, f.from.start}
}

func (d *Detector) factsOf(g *group, o origin) facts {
	m := d.makerAbove(g.init)
	f := facts{from: o, engine: judge(g, m), runtime: m.runtime, maker: m}
	f.id, f.name = g.level.id, g.level.name
	if f.id == "" || m.engine == LXC && m.name != "" { // LXC makes its cgroup's name unique with "-1"
		f.id, f.name = m.id, m.name
	}
	f.name = cmp.Or(f.name, m.name)
	f.rootless = g.level.uid != "" && g.level.uid != "0" || m.program != "" && !m.inside && o.parentUID != 0
	f.evidence = g.evidence(o, m)
	return f
}

// judge names the engine. A cgroup path that names it is believed before the maker; that a pod is Kubernetes' says less
// than which engine made the container.
func judge(g *group, m maker) string {
	switch e := g.level.engine; {
	case g.level.path == "" && g.chroot:
		return Chroot
	case g.level.path == "":
		return cmp.Or(m.engine, Unshare)
	case e == "":
		return cmp.Or(m.engine, Unknown)
	case e == Kubernetes && (m.engine == Docker || m.engine == CRIO):
		return m.engine
	default:
		return e
	}
}

func (g *group) evidence(o origin, m maker) []Evidence {
	var list []Evidence
	if g.level.path != "" {
		list = append(list, Evidence{fmt.Sprintf("/proc/%d/cgroup", o.pid), g.level.path})
	}
	if m.program != "" {
		source := "parent"
		if m.inside {
			source = fmt.Sprintf("/proc/%d/exe", o.pid)
		}
		list = append(list, Evidence{source, strings.TrimSpace(m.program + " " + shortID(m.id))})
	} else if g.level.path == "" && o.ppid > 1 {
		list = append(list, Evidence{"parent", programOf(&Process{Exe: o.parentExe, Comm: o.parentComm})})
	}
	if g.chroot || isOtherRoot(o.root) {
		list = append(list, Evidence{fmt.Sprintf("/proc/%d/root", o.pid), o.root})
	}
	if own := o.own.String(); own != "" {
		list = append(list, Evidence{"namespaces", own})
	}
	return list
}

// maxJoined bounds how many members that joined by namespaces only are named as evidence.
const maxJoined = 4

// container is a group as the caller gets it.
func (d *Detector) container(g *group) Container {
	p := &d.procs[g.init]
	f := &g.facts
	c := Container{
		Key: g.key, Engine: f.engine, ID: f.id, Name: f.name, Runtime: f.runtime, Rootless: f.rootless, Pod: g.level.pod,
		Init: p.PID, Members: g.members, Evidence: f.evidence[:len(f.evidence):len(f.evidence)],
	}
	if around := d.liveAround(g); around != nil {
		c.Parent = around.key
	}
	if answer := d.names.answer(g.names); answer != nil {
		c.add(answer)
	}
	c.Name = bounded(cmp.Or(c.Name, shortID(c.ID), d.programIn(g)))
	c.ID, c.Image = bounded(c.ID), bounded(c.Image)
	for n, i := range g.joined {
		if n == maxJoined {
			break
		}
		c.Evidence = append(c.Evidence, Evidence{
			fmt.Sprintf("/proc/%d/ns", d.procs[i].PID), "in the namespaces of process " + fmt.Sprint(p.PID) + ", not in its cgroup",
		})
	}
	return c
}

// add takes what state files tell. They name the engine only where the kernel's view does not.
func (c *Container) add(f *found) {
	if f.engine != "" && (c.Engine == Unknown || c.Engine == Unshare || c.Engine == Bubblewrap) {
		c.Engine = f.engine
	}
	c.ID = cmp.Or(c.ID, f.id)
	c.Name = cmp.Or(f.name, c.Name)
	c.Image = cmp.Or(f.image, c.Image)
	c.Runtime = cmp.Or(f.runtime, c.Runtime)
	c.Pod.UID = cmp.Or(c.Pod.UID, f.pod.UID)
	c.Pod.Name = cmp.Or(f.pod.Name, c.Pod.Name)
	c.Pod.Namespace = cmp.Or(f.pod.Namespace, c.Pod.Namespace)
	c.Evidence = append(c.Evidence, f.evidence)
}

// maxName bounds a name, which may come from a command line or file of anybody's.
const maxName = 256

func bounded(name string) string { return name[:min(len(name), maxName)] }

// shortID is an id as the engines print it: 12 digits of the 64.
func shortID(id string) string {
	if isID(id) {
		return id[:12]
	}
	return id
}

// programIn names a container without a name: by its first process, or by the oldest child of an engine's own PID 1.
func (d *Detector) programIn(g *group) string {
	first := g.init
	if initMaker(&d.procs[first]).engine == "" {
		return d.procs[first].Comm
	}
	best := int32(-1)
	for _, pid := range g.members {
		i := d.index[pid]
		if i != first && initMaker(&d.procs[i]).engine == "" && (best < 0 || d.older(i, best)) {
			best = i
		}
	}
	if best < 0 {
		best = first
	}
	return d.procs[best].Comm
}
