package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// action is what a dialog or a click wants done. The App executes it, so that dialogs need not know the App.
type action any

type (
	closeDialog struct{}
	copyText    struct{ what, text string }
	pressed     struct{ *binding } // a binding of the footer was clicked
	selectTab   struct{ index int }
)

func (a *App) execute(act action) tea.Cmd {
	switch act := act.(type) {
	case closeDialog:
		a.dialogs = a.dialogs[:len(a.dialogs)-1]
	case copyText:
		return tea.Batch(tea.SetClipboard(act.text), a.say(good, copied(act.what)))
	case pressed:
		return a.run(act.binding)
	case selectTab:
		a.detail.selectTab(act.index)
	}
	return nil
}

func (a *App) nextPane() tea.Cmd {
	if a.focus == focusTree {
		a.setFocus(focusDetail)
	} else {
		a.setFocus(focusTree)
	}
	return nil
}

func (a *App) openDetail() tea.Cmd {
	a.setFocus(focusDetail)
	return nil
}

// back goes one level back: from the detail to the tree, then the filter is cleared. It never quits.
func (a *App) back() tea.Cmd {
	switch {
	case a.focus == focusDetail:
		a.setFocus(focusTree)
	case a.zoomed:
		return a.toggleZoom()
	case !a.tree.spec.filter.Empty():
		_ = a.setFilter("")
	}
	return nil
}

func (a *App) toggleZoom() tea.Cmd {
	a.zoomed = !a.zoomed
	a.arrange()
	return nil
}

func notWide(a *App) string {
	if !a.layout.framed {
		return "this window shows one pane at a time already: tab goes to the other"
	}
	return ""
}

func (a *App) togglePause() tea.Cmd {
	a.feed.paused = !a.feed.paused
	a.feed.due = a.feed.due || !a.feed.paused
	return nil
}

func (a *App) refresh() tea.Cmd {
	a.feed.due = true
	return nil
}

func (a *App) nextInterval() tea.Cmd {
	at := slices.Index(intervals, a.feed.interval)
	a.feed.interval = intervals[(at+1)%len(intervals)]
	return tea.Batch(a.feed.nextTick(), a.say(plain, "refresh every "+intervalText(a.feed.interval)))
}

func (a *App) toggleMouse() tea.Cmd {
	a.mouse = !a.mouse
	if a.mouse {
		return a.say(plain, "the mouse works here; m gives it back to the terminal")
	}
	return a.say(plain, "the mouse selects text of the terminal; m takes it back")
}
