package tui

import (
	tea "charm.land/bubbletea/v2"

	"cutaway/ui/change"
)

// compareIt shows the command of the shell on the compare screen, not the init over it.
func (s *sandboxScreen) compareIt() tea.Cmd {
	t, _ := s.target()
	if p := s.session.kernel.subject.proc; p != nil {
		title := t.Title
		t = change.Of(p, nil)
		t.Title = title
	}
	return s.compareTarget(t)
}

func (s *sandboxScreen) cannotCompare() string {
	_, why := s.target()
	return why
}

// toggleComparing shows the comparison with the host beside the shell, or what the kernel says again.
func (s *sandboxScreen) toggleComparing() {
	s.comparing = !s.comparing
	s.setFocus(inKernel)
	s.followSession()
}

// followSession has the comparison beside the shell be of the command that is shown.
func (s *sandboxScreen) followSession() {
	if s.session == nil || s.session.kernel.subject.proc == nil {
		return
	}
	p := s.session.kernel.subject.proc
	if choice := (compareChoice{id: p.ID, title: s.session.name()}); s.beside.right != choice {
		s.beside.left, s.beside.right, s.beside.result = compareChoice{title: "host"}, choice, compareResult{}
		s.beside.changed()
	}
}
