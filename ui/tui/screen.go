package tui

import (
	"slices"
	"strconv"

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
	// reads is the process that it wants to know everything about, with the costly parts that it shows.
	reads() (id inspect.ID, parts inspect.Part, ok bool)
	// takeDetail brings the answer; nil when there was none.
	takeDetail(*inspect.Detail)

	// errands asks the screen, after every message, what it wants to have worked out away from Update.
	errands() tea.Cmd
	// whole tells whether it has the window to itself, without the bar at the top.
	whole() bool
	// grabs are the keys that still mean something while all others go to what is typed into; nil when none do.
	grabs() []*binding
	// typed, pasted and pointer take input before any key means something, as a shell does; false leaves it to the screen's keys.
	typed(tea.KeyPressMsg) (tea.Cmd, bool)
	pasted(string) (tea.Cmd, bool)
	pointer(tea.MouseMsg) (tea.Cmd, bool)
	// caret is where the terminal's cursor stands, or nil.
	caret() *tea.Cursor
}

// typeless is what a screen embeds that nothing is typed into.
type typeless struct{}

func (typeless) errands() tea.Cmd                      { return nil }
func (typeless) grabs() []*binding                     { return nil }
func (typeless) whole() bool                           { return false }
func (typeless) typed(tea.KeyPressMsg) (tea.Cmd, bool) { return nil, false }
func (typeless) pasted(string) (tea.Cmd, bool)         { return nil, false }
func (typeless) pointer(tea.MouseMsg) (tea.Cmd, bool)  { return nil, false }
func (typeless) caret() *tea.Cursor                    { return nil }

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

// pressedNumber shows the screen whose number was pressed.
func (a *App) pressedNumber() tea.Cmd {
	for i := range screens {
		if strconv.Itoa(screens[i].number) == a.pressed {
			return a.turnTo(i)
		}
	}
	return a.say(warn, "there is no screen "+a.pressed+"; # jumps to a PID in the tree")
}

// turnTo shows a screen by its place in the bar. What it shows is made of the present snapshot at once.
func (a *App) turnTo(i int) tea.Cmd {
	a.current = i
	a.feed.shown = noWish
	a.arrange()
	return nil
}

// numbered is the place of a screen in the bar.
func numbered(number int) int {
	return slices.IndexFunc(screens, func(r registeredScreen) bool { return r.number == number })
}
