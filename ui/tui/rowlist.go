package tui

import "slices"

// rowList is rows on the screen: the lines that they take, the cursor that stands on one of them, and the window over the
// lines.
type rowList struct {
	rows  []row
	lines []rowLine
	list  list // over lines; the cursor is the first line of the row that it stands on
	moves int  // grows whenever the cursor or the window moved
}

// rowLine is one line of the screen, and the row that it belongs to.
type rowLine struct {
	row  int
	line line // empty for a row that is filled in when it is seen
}

// setRows takes new rows, width cells wide without the labels, and finds the cursor's place among them.
func (l *rowList) setRows(rows []row, width int, place string) {
	l.rows, l.lines = rows, slices.Grow(l.lines[:0], len(rows))
	for i := range rows {
		l.addLines(i, width)
	}
	l.list.setLen(len(l.lines))
	l.findPlace(place)
}

func (l *rowList) addLines(i, width int) {
	r := &l.rows[i]
	if len(r.lines) == 0 {
		l.lines = append(l.lines, rowLine{row: i})
	}
	label := r.label
	for _, whole := range r.lines {
		room := width
		if r.head || r.wide {
			room += labelWidth
		}
		for _, part := range whole.wrap(room) {
			full := part
			if !r.head && !r.wide {
				full = append(line{}.put(dim, label).to(labelWidth), part...)
				label = ""
			}
			l.lines = append(l.lines, rowLine{i, full})
		}
	}
}

// at is a row, filled in.
func (l *rowList) at(i int) *row {
	r := &l.rows[i]
	if fill := r.fill; fill != nil {
		r.fill = nil
		fill(r)
	}
	return r
}

// findPlace puts the cursor back on a row, else on the first one.
func (l *rowList) findPlace(id string) {
	first := -1
	for at, on := range l.lines {
		r := &l.rows[on.row]
		if r.head || at > 0 && l.lines[at-1].row == on.row {
			continue
		}
		if r.id == id {
			l.list.cursor = at
			l.list.clamp()
			return
		}
		if first < 0 {
			first = at
		}
	}
	l.list.cursor = max(first, 0)
	l.list.clamp()
}

// selected is the row under the cursor, or nil.
func (l *rowList) selected() *row {
	if l.list.cursor < len(l.lines) {
		if i := l.lines[l.list.cursor].row; !l.rows[i].head {
			return l.at(i)
		}
	}
	return nil
}

// move goes some rows further; lines without a value are passed over, and at the ends the window still moves, so that
// they can be read too.
func (l *rowList) move(steps int) {
	dir := 1
	if steps < 0 {
		dir, steps = -1, -steps
	}
	at := l.list.cursor
	for range steps {
		next := l.nextRow(at, dir)
		if next < 0 {
			l.scroll(dir)
			break
		}
		at = next
	}
	l.goTo(at)
}

// page is how many rows a key for a page moves.
func (l *rowList) page() int { return max(l.list.height-1, 1) }

// goTo puts the cursor on a line and shows the whole of its row.
func (l *rowList) goTo(at int) {
	if at != l.list.cursor {
		l.list.moveTo(at)
	}
	for end := at; end < len(l.lines) && l.lines[end].row == l.lines[at].row; end++ {
		if end >= l.list.top+l.list.height && end-at < l.list.height {
			l.list.top = end - l.list.height + 1
		}
	}
	l.list.clamp()
	l.moves++
}

// nextRow is the first line of the next row with a value in a direction, or -1.
func (l *rowList) nextRow(at, dir int) int {
	for i := at + dir; i >= 0 && i < len(l.lines); i += dir {
		r := l.lines[i].row
		if l.rows[r].head || at < len(l.lines) && r == l.lines[at].row {
			continue
		}
		for i > 0 && l.lines[i-1].row == r {
			i--
		}
		return i
	}
	return -1
}

// scroll moves the window and leaves the cursor.
func (l *rowList) scroll(rows int) {
	l.list.scroll(rows)
	l.moves++
}

// clickLine puts the cursor on the row of a line of the window, counted from its top.
func (l *rowList) clickLine(n int) {
	at := l.list.top + n
	if at >= len(l.lines) || l.rows[l.lines[at].row].head {
		return
	}
	for at > 0 && l.lines[at-1].row == l.lines[at].row {
		at--
	}
	l.goTo(at)
}

// drawRows draws the visible lines into exactly r.w x r.h cells. The cursor is shown in the pane that has the keys; in a faded
// one all is dim.
func (l *rowList) drawRows(lk look, r rect, focused, faded bool) []string {
	l.list.resize(r.h)
	cursor := -1
	if focused && l.selected() != nil {
		cursor = l.lines[l.list.cursor].row
	}
	drawn := make([]string, 0, r.h)
	for i := l.list.top; i < len(l.lines) && len(drawn) < r.h; i++ {
		on := onBase
		if l.lines[i].row == cursor {
			on = onCursor
		}
		drawn = append(drawn, lk.draw(append(line{}.gap(1), l.lineAt(i, faded)...), r.w, on))
	}
	return lk.area(rect{w: r.w, h: r.h}, drawn)
}

// lineAt is a line as it is drawn.
func (l *rowList) lineAt(i int, faded bool) line {
	drawn := l.lines[i].line
	if row := l.at(l.lines[i].row); drawn == nil && len(row.lines) > 0 {
		drawn = row.lines[0]
	}
	if !faded {
		return drawn
	}
	pale := make(line, len(drawn))
	for i, s := range drawn {
		pale[i] = span{dim, s.text}
	}
	return pale
}

// moveKeys are the keys that move the cursor from value to value.
func (l *rowList) moveKeys() []*binding {
	return []*binding{
		bind("↑ k", "value above", does(func() { l.move(-1) }), "up", "k"),
		bind("↓ j", "value below", does(func() { l.move(1) }), "down", "j"),
		bind("pgup", "a page up", does(func() { l.move(-l.page()) }), "pgup", "ctrl+b"),
		bind("pgdn", "a page down", does(func() { l.move(l.page()) }), "pgdown", "ctrl+f"),
		bind("^U", "half a page up", does(func() { l.move(-l.page() / 2) }), "ctrl+u"),
		bind("^D", "half a page down", does(func() { l.move(l.page() / 2) }), "ctrl+d"),
		bind("g home", "first value", does(func() { l.move(-len(l.lines)) }), "g", "home"),
		bind("G end", "last value", does(func() { l.move(len(l.lines)) }), "G", "end"),
	}
}
