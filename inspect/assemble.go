package inspect

import (
	"cmp"
	"slices"

	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// Assemble makes a snapshot of processes (in ascending order of PID) and of the containers found among them. The
// scanner ends with it; a fixture may start with it. It keeps procs and links them to their containers.
func Assemble(host Host, procs []Process, found []engine.Container) *Snapshot {
	s := &Snapshot{Host: host, Procs: procs}
	for i := range procs {
		if procs[i].Facts.Read.IsZero() {
			s.Pending++
		} else if procs[i].Facts.denied() {
			s.Denied++
		}
	}
	s.linkContainers(found)
	s.collectNamespaces()
	s.shares = findShares(s)
	return s
}

// denied tells whether the kernel refused at least one value.
func (f *Facts) denied() bool {
	if f.NS != nil {
		for _, how := range f.NS.How {
			if how.State == reading.Denied {
				return true
			}
		}
	}
	return f.Cgroup.State == reading.Denied || f.Status.State == reading.Denied || f.Label.State == reading.Denied ||
		f.Cmdline.State == reading.Denied || f.Exe.State == reading.Denied || f.Cwd.State == reading.Denied ||
		f.Root.State == reading.Denied
}

func (s *Snapshot) linkContainers(found []engine.Container) {
	s.containers = make(map[string]*Container, len(found))
	for _, f := range found {
		c := &Container{Container: f}
		for _, pid := range f.Members {
			i := s.Position(pid)
			if i < 0 {
				continue
			}
			p := &s.Procs[i]
			p.Container = c
			c.Procs = append(c.Procs, i)
			c.CPU += max(p.CPU, 0)
			c.RSS += p.RSS
			if c.NS == nil || pid == f.Init {
				c.NS = p.Facts.NS
			}
		}
		if len(c.Procs) == 0 {
			continue
		}
		s.Containers = append(s.Containers, c)
		s.containers[c.Key] = c
	}
}

// collectNamespaces turns the processes' links into namespaces with members. A namespace that is only set for children
// (unshare --pid before its first fork) has no members but is listed.
func (s *Snapshot) collectNamespaces() {
	s.namespaces = make(map[nsKey]*Namespace)
	sets := make(map[*proc.Namespaces]*namespaceSet)
	for i := range s.Procs {
		ns := s.Procs[i].Facts.NS
		if ns == nil {
			continue
		}
		set := sets[ns]
		if set == nil {
			set = s.namespacesOf(ns)
			sets[ns] = set
		}
		set.count++
	}
	s.roomForMembers(sets)
	for i := range s.Procs {
		if set := sets[s.Procs[i].Facts.NS]; set != nil {
			for _, n := range set.in[:set.length] {
				n.Members = append(n.Members, i)
			}
		}
	}
	s.Namespaces = make([]*Namespace, 0, len(s.namespaces))
	for _, n := range s.namespaces {
		s.Namespaces = append(s.Namespaces, n)
	}
	slices.SortFunc(s.Namespaces, func(a, b *Namespace) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID.Ino, b.ID.Ino))
	})
}

// namespaceSet is what one set of links (which many processes share) leads to.
type namespaceSet struct {
	in     [proc.NSKinds]*Namespace // those that the processes are members of
	length int
	count  int // of processes
}

func (s *Snapshot) namespacesOf(ns *proc.Namespaces) *namespaceSet {
	set := &namespaceSet{}
	for link := range proc.NSLink(proc.NSLinks) {
		if !ns.How[link].OK() {
			continue
		}
		n := s.namespace(proc.NSLinkKind(link), ns.Ino[link])
		if link < proc.NSKinds {
			set.in[set.length] = n
			set.length++
		}
	}
	return set
}

// roomForMembers gives every namespace the room for its members at once: growing the host's lists step by step would be
// most of a tick's garbage.
func (s *Snapshot) roomForMembers(sets map[*proc.Namespaces]*namespaceSet) {
	counts := make(map[*Namespace]int, len(s.namespaces))
	for _, set := range sets {
		for _, n := range set.in[:set.length] {
			counts[n] += set.count
		}
	}
	for n, count := range counts {
		n.Members = make([]int, 0, count)
	}
}

func (s *Snapshot) namespace(kind proc.NSKind, ino uint64) *Namespace {
	key := nsKey{kind, ino}
	n := s.namespaces[key]
	if n == nil {
		host := s.Host.NS
		n = &Namespace{Kind: kind, ID: NSID{Dev: s.Host.NSDev, Ino: ino}}
		n.Host = host != nil && host.How[kind].OK() && host.Ino[kind] == ino
		s.namespaces[key] = n
	}
	return n
}
