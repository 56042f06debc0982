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
	s.index = make(map[int]int32, len(procs))
	for i := range procs {
		s.index[procs[i].PID] = int32(i)
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
			i, ok := s.index[pid]
			if !ok {
				continue
			}
			p := &s.Procs[i]
			p.Container = c
			c.Procs = append(c.Procs, int(i))
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
	for i := range s.Procs {
		ns := s.Procs[i].Facts.NS
		if ns == nil {
			continue
		}
		for link := range proc.NSLink(proc.NSLinks) {
			if !ns.How[link].OK() {
				continue
			}
			n := s.namespace(proc.NSLinkKind(link), ns.Ino[link])
			if link < proc.NSKinds {
				n.Members = append(n.Members, i)
			}
		}
	}
	for _, n := range s.namespaces {
		s.Namespaces = append(s.Namespaces, n)
	}
	slices.SortFunc(s.Namespaces, func(a, b *Namespace) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID.Ino, b.ID.Ino))
	})
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
