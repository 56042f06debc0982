package tui

import (
	tea "charm.land/bubbletea/v2"
)

// dialog is a box in front of the panes. The one at the top of the stack gets all input; what it wants done
// it returns as an action.
type dialog interface {
	key(tea.KeyPressMsg) action
	paste(string) action
	wheel(lines int)
	click(x, y int) action
	view(rect) []string // lines for the whole rect
	cursor() *tea.Cursor
	footer() []*binding
}

// open puts a dialog in front.
func (a *App) open(d dialog) { a.dialogs = append(a.dialogs, d) }

// front is the dialog in front, or nil.
func (a *App) front() dialog {
	if n := len(a.dialogs); n > 0 {
		return a.dialogs[n-1]
	}
	return nil
}

// dialogLines draws a dialog in place of the panes and of the line about the selection.
func (a *App) dialogLines(d dialog) []string {
	r := a.layout.body
	r.h += a.layout.status.h
	return a.area(r, d.view(r))
}

// paste gives pasted text to whatever takes text now.
func (a *App) paste(s string) tea.Cmd {
	switch {
	case a.input != nil:
		a.typeText(s)
	case a.front() != nil:
		return a.execute(a.front().paste(s))
	default:
		cmd, _ := a.screen().pasted(s)
		return cmd
	}
	return nil
}
