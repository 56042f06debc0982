package tui

import (
	tea "charm.land/bubbletea/v2"
)

// toggleReveal shows the values that look like secrets until the selection changes.
func (a *App) toggleReveal() tea.Cmd {
	a.detail.subject.reveal = !a.detail.subject.reveal
	a.detail.version++
	return nil
}

func noSecrets(a *App) string {
	u := &a.detail.subject
	if u.proc == nil || u.detail == nil || !u.detail.Environ.OK() || tabs[a.detail.tab].title != environTitle {
		return "v reveals the environment's secrets: select a process and go to the tab " + environTitle
	}
	return ""
}
