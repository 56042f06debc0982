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
	which := words(plain, "It ends with the screen, and everything in it.")
	if n > 1 {
		which = words(plain, "They end with the screen, and everything in them.")
	}
	a.open(newConfirm(a.look, plural(n, "shell")+" still run", []line{which}, quitNow{}, "quit"))
	return nil
}
