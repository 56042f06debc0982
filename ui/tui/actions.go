package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"cutaway/ui/text"
)

// action is what a dialog or a click wants done. The App executes it, so that dialogs need not know the App.
type action any

type (
	closeDialog struct{}
	copyText    struct{ what, text string }
	pressed     struct{ *binding } // a binding of the footer was clicked
)

func (a *App) execute(act action) tea.Cmd {
	switch act := act.(type) {
	case closeDialog:
		a.dialogs = a.dialogs[:len(a.dialogs)-1]
	case copyText:
		return a.copy(act)
	case pressed:
		if d := a.front(); d != nil {
			return a.execute(d.key(keyPress(act.Keys()[0])))
		}
		if a.screen().grabs() != nil {
			cmd, _ := a.screen().typed(keyPress(act.Keys()[0]))
			return cmd
		}
		return a.run(act.binding)
	case doer:
		return act.do(a)
	}
	return nil
}

// maxCopy bounds what is sent to the terminal's clipboard (OSC 52); some terminals drop longer ones whole.
const maxCopy = 64 << 10

func (a *App) copy(c copyText) tea.Cmd {
	if len(c.text) > maxCopy {
		return a.say(warn, "too long to copy: "+text.Bytes(uint64(len(c.text)))+", terminals take "+text.Bytes(maxCopy))
	}
	return tea.Batch(tea.SetClipboard(c.text), a.say(good, "copied "+text.Truncate(c.what, 60)))
}

func (a *App) togglePause() {
	if a.feed.still {
		return
	}
	a.feed.paused = !a.feed.paused
	a.feed.due = a.feed.due || !a.feed.paused
}

func (a *App) nextInterval() tea.Cmd {
	at := slices.Index(intervals, a.feed.interval)
	a.feed.interval = intervals[(at+1)%len(intervals)]
	return tea.Batch(a.feed.nextTick(0), a.say(plain, "refresh every "+intervalText(a.feed.interval)))
}

func (a *App) toggleMouse() tea.Cmd {
	a.mouse = !a.mouse
	if a.mouse {
		return a.say(plain, "the mouse works here; m gives it back to the terminal")
	}
	return a.say(plain, "the mouse selects text of the terminal; m takes it back")
}
