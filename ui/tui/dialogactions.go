package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox/journal"
	"cutaway/ui/text"
)

// doer is an action that does itself.
type doer interface{ do(*App) tea.Cmd }

type (
	// openDialog puts a dialog in front of the one that asked for it, unless that is not in front any more.
	openDialog struct{ dialog, over dialog }
	closeOnly  struct{ dialog }  // wherever it stands
	background struct{ tea.Cmd } // work away from Update
	several    []action
	tell       struct { // in place of the footer
		style style
		text  string
	}
	// changed tells of a change that was made: the next snapshot, which shows it, is wanted at once.
	changed struct {
		tell
		entries []journal.Entry
	}
)

func (o openDialog) do(a *App) tea.Cmd {
	if a.front() == o.over {
		a.open(o.dialog)
	}
	return nil
}

func (c closeOnly) do(a *App) tea.Cmd {
	a.dialogs = slices.DeleteFunc(a.dialogs, func(d dialog) bool { return d == c.dialog })
	return nil
}

func (b background) do(*App) tea.Cmd { return b.Cmd }

func (s several) do(a *App) tea.Cmd {
	var cmds []tea.Cmd
	for _, act := range s {
		cmds = append(cmds, a.execute(act))
	}
	return tea.Batch(cmds...)
}

func (t tell) do(a *App) tea.Cmd { return a.say(t.style, text.Sanitise(t.text)) }

func (c changed) do(a *App) tea.Cmd {
	a.feed.due = true
	for i := range c.entries {
		if why := c.entries[i].Unwritten; why != nil {
			return tell{warn, c.text + "; it is not in the journal: " + why.Error()}.do(a)
		}
	}
	return c.tell.do(a)
}

// did is work that has ended. then takes what came of it, in Update.
type did struct{ then func() action }

// work makes a command of what may wait: take gets the answer, in Update, and says what is wanted next.
func work[T any](do func() (T, error), take func(T, error) action) tea.Cmd {
	return guarded(func() tea.Msg {
		answer, err := do()
		return did{func() action { return take(answer, err) }}
	})
}

// puller is a dialog that has something read or worked out. It is asked after every message, with the number of the snapshot that
// is shown, and has one request of a kind under way at most.
type puller interface{ pull(seq uint64) tea.Cmd }

// pullDialog asks the dialog in front.
func (a *App) pullDialog() tea.Cmd {
	d, ok := a.front().(puller)
	if !ok || a.snap == nil {
		return nil
	}
	return d.pull(a.snap.Seq)
}
