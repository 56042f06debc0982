package tui

import (
	tea "charm.land/bubbletea/v2"
)

// makeKeys are the keys that work on every screen.
func (a *App) makeKeys() section {
	return section{"Anywhere", []*binding{
		bind("1-9", "the screen of that number", a.pressedNumber, "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		bind("l", "limits of the selection, to look at and to change", does(a.openLimits), "l").unless(a.cannotLook).inFooter("limits").toTarget(),
		bind("x", "freeze, kill or signal the selection", does(a.openActions), "x").unless(a.cannotAct),
		bind("@", "journal of what was changed; takes changes of limits back", does(a.openJournal), "@"),
		bind("R", "read-only, or allow changes again", a.toggleReadOnly, "R").unless(a.limits.cannotLeave),
		bind("d", "decode a capability mask", does(a.openDecoder), "d"),
		bind("Z", "pause, or go on", does(a.togglePause), "Z"),
		bind("r ^R", "refresh now", does(func() { a.feed.due = true }), "r", "ctrl+r"),
		bind("i", "next refresh interval", a.nextInterval, "i"),
		bind("m", "give the mouse to the terminal, to select text, or take it back", a.toggleMouse, "m"),
		bind("^L", "draw the screen again", func() tea.Cmd { return tea.ClearScreen }, "ctrl+l"),
		bind("esc", "one level back; clears the filter; never quits", does(func() { a.screen().back() }), "esc"),
		bind("^Z", "suspend; fg comes back", func() tea.Cmd { return tea.Suspend }, "ctrl+z").unless(a.cannotSuspend),
		bind("? F1", "keys", does(a.openHelp), "?", "f1").inFooter("help"),
		bind("q ^C", "quit", a.quit, "q", "ctrl+c"),
	}}
}
