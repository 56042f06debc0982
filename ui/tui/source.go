package tui

import tea "charm.land/bubbletea/v2"

// field names a value for which the snapshot can tell the source.
type field string

// sourceLines draws the source of the value under the cursor.
func (d *detailPane) sourceLines(r rect) []string { return nil }

func (a *App) toggleSource() tea.Cmd {
	a.detail.source = sourceShown
	return nil
}
func (a *App) copyCommand() tea.Cmd { return nil }
func noCommand(a *App) string       { return "" }
