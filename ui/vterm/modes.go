package vterm

import (
	uv "github.com/charmbracelet/ultraviolet"
)

// modes are what a program switched on or off; the emulator is told none of them.
type modes struct {
	insert, newline          bool // ANSI 4 and 20
	appCursor, origin        bool // DEC 1, 6
	autowrap, cursor         bool // DEC 7, 25
	appKeypad                bool // DEC 66, ESC =
	mouse                    int  // DEC 9, 1000, 1002 or 1003, 0 for none
	sgrMouse, bracketedPaste bool // DEC 1006, 2004
}

// flag is the switch of a DEC mode that is nothing but one, nil for others.
func (s *modes) flag(n int) *bool {
	switch n {
	case 1:
		return &s.appCursor
	case 6:
		return &s.origin
	case 7:
		return &s.autowrap
	case 25:
		return &s.cursor
	case 66:
		return &s.appKeypad
	case 1006:
		return &s.sgrMouse
	case 2004:
		return &s.bracketedPaste
	}
	return nil
}

// ansiFlag is the switch of an ANSI mode.
func (s *modes) ansiFlag(n int) *bool {
	switch n {
	case 4:
		return &s.insert
	case 20:
		return &s.newline
	}
	return nil
}

// setMode is SM and RM, with prefix '?' DECSET and DECRST.
func (m *machine) setMode(on bool) {
	for _, p := range m.tok.params {
		switch m.tok.prefix {
		case 0:
			if f := m.modes.ansiFlag(p.n); f != nil {
				*f = on
			}
		case '?':
			m.setPrivate(p.n, on)
		}
	}
}

func (m *machine) setPrivate(n int, on bool) {
	if f := m.modes.flag(n); f != nil {
		*f = on
	}
	switch n {
	case 6:
		m.home()
	case 7:
		m.wrap = false
	case 9, 1000, 1002, 1003:
		m.modes.mouse = 0
		if on {
			m.modes.mouse = n
		}
	case 47, 1047, 1049:
		m.alternate(on, n == 1049)
	case 1048:
		if on {
			m.saveCursor()
		} else {
			m.restoreCursor()
		}
	}
}

// modeState is a mode as DECRQM reports it: 0 not known, 1 set, 2 reset.
func (m *machine) modeState(n int) int {
	var on bool
	switch f := m.modes.flag(n); {
	case m.tok.prefix == 0:
		if f = m.modes.ansiFlag(n); f == nil {
			return 0
		}
		on = *f
	case f != nil:
		on = *f
	case n == 9 || n == 1000 || n == 1002 || n == 1003:
		on = m.modes.mouse == n
	case n == 47 || n == 1047 || n == 1049:
		on = m.main != nil
	default:
		return 0
	}
	if on {
		return 1
	}
	return 2
}

// alternate shows the alternate screen, or the main one again; cursor saves and restores it too.
//
// The emulator has an alternate screen, but keeps 10,000 lines of over 10 kB for it that nothing can clear. So it stays
// on its main screen, whose cells are put aside here.
func (m *machine) alternate(on, cursor bool) {
	if on == (m.main != nil) {
		return
	}
	m.wrap, m.joinable = false, false
	if !on {
		for y, row := range m.main {
			m.setRow(y, row)
		}
		m.main = nil
		if cursor {
			m.restoreCursor()
		}
		return
	}
	if cursor {
		m.saveCursor()
	} else {
		m.saved[0].x, m.saved[0].y = m.cursor()
	}
	main := make([][]uv.Cell, m.h)
	for y := range main {
		main[y] = m.row(nil, y)
	}
	m.main = main
	m.fill(0, 0, m.w, m.h, m.blank())
}

// screenIndex is 1 while the alternate screen is shown.
func (m *machine) screenIndex() int {
	if m.main != nil {
		return 1
	}
	return 0
}

// saveCursor is DECSC. The emulator's own keeps and restores whether the cursor is seen, and no character sets.
func (m *machine) saveCursor() {
	s := savedCursor{pen: m.pen, wrap: m.wrap, origin: m.modes.origin, charset: m.charset, gl: m.gl}
	s.x, s.y = m.cursor()
	m.saved[m.screenIndex()] = s
}

// restoreCursor is DECRC.
func (m *machine) restoreCursor() {
	s := m.saved[m.screenIndex()]
	m.moveTo(s.x, s.y)
	m.pen = s.pen
	m.write("\x1b[m")
	if !m.pen.IsZero() {
		m.write(m.pen.String())
	}
	m.wrap = s.wrap && s.x == m.w-1
	m.modes.origin, m.charset, m.gl = s.origin, s.charset, s.gl
}
