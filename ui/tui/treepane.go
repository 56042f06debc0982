package tui

import (
	"cutaway/inspect"
)

// For how many snapshots a new and an ended process stands out. The ended are fewer, because they take room.
const (
	newTicks   = 3
	endedTicks = 2
)

// treePane is the tree of processes.
type treePane struct {
	look
	r       rect
	focused bool
	framed  bool

	spec    treeSpec
	tree    built
	rows    []treeRow
	list    list
	sel     rowID
	selNode *inspect.Node // the last known node of the selection
	follow  bool

	fold     [inspect.Groupings]map[rowID]bool // what the person folded or unfolded
	foldAll  [inspect.Groupings]foldRule
	ended    map[inspect.ID]uint64 // processes that ended, and the snapshot that first missed them
	born     map[inspect.ID]uint64
	columns  []*column // those that fit
	nameCols int

	version int // of what view draws
	content int // of the rows alone: the cursor's moves leave it
	drawn   drawnTree
}

// foldRule says what is folded where the person did not say.
type foldRule uint8

const (
	foldUsual foldRule = iota
	foldNone
	foldEvery
)

func newTreePane(lk look) *treePane {
	t := &treePane{look: lk, ended: map[inspect.ID]uint64{}, born: map[inspect.ID]uint64{}}
	t.spec.sort = pidColumn
	for g := range t.fold {
		t.fold[g] = map[rowID]bool{}
	}
	return t
}

// wish changes what the tree should be; the App has it built.
func (t *treePane) wish(change func(*treeSpec)) {
	change(&t.spec)
	t.spec.seq++
	t.version++
}

// show takes a new tree and keeps the selection, the window and the folds.
func (t *treePane) show(b built) {
	regrouped := t.tree.snap != nil && t.tree.spec.grouping != b.spec.grouping
	if regrouped {
		clear(t.ended)
	} else if t.tree.snap != b.snap {
		t.noteChanges(b.snap)
	}
	t.tree = b
	selected := t.selNode
	t.flatten()
	if regrouped && selected != nil {
		t.refind(selected)
	}
}

// refind goes to the selected process, or to a container's first, after the tree was grouped in another way.
func (t *treePane) refind(selected *inspect.Node) {
	if t.find(rowID{key: selected.Key}) >= 0 {
		return
	}
	if p, _ := represent(t.tree.snap, selected); p != nil {
		t.jump(p.PID)
	}
}

// noteChanges remembers which processes came and went, and forgets what flashed long enough.
func (t *treePane) noteChanges(s *inspect.Snapshot) {
	for id, seq := range t.born {
		if s.Seq >= seq+newTicks {
			delete(t.born, id)
		}
	}
	for id, seq := range t.ended {
		if s.Seq >= seq+endedTicks {
			delete(t.ended, id)
		}
	}
	for i := range s.Procs {
		if s.Procs[i].New {
			t.born[s.Procs[i].ID] = s.Seq
		}
	}
	for i := range t.rows {
		p := t.rows[i].process()
		if p == nil || t.rows[i].gone || s.ByID(p.ID) != nil {
			continue
		}
		t.ended[p.ID] = s.Seq
	}
}

// flatten makes the rows anew, after a new tree or a fold.
func (t *treePane) flatten() {
	f := flattener{folded: t.folded, rows: make([]treeRow, 0, t.rowsExpected())}
	f.add(t.tree.roots, "", 0)
	before, line, trail := t.rows, t.list.cursor-t.list.top, t.trail()
	if len(t.ended) > 0 {
		f.rows = withGhosts(f.rows, before, func(p *inspect.Process) bool {
			_, ended := t.ended[p.ID]
			return ended
		})
	}
	t.rows = f.rows
	t.keepSelection(trail, line)
	t.redraw()
}

// rowsExpected is room for the rows: as many as before, or all when most were shown before.
func (t *treePane) rowsExpected() int {
	if 2*len(t.rows) > t.tree.nodes {
		return t.tree.nodes
	}
	return len(t.rows) + len(t.rows)/4 + 64
}

// redraw has every row drawn again.
func (t *treePane) redraw() { t.version, t.content = t.version+1, t.content+1 }

// keepSelection finds the selected row again: the same row, the same process elsewhere, the row that a fold hid it
// under, or at last the row at the same place.
func (t *treePane) keepSelection(trail []rowID, line int) {
	seen := t.list.visible(t.list.cursor)
	t.list.n = len(t.rows)
	for _, id := range trail {
		if at := t.find(id); at >= 0 {
			t.list.cursor = at
			break
		}
	}
	t.list.clamp()
	switch {
	case t.follow:
		t.list.top = t.list.cursor - min(max(line, 0), max(t.list.height-1, 0))
		t.list.clamp()
	case seen:
		t.list.show()
	}
	t.note()
}

// trail is the selected row and, while its process lives, the rows above it in the tree, under one of which a fold may have
// hidden it.
func (t *treePane) trail() []rowID {
	ids := []rowID{t.sel}
	r := t.selected()
	if r == nil || r.process() != nil && t.tree.snap.ByID(r.process().ID) == nil {
		return ids
	}
	for at := t.parent(t.list.cursor); at >= 0; at = t.parent(at) {
		ids = append(ids, t.rows[at].id)
	}
	return ids
}

// find is the index of a row, or -1.
func (t *treePane) find(id rowID) int {
	same := -1
	for i := range t.rows {
		if t.rows[i].id == id {
			return i
		}
		if same < 0 && t.rows[i].id.key == id.key {
			same = i
		}
	}
	return same
}

// note takes the row under the cursor as the selection.
func (t *treePane) note() {
	if r := t.selected(); r != nil {
		t.sel, t.selNode = r.id, r.node
	}
}

// selected is the row under the cursor, or nil when there are none.
func (t *treePane) selected() *treeRow {
	if t.list.cursor < len(t.rows) {
		return &t.rows[t.list.cursor]
	}
	return nil
}

// moveTo selects a row.
func (t *treePane) moveTo(row int) {
	t.list.moveTo(row)
	t.note()
	t.version++
}

// folded tells whether a node is folded: as the person said, else by the rule. A filter unfolds all, or what it finds
// would be hidden.
func (t *treePane) folded(id rowID, n *inspect.Node) bool {
	if !t.spec.filter.Empty() {
		return false
	}
	g := t.tree.spec.grouping
	if said, ok := t.fold[g][id]; ok {
		return said
	}
	switch t.foldAll[g] {
	case foldNone:
		return false
	case foldEvery:
		return true
	}
	return usuallyFolded(g, n)
}

// usuallyFolded folds what is long and seldom asked for: the host's own services, and the members of a namespace.
func usuallyFolded(g inspect.Grouping, n *inspect.Node) bool {
	switch g {
	case inspect.ByContainer:
		return n.Kind == inspect.ProcessNode && n.Process.Container == nil
	case inspect.ByNamespace:
		return n.Kind == inspect.NamespaceNode
	default:
		return false
	}
}

// setFold folds or unfolds one row.
func (t *treePane) setFold(r *treeRow, folded bool) {
	if len(r.node.Children) == 0 {
		return
	}
	t.fold[t.tree.spec.grouping][r.id] = folded
	t.flatten()
}

// setFoldBelow folds or unfolds a row and everything below it.
func (t *treePane) setFoldBelow(r *treeRow, folded bool) {
	said := t.fold[t.tree.spec.grouping]
	var walk func(n *inspect.Node, group string)
	walk = func(n *inspect.Node, group string) {
		if len(n.Children) == 0 {
			return
		}
		said[rowID{group, n.Key}] = folded
		if n.Kind == inspect.NamespaceNode {
			group = n.Key
		}
		for _, c := range n.Children {
			walk(c, group)
		}
	}
	walk(r.node, r.id.group)
	t.flatten()
}

// toggleFolds unfolds everything, or folds everything when nothing is folded.
func (t *treePane) toggleFolds() {
	g := t.tree.spec.grouping
	rule := foldEvery
	for i := range t.rows {
		if t.rows[i].folded {
			rule = foldNone
			break
		}
	}
	clear(t.fold[g])
	t.foldAll[g] = rule
	t.flatten()
}

// parent is the index of the row above in the tree, or -1.
func (t *treePane) parent(row int) int {
	for i := row - 1; i >= 0; i-- {
		if t.rows[i].depth < t.rows[row].depth {
			return i
		}
	}
	return -1
}
