package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
)

// screen is one of the views that the top bar names. It has the body of the window to itself; the bars, the dialogs, the
// pace of the snapshots and the keys that work anywhere are the App's.
type screen interface {
	title() string
	// sections are the keys that work now, those of the pane in front first, and the rest, for help.
	sections() (active, rest []section)
	// arrange lays it out; wide says that there is room for panes side by side.
	arrange(body rect, wide bool)
	view() []string
	// status sums the selection up in one line, for a window without room for more.
	status() line
	// chips say what is on that changes what is seen.
	chips() line
	// back goes one level back and tells whether there was one.
	back() bool
	click(tea.Mouse) tea.Cmd
	wheel(m tea.Mouse, rows int)
	// mask is the capability mask that the decoder begins with, or "".
	mask() string
	setLook(look)

	// wish says what is to be made of a snapshot, away from Update because it may take long. The number grows with
	// every new wish.
	wish() (seq int, make func(*inspect.Snapshot) any)
	// show takes what was made.
	show(*inspect.Snapshot, any)
	// reads is the process that it wants to know everything about.
	reads() (inspect.ID, bool)
	// takeDetail brings the answer; nil when there was none.
	takeDetail(*inspect.Detail)
}

// screens are the registered screens by their number.
var screens []registeredScreen

type registeredScreen struct {
	number int
	create func(*App) screen
}

// registerScreen adds a screen under the number that it has in the top bar.
func registerScreen(number int, create func(*App) screen) bool {
	r := registeredScreen{number, create}
	at, _ := slices.BinarySearchFunc(screens, r, func(a, b registeredScreen) int { return a.number - b.number })
	screens = slices.Insert(screens, at, r)
	return true
}
