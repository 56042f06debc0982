package tui

import (
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"cutaway/ui/change"
	"cutaway/ui/text"
)

// stopSession ends a session with everything in it.
type stopSession struct{ s *session }

func (a stopSession) do(*App) tea.Cmd {
	a.s.end()
	return nil
}

// entries are the shells as the menu lists them.
func (s *sandboxScreen) entries() []menuEntry {
	list := make([]menuEntry, 0, len(s.sessions.list))
	now := s.now()
	for _, x := range s.sessions.list {
		state := x.stateWords(now)
		list = append(list, menuEntry{id: sessionID + strconv.Itoa(x.number), cells: []string{x.name() + " " + x.kind, state.text()}, style: state[0].style})
	}
	return list
}

// sessionID begins the ids of shells in the menu.
const sessionID = "shell:"

func (s *sandboxScreen) sessionNamed(id string) *session {
	i := slices.IndexFunc(s.sessions.list, func(x *session) bool { return sessionID+strconv.Itoa(x.number) == id })
	if i < 0 {
		return nil
	}
	return s.sessions.list[i]
}

// otherSession shows the next shell, or the one before.
func (s *sandboxScreen) otherSession(step int) {
	list := s.sessions.list
	at := slices.Index(list, s.session)
	s.turnTo(list[(at+step+len(list))%len(list)], false)
}

// withoutTarget is true for the menu, which has no process.
func (s *sandboxScreen) withoutTarget() bool { return s.session == nil }

func (s *sandboxScreen) noOther() string {
	if len(s.sessions.list) < 2 {
		return "this is the only shell: N makes another"
	}
	return ""
}

// enterOrRestart types into a shell that runs, and starts one again that does not.
func (s *sandboxScreen) enterOrRestart() tea.Cmd {
	if s.session.over() {
		if why := s.cannotChange(); why != "" {
			return s.say(warn, why)
		}
		cmd := s.begin(s.session)
		s.turnTo(s.session, false)
		return cmd
	}
	s.enterShell()
	return nil
}

func (s *sandboxScreen) cannotEnter() string {
	if s.session.state == starting {
		return "it is being started"
	}
	return ""
}

func (s *sandboxScreen) cannotZoom() string {
	if s.session.state != running {
		return "nothing runs in it"
	}
	return ""
}

// typeLeave types the key that leaves a shell into it.
func (s *sandboxScreen) typeLeave() tea.Cmd {
	if why := s.cannotZoom(); why != "" {
		return s.say(warn, why)
	}
	s.session.term.Key(tea.KeyPressMsg{Code: ']', Mod: tea.ModCtrl})
	s.enterShell()
	return nil
}

// stop ends a launch at once, and asks before a session is ended in which something runs.
func (s *sandboxScreen) stop() {
	x := s.session
	if x.state == starting {
		x.end()
		s.shell.changed()
		return
	}
	question := []line{words(plain, "Everything in it is killed: ").put(strong, x.name()).put(plain, " · "+text.Sanitise(x.kind)+", PID "+strconv.Itoa(x.box.PID))}
	s.open(newConfirm(s.look, "stop "+x.name(), question, stopSession{x}, "stop"))
}

func (s *sandboxScreen) cannotStop() string {
	switch {
	case s.session.state == starting:
		return "" // which takes back a change, and makes none
	case s.session.state != running:
		return "nothing runs in it"
	}
	return s.cannotChange()
}

func (s *sandboxScreen) notOver() string {
	if !s.session.over() {
		return "it runs still: X stops it"
	}
	return ""
}

func (s *sandboxScreen) copySeen() tea.Cmd { return s.copy(copyText{"what is seen", s.shell.seen()}) }

func (s *sandboxScreen) nothingSeen() string {
	if s.shell.seen() == "" {
		return "nothing was written yet"
	}
	return ""
}

// do enters a target in a pane of its own.
func (act startEntry) do(a *App) tea.Cmd {
	a.dialogs = a.dialogs[:len(a.dialogs)-1]
	if why := a.cannotChange(); why != "" { // a dialog that opened by itself
		return a.say(warn, why)
	}
	x, cmd := a.startSession("in "+act.target.name, order{entry: act.entry, target: act.target})
	a.sandboxScreen().turnTo(x, false)
	return tea.Batch(cmd, a.turnTo(numbered(5)))
}

// target is the sandbox that is shown, for its limits and for signals: its first process, or of an entered command that.
func (s *sandboxScreen) target() (change.Target, string) {
	switch {
	case s.session == nil:
		return change.Target{}, "show a shell first: the menu has no process"
	case s.session.over():
		return change.Target{}, "it has ended"
	case s.snap == nil:
		return change.Target{}, "the processes have not been read yet"
	}
	p := s.snap.ByID(s.session.first)
	if p == nil {
		return change.Target{}, "its processes have not been read yet"
	}
	t := change.Of(p, nil)
	t.Title = s.session.name() + " · " + s.session.kind
	return t, ""
}
