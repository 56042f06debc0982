package tui

import (
	"cutaway/inspect"
)

// rowID is a row's identity over time: the node's key and, where a process stands in several groups (by namespace), the
// group's.
type rowID struct{ group, key string }

// treeRow is one line of the flattened tree.
type treeRow struct {
	id     rowID
	node   *inspect.Node
	depth  int
	folded bool
	gone   bool // the process ended; its last line is shown for some ticks
}

// pid is the row's process, or nil for a group.
func (r *treeRow) process() *inspect.Process { return r.node.Process }

// flattener turns a tree into rows.
type flattener struct {
	folded func(rowID, *inspect.Node) bool
	rows   []treeRow
}

func (f *flattener) add(nodes []*inspect.Node, group string, depth int) {
	for _, n := range nodes {
		id := rowID{group, n.Key}
		folded := len(n.Children) > 0 && f.folded(id, n)
		f.rows = append(f.rows, treeRow{id: id, node: n, depth: depth, folded: folded})
		if folded {
			continue
		}
		inner := group
		if n.Kind == inspect.NamespaceNode {
			inner = n.Key
		}
		f.add(n.Children, inner, depth+1)
	}
}

// maxGhosts bounds the rows of ended processes, so that the end of a build with thousands of processes does not bury the
// living.
const maxGhosts = 24

// withGhosts puts the rows of processes that ended back below the row they stood under, for as long as keep tells.
func withGhosts(rows, before []treeRow, keep func(*inspect.Process) bool) []treeRow {
	var ghosts map[rowID][]treeRow
	count := 0
	var above rowID
	for i := range before {
		r := &before[i]
		p := r.process()
		if p == nil || !keep(p) {
			above = r.id
			continue
		}
		if count++; count > maxGhosts {
			break
		}
		if ghosts == nil {
			ghosts = map[rowID][]treeRow{}
		}
		ghost := *r
		ghost.gone, ghost.folded = true, false
		ghosts[above] = append(ghosts[above], ghost)
	}
	if ghosts == nil {
		return rows
	}
	out := append(make([]treeRow, 0, len(rows)+count), ghosts[rowID{}]...)
	for _, r := range rows {
		out = append(out, r)
		out = append(out, ghosts[r.id]...)
	}
	return out
}
