package vterm

import "strings"

// Screen is what a terminal shows; it never changes.
type Screen struct {
	// Lines from the top, each exactly as wide as the terminal.
	Lines []Line
	// First is the number of the first line. Lines are numbered from the first one that the terminal ever had; a line keeps
	// its number when it scrolls into history, and no number is given twice. While the alternate screen is shown its lines
	// have the numbers of the main screen's.
	First  int
	Cursor Cursor
	Title  string
	// Alt tells that the alternate screen is shown, as full-screen programs do; it has no history.
	Alt bool
	// Back is how many lines this is scrolled back, MaxBack how many it can be.
	Back, MaxBack int
	// Bells is how often the bell has rung.
	Bells int
}

// Cursor is where the program writes next.
type Cursor struct {
	X, Y    int
	Visible bool // on this part of the history, and not hidden by the program
	Shape   Shape
}

// Shape is how the cursor looks; the zero value is the terminal's own.
type Shape struct {
	Kind  ShapeKind
	Blink bool
}

// ShapeKind is the form of a cursor (DECSCUSR).
type ShapeKind uint8

// The forms of a cursor.
const (
	ShapeDefault ShapeKind = iota
	ShapeBlock
	ShapeUnderline
	ShapeBar
)

func shapeOf(n int) Shape {
	if n < 1 || n > 6 {
		return Shape{}
	}
	return Shape{Kind: ShapeKind((n + 1) / 2), Blink: n%2 == 1}
}

// screen is what is seen when scrolled back by that many lines.
func (m *machine) screen(back int) Screen {
	s := Screen{Title: m.title, Alt: m.main != nil, Bells: m.bells, Lines: make([]Line, m.h)}
	if !s.Alt {
		s.MaxBack = m.history.len()
	}
	s.Back = min(max(back, 0), s.MaxBack)
	s.First = m.history.end() - s.Back
	for y := range s.Lines {
		s.Lines[y] = m.numbered(s.First + y).fit(m.w)
	}
	x, y := m.cursor()
	s.Cursor = Cursor{X: x, Y: y + s.Back, Shape: m.shape}
	s.Cursor.Visible = m.modes.cursor && s.Cursor.Y < m.h
	return s
}

// numbered is the line of that number; nil when it is gone or has not come yet.
func (m *machine) numbered(n int) Line {
	if i := n - m.history.first; i < m.history.len() {
		if i < 0 {
			return nil
		}
		return m.history.line(i)
	}
	y := n - m.history.end()
	if y >= m.h {
		return nil
	}
	return m.line(y)
}

// text is the plain text from one place up to but not with the other.
func (m *machine) text(fromLine, fromCol, toLine, toCol int) string {
	fromLine = max(fromLine, m.history.first)
	toLine = min(toLine, m.history.end()+m.h-1)
	if m.main != nil {
		fromLine = max(fromLine, m.history.end())
	}
	var b strings.Builder
	for n := fromLine; n <= toLine; n++ {
		from, to := 0, maxWidth
		if n == fromLine {
			from = max(fromCol, 0)
		}
		if n == toLine {
			to = max(toCol, 0)
		}
		if n > fromLine {
			b.WriteByte('\n')
		}
		b.WriteString(m.numbered(n).slice(from, to))
	}
	return b.String()
}
