package vterm

import (
	"bytes"
	"fmt"
	"strconv"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/parser"

	"cutaway/ui/text"
)

// maxTitle is how many cells of a title are kept.
const maxTitle = 200

// control does what a C0 control character asks for.
func (m *machine) control(c byte) {
	m.joinable, m.last = false, ""
	switch c {
	case '\a':
		m.bells++
	case '\b':
		m.wrap = false
		m.write("\b")
	case '\t':
		m.write("\t")
	case '\n', '\v', '\f':
		m.index()
		if m.modes.newline {
			m.write("\r")
		}
	case '\r':
		m.wrap = false
		m.write("\r")
	case 0x0e: // SO
		m.gl = 1
	case 0x0f: // SI
		m.gl = 0
	}
}

// escape does ESC with an intermediate byte, 0 for none, and its final byte.
func (m *machine) escape(inter, final byte) {
	m.joinable = false
	switch inter {
	case '(', ')', '*', '+':
		m.charset[inter-'('] = final
	case '#':
		if final == '8' { // DECALN
			m.region(0, m.h)
			m.fill(0, 0, m.w, m.h, uv.Cell{Content: "E", Width: 1})
			m.moveTo(0, 0)
		}
	case 0:
		m.plainEscape(final)
	}
}

func (m *machine) plainEscape(final byte) {
	switch final {
	case '7':
		m.saveCursor()
	case '8':
		m.restoreCursor()
	case '=':
		m.modes.appKeypad = true
	case '>':
		m.modes.appKeypad = false
	case 'D':
		m.index()
	case 'E':
		m.newLine()
	case 'M':
		m.wrap = false
		m.write("\x1bM")
	case 'H':
		m.tabsMoved = true
		m.write("\x1bH")
	case 'n', 'o':
		m.gl = int(final-'n') + 2
	case 'c': // RIS
		m.write("\x1bc")
		m.title = ""
		m.resetState()
	}
}

// num is the ith parameter; one that is not given, and 0, are def.
func (m *machine) num(i, def int) int {
	if i >= len(m.tok.params) || m.tok.params[i].n <= 0 {
		return def
	}
	return m.tok.params[i].n
}

// csi does a control sequence. What is not listed is not known to the emulator either, or must not reach it.
func (m *machine) csi(final byte) {
	t := &m.tok
	if final == 'm' && t.prefix == 0 && len(t.inter) == 0 {
		m.sgr()
		return
	}
	m.joinable = false
	switch {
	case len(t.inter) == 1 && t.inter[0] == ' ' && final == 'q' && t.prefix == 0:
		m.shape = shapeOf(m.num(0, 1))
	case len(t.inter) == 1 && t.inter[0] == '!' && final == 'p':
		m.softReset()
	case len(t.inter) == 1 && t.inter[0] == '$' && final == 'p':
		m.reportMode()
	case len(t.inter) > 0:
	case final == 'h' || final == 'l':
		m.setMode(final == 'h')
	case final == 'c' || final == 'n':
		m.report(final)
	case t.prefix == '?' && (final == 'J' || final == 'K'): // DECSED, DECSEL: nothing is protected here
		m.erase(final)
	case t.prefix == 0:
		m.plainCSI(final)
	}
}

func (m *machine) plainCSI(final byte) {
	x, y := m.cursor()
	n := m.num(0, 1)
	switch final {
	case 'A', 'B', 'C', 'D', 'E', 'F':
		m.wrap = false
		m.sequence(final, n)
	case 'G', '`':
		m.moveTo(n-1, y)
	case 'H', 'f':
		m.position(m.num(1, 1)-1, n-1)
	case 'd':
		m.position(x, n-1)
	case 'a':
		m.moveTo(x+n, y)
	case 'e':
		m.moveTo(x, y+n)
	case 'I', 'Z':
		m.wrap = false
		m.sequence(final, min(n, m.w))
	case 'g':
		m.tabsMoved = true
		m.sequence('g', m.num(0, 0))
	case 'J', 'K':
		m.erase(final)
	case '@':
		m.wrap = false
		m.insert(n)
	case 'P':
		m.wrap = false
		m.remove(n)
	case 'X':
		m.wrap = false
		m.sequence('X', min(n, m.w-x))
	case 'L', 'M':
		m.wrap = false
		m.sequence(final, min(n, m.h))
		m.em.ClearScrollback()
		if y >= m.top && y < m.bottom {
			m.moveTo(0, y) // the emulator adds the region's top to the line
		}
	case 'S':
		m.scrollUp(n)
	case 'T':
		if len(m.tok.params) < 2 { // else it is for highlighting by the mouse
			m.sequence('T', min(n, m.h))
		}
	case 'b':
		m.repeat(n)
	case 'r':
		m.setRegion()
	case 's':
		m.saveCursor()
	case 'u':
		m.restoreCursor()
	case 't':
		if n == 18 {
			m.answer(fmt.Sprintf("\x1b[8;%d;%dt", m.h, m.w))
		}
	}
}

// position is CUP: lines count from the scroll region's top in origin mode. The emulator adds the region's top to lines
// that are absolute.
func (m *machine) position(x, y int) {
	if m.modes.origin {
		y = min(m.top+y, m.bottom-1)
	}
	m.moveTo(x, y)
}

func (m *machine) home() { m.position(0, 0) }

func (m *machine) setRegion() {
	top, bottom := m.num(0, 1)-1, min(m.num(1, m.h), m.h)
	if top+1 < bottom {
		m.region(top, bottom)
		m.home()
	}
}

// erase is ED and EL.
func (m *machine) erase(final byte) {
	x, y := m.cursor()
	n := m.num(0, 0)
	m.wrap = false
	switch {
	case n == 1 && final == 'J': // the emulator erases what is right of the cursor too
		m.fill(0, 0, m.w, y, m.blank())
		m.fill(0, y, x+1, y+1, m.blank())
	case n == 2 && final == 'J':
		m.keepScreen()
		m.sequence('J', 2)
		m.em.ClearScrollback()
	case n == 3 && final == 'J': // the emulator clears the screen too
		m.history.clear()
	case n < 3:
		m.sequence(final, n)
	}
}

// keepScreen puts the screen down to its last line with something on it into history, as tmux does before clearing.
func (m *machine) keepScreen() {
	if m.main != nil {
		return
	}
	lines := make([]Line, m.h)
	used := 0
	for y := range lines {
		if lines[y] = m.line(y); lines[y] != nil {
			used = y + 1
		}
	}
	for _, l := range lines[:used] {
		m.history.push(l)
	}
}

// repeat is REP: no more than fills a line, and any character (the emulator repeats the last ASCII one, and as often
// as it is told).
func (m *machine) repeat(n int) {
	c := m.last
	if c == "" {
		return
	}
	width := text.Width(c)
	for range min(n, m.w) {
		m.printCluster(c, width)
	}
}

// sgr sets the pen. It is kept here too, for what is erased and for DECRC.
func (m *machine) sgr() {
	t := &m.tok
	params := make(ansi.Params, 0, maxParams)
	seq := append(make([]byte, 0, 64), "\x1b["...)
	for i, p := range t.params {
		packed := p.n
		if p.n == noParam {
			packed = parser.MissingParam
		} else {
			seq = strconv.AppendInt(seq, int64(p.n), 10)
		}
		if p.sub && i+1 < len(t.params) {
			packed |= parser.HasMoreFlag
			seq = append(seq, ':')
		} else if i+1 < len(t.params) {
			seq = append(seq, ';')
		}
		params = append(params, ansi.Param(packed))
	}
	uv.ReadStyle(params, &m.pen)
	_, _ = m.em.Write(append(seq, 'm'))
}

// softReset is DECSTR.
func (m *machine) softReset() {
	m.write("\x1b[m")
	m.pen, m.wrap = uv.Style{}, false
	m.modes.origin, m.modes.insert, m.modes.autowrap, m.modes.cursor = false, false, true, true
	m.modes.appCursor, m.modes.appKeypad = false, false
	m.charset, m.gl = [4]byte{}, 0
	x, y := m.cursor()
	m.region(0, m.h)
	m.moveTo(x, y)
	m.saved[m.screenIndex()] = savedCursor{}
}

// report answers DA1, DA2, DSR and CPR: a VT220 with colours.
func (m *machine) report(final byte) {
	n := m.num(0, 0)
	prefix := m.tok.prefix
	switch {
	case final == 'c' && n == 0 && prefix == 0:
		m.answer("\x1b[?62;1;6;22c")
	case final == 'c' && n == 0 && prefix == '>':
		m.answer("\x1b[>1;10;0c")
	case final == 'n' && n == 5 && prefix == 0:
		m.answer("\x1b[0n")
	case final == 'n' && n == 6 && (prefix == 0 || prefix == '?'):
		x, y := m.cursor()
		if m.modes.origin {
			y -= m.top
		}
		if prefix == '?' {
			m.answer(fmt.Sprintf("\x1b[?%d;%d;1R", y+1, x+1))
		} else {
			m.answer(fmt.Sprintf("\x1b[%d;%dR", y+1, x+1))
		}
	}
}

// reportMode answers DECRQM.
func (m *machine) reportMode() {
	n := m.num(0, 0)
	prefix := ""
	if m.tok.prefix == '?' {
		prefix = "?"
	}
	m.answer(fmt.Sprintf("\x1b[%s%d;%d$y", prefix, n, m.modeState(n)))
}

// osc does an operating system command: a title is kept, and a question for a colour answered. All others (the clipboard,
// hyperlinks, the palette, the working directory, notifications) are dropped.
func (m *machine) osc(s []byte) {
	command, rest, ok := bytes.Cut(s, []byte{';'})
	if !ok {
		return
	}
	switch string(command) {
	case "0", "2":
		m.title = text.Truncate(text.Sanitise(string(rest)), maxTitle)
	case "10", "12":
		m.answerColour(command, rest, "ffff")
	case "11":
		m.answerColour(command, rest, "0000")
	}
}

// answerColour tells the colour of text or ground, as white on black: what the theme of the real terminal is cannot be
// asked from here.
func (m *machine) answerColour(command, question []byte, level string) {
	if string(question) == "?" {
		m.answer(fmt.Sprintf("\x1b]%s;rgb:%s/%s/%s\x1b\\", command, level, level, level))
	}
}
