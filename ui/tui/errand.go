package tui

import (
	tea "charm.land/bubbletea/v2"
)

// errand is work that a pane wants done away from Update, because it reads the machine: one is under way, and the answer to the
// newest wish is what counts.
type errand struct {
	wished, done int
	busy         bool
}

// errandDone brings what came of an errand to the pane that wished it.
type errandDone struct {
	to     runner
	seq    int
	result any
}

// runner is a pane with errands.
type runner interface {
	took(errandDone)
}

// wish wants the work done again, with what is there now.
func (e *errand) wish() { e.wished++ }

// waiting tells whether the newest wish has not been answered.
func (e *errand) waiting() bool { return e.done != e.wished }

// pull begins the work if it is wished and none is under way. The message is for the pane's took.
func (e *errand) pull(to runner, work func() any) tea.Cmd {
	if e.busy || !e.waiting() {
		return nil
	}
	e.busy = true
	seq := e.wished
	return guarded(func() tea.Msg { return errandDone{to, seq, work()} })
}

// end takes note of an answer.
func (e *errand) end(d errandDone) { e.busy, e.done = false, d.seq }
