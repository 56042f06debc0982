package tui

import (
	tea "charm.land/bubbletea/v2"
)

func anywhereKeys() section {
	return section{"Anywhere", []*binding{
		bind("tab", "next pane", (*App).nextPane, "tab", "shift+tab"),
		bind("[", "tab at the left", onDetail(func(d *detailPane) { d.selectTab(d.tab - 1) }), "["),
		bind("]", "tab at the right", onDetail(func(d *detailPane) { d.selectTab(d.tab + 1) }), "]"),
		bind(".", "the source of the value: file, raw text, meaning, equal command", (*App).toggleSource, ".").inFooter("source"),
		bind("y", "copy the value", (*App).copyValue, "y").unless(nothingToCopy).inFooter("copy"),
		bind("Y", "copy the shell command that shows the same", (*App).copyCommand, "Y").unless(noCommand),
		bind("v", "reveal or mask secrets of the environment", (*App).toggleReveal, "v").unless(noSecrets),
		bind("d", "decode a capability mask", (*App).openDecoder, "d").inFooter("decode"),
		bind("z", "give the whole window to one pane, or share it again", (*App).toggleZoom, "z").unless(notWide),
		bind("Z", "pause, or go on", (*App).togglePause, "Z"),
		bind("r ^R", "refresh now", (*App).refresh, "r", "ctrl+r"),
		bind("i", "next refresh interval", (*App).nextInterval, "i"),
		bind("m", "give the mouse to the terminal, to select text, or take it back", (*App).toggleMouse, "m"),
		bind("^L", "draw the screen again", func(*App) tea.Cmd { return tea.ClearScreen }, "ctrl+l"),
		bind("esc", "back: clear the filter", (*App).back, "esc"),
		bind("^Z", "suspend; fg comes back", (*App).suspend, "ctrl+z").unless(cannotSuspend),
		bind("? F1", "keys", (*App).openHelp, "?", "f1").inFooter("help"),
		bind("q", "quit", func(*App) tea.Cmd { return tea.Quit }, "q", "ctrl+c"),
	}}
}
