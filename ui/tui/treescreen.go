package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/users"
	"cutaway/ui/text"
)

var _ = registerScreen(1, newTreeScreen)

// treeScreen is the tree of processes beside the details of the selected one.
type treeScreen struct {
	*App
	typeless
	tree     *treePane
	detail   *detailPane
	users    *users.DB
	inDetail bool // the detail has the keys
	zoomed   bool // one pane has the whole body

	body                 rect
	wide                 bool
	treeRect, detailRect rect // an empty one is not shown
	treeKeys, detailKeys section
	bothKeys             section
}

func newTreeScreen(a *App) screen {
	s := &treeScreen{App: a, tree: newTreePane(a.look), detail: newDetailPane(a.look), users: a.names()}
	s.detail.kernel = a.kernel
	s.treeKeys, s.detailKeys, s.bothKeys = s.makeTreeKeys(), s.makeDetailKeys(), s.makeBothKeys()
	return s
}

func (s *treeScreen) title() string { return "Tree" }

func (s *treeScreen) sections() (active, rest []section) {
	if s.inDetail {
		return []section{s.detailKeys, s.bothKeys}, []section{s.treeKeys}
	}
	return []section{s.treeKeys, s.bothKeys}, []section{s.detailKeys}
}

func (s *treeScreen) setLook(lk look) {
	s.tree.look, s.detail.look = lk, lk
	s.tree.redraw()
	s.detail.version++
}

// What the detail takes of a wide body.
const (
	minDetail, maxDetail  = 48, 72
	detailShare, detailOf = 2, 5
)

// arrange puts the panes side by side, or gives all to the one in front.
func (s *treeScreen) arrange(body rect, wide bool) {
	s.body, s.wide = body, wide
	s.treeRect, s.detailRect = rect{}, rect{}
	switch {
	case wide && !s.zoomed:
		w := min(max(body.w*detailShare/detailOf, minDetail), maxDetail)
		s.treeRect, s.detailRect = body, body
		s.treeRect.w -= w
		s.detailRect.x, s.detailRect.w = s.treeRect.w, w
	case s.inDetail:
		s.detailRect = body
	default:
		s.treeRect = body
	}
	s.tree.setSize(s.treeRect, wide)
	s.detail.setSize(s.detailRect, wide)
}

func (s *treeScreen) view() []string {
	switch {
	case s.treeRect.w == 0:
		return s.detail.view(true)
	case s.detailRect.w == 0:
		return s.tree.view(true)
	default:
		return beside(s.tree.view(!s.inDetail), s.detail.view(s.inDetail))
	}
}

// setFocus gives the keys to a pane.
func (s *treeScreen) setFocus(inDetail bool) {
	s.inDetail = inDetail
	s.arrange(s.body, s.wide)
}

func (s *treeScreen) back() bool {
	switch {
	case s.inDetail:
		s.setFocus(false)
	case s.zoomed:
		s.toggleZoom()
	case !s.tree.spec.filter.Empty():
		_ = s.setFilter("")
	default:
		return false
	}
	return true
}

func (s *treeScreen) toggleZoom() {
	s.zoomed = !s.zoomed
	s.arrange(s.body, s.wide)
}

func (s *treeScreen) status() line {
	if s.inDetail {
		return nil
	}
	return append(s.detail.title().gap(2), words(dim, strings.Join(s.detail.summary(), " · "))...)
}

func (s *treeScreen) chips() line {
	l := line{}
	spec := &s.tree.spec
	if !spec.filter.Empty() {
		query := text.Truncate(text.Sanitise(spec.filter.String()), 32)
		l = l.gap(2).put(warn, "/"+query).put(dim, " "+text.Count(s.tree.tree.hidden)+" hidden")
	}
	if spec.kernel {
		l = l.gap(2).put(warn, "kernel threads")
	}
	if s.tree.follow {
		l = l.gap(2).put(warn, "follow")
	}
	return l
}

// mask is that of the value under the cursor, else the effective set of the selection.
func (s *treeScreen) mask() string {
	if r := s.detail.selected(); s.inDetail && r != nil && r.mask != "" {
		return r.mask
	}
	if p := s.detail.subject.proc; p != nil && p.Facts.Status.OK() {
		return caps.Set(p.Facts.Status.Value.CapEff).Hex()
	}
	return ""
}

func (s *treeScreen) wish() (int, func(*inspect.Snapshot) any) {
	spec, db := s.tree.spec, s.users
	return spec.seq, func(snap *inspect.Snapshot) any { return build(snap, spec, db) }
}

func (s *treeScreen) show(snap *inspect.Snapshot, made any) {
	s.detail.history.record(snap)
	s.tree.show(made.(built))
}

func (s *treeScreen) reads() (inspect.ID, inspect.Part, bool) {
	s.detail.turnTo(&s.tree.tree, s.tree.selected())
	id, ok := s.detail.wants()
	return id, 0, ok // no tab shows a costly part
}

func (s *treeScreen) takeDetail(d *inspect.Detail) { s.detail.take(d) }

func (s *treeScreen) click(m tea.Mouse) tea.Cmd {
	switch {
	case s.treeRect.has(m.X, m.Y):
		return s.clickTree(m)
	case s.detailRect.has(m.X, m.Y):
		s.setFocus(true)
		s.detail.click(m.X, m.Y)
	}
	return nil
}

// clickTree selects a row, folds it by a click on its mark, and sorts by a click on a column's title. A second click on
// the selected row opens it.
func (s *treeScreen) clickTree(m tea.Mouse) tea.Cmd {
	t := s.tree
	again := !s.inDetail
	s.setFocus(false)
	if t.drawn.head.has(m.X, m.Y) {
		return s.sortByClick(t.columnAt(m.X))
	}
	row := t.rowAt(m.X, m.Y)
	if row < 0 {
		return nil
	}
	again = again && row == t.list.cursor
	t.moveTo(row)
	switch {
	case t.onFoldMark(row, m.X):
		t.toggleFold()
	case again:
		s.setFocus(true)
	}
	return nil
}

func (s *treeScreen) sortByClick(c *column) tea.Cmd {
	switch {
	case c == nil:
		return nil
	case c.order == nil:
		return s.say(warn, "rows cannot be sorted by "+c.title)
	}
	s.tree.sortBy(c)
	return nil
}

// wheel scrolls the pane under the pointer, whichever has the keys.
func (s *treeScreen) wheel(m tea.Mouse, rows int) {
	switch {
	case s.treeRect.has(m.X, m.Y):
		s.tree.scroll(rows)
	case s.detailRect.has(m.X, m.Y):
		s.detail.scroll(rows)
	}
}
