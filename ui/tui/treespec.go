package tui

import (
	"cutaway/inspect"
	"cutaway/inspect/filter"
	"cutaway/inspect/users"
	"cutaway/ui/text"
)

// treeSpec says which tree the person wants. It is a value, so that a command can build from it while the screen changes
// its own; seq tells which wish is the newest.
type treeSpec struct {
	seq      int
	grouping inspect.Grouping
	sort     *column
	reverse  bool
	filter   filter.Filter
	kernel   bool // kernel threads too
}

// built is a tree made from a snapshot as a spec wanted it.
type built struct {
	snap   *inspect.Snapshot
	spec   treeSpec
	roots  []*inspect.Node
	shown  int               // processes in it
	hidden int               // processes that the filter kept out
	nodes  int               // in the whole tree: the most rows that it can have
	names  map[uint32]string // of the users that processes run as
}

// build makes the tree. It may take milliseconds on a large machine and looks into passwd, so it is called from commands
// only.
func build(s *inspect.Snapshot, spec treeSpec, db *users.DB) built {
	b := built{snap: s, spec: spec, names: map[uint32]string{}}
	keep := make([]bool, len(s.Procs))
	for i := range s.Procs {
		p := &s.Procs[i]
		if p.Kernel && !spec.kernel {
			continue
		}
		if keep[i] = spec.filter.Match(s, p); !keep[i] {
			b.hidden++
			continue
		}
		b.shown++
		nameUser(b.names, db, p)
	}
	b.roots = inspect.Tree(s, spec.grouping, inspect.TreeOptions{
		Order:   spec.sort.order,
		Reverse: spec.reverse,
		Keep:    func(p *inspect.Process) bool { return keep[s.Position(p.PID)] },
	})
	b.nodes = countNodes(b.roots)
	return b
}

func countNodes(nodes []*inspect.Node) int {
	count := len(nodes)
	for _, n := range nodes {
		count += countNodes(n.Children)
	}
	return count
}

// userNames are the names of the users that processes run as.
func userNames(s *inspect.Snapshot, db *users.DB) map[uint32]string {
	names := map[uint32]string{}
	for i := range s.Procs {
		nameUser(names, db, &s.Procs[i])
	}
	return names
}

// nameUser looks up the name of a process's user, once for each user.
func nameUser(names map[uint32]string, db *users.DB, p *inspect.Process) {
	if !p.Facts.Status.OK() {
		return
	}
	uid := p.Facts.Status.Value.UID[1]
	if _, known := names[uid]; known {
		return
	}
	name, _ := db.User(uid)
	names[uid] = text.Sanitise(name)
}
