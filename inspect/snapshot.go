package inspect

import (
	"slices"
	"strings"

	"cutaway/inspect/proc"
)

// ByPID finds the process with a PID, or nil.
func (s *Snapshot) ByPID(pid int) *Process {
	if i := s.Position(pid); i >= 0 {
		return &s.Procs[i]
	}
	return nil
}

// ByID finds a process by its identity; a process that reuses the PID is not it, and gives nil.
func (s *Snapshot) ByID(id ID) *Process {
	if p := s.ByPID(id.PID); p != nil && p.Start == id.Start {
		return p
	}
	return nil
}

// Position is the index in Procs of the process with a PID, or -1. It compares in place: a Process is large to copy.
func (s *Snapshot) Position(pid int) int {
	low, high := 0, len(s.Procs)
	for low < high {
		middle := (low + high) / 2
		if s.Procs[middle].PID < pid {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(s.Procs) && s.Procs[low].PID == pid {
		return low
	}
	return -1
}

// ContainerByKey finds a container by its key, or nil.
func (s *Snapshot) ContainerByKey(key string) *Container { return s.containers[key] }

// Namespace finds a namespace by kind and inode, or nil when no process of the snapshot is in it.
func (s *Snapshot) Namespace(kind proc.NSKind, ino uint64) *Namespace {
	return s.namespaces[nsKey{kind, ino}]
}

type nsKey struct {
	kind proc.NSKind
	ino  uint64
}

// CellKind says what one cell of the namespace fingerprint means.
type CellKind uint8

// The four meanings of a cell.
const (
	CellUnknown CellKind = iota // the link could not be read
	CellHost                    // the host's own namespace
	CellOwn                     // a namespace that no other container has
	CellShared                  // a namespace that several containers share, named by a letter
)

// Cell is one cell of a fingerprint. Letter is 'A'.. for shared namespaces; the same letter in the same column is
// the same namespace.
type Cell struct {
	Kind   CellKind
	Letter byte
}

// Fingerprint is the eight cells for a process's namespaces, in the order mnt net pid ipc uts user cgroup time.
func (s *Snapshot) Fingerprint(ns *proc.Namespaces) [proc.NSKinds]Cell {
	var cells [proc.NSKinds]Cell
	if ns == nil {
		return cells
	}
	for k := range proc.NSKind(proc.NSKinds) {
		cells[k] = s.cell(ns, k)
	}
	return cells
}

func (s *Snapshot) cell(ns *proc.Namespaces, k proc.NSKind) Cell {
	if !ns.How[k].OK() {
		return Cell{Kind: CellUnknown}
	}
	if s.Host.NS != nil && s.Host.NS.How[k].OK() && s.Host.NS.Ino[k] == ns.Ino[k] {
		return Cell{Kind: CellHost}
	}
	if n := s.namespaces[nsKey{k, ns.Ino[k]}]; n != nil && n.Letter != 0 {
		return Cell{Kind: CellShared, Letter: n.Letter}
	}
	return Cell{Kind: CellOwn}
}

// Share is a set of containers that share one or more namespaces, and the letter that stands for them.
type Share struct {
	Letter     byte
	Namespaces []*Namespace
	Containers []*Container
}

// Shares lists who shares namespaces beside the host's, in the order of their letters.
func (s *Snapshot) Shares() []Share { return s.shares }

// letters are the names of shares, in the order in which they are given; a machine with more shares than letters
// uses them again, which the column keeps apart in practice.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// findShares gives a letter to each set of containers that share namespaces, so that a pod's net, ipc and uts, shared by
// the same containers, carry the same letter.
func findShares(s *Snapshot) []Share {
	order := make(map[*Container]int, len(s.Containers))
	for i, c := range s.Containers {
		order[c] = i
	}
	sets := map[string]int{}
	var shares []Share
	for _, n := range s.Namespaces {
		sharers := containersIn(s, n, order)
		if n.Host || len(sharers) < 2 {
			continue
		}
		var key strings.Builder
		for _, c := range sharers {
			key.WriteString(c.Key)
			key.WriteByte(0)
		}
		at, known := sets[key.String()]
		if !known {
			at = len(shares)
			sets[key.String()] = at
			shares = append(shares, Share{Containers: sharers})
		}
		shares[at].Namespaces = append(shares[at].Namespaces, n)
	}
	slices.SortStableFunc(shares, func(a, b Share) int {
		return order[a.Containers[0]] - order[b.Containers[0]]
	})
	for i := range shares {
		shares[i].Letter = letters[i%len(letters)]
		for _, n := range shares[i].Namespaces {
			n.Letter = shares[i].Letter
		}
	}
	return shares
}

// containersIn lists the containers with a process in a namespace, in the snapshot's order.
func containersIn(s *Snapshot, n *Namespace, order map[*Container]int) []*Container {
	var list []*Container
	for _, i := range n.Members {
		if c := s.Procs[i].Container; c != nil && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *Container) int { return order[a] - order[b] })
	return list
}
