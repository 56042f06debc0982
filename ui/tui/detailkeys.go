package tui

import (
	tea "charm.land/bubbletea/v2"
)

// onDetail makes a binding's action of something the detail pane does by itself.
func onDetail(do func(*detailPane)) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		do(a.detail)
		return nil
	}
}

func detailKeys() section {
	return section{"Detail", []*binding{
		bind("↑ k", "value above", onDetail(func(d *detailPane) { d.move(-1) }), "up", "k"),
		bind("↓ j", "value below", onDetail(func(d *detailPane) { d.move(1) }), "down", "j"),
		bind("pgup", "a page up", onDetail(func(d *detailPane) { d.move(-d.page()) }), "pgup", "ctrl+b"),
		bind("pgdn", "a page down", onDetail(func(d *detailPane) { d.move(d.page()) }), "pgdown", "ctrl+f"),
		bind("^U", "half a page up", onDetail(func(d *detailPane) { d.move(-d.page() / 2) }), "ctrl+u"),
		bind("^D", "half a page down", onDetail(func(d *detailPane) { d.move(d.page() / 2) }), "ctrl+d"),
		bind("g home", "first value", onDetail(func(d *detailPane) { d.move(-len(d.lines)) }), "g", "home"),
		bind("G end", "last value", onDetail(func(d *detailPane) { d.move(len(d.lines)) }), "G", "end"),
		bind("← h", "tab at the left", onDetail(func(d *detailPane) { d.selectTab(d.tab - 1) }), "left", "h"),
		bind("→ l", "tab at the right", onDetail(func(d *detailPane) { d.selectTab(d.tab + 1) }), "right", "l"),
		bind("esc", "back to the tree", (*App).back, "esc").inFooter("tree"),
	}}
}

func (d *detailPane) page() int { return max(d.list.height-1, 1) }
