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

func (a *App) dialogLines(d dialog) []string { return a.area(a.layout.body, d.view(a.layout.body)) }

// paste gives pasted text to whatever takes text now.
func (a *App) paste(s string) tea.Cmd {
	switch {
	case a.input != nil:
		a.typeText(s)
	case a.front() != nil:
		return a.execute(a.front().paste(s))
	}
	return nil
}
