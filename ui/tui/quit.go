package tui

import (
	tea "charm.land/bubbletea/v2"
)

// quitNow leaves the screen though shells run.
type quitNow struct{}

func (quitNow) do(*App) tea.Cmd { return tea.Quit }

// quit leaves the screen. Running shells end with it, so it asks first.
func (a *App) quit() tea.Cmd {
	n := a.alive()
	if n == 0 {
		return tea.Quit
	}
	title, which := "1 shell still runs", "It ends with the screen, and everything in it."
	if n > 1 {
		title, which = plural(n, "shell")+" still run", "They end with the screen, and everything in them."
	}
	a.open(newConfirm(a.look, title, []line{words(plain, which)}, quitNow{}, "quit"))
	return nil
}
