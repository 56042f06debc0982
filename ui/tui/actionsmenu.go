package tui

import (
	"context"
	"strings"
	"syscall"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/proc"
	"cutaway/sandbox/control"
	"cutaway/sandbox/journal"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// actionsMenu is the dialog of what can be done to a target's processes. Everything in it is asked for once more.
type actionsMenu struct {
	look
	ctx    context.Context
	ctl    controller
	cannot func() string // why nothing may be done now
	target change.Target

	now     *looked
	failed  error
	reading bool
	read    uint64

	at    int
	other textField // another signal
	busy  bool
	note  line
	top   int
	drawn struct {
		rows  []rect
		caret *tea.Cursor
	}
}

func newActionsMenu(a *App, t change.Target) *actionsMenu {
	return &actionsMenu{look: a.look, ctx: a.feed.ctx, ctl: a.limits.ctl, cannot: a.cannotChange, target: t}
}

// The entries of the menu before the signals.
const (
	entryFreeze = iota
	entryKill
	entrySignals
)

// menuSignals are the signals to choose from, with what programs usually do (signal(7)).
var menuSignals = []struct{ name, about string }{
	{"TERM", "asks it to end; it may tidy up first"},
	{"INT", "as ^C on its terminal"},
	{"HUP", "its terminal is gone; many daemons read their configuration again"},
	{"QUIT", "as ^\\ on its terminal: ends with a core dump"},
	{"KILL", "ends it at once; cannot be caught"},
	{"STOP", "stops it until CONT; cannot be caught"},
	{"CONT", "lets it run again after STOP"},
	{"USR1", "the program's own; without a handler it ends"},
	{"USR2", "the program's own; without a handler it ends"},
}

var entryOther = entrySignals + len(menuSignals)

// pull looks at the target after each snapshot.
func (m *actionsMenu) pull(seq uint64) tea.Cmd {
	if m.reading || m.read == seq+1 {
		return nil
	}
	m.reading, m.read = true, seq+1
	return work(func() (*looked, error) { return m.ctl.look(m.target) }, func(l *looked, err error) action {
		m.reading, m.failed = false, err
		if err == nil {
			m.now = l
		}
		return nil
	})
}

func (m *actionsMenu) key(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc", "ctrl+c":
		return closeOnly{m}
	case "up", "shift+tab":
		m.move(-1)
	case "down", "tab":
		m.move(1)
	case "home":
		m.move(-m.at)
	case "end":
		m.move(entryOther)
	case "enter":
		return m.choose()
	default:
		// Whoever types means a signal of their own.
		if msg.Text != "" && m.at != entryOther {
			m.at, m.other = entryOther, textField{}
		}
		if m.at == entryOther && m.other.key(msg) {
			m.note = nil
		}
	}
	return nil
}

func (m *actionsMenu) move(by int) { m.at, m.note = min(max(m.at+by, 0), entryOther), nil }

// choose asks whether the entry under the cursor is meant.
func (m *actionsMenu) choose() action {
	switch why := m.cannot(); {
	case m.busy:
		return nil
	case why != "":
		m.note = words(warn, why)
		return nil
	case m.now == nil: // what is wrong is shown, or not known yet
		return nil
	case m.at < entrySignals && m.now.refused != nil:
		m.note = m.refusal()
		return nil
	case m.at < entrySignals:
		return m.askGroup()
	}
	return m.askSignal()
}

// refusal says why the cgroup must be left alone, and what reaches the process all the same.
func (m *actionsMenu) refusal() line {
	l := words(warn, text.Sanitise(m.now.refused.Error()))
	if what := m.target.Alone(m.now.refused); what != "" {
		l = l.put(plain, "; the signal KILL "+what)
	}
	return l
}

// askGroup counts whom it concerns before it asks.
func (m *actionsMenu) askGroup() action {
	m.busy = true
	kill := m.at == entryKill
	type crowd struct{ processes, strangers int }
	return background{work(func() (c crowd, err error) {
		c.processes, c.strangers, err = m.ctl.crowd(m.ctx, m.target)
		return c, err
	}, func(c crowd, err error) action {
		m.busy = false
		switch {
		case err != nil:
			m.note = words(bad, text.Sanitise(err.Error()))
			return nil
		case kill:
			question := change.KillQuestion(&m.target, c.processes, c.strangers)
			return m.ask("kill", question, []string{"SIGKILL cannot be caught: nothing is saved first."}, "Kill", m.kill)
		case m.now.frozen:
			question := "Let all processes of the cgroup of " + m.target.String() + " run again?"
			return m.ask("thaw", question, nil, "Thaw", func() (tell, journal.Entry, error) {
				e, err := m.ctl.thaw(m.ctx, m.target)
				return tell{good, "runs again: " + m.target.String()}, e, err
			})
		}
		question := change.FreezeQuestion(&m.target, c.processes, c.strangers)
		return m.ask("freeze", question, []string{"They stand still until they are thawed.", change.FrozenNote(m.target.Engine)}, "Freeze", m.freeze)
	})}
}

func (m *actionsMenu) freeze() (tell, journal.Entry, error) {
	e, err := m.ctl.freeze(m.ctx, m.target)
	return tell{good, "frozen: " + m.target.String() + "; x thaws it"}, e, err
}

func (m *actionsMenu) kill() (tell, journal.Entry, error) {
	killed, e, err := m.ctl.kill(m.ctx, m.target)
	return tell{good, "killed: " + m.target.String() + ", " + change.Counted(killed, "process", "processes")}, e, err
}

func (m *actionsMenu) askSignal() action {
	name := strings.TrimSpace(m.other.value())
	if m.at != entryOther {
		name = menuSignals[m.at-entrySignals].name
	}
	number, err := control.ParseSignal(name)
	if err != nil {
		m.note = words(bad, text.Sanitise(err.Error()))
		return nil
	}
	signal := proc.SignalName(int(number))
	return m.ask("signal", "Send "+signal+" to "+m.target.String()+"?", m.signalNotes(number), "Send "+signal, func() (tell, journal.Entry, error) {
		e, err := m.ctl.signal(m.target, number)
		return tell{good, "sent " + signal + " to " + m.target.String()}, e, err
	})
}

func (m *actionsMenu) signalNotes(number syscall.Signal) []string {
	notes := []string{"It reaches that process alone."}
	if p := m.target.Process; m.target.Container != nil && p != nil {
		notes[0] = "It reaches the container's first process alone: " + p.Comm + "."
	}
	if note := m.target.IgnoresNote(number); note != "" {
		notes = append(notes, "But "+note+".")
	}
	return notes
}

// ask puts the question in front; do runs away from Update when the answer is yes.
func (m *actionsMenu) ask(title, question string, notes []string, label string, do func() (tell, journal.Entry, error)) action {
	lines := []line{words(strong, text.Sanitise(question))}
	for _, note := range notes {
		if note != "" {
			lines = append(lines, words(plain, text.Sanitise(note)))
		}
	}
	return openDialog{newConfirm(m.look, title, lines, menuDo{m, do}, label), m}
}

// menuDo is what was confirmed.
type menuDo struct {
	*actionsMenu
	work func() (tell, journal.Entry, error)
}

func (d menuDo) do(*App) tea.Cmd {
	m := d.actionsMenu
	if why := m.cannot(); why != "" || m.busy {
		m.note = words(warn, why)
		return nil
	}
	m.busy, m.note = true, nil
	var e journal.Entry
	return work(func() (said tell, err error) {
		said, e, err = d.work()
		return said, err
	}, func(said tell, err error) action {
		m.busy, m.read = false, 0
		if err != nil {
			m.note = words(bad, text.Sanitise(err.Error()))
			return nil
		}
		return several{closeOnly{m}, changed{said, []journal.Entry{e}}}
	})
}

func (m *actionsMenu) paste(s string) action {
	m.at = entryOther
	m.other.insert(strings.TrimSpace(s))
	return nil
}

func (m *actionsMenu) wheel(rows int) { m.move(rows / wheelRows) }

// click marks an entry; a second click chooses it.
func (m *actionsMenu) click(x, y int) action {
	for i, r := range m.drawn.rows {
		if !r.has(x, y) {
			continue
		}
		if m.at == i {
			return m.choose()
		}
		m.move(i - m.at)
	}
	return nil
}

func (m *actionsMenu) cursor() *tea.Cursor { return m.drawn.caret }

func (m *actionsMenu) footer() []*binding {
	return []*binding{dialogKey("down", "↑↓", "move"), dialogKey("enter", "enter", "choose; it asks first"), dialogKey("esc", "esc", "close")}
}
