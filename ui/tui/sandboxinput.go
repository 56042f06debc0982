package tui

import (
	tea "charm.land/bubbletea/v2"
)

// leaveKeys take the keys away from a shell. ^] is telnet's and nsenter's kin's; F12 is for keyboards that have no ].
var leaveKeys = []string{"ctrl+]", "f12"}

// grabs are the keys of a shell, or of a row of the form, that is typed into.
func (s *sandboxScreen) grabs() []*binding {
	switch {
	case s.formTyping():
		return []*binding{dialogKey("enter", "enter", "take it"), dialogKey("esc", "esc", "leave it as it was")}
	case s.session != nil && s.shell.typing:
		list := []*binding{dialogKey("ctrl+]", "^]", "leave the shell (to zoom, switch, stop)")}
		if s.zoomed {
			list = []*binding{dialogKey("ctrl+]", "^]", "back to the screen")}
		}
		return append(list, dialogKey("shift+pgup", "shift+pgup", "scroll back"))
	}
	return nil
}

// typed gives a key to the shell, or leaves it.
func (s *sandboxScreen) typed(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case s.formTyping():
		s.form.typeKey(msg)
		s.formChanged()
		return nil, true
	case !s.shell.typing || s.session == nil:
		return nil, false
	}
	for _, k := range leaveKeys {
		if msg.String() == k {
			s.leave()
			return nil, true
		}
	}
	if !s.shell.key(msg) {
		return s.say(warn, "the program does not read what is typed; ^] leaves it"), true
	}
	return nil, true
}

// leave gives the keys back to the screen.
func (s *sandboxScreen) leave() {
	s.shell.typing, s.zoomed = false, false
	s.App.arrange()
}

// enterShell gives the keys to the shell.
func (s *sandboxScreen) enterShell() {
	s.session.showSteps = false
	s.shell.typing = true
	s.shell.live()
	s.setFocus(inShell)
}

// zoom gives the shell the whole window.
func (s *sandboxScreen) zoom() {
	s.zoomed = true
	s.enterShell()
}

func (s *sandboxScreen) pasted(text string) (tea.Cmd, bool) {
	switch {
	case s.formTyping():
		s.form.typeText(text)
		return nil, true
	case s.session == nil || !s.shell.typing:
		return nil, false
	}
	s.shell.live()
	if !s.session.term.Paste(text) {
		return s.say(warn, "the program does not read what is pasted: not all of it arrived"), true
	}
	return nil, true
}

// pointer gives the mouse to the shell's pane.
func (s *sandboxScreen) pointer(msg tea.MouseMsg) (tea.Cmd, bool) {
	if s.session == nil || s.rects[inShell].w == 0 || s.stepping() {
		return nil, false
	}
	marked, took := s.shell.pointer(msg)
	if marked != "" {
		return s.copy(copyText{"the marked text", marked}), true
	}
	return nil, took
}

func (s *sandboxScreen) caret() *tea.Cursor {
	switch {
	case s.session != nil:
		return s.shell.caret()
	case s.focus == inForm:
		return s.form.cursor()
	}
	return nil
}

func (s *sandboxScreen) click(m tea.Mouse) tea.Cmd {
	for p, r := range s.rects {
		if !r.has(m.X, m.Y) {
			continue
		}
		again := s.focus == place(p)
		switch place(p) {
		case inMenu:
			s.setFocus(inMenu)
			again = s.menu.click(m.X, m.Y) && again
			s.followMenu()
			if again {
				return s.chooseEntry()
			}
		case inForm:
			s.setFocus(inForm)
			s.form.click(m.X, m.Y)
			s.formChanged()
		case inScript:
			s.setFocus(inScript)
			s.script.click(m.X, m.Y)
		case inShell:
			s.setFocus(inShell)
			if s.stepping() {
				s.session.staged.click(m.X, m.Y)
			} else if s.session.state == running {
				s.enterShell()
			}
		case inKernel:
			s.shell.typing = false
			s.setFocus(inKernel)
			if s.comparing {
				return s.beside.click(m)
			}
			s.session.kernel.click(m.X, m.Y)
		case inByHand:
			s.shell.typing = false
			s.setFocus(inByHand)
			s.byHand.click(m.X, m.Y)
		}
		return nil
	}
	return nil
}

func (s *sandboxScreen) wheel(m tea.Mouse, rows int) {
	for p, r := range s.rects {
		if r.has(m.X, m.Y) {
			s.scrollable(place(p)).scroll(rows)
			return
		}
	}
}

// scroller is a pane that a wheel moves.
type scroller interface{ scroll(rows int) }

func (s *sandboxScreen) scrollable(p place) scroller {
	switch p {
	case inMenu:
		return s.menu
	case inForm:
		return s.form
	case inScript:
		return s.script
	case inKernel:
		if s.comparing {
			return s.beside
		}
		return s.session.kernel
	case inByHand:
		return s.byHand
	}
	if s.stepping() {
		return s.session.staged
	}
	return s.shell
}

// formTyping tells whether a row of the form is typed into.
func (s *sandboxScreen) formTyping() bool {
	return s.session == nil && s.focus == inForm && s.form.typing()
}
