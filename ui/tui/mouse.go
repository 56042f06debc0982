package tui

import (
	tea "charm.land/bubbletea/v2"
)

// wheelRows is how far one step of the wheel scrolls.
const wheelRows = 3

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
	switch {
	case a.layout.tree.has(m.X, m.Y):
		return a.clickTree(m)
	case a.layout.detail.has(m.X, m.Y):
		a.setFocus(focusDetail)
		for _, z := range a.detail.drawn.tabs {
			if z.has(m.X, m.Y) {
				return a.execute(z.act)
			}
		}
		a.detail.click(m.X, m.Y)
	}
	return nil
}

// clickTree selects a row, folds it by a click on its mark, and sorts by a click on a column's title. A second click on
// the selected row opens it.
func (a *App) clickTree(m tea.Mouse) tea.Cmd {
	t := a.tree
	again := a.focus == focusTree
	a.setFocus(focusTree)
	if t.drawn.head.has(m.X, m.Y) {
		return a.sortByClick(t.columnAt(m.X))
	}
	if !t.drawn.body.has(m.X, m.Y) {
		return nil
	}
	row := t.list.top + m.Y - t.drawn.body.y
	if row >= len(t.rows) {
		return nil
	}
	again = again && row == t.list.cursor
	t.moveTo(row)
	mark := t.drawn.body.x + 1 + 2*t.rows[row].depth
	switch {
	case m.X >= mark && m.X <= mark+1 && len(t.rows[row].node.Children) > 0:
		t.toggleFold()
	case again:
		return a.openDetail()
	}
	return nil
}

func (a *App) sortByClick(c *column) tea.Cmd {
	switch {
	case c == nil:
		return nil
	case c.order == nil:
		return a.say(warn, "rows cannot be sorted by "+c.title)
	}
	a.tree.sortBy(c)
	return nil
}

// wheel scrolls the pane under the pointer, whichever has the keys.
func (a *App) wheel(m tea.Mouse) tea.Cmd {
	rows := wheelRows
	switch m.Button {
	case tea.MouseWheelUp:
		rows = -wheelRows
	case tea.MouseWheelDown:
	default:
		return nil
	}
	if d := a.front(); d != nil {
		d.wheel(rows)
		return nil
	}
	switch {
	case a.layout.tree.has(m.X, m.Y):
		a.tree.list.scroll(rows)
		a.tree.version++
	case a.layout.detail.has(m.X, m.Y):
		a.detail.list.scroll(rows)
		a.detail.version++
		a.detail.made = a.detail.version
	}
	return nil
}
