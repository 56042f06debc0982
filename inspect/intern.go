package inspect

import (
	"maps"
	"sync"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// interner keeps one copy of what many processes have in common: their set of namespaces, their cgroup, their root and
// working directory. Two processes with equal values share a pointer, which the detection of containers builds on.
type interner struct {
	mu         sync.Mutex
	namespaces map[proc.Namespaces]*proc.Namespaces
	cgroups    map[string]*cgroup.Membership
	strings    map[string]string
}

func newInterner() *interner {
	return &interner{
		namespaces: map[proc.Namespaces]*proc.Namespaces{},
		cgroups:    map[string]*cgroup.Membership{},
		strings:    map[string]string{},
	}
}

func (in *interner) namespacesOf(ns *proc.Namespaces) *proc.Namespaces {
	in.mu.Lock()
	defer in.mu.Unlock()
	if known := in.namespaces[*ns]; known != nil {
		return known
	}
	kept := *ns
	in.namespaces[kept] = &kept
	return &kept
}

// cgroupOf parses the text of /proc/PID/cgroup, or finds what equal text gave before.
func (in *interner) cgroupOf(text []byte) reading.Of[*cgroup.Membership] {
	in.mu.Lock()
	defer in.mu.Unlock()
	if known := in.cgroups[string(text)]; known != nil {
		return reading.Value(known)
	}
	lines, err := proc.ParseCgroup(text)
	if err != nil {
		return reading.Missing[*cgroup.Membership](reading.Failed)
	}
	m := &cgroup.Membership{Lines: lines}
	in.cgroups[string(text)] = m
	return reading.Value(m)
}

func (in *interner) stringOf(b []byte) string {
	in.mu.Lock()
	defer in.mu.Unlock()
	if known, ok := in.strings[string(b)]; ok {
		return known
	}
	s := string(b)
	in.strings[s] = s
	return s
}

// prune drops what no process of the table has any more, since containers come and go, once that is most of it.
func (in *interner) prune(table []*entry) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.namespaces)+len(in.cgroups)+len(in.strings) < 4096+4*len(table) {
		return
	}
	namespaces, cgroups, strings := map[*proc.Namespaces]bool{}, map[*cgroup.Membership]bool{}, map[string]bool{}
	for _, e := range table {
		f := e.Facts
		namespaces[f.NS] = true
		cgroups[f.Cgroup.Value] = true
		strings[f.Exe.Value], strings[f.Cwd.Value], strings[f.Root.Value] = true, true, true
	}
	maps.DeleteFunc(in.namespaces, func(_ proc.Namespaces, ns *proc.Namespaces) bool { return !namespaces[ns] })
	maps.DeleteFunc(in.cgroups, func(_ string, m *cgroup.Membership) bool { return !cgroups[m] })
	maps.DeleteFunc(in.strings, func(s, _ string) bool { return !strings[s] })
}
