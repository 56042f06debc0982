package vterm

import (
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"cutaway/ui/text"
)

// Line is one line of a screen from left to right.
type Line []Run

// Run is text of one style. Text is safe for a terminal: no control characters, nothing that leaves its cell.
type Run struct {
	Text  string
	Style Style
	Width int // cells
}

// String is the line's text without style.
func (l Line) String() string {
	if len(l) == 1 {
		return l[0].Text
	}
	var b strings.Builder
	for _, r := range l {
		b.WriteString(r.Text)
	}
	return b.String()
}

// replacement stands for a character that cannot be shown.
const replacement = "\ufffd"

// lineOf makes cells compact; what is blank and plain at the right is left out. Wide characters that were cut in half
// are blank.
func lineOf(cells []uv.Cell) Line {
	n := len(cells)
	for n > 0 && blankPlain(cells, n-1) {
		n--
	}
	if n == 0 {
		return nil
	}
	l := joinCells(cells, n, cellContent)
	if s := l.String(); isASCII(s) || text.Width(s) == n {
		return l
	}
	// Cells that were written one by one may join when they are drawn side by side, such as two halves of a flag.
	before := ""
	l = joinCells(cells, n, func(cells []uv.Cell, i int) (string, int) {
		content, width := cellContent(cells, i)
		if joins(before, content) {
			content, width = replacement, 1
		}
		before = content
		return content, width
	})
	if text.Width(l.String()) == n {
		return l
	}
	return joinCells(cells, n, func(cells []uv.Cell, i int) (string, int) {
		content, width := cellContent(cells, i)
		if !isASCII(content) {
			return "?", 1
		}
		return content, width
	})
}

// joinCells makes the runs of the first n cells as content tells them. All runs share one string.
func joinCells(cells []uv.Cell, n int, content func([]uv.Cell, int) (string, int)) Line {
	type piece struct {
		start, width int
		style        Style
	}
	var (
		b      strings.Builder
		pieces []piece
		last   *uv.Style
	)
	b.Grow(n)
	for i := 0; i < n; {
		s, width := content(cells, i)
		style := &cells[i].Style
		if last == nil || *style != *last {
			if ours := styleOf(style); len(pieces) == 0 || pieces[len(pieces)-1].style != ours {
				pieces = append(pieces, piece{start: b.Len(), style: ours})
			}
			last = style
		}
		b.WriteString(s)
		pieces[len(pieces)-1].width += width
		i += width
	}
	all := b.String()
	line := make(Line, len(pieces))
	for i, p := range pieces {
		end := len(all)
		if i+1 < len(pieces) {
			end = pieces[i+1].start
		}
		line[i] = Run{Text: all[p.start:end], Style: p.style, Width: p.width}
	}
	return line
}

// cellContent is what the cell at i shows and how many cells that takes.
func cellContent(cells []uv.Cell, i int) (string, int) {
	c := &cells[i]
	switch {
	case c.Width == 1 && c.Content != "":
		return c.Content, 1
	case c.Width == 2 && i+1 < len(cells) && cells[i+1].Width == 0:
		return c.Content, 2
	}
	return " ", 1
}

// blankPlain tells whether the cell at i shows nothing at all, and is no half of a wide character.
func blankPlain(cells []uv.Cell, i int) bool {
	c := &cells[i]
	if c.Width == 0 && i > 0 && cells[i-1].Width == 2 {
		return false
	}
	return (c.Content == " " || c.Content == "") && c.Style.IsZero()
}

// joins tells whether b would become part of the character a before it.
func joins(a, b string) bool {
	if a == "" || isASCII(b) {
		return false
	}
	cluster, _ := ansi.FirstGraphemeCluster(a+b, ansi.GraphemeWidth)
	return cluster != a
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// fit cuts or fills a line to exactly w cells.
func (l Line) fit(w int) Line {
	out := make(Line, 0, len(l)+1)
	width := 0
	for _, r := range l {
		if width+r.Width > w {
			r = r.cut(w - width)
		}
		if r.Width > 0 {
			out = append(out, r)
			width += r.Width
		}
		if width == w {
			break
		}
	}
	if width < w {
		out = append(out, Run{Text: strings.Repeat(" ", w-width), Width: w - width})
	}
	return out
}

// cut is the first n cells of a run; a wide character that the cut would split is blank.
func (r Run) cut(n int) Run {
	if isASCII(r.Text) {
		return Run{Text: r.Text[:n], Style: r.Style, Width: n}
	}
	s := ansi.Truncate(r.Text, n, "")
	return Run{Text: text.PadRight(s, n), Style: r.Style, Width: n}
}

// slice is the plain text of the cells from..to of a line, without blanks at its right end.
func (l Line) slice(from, to int) string {
	s := l.String()
	if isASCII(s) {
		from, to = min(from, len(s)), min(to, len(s))
		s = s[from:max(from, to)]
	} else {
		s = ansi.Cut(s, from, max(from, to))
	}
	return strings.TrimRight(s, " ")
}
