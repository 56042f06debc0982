package vterm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"cutaway/ui/text"
)

// Limits of one character: text.Sanitise allows four combining marks too, and only odd scripts need more parts.
const (
	maxMarks = 4
	maxParts = 8 // runes
)

// print writes text, which is valid UTF-8 without control characters.
func (m *machine) print(b []byte) {
	s := clean(string(b))
	for len(s) > 0 {
		if n := asciiPrefix(s); n > 0 {
			m.printASCII(s[:n])
			s = s[n:]
			continue
		}
		cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(cluster):]
		m.printCluster(bounded(cluster))
	}
}

// clean takes out of text what a terminal must not be shown: what has no width vanishes, the rest is replaced.
func clean(s string) string {
	if isASCII(s) {
		return s
	}
	if t := "a" + s; text.Sanitise(t) == t { // a mark that s begins with belongs to the character before
		return s
	}
	var b strings.Builder
	for _, r := range s {
		one := string(r)
		switch t := "a" + one; {
		case text.Sanitise(t) == t:
			b.WriteString(one)
		case text.Width(one) > 0:
			b.WriteString(replacement)
		}
	}
	return b.String()
}

// asciiPrefix is how many bytes of s are ASCII characters that nothing after them can join.
func asciiPrefix(s string) int {
	n := 0
	for n < len(s) && s[n] < utf8.RuneSelf {
		n++
	}
	if n > 0 && n < len(s) {
		n--
	}
	return n
}

// bounded is a character that is not larger than any real one, and its width in cells; 0 for marks without a letter.
func bounded(cluster string) (string, int) {
	marks, parts := 0, 0
	for i, r := range cluster {
		if unicode.Is(unicode.M, r) {
			marks++
		}
		if parts++; marks > maxMarks || parts > maxParts {
			cluster = cluster[:i]
			break
		}
	}
	switch width := text.Width(cluster); {
	case width > 2:
		return replacement, 1
	default:
		return cluster, width
	}
}

// printASCII writes characters that take a cell each.
func (m *machine) printASCII(s string) {
	if m.charset[m.gl] == '0' {
		for i := range len(s) {
			cell, ok := vt.SpecialDrawing[s[i]]
			if !ok {
				cell = s[i : i+1]
			}
			m.printCluster(cell, 1)
		}
		return
	}
	for len(s) > 0 {
		m.breakLine()
		x, y := m.cursor()
		n := min(m.w-x, len(s))
		if m.modes.insert && x+n < m.w {
			m.insert(n)
		}
		m.write(s[:n])
		m.printed(s[n-1:n], x+n-1, y)
		m.wrap = x+n == m.w && m.modes.autowrap
		s = s[n:]
		if x+n == m.w && !m.modes.autowrap && len(s) > 1 {
			s = s[len(s)-1:] // all others would be written into the last cell one over the other
		}
	}
}

// printCluster writes one character.
func (m *machine) printCluster(c string, width int) {
	if width == 0 {
		m.join(c)
		return
	}
	if width > m.w {
		c, width = replacement, 1
	}
	m.breakLine()
	x, y := m.cursor()
	if x+width > m.w {
		if m.modes.autowrap {
			m.newLine()
			x, y = m.cursor()
		} else {
			x = m.w - width
			m.moveTo(x, y)
		}
	}
	if m.modes.insert && x+width < m.w {
		m.insert(width)
	}
	m.em.SetCell(x, y, &uv.Cell{Content: c, Width: width, Style: m.pen})
	m.moveTo(x+width, y)
	m.printed(c, x, y)
	m.wrap = x+width == m.w && m.modes.autowrap
}

func (m *machine) printed(c string, x, y int) {
	m.last, m.lastX, m.lastY, m.joinable = c, x, y, true
}

// join adds combining marks to the character before them, which came with an earlier read.
func (m *machine) join(marks string) {
	if !m.joinable {
		return
	}
	cell := m.em.CellAt(m.lastX, m.lastY)
	if cell == nil {
		return
	}
	joined := *cell
	joinMarks(&joined, marks)
	m.em.SetCell(m.lastX, m.lastY, &joined)
}

// joinMarks adds combining marks to a cell, if that leaves it as wide as it is.
func joinMarks(cell *uv.Cell, marks string) {
	if content, width := bounded(cell.Content + marks); width == cell.Width {
		cell.Content = content
	}
}

// breakLine goes to the next line when this one is full.
func (m *machine) breakLine() {
	if m.wrap {
		m.newLine()
	}
}

func (m *machine) newLine() {
	m.write("\r")
	m.index()
}
