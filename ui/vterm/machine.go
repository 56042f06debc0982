package vterm

import (
	"io"
	"strconv"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// machine is a terminal without its pty: bytes go in by feed, and a screen comes out. It is not safe for concurrent use.
//
// The emulator holds the cells, the cursor and the pen, and scrolls. What it does not do, or not as xterm does, is done
// here (see doc.go); it gets only text that fits on its line and sequences that it handles rightly.
type machine struct {
	w, h    int
	em      *vt.Emulator
	tok     tokens
	modes   modes
	answer  func(string) // to the program, must not block
	history history
	scratch []uv.Cell // of line
	skip    int       // so many of the next lines that scroll off are in history already

	plainSeen int // so many bytes from here were looked at, and are not worth the short way of plain

	pen         uv.Style
	wrap        bool // the line is full: the next character goes to the next line
	top, bottom int  // the scroll region's first line, and the one after its last
	charset     [4]byte
	gl          int // the charset in use
	tabsMoved   bool
	saved       [2]savedCursor // of the main and the alternate screen
	main        [][]uv.Cell    // the main screen's cells, while the alternate one is shown; else nil

	last         string // the last character, for REP
	lastX, lastY int    // its place, for combining marks that come after it
	joinable     bool   // nothing came since

	title  string
	bells  int
	shape  Shape
	resets int // how often the emulator panicked
}

// savedCursor is what DECSC keeps.
type savedCursor struct {
	x, y    int
	pen     uv.Style
	wrap    bool
	origin  bool
	charset [4]byte
	gl      int
}

// Sizes that a terminal may have; the emulator's cells take 112 bytes each.
const (
	maxWidth  = 1000
	maxHeight = 500
)

func newMachine(w, h int, answer func(string)) *machine {
	m := &machine{answer: answer}
	m.w, m.h = clampSize(w, h)
	m.newEmulator()
	return m
}

func clampSize(w, h int) (int, int) {
	return min(max(w, 1), maxWidth), min(max(h, 1), maxHeight)
}

// newEmulator begins with an empty screen; history stays.
func (m *machine) newEmulator() {
	m.em = vt.NewEmulator(m.w, m.h)
	// The emulator writes answers into a pipe without a buffer, from inside Write, and would wait for ever. We answer
	// ourselves, and it gets none of the questions; with its pipe closed it cannot block on one that we do not know of.
	if pipe, ok := m.em.InputPipe().(io.Closer); ok {
		_ = pipe.Close()
	}
	m.em.SetScrollbackSize(1) // history is ours
	m.resetState()
}

// resetState brings all but the screen and history to its beginning.
func (m *machine) resetState() {
	m.write("\x1b[?7l") // lines are broken here: the emulator loses a wide character at a line's end
	m.modes = modes{autowrap: true, cursor: true}
	m.pen, m.wrap, m.joinable, m.last = uv.Style{}, false, false, ""
	m.top, m.bottom = 0, m.h
	m.charset, m.gl, m.tabsMoved = [4]byte{}, 0, false
	m.saved, m.main, m.skip = [2]savedCursor{}, nil, 0
	m.shape = Shape{}
}

// safely runs f, which gives something to the emulator. Should that panic, all of the screen is reset, since what the
// emulator holds may be half changed, and the terminal goes on. With random output given to the emulator itself, tab stops
// that are set or cleared after a resize to no columns or lines panicked (a size that clampSize refuses), nothing else;
// with what tokens lets through none was seen.
func (m *machine) safely(f func()) {
	defer func() {
		if recover() != nil {
			m.resets++
			m.tok = tokens{}
			m.newEmulator()
		}
	}()
	f()
}

// write gives a known sequence or text to the emulator.
func (m *machine) write(s string) { _, _ = m.em.WriteString(s) }

// sequence gives a control sequence to the emulator.
func (m *machine) sequence(final byte, params ...int) {
	b := append(make([]byte, 0, 24), "\x1b["...)
	for i, p := range params {
		if i > 0 {
			b = append(b, ';')
		}
		b = strconv.AppendInt(b, int64(p), 10)
	}
	_, _ = m.em.Write(append(b, final))
}

func (m *machine) cursor() (x, y int) {
	p := m.em.CursorPosition()
	return p.X, p.Y
}

// moveTo puts the cursor to a place of the screen, whatever the origin mode says.
func (m *machine) moveTo(x, y int) {
	m.wrap = false
	m.sequence('f', min(max(y, 0), m.h-1)+1, min(max(x, 0), m.w-1)+1)
}

// index moves the cursor down a line; at the bottom of the scroll region that scrolls.
func (m *machine) index() {
	m.wrap = false
	if _, y := m.cursor(); y == m.bottom-1 {
		m.keep(1)
	}
	m.write("\n")
	m.em.ClearScrollback()
}

// scrollUp is SU.
func (m *machine) scrollUp(n int) {
	n = min(n, m.bottom-m.top)
	m.keep(n)
	m.sequence('S', n)
	m.em.ClearScrollback()
}

// keep puts the first n lines of the screen into history, before they scroll off, if xterm would: those that leave the top
// of the main screen. The emulator's own history loses a wide character at a line's end.
func (m *machine) keep(n int) {
	if m.main != nil || m.top != 0 {
		return
	}
	for y := range n {
		if m.skip > 0 {
			m.skip--
			continue
		}
		m.history.push(m.line(y))
	}
}

// line is the screen's line y, compact.
func (m *machine) line(y int) Line {
	m.scratch = m.row(m.scratch, y)
	return lineOf(m.scratch)
}

// row copies the cells of the screen's line y into cells, or into new ones.
func (m *machine) row(cells []uv.Cell, y int) []uv.Cell {
	cells = cells[:0]
	for x := range m.w {
		if c := m.em.CellAt(x, y); c != nil {
			cells = append(cells, *c)
		}
	}
	return cells
}

// setRow writes the line y; wide characters that were cut in half become blank.
func (m *machine) setRow(y int, cells []uv.Cell) {
	for x := 0; x < m.w; {
		c := cells[x]
		content, width := cellContent(cells, x)
		c.Content, c.Width = content, width
		m.em.SetCell(x, y, &c)
		x += width
	}
}

// blank is what erased cells show: the pen's background.
func (m *machine) blank() uv.Cell {
	c := uv.EmptyCell
	c.Style.Bg = m.pen.Bg
	return c
}

// fill sets all cells from x0, y0 up to but not with x1, y1.
func (m *machine) fill(x0, y0, x1, y1 int, c uv.Cell) {
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			m.em.SetCell(x, y, &c)
		}
	}
}

// insert makes room for n blank cells at the cursor (ICH). The emulator does it only inside of the scroll region.
func (m *machine) insert(n int) {
	x, y := m.cursor()
	row := m.row(nil, y)
	n = min(n, m.w-x)
	copy(row[x+n:], row[x:])
	m.blankCells(row[x : x+n])
	m.setRow(y, row)
}

// remove takes n cells out of the line at the cursor (DCH). The emulator does it only inside of the scroll region, and
// blanks wide characters that it moves.
func (m *machine) remove(n int) {
	x, y := m.cursor()
	row := m.row(nil, y)
	n = min(n, m.w-x)
	copy(row[x:], row[x+n:])
	m.blankCells(row[m.w-n:])
	m.setRow(y, row)
}

func (m *machine) blankCells(cells []uv.Cell) {
	for i := range cells {
		cells[i] = m.blank()
	}
}

// resize gives the screen another size. As in xterm, lines leave at the top, not at the bottom, as far as the cursor
// needs it.
func (m *machine) resize(w, h int) {
	w, h = clampSize(w, h)
	if w == m.w && h == m.h {
		return
	}
	x, y := m.cursor()
	if over := y - (h - 1); over > 0 {
		m.region(0, m.h)
		m.scrollUp(over)
		y -= over
	}
	if m.main != nil {
		m.resizeMain(w, h)
	}
	m.w, m.h = w, h
	m.em.Resize(w, h)
	m.top, m.bottom, m.tabsMoved, m.joinable = 0, h, false, false
	m.moveTo(x, y)
}

// resizeMain gives the main screen another size while it is not shown.
func (m *machine) resizeMain(w, h int) {
	s := &m.saved[0]
	for ; s.y >= h; s.y-- {
		m.history.push(lineOf(m.main[0]))
		m.main = m.main[1:]
	}
	for len(m.main) < h {
		m.main = append(m.main, nil)
	}
	m.main = m.main[:h]
	for y, row := range m.main {
		fitted := uv.NewLine(w)
		copy(fitted, row)
		m.main[y] = fitted
	}
	s.x = min(s.x, w-1)
}

// region sets the scroll region in the emulator, which moves the cursor too.
func (m *machine) region(top, bottom int) {
	m.top, m.bottom = top, bottom
	if m.h > 1 {
		m.sequence('r', top+1, bottom)
	}
}
