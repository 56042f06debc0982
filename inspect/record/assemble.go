package record

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/inside"
	"cutaway/inspect/proc"
)

// assembler gathers the lines of a file, and makes a record of them.
type assembler struct {
	most       int // processes
	header     Header
	machine    machineLine
	procs      []inspect.Process
	containers map[string]*containerLine
	found      []engine.Container
	maps       map[uint64]inspect.IDMaps
	census     *censusLine
	namespaces []*namespaceLine
	cgroups    map[string]*group
	details    map[inspect.ID]*inspect.Detail
	inside     map[inspect.ID]*inside.View
	leftOut    int
	ended      bool

	sets        map[proc.Namespaces]*proc.Namespaces
	memberships map[string]*cgroup.Membership
}

func newAssembler(most int) *assembler {
	return &assembler{
		most:       most,
		containers: map[string]*containerLine{}, maps: map[uint64]inspect.IDMaps{}, cgroups: map[string]*group{},
		details: map[inspect.ID]*inspect.Detail{}, inside: map[inspect.ID]*inside.View{},
		sets: map[proc.Namespaces]*proc.Namespaces{}, memberships: map[string]*cgroup.Membership{},
	}
}

// take takes a line, of which n came before.
func (a *assembler) take(l *line, n int) error {
	switch {
	case a.ended:
		return fmt.Errorf("%w: something follows its end", errForm)
	case l.Machine != nil:
		a.machine = *l.Machine
	case l.Process != nil:
		return a.process(l.Process)
	case l.Container != nil:
		if a.containers[l.Container.Key] != nil {
			return fmt.Errorf("%w: a container is in it twice", errForm)
		}
		a.containers[l.Container.Key] = l.Container
		a.found = append(a.found, l.Container.Container)
	case l.IDMaps != nil:
		a.maps[l.IDMaps.Namespace] = l.IDMaps.Maps
	case l.Census != nil:
		a.census = l.Census
	case l.Namespace != nil:
		a.namespaces = append(a.namespaces, l.Namespace)
	case l.Cgroup != nil && l.Cgroup.Membership != nil:
		a.cgroups[membershipKey(l.Cgroup.Membership)] = l.Cgroup
	case l.Detail != nil:
		a.details[l.Detail.ID] = l.Detail
	case l.Inside != nil && l.Inside.View != nil:
		a.inside[l.Inside.ID] = l.Inside.View
	case l.End != nil:
		if l.End.Lines != n {
			return fmt.Errorf("%w: of %d lines %d are there", errForm, l.End.Lines, n)
		}
		a.ended, a.leftOut = true, l.End.LeftOut
	}
	return nil
}

// process takes a process. Others rely on the order, and on that facts are there.
func (a *assembler) process(p *inspect.Process) error {
	switch {
	case p.PID < 1 || len(a.procs) > 0 && p.PID <= a.procs[len(a.procs)-1].PID:
		return fmt.Errorf("%w: its processes are not in order", errForm)
	case len(a.procs) == a.most:
		return errRoom
	}
	p.Container = nil
	if p.Facts == nil {
		p.Facts = &inspect.Facts{}
	}
	f := p.Facts
	f.NS = a.namespaceSet(f.NS)
	if f.Cgroup.OK() {
		f.Cgroup.Value = a.membership(f.Cgroup.Value)
	}
	if s := f.Status; s.OK() && len(s.Value.NSpid) == 0 {
		s.Value.NSpid = []int{p.PID}
	}
	a.procs = append(a.procs, *p)
	return nil
}

// namespaceSet makes equal sets of namespaces one, as a scanner does.
func (a *assembler) namespaceSet(ns *proc.Namespaces) *proc.Namespaces {
	if ns == nil {
		ns = &proc.Namespaces{}
	}
	if same := a.sets[*ns]; same != nil {
		return same
	}
	a.sets[*ns] = ns
	return ns
}

func (a *assembler) membership(m *cgroup.Membership) *cgroup.Membership {
	key := membershipKey(m)
	if same := a.memberships[key]; same != nil {
		return same
	}
	a.memberships[key] = m
	return m
}

func (a *assembler) record() (*Record, error) {
	if len(a.procs) == 0 {
		return nil, fmt.Errorf("%w: no process is in it", errForm)
	}
	m := &a.machine
	m.Host.NS = a.namespaceSet(m.Host.NS)
	s := inspect.Assemble(m.Host, a.procs, a.found)
	s.Seq, s.Taken, s.Took, s.IDMaps = max(m.Seq, 1), a.header.Taken, m.Took, a.maps
	for _, c := range s.Containers {
		saved := a.containers[c.Key]
		c.Usage, c.CPU, c.RSS = saved.Usage, saved.CPU, saved.RSS
		if saved.Cgroup != nil {
			c.Cgroup = a.membership(saved.Cgroup)
		}
	}
	r := &Record{
		Header: a.header, Snapshot: s, Uptime: m.Uptime, Self: m.Self, LastCap: min(m.LastCap, caps.Cap(maxCap)), Enforcing: m.Enforcing,
		Names: m.Names, LeftOut: a.leftOut, census: a.censusOf(s), details: a.details, inside: a.inside, cgroups: a.cgroups,
	}
	s.SetCgroupFiles(r.cgroupFile)
	return r, nil
}

// maxCap is the highest capability that a mask has room for.
const maxCap = 63

// censusOf brings the namespaces together with those of the snapshot; nil when there are none in the file.
func (a *assembler) censusOf(s *inspect.Snapshot) *inspect.Census {
	if a.census == nil {
		return nil
	}
	c := &inspect.Census{Unread: a.census.Unread, UnreadMounts: a.census.UnreadMounts}
	known := map[namespaceRef]*inspect.NamespaceObject{}
	for _, l := range a.namespaces {
		if l.Which.Kind >= proc.NSKinds || known[l.Which] != nil {
			continue
		}
		n := &inspect.NamespaceObject{Namespace: s.Namespace(l.Which.Kind, l.Which.Ino), Owner: l.Owner, Parent: l.Parent, CreatorUID: l.CreatorUID}
		if n.Namespace == nil {
			n.Namespace = &inspect.Namespace{Kind: l.Which.Kind, ID: inspect.NSID{Dev: l.Dev, Ino: l.Which.Ino}, Host: l.Host}
		}
		if l.First > 0 {
			n.First = s.ByPID(l.First)
		}
		known[l.Which] = n
		c.Namespaces = append(c.Namespaces, n)
	}
	for _, l := range a.namespaces {
		n := known[l.Which]
		if n == nil || n.Holders != nil {
			continue
		}
		for _, h := range l.Holders {
			one := inspect.Holder{Kind: h.Kind, PID: h.PID, TID: h.TID, FD: h.FD, Path: h.Path, MountNS: h.MountNS}
			if h.Kind == inspect.HeldByNamespace {
				held := known[h.Holds]
				if held == nil {
					continue
				}
				one.Namespace = held.Namespace
			}
			n.Holders = append(n.Holders, one)
		}
	}
	return c
}

// sortedByKey goes through a map in the order of its keys.
func sortedByKey[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
