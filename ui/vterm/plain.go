package vterm

import (
	"bytes"
	"time"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Sizes of what is taken at once, so that whoever waits for the screen gets it within milliseconds. The emulator takes up
// to 40 us for a line that scrolls at 100x50.
const (
	pieceSize = 512
	plainSize = 256 << 10
	pieceTime = 3 * time.Millisecond // a sequence of three bytes may move all cells
)

// step takes a piece of what b begins with, and returns how many bytes that was.
//
// A flood is mostly plain lines, perhaps with colours, and most of them scroll through the screen before anybody can see them. Those go into
// history without the emulator, which would take 50 times as long. The result is the same to the last cell.
func (m *machine) step(b []byte) int {
	n := min(len(b), pieceSize)
	m.safely(func() {
		if m.plainSeen <= 0 && m.plainPossible() {
			var taken int
			if taken, m.plainSeen = m.plain(b[:min(len(b), plainSize)]); taken > 0 {
				n = taken
				return
			}
		}
		taken := 0
		for start := time.Now(); taken < n && time.Since(start) < pieceTime; {
			taken += m.token(b[taken:n])
		}
		n = taken
		m.plainSeen -= n
	})
	return n
}

// plainPossible tells whether text that comes now goes on lines in order and scrolls all of the main screen.
func (m *machine) plainPossible() bool {
	return m.tok.state == nil && len(m.tok.broken) == 0 && m.main == nil && m.top == 0 && m.bottom == m.h &&
		m.modes.autowrap && !m.modes.insert && !m.tabsMoved && m.charset[m.gl] != '0'
}

// plain takes the plain lines that b begins with if they are more than fill the screen. It returns how many bytes it took,
// and else how far it has looked in vain.
//
// The first lines go to the emulator, enough to scroll away all that was there. After them the cursor is at the left of a
// blank line at the bottom, whatever was before. What is above goes to history; then all lines but the last ones go there
// as they would have scrolled; and the last ones go to the emulator again, which scrolls away, uncounted, what was put
// into history already.
func (m *machine) plain(b []byte) (taken, seen int) {
	head, end, seen := m.plainLines(b)
	if end == 0 {
		return 0, seen
	}
	tail := end
	for range m.h + 1 {
		tail = bytes.LastIndexByte(b[:tail], '\n')
	}
	tail++
	m.feed(b[:head])
	for y := range m.h - 1 {
		m.history.push(m.line(y))
	}
	layout := layout{m: m, cells: make([]uv.Cell, m.w)}
	left := bytes.Count(b[head:tail], []byte{'\n'})
	for rest := b[head:tail]; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		left--
		layout.line(rest[:i-1], left < historyLines)
		rest = rest[i+1:]
	}
	m.fill(0, m.h-1, m.w, m.h, m.blank()) // the pen may be another one now
	m.skip = m.h - 1
	m.feed(b[tail:end])
	return end, 0
}

// plainLines measures the plain lines that b begins with: printable characters, tabs and SGR, each line with CR LF at its
// end.
// head is where as many lines end as the screen has, and end where the last one does; 0 when they are too few.
func (m *machine) plainLines(b []byte) (head, end, seen int) {
	lines := 0
	i := 0
	for i < len(b) {
		switch c := b[i]; {
		case c >= ' ' && c < 0x7f || c == '\t':
			i++
			continue
		case c == '\r':
			if i+1 < len(b) && b[i+1] == '\n' {
				i += 2
				end = i
				if lines++; lines == m.h {
					head = i
				}
				continue
			}
		case c == 0x1b:
			if n := sgrLength(b[i:]); n > 0 {
				i += n
				continue
			}
		case c >= utf8.RuneSelf:
			if r, size := utf8.DecodeRune(b[i:]); r >= 0xa0 && size > 1 {
				i += size
				continue
			}
		}
		break
	}
	if lines < 3*m.h {
		return 0, 0, i + 1
	}
	return head, end, 0
}

// sgrLength is the length of the SGR sequence that b begins with, 0 for none.
func sgrLength(b []byte) int {
	if len(b) < 3 || b[1] != '[' {
		return 0
	}
	for i, c := range b[2:min(len(b), 64)] {
		switch {
		case c == 'm':
			return i + 3
		case c < '0' || c > ';':
			return 0
		}
	}
	return 0
}

// layout writes lines as print and the emulator do, for lines that begin at the left of a blank line at the bottom.
type layout struct {
	m        *machine
	cells    []uv.Cell
	x        int
	wrap     bool
	lastX    int // the last character's place
	joinable bool
}

// line writes one line into history, which may take several of the screen. stays tells that it will be there in the end, and
// not have been pushed out by those after it.
func (l *layout) line(b []byte, stays bool) {
	if l.ascii(b, stays) {
		return
	}
	l.clear()
	l.joinable = false
	for len(b) > 0 {
		n := 0
		switch b[0] {
		case '\t':
			n = 1
			l.x = min((l.x/8+1)*8, l.m.w-1)
			l.joinable = false
		case 0x1b:
			n = sgrLength(b)
			l.m.feed(b[:n])
		default:
			if n = bytes.IndexAny(b, "\t\x1b"); n < 0 {
				n = len(b)
			}
			l.print(clean(string(b[:n])))
		}
		b = b[n:]
	}
	l.m.history.push(lineOf(l.cells))
}

// ascii writes a line of ASCII characters, unless its ground has a colour.
func (l *layout) ascii(b []byte, stays bool) bool {
	if l.m.pen.Bg != nil {
		return false
	}
	for _, c := range b {
		if c >= utf8.RuneSelf || c < ' ' {
			return false
		}
	}
	if !stays {
		l.m.history.skip(max((len(b)+l.m.w-1)/l.m.w, 1))
		return true
	}
	style := styleOf(&l.m.pen)
	for first := true; first || len(b) > 0; first = false {
		n := min(len(b), l.m.w)
		part := b[:n]
		if l.m.pen.IsZero() {
			part = bytes.TrimRight(part, " ")
		}
		if len(part) > 0 {
			l.m.history.push(Line{{Text: string(part), Style: style, Width: len(part)}})
		} else {
			l.m.history.push(nil)
		}
		b = b[n:]
	}
	return true
}

func (l *layout) clear() {
	blank := l.m.blank()
	for i := range l.cells {
		l.cells[i] = blank
	}
	l.x, l.wrap = 0, false
}

func (l *layout) print(s string) {
	for len(s) > 0 {
		if n := asciiPrefix(s); n > 0 {
			for i := range n {
				l.put(s[i:i+1], 1)
			}
			s = s[n:]
			continue
		}
		cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(cluster):]
		l.put(bounded(cluster))
	}
}

func (l *layout) put(c string, width int) {
	if width == 0 {
		if l.joinable {
			joinMarks(&l.cells[l.lastX], c)
		}
		return
	}
	if width > l.m.w {
		c, width = replacement, 1
	}
	if l.wrap || l.x+width > l.m.w {
		l.m.history.push(lineOf(l.cells))
		l.clear()
	}
	uv.Line(l.cells).Set(l.x, &uv.Cell{Content: c, Width: width, Style: l.m.pen})
	l.lastX, l.joinable = l.x, true
	l.wrap = l.x+width == l.m.w
	l.x = min(l.x+width, l.m.w-1)
}
