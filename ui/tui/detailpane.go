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
	rows    []row
	lines   []detailLine
	list    list              // over lines; the cursor is the first line of the row that it stands on
	places  map[string]string // the row where the cursor was, by tab
	source  sourceMode
	history *history
	kernel  kernel

	version int
	made    int // version that rows and lines are of
	drawn   drawnDetail
}

// detailLine is one line of the tab, and the row that it belongs to.
type detailLine struct {
	row  int
	line line
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

// selected is the row under the cursor, or nil.
func (d *detailPane) selected() *row {
	if d.list.cursor < len(d.lines) {
		if r := &d.rows[d.lines[d.list.cursor].row]; !r.head {
			return r
		}
	}
	return nil
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
	d.rows, d.lines = nil, nil
	if d.subject.node == nil {
		return
	}
	d.rows = tabs[d.tab].rows(&d.subject)
	for i := range d.rows {
		d.addLines(i, width)
	}
	d.list.setLen(len(d.lines))
	d.findPlace(d.places[tabs[d.tab].title])
}

func (d *detailPane) addLines(i, width int) {
	r := &d.rows[i]
	if len(r.lines) == 0 {
		d.lines = append(d.lines, detailLine{row: i})
	}
	label := r.label
	for _, l := range r.lines {
		room := width
		if r.head || r.wide {
			room += labelWidth
		}
		for _, part := range l.wrap(room) {
			full := part
			if !r.head && !r.wide {
				full = append(line{}.put(dim, label).to(labelWidth), part...)
				label = ""
			}
			d.lines = append(d.lines, detailLine{i, full})
		}
	}
}

// findPlace puts the cursor back on a row, else on the first one.
func (d *detailPane) findPlace(id string) {
	first := -1
	for at, l := range d.lines {
		r := &d.rows[l.row]
		if r.head || at > 0 && d.lines[at-1].row == l.row {
			continue
		}
		if r.id == id {
			d.list.cursor = at
			d.list.clamp()
			return
		}
		if first < 0 {
			first = at
		}
	}
	d.list.cursor = max(first, 0)
	d.list.clamp()
}

// move goes some rows further; lines without a value are passed over, and at the ends the window still moves, so that
// they can be read too.
func (d *detailPane) move(steps int) {
	dir := 1
	if steps < 0 {
		dir, steps = -1, -steps
	}
	at := d.list.cursor
	for range steps {
		next := d.nextRow(at, dir)
		if next < 0 {
			d.list.scroll(dir)
			break
		}
		at = next
	}
	d.goTo(at)
}

// goTo puts the cursor on a line and shows the whole of its row.
func (d *detailPane) goTo(at int) {
	if at != d.list.cursor {
		d.list.moveTo(at)
	}
	for end := at; end < len(d.lines) && d.lines[end].row == d.lines[at].row; end++ {
		if end >= d.list.top+d.list.height && end-at < d.list.height {
			d.list.top = end - d.list.height + 1
		}
	}
	d.list.clamp()
	d.remember()
	d.version++
	d.made = d.version
}

// nextRow is the first line of the next row with a value in a direction, or -1.
func (d *detailPane) nextRow(at, dir int) int {
	for i := at + dir; i >= 0 && i < len(d.lines); i += dir {
		r := d.lines[i].row
		if d.rows[r].head || at < len(d.lines) && r == d.lines[at].row {
			continue
		}
		for i > 0 && d.lines[i-1].row == r {
			i--
		}
		return i
	}
	return -1
}
