package tui

import (
	tea "charm.land/bubbletea/v2"
)

// zone is a part of the bars that a click acts on.
type zone struct {
	rect
	act action
}

// pointed gives the mouse to who wants all of it, else acts on clicks and the wheel.
func (a *App) pointed(msg tea.MouseMsg) tea.Cmd {
	if a.front() == nil && a.input == nil && !a.layout.small {
		if cmd, took := a.screen().pointer(msg); took {
			return cmd
		}
	}
	switch msg := msg.(type) {
	case tea.MouseClickMsg:
		return a.click(tea.Mouse(msg))
	case tea.MouseWheelMsg:
		a.wheel(tea.Mouse(msg))
	}
	return nil
}

// click acts on what lies under the mouse.
func (a *App) click(m tea.Mouse) tea.Cmd {
	if m.Button != tea.MouseLeft || a.layout.small {
		return nil
	}
	for _, z := range a.zones {
		if z.has(m.X, m.Y) {
			return a.execute(z.act)
		}
	}
	if d := a.front(); d != nil {
		return a.execute(d.click(m.X, m.Y))
	}
	return a.screen().click(m)
}

// wheelRows is how far one step of the wheel scrolls.
const wheelRows = 3

// wheel scrolls what lies under the mouse.
func (a *App) wheel(m tea.Mouse) {
	rows := wheelRows
	switch m.Button {
	case tea.MouseWheelUp:
		rows = -wheelRows
	case tea.MouseWheelDown:
	default:
		return
	}
	if d := a.front(); d != nil {
		d.wheel(rows)
		return
	}
	a.screen().wheel(m, rows)
}
