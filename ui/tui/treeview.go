package tui

import (
	"fmt"
	"strings"

	"cutaway/ui/text"
)

// drawnTree is the pane as it was drawn last, with its rows by number.
type drawnTree struct {
	version int
	r       rect
	focused bool
	lines   []string
	rows    map[int]string
	rowsOf  int // the content they are of
	head    rect
	body    rect
}

// setSize lays the pane out.
func (t *treePane) setSize(r rect, framed bool) {
	if t.r == r && t.framed == framed {
		return
	}
	t.r, t.framed = r, framed
	t.columns, t.nameCols = chooseColumns(t.inner().w)
	t.redraw()
}

func (t *treePane) inner() rect {
	if t.framed {
		return t.r.inset()
	}
	return t.r
}

// view draws the pane in exactly r.w x r.h cells.
func (t *treePane) view(focused bool) []string {
	if t.drawn.lines != nil && t.drawn.version == t.version && t.drawn.r == t.r && t.drawn.focused == focused {
		return t.drawn.lines
	}
	t.focused = focused
	in := t.inner()
	legend := t.legend(in.w)
	if len(legend) > 0 && in.h < len(legend)+airy-8 {
		legend = nil
	}
	t.drawn.head, t.drawn.body = in.top(1), in.below(1)
	t.drawn.body.h = max(t.drawn.body.h-len(legend), 0)
	t.list.resize(t.drawn.body.h)

	lines := []string{t.draw(t.header(), in.w, onBase)}
	lines = append(lines, t.body(t.drawn.body)...)
	lines = append(lines, legend...)
	if t.framed {
		lines = t.frame(t.r, t.title(), t.count(), lines, focused)
	} else {
		lines = t.area(t.r, lines)
	}
	t.drawn.version, t.drawn.r, t.drawn.focused, t.drawn.lines = t.version, t.r, focused, lines
	return lines
}

func (t *treePane) title() line {
	return line{{strong, "Tree"}, {strong, " · "}, {strong, "by " + t.spec.grouping.String()}}
}

// count sums up what is there, and what could not be read.
func (t *treePane) count() line {
	s := t.tree.snap
	if s == nil {
		return nil
	}
	counts := []string{plural(len(s.Containers), "container"), plural(t.tree.shown, "process")}
	if t.tree.hidden > 0 {
		counts[1] = text.Count(t.tree.shown) + " of " + plural(t.tree.shown+t.tree.hidden, "process")
	}
	if s.Denied > 0 {
		counts = append(counts, text.Count(s.Denied)+" denied")
	}
	if s.Pending > 0 {
		counts = append(counts, text.Count(s.Pending)+" being read")
	}
	return words(dim, strings.Join(counts, " · "))
}

func plural(n int, word string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(word, "s"):
		word += "es"
	case strings.HasSuffix(word, "y"):
		word = strings.TrimSuffix(word, "y") + "ies"
	default:
		word += "s"
	}
	return text.Count(n) + " " + word
}

func (t *treePane) header() line {
	l := line{}.gap(1).put(t.headStyle(nameColumn), text.Fit(t.headTitle(nameColumn), t.nameCols))
	for _, c := range t.columns {
		title := t.headTitle(c)
		if c.left {
			title = text.Fit(title, c.width)
		} else {
			title = text.PadLeft(title, c.width)
		}
		l = l.gap(c.gap()).put(t.headStyle(c), title)
	}
	return l
}

func (t *treePane) headTitle(c *column) string {
	if c != t.spec.sort {
		return c.title
	}
	if c.desc != t.spec.reverse {
		return c.title + t.glyphs.Down
	}
	return c.title + t.glyphs.Up
}

func (t *treePane) headStyle(c *column) style {
	if c == t.spec.sort {
		return accent
	}
	return dim
}

// columnAt is the column under a cell of the header, or nil.
func (t *treePane) columnAt(x int) *column {
	x -= t.drawn.head.x + 1
	if x < t.nameCols {
		return nameColumn
	}
	x -= t.nameCols
	for _, c := range t.columns {
		if x < c.gap()+c.width {
			return c
		}
		x -= c.gap() + c.width
	}
	return nil
}

// body draws the visible rows; all but the cursor's are kept until the tree changes.
func (t *treePane) body(r rect) []string {
	if t.drawn.rowsOf != t.content || t.drawn.rows == nil {
		t.drawn.rows, t.drawn.rowsOf = map[int]string{}, t.content
	}
	if len(t.rows) == 0 {
		return t.area(r, t.nothing(r.w))
	}
	lines := make([]string, 0, r.h)
	for i := t.list.top; i < len(t.rows) && len(lines) < r.h; i++ {
		if i == t.list.cursor {
			lines = append(lines, t.draw(t.row(&t.rows[i]), r.w, t.cursorSurface()))
			continue
		}
		drawn, ok := t.drawn.rows[i]
		if !ok {
			drawn = t.draw(t.row(&t.rows[i]), r.w, onBase)
			t.drawn.rows[i] = drawn
		}
		lines = append(lines, drawn)
	}
	return t.area(rect{w: r.w, h: r.h}, lines)
}

func (t *treePane) cursorSurface() surface {
	if t.focused {
		return onCursor
	}
	return onMarked
}

// nothing says why there are no rows.
func (t *treePane) nothing(width int) []string {
	say := "reading the process table…"
	if t.tree.snap != nil {
		say = "no process here"
	}
	if !t.spec.filter.Empty() && t.tree.snap != nil {
		say = fmt.Sprintf("no process matches %s: esc clears the filter", text.Sanitise(t.spec.filter.String()))
	}
	return []string{blanks(width), t.draw(line{}.gap(2).put(dim, say), width, onBase)}
}

// row is one line of the tree.
func (t *treePane) row(r *treeRow) line {
	name := line{}.gap(1+2*min(r.depth, 24)).put(dim, t.foldGlyph(r)).gap(1)
	name = append(name, t.name(r)...)
	name = name.fit(1 + t.nameCols)
	l := name.gap(1 + t.nameCols - name.width())
	for _, c := range t.columns {
		l = l.gap(c.gap())
		if c == fingerprintColumn {
			l = append(l, t.fingerprint(r.node)...)
			continue
		}
		st, s := c.cell(t, r.node)
		if c.left {
			s = text.Fit(s, c.width)
		} else {
			s = text.PadLeft(text.Truncate(s, c.width), c.width)
		}
		l = l.put(st, s)
	}
	if r.gone {
		for i := range l {
			l[i].style = dim
		}
	}
	return l
}

func (t *treePane) foldGlyph(r *treeRow) string {
	switch {
	case len(r.node.Children) == 0:
		return " "
	case r.folded:
		return t.glyphs.Folded
	default:
		return t.glyphs.Unfolded
	}
}

// rowAt is the row under a cell, or -1.
func (t *treePane) rowAt(x, y int) int {
	if row := t.list.top + y - t.drawn.body.y; t.drawn.body.has(x, y) && row < len(t.rows) {
		return row
	}
	return -1
}

// onFoldMark tells whether a column is that of a row's fold mark.
func (t *treePane) onFoldMark(row, x int) bool {
	mark := t.drawn.body.x + 1 + 2*t.rows[row].depth
	return x >= mark && x <= mark+1 && len(t.rows[row].node.Children) > 0
}

// scroll moves the window and leaves the selection.
func (t *treePane) scroll(rows int) {
	t.list.scroll(rows)
	t.version++
}
