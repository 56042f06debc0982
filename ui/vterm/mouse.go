package vterm

import (
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// maxX10 is the last column or line, from 0, that the encoding of X10 can tell: one byte, above 32.
const maxX10 = 255 - 33

// mouseSequence is what xterm sends for what the mouse did, "" when the program did not ask for it (xterm's ctlseqs,
// "Mouse Tracking").
func mouseSequence(msg tea.MouseMsg, s modes, w, h int) string {
	m := msg.Mouse()
	_, click := msg.(tea.MouseClickMsg)
	_, motion := msg.(tea.MouseMotionMsg)
	_, release := msg.(tea.MouseReleaseMsg)
	switch {
	case s.mouse == 0 || m.X < 0 || m.Y < 0 || m.X >= w || m.Y >= h:
		return ""
	case s.mouse == 9 && (!click || m.Button > tea.MouseRight):
		return ""
	case motion && s.mouse != 1003 && (s.mouse != 1002 || m.Button == tea.MouseNone):
		return ""
	}
	if s.mouse == 9 {
		m.Mod = 0
	}
	if release && !s.sgrMouse {
		m.Button = tea.MouseNone // X10's encoding does not tell which
	}
	button := ansi.EncodeMouseButton(m.Button, motion, m.Mod.Contains(tea.ModShift), m.Mod.Contains(tea.ModAlt), m.Mod.Contains(tea.ModCtrl))
	switch {
	case button == 0xff:
		return ""
	case s.sgrMouse:
		return ansi.MouseSgr(button, m.X, m.Y, release)
	case m.X > maxX10 || m.Y > maxX10:
		return ""
	}
	return string([]byte{'\x1b', '[', 'M', button + 32, byte(m.X) + 33, byte(m.Y) + 33}) // ansi.MouseX10 writes UTF-8
}
