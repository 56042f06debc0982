package tui

import (
	"slices"

	"cutaway/inspect"
)

func (s *treeScreen) makeTreeKeys() section {
	t := s.tree
	return section{"Tree", []*binding{
		bind("↑ k", "row above", does(func() { t.moveTo(t.list.cursor - 1) }), "up", "k"),
		bind("↓ j", "row below", does(func() { t.moveTo(t.list.cursor + 1) }), "down", "j"),
		bind("pgup", "a page up", does(func() { t.moveTo(t.list.cursor - t.page()) }), "pgup", "ctrl+b"),
		bind("pgdn", "a page down", does(func() { t.moveTo(t.list.cursor + t.page()) }), "pgdown", "ctrl+f"),
		bind("^U", "half a page up", does(func() { t.moveTo(t.list.cursor - t.page()/2) }), "ctrl+u"),
		bind("^D", "half a page down", does(func() { t.moveTo(t.list.cursor + t.page()/2) }), "ctrl+d"),
		bind("g home", "first row", does(func() { t.moveTo(0) }), "g", "home"),
		bind("G end", "last row", does(func() { t.moveTo(len(t.rows) - 1) }), "G", "end"),

		bind("enter", "look at the selection", does(func() { s.setFocus(true) }), "enter").inFooter("open"),
		bind("space", "fold or unfold", does(t.toggleFold), "space").unless(t.nothingToFold),
		bind("←", "fold, or go to the row above in the tree", does(t.foldOrUp), "left"),
		bind("→", "unfold, or go to the first row below", does(t.unfoldOrDown), "right"),
		bind("+", "unfold all below", does(func() { t.foldSelected(false) }), "+").unless(t.nothingToFold),
		bind("-", "fold all below", does(func() { t.foldSelected(true) }), "-").unless(t.nothingToFold),
		bind("* E", "unfold all, or fold all", does(t.toggleFolds), "*", "E"),

		bind("<", "sort by the column at the left", does(func() { t.sortNext(-1) }), "<"),
		bind(">", "sort by the column at the right", does(func() { t.sortNext(1) }), ">"),
		bind("I", "invert the order", does(func() { t.wish(func(w *treeSpec) { w.reverse = !w.reverse }) }), "I"),
	}}
}

func (t *treePane) nothingToFold() string {
	if r := t.selected(); r == nil || len(r.node.Children) == 0 {
		return "nothing is below this row to fold"
	}
	return ""
}

func (t *treePane) noFilter() string {
	if t.spec.filter.Empty() {
		return "no filter is on: press / and type one first"
	}
	return ""
}

// page is how many rows a page moves; one stays in sight.
func (t *treePane) page() int { return max(t.list.height-1, 1) }

func (t *treePane) toggleFold() {
	if r := t.selected(); r != nil {
		t.setFold(r, !r.folded)
	}
}

func (t *treePane) foldSelected(folded bool) {
	if r := t.selected(); r != nil {
		t.setFoldBelow(r, folded)
	}
}

func (t *treePane) foldOrUp() {
	r := t.selected()
	if r == nil {
		return
	}
	if len(r.node.Children) > 0 && !r.folded && t.spec.filter.Empty() {
		t.setFold(r, true)
		return
	}
	if up := t.parent(t.list.cursor); up >= 0 {
		t.moveTo(up)
	}
}

func (t *treePane) unfoldOrDown() {
	r := t.selected()
	switch {
	case r == nil || len(r.node.Children) == 0:
	case r.folded:
		t.setFold(r, false)
	default:
		t.moveTo(t.list.cursor + 1)
	}
}

func (t *treePane) nextGrouping() { t.turnGrouping(1) }

func (t *treePane) previousGrouping() { t.turnGrouping(inspect.Groupings - 1) }

func (t *treePane) turnGrouping(by inspect.Grouping) {
	t.wish(func(s *treeSpec) { s.grouping = (s.grouping + by) % inspect.Groupings })
}

// sortNext sorts by the next column that can be sorted by, among those shown.
func (t *treePane) sortNext(step int) {
	var by []*column
	for _, c := range append([]*column{nameColumn}, t.columns...) {
		if c.order != nil {
			by = append(by, c)
		}
	}
	at := slices.Index(by, t.spec.sort)
	t.sortBy(by[(at+step+len(by))%len(by)])
}

// sortBy sorts by a column; a second time inverts the order.
func (t *treePane) sortBy(c *column) {
	t.wish(func(s *treeSpec) {
		s.reverse = s.sort == c && !s.reverse
		s.sort = c
	})
}

func (t *treePane) toggleFollow() {
	t.follow = !t.follow
	t.list.show()
	t.version++
}

// nextMatch goes to the next process; with a filter on, every process of the tree is a match.
func (t *treePane) nextMatch(step int) {
	for i := 1; i <= len(t.rows); i++ {
		at := (t.list.cursor + i*step + i*len(t.rows)) % len(t.rows)
		if t.rows[at].process() != nil {
			t.moveTo(at)
			return
		}
	}
}

// jump selects the process with a PID, unfolding what hides it. It tells whether there is one in the tree.
func (t *treePane) jump(pid int) bool {
	for i := range t.rows {
		if p := t.rows[i].process(); p != nil && p.PID == pid {
			t.list.reveal(i)
			t.note()
			t.version++
			return true
		}
	}
	if !t.unfoldTo(t.tree.roots, "", pid) {
		return false
	}
	t.flatten()
	return t.jump(pid)
}

// unfoldTo unfolds everything above the first process with a PID.
func (t *treePane) unfoldTo(nodes []*inspect.Node, group string, pid int) bool {
	for _, n := range nodes {
		if n.Process != nil && n.Process.PID == pid {
			return true
		}
		inner := group
		if n.Kind == inspect.NamespaceNode {
			inner = n.Key
		}
		if t.unfoldTo(n.Children, inner, pid) {
			t.fold[t.tree.spec.grouping][rowID{group, n.Key}] = false
			return true
		}
	}
	return false
}
