package tui

import (
	"cutaway/inspect"
)

// detailPane shows the selection in tabs.
type detailPane struct {
	look
	r       rect
	framed  bool
	focused bool

	subject subject
	key     string // of the node that is shown
	tab     int
	rowList
	places  map[string]string // the row where the cursor was, by tab
	source  sourceMode
	history *history
	kernel  kernel

	version int
	made    int // version that rows and lines are of
	drawn   drawnDetail
}

// sourceMode says whether the source of the value under the cursor is shown.
type sourceMode uint8

const (
	sourceAuto sourceMode = iota // when there is room
	sourceShown
	sourceHidden
)

func newDetailPane(lk look) *detailPane {
	return &detailPane{look: lk, places: map[string]string{}, history: newHistory(), made: -1}
}

// turnTo shows a row of the tree as it is in a snapshot.
func (d *detailPane) turnTo(t *built, r *treeRow) {
	s := t.snap
	if s == nil || r == nil {
		return
	}
	if d.subject.snap == s && d.key == r.node.Key && d.subject.gone == r.gone {
		return
	}
	if d.key != r.node.Key {
		d.key = r.node.Key
		d.subject = subject{}
	}
	u := &d.subject
	u.snap, u.node, u.gone, u.names = s, r.node, r.gone, t.names
	u.proc, u.container = represent(s, r.node)
	if u.detail != nil && (u.proc == nil || u.detail.ID != u.proc.ID) {
		u.detail = nil
	}
	if u.proc != nil && !u.gone {
		d.history.watch(u.proc.ID)
	}
	d.version++
}

// represent finds the process that stands for a node: itself, or a container's first.
func represent(s *inspect.Snapshot, n *inspect.Node) (*inspect.Process, *inspect.Container) {
	switch n.Kind {
	case inspect.ProcessNode:
		return n.Process, n.Process.Container
	case inspect.ContainerNode:
		return s.Stands(n.Container), n.Container
	default:
		return nil, nil
	}
}

// wants is the process whose detail is looked at.
func (d *detailPane) wants() (inspect.ID, bool) {
	u := &d.subject
	if d.r.w == 0 || u.proc == nil || u.gone {
		return inspect.ID{}, false
	}
	return u.proc.ID, true
}

// take accepts a detail if it is still the selection's.
func (d *detailPane) take(detail *inspect.Detail) {
	if detail == nil || d.subject.proc == nil || detail.ID != d.subject.proc.ID {
		return
	}
	d.subject.detail = detail
	d.version++
}

// selectTab brings a tab to the front; each tab keeps its cursor.
func (d *detailPane) selectTab(i int) {
	d.remember()
	d.tab = (i + len(tabs)) % len(tabs)
	d.list = list{height: d.list.height}
	d.rows, d.lines = nil, nil
	d.version++
}

func (d *detailPane) remember() {
	if r := d.selected(); r != nil {
		d.places[tabs[d.tab].title] = r.id
	}
}

// makeRows has the tab make its rows again when something changed, and finds the cursor's row among them.
func (d *detailPane) makeRows(width int) {
	if d.made == d.version && d.rows != nil && d.subject.width == width {
		return
	}
	d.remember()
	d.made = d.version
	u := &d.subject
	u.look, u.width, u.history, u.kernel = d.look, width, d.history, d.kernel
	var made []row
	if u.node != nil {
		made = tabs[d.tab].rows(u)
	}
	d.setRows(made, width, d.places[tabs[d.tab].title])
}
