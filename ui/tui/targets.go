package tui

import (
	"cutaway/inspect"
	"cutaway/ui/change"
)

// targeter is a screen on which a process or a container is selected, to which something can be done. why says why there is none.
type targeter interface {
	target() (t change.Target, why string)
}

// target is what is selected on the screen that is shown.
func (a *App) target() (change.Target, string) {
	if s, ok := a.screen().(targeter); ok {
		return s.target()
	}
	return change.Target{}, "no process is selected on this screen"
}

func (a *App) noTarget() string {
	_, why := a.target()
	return why
}

// cannotAct says why nothing can be done to the selection.
func (a *App) cannotAct() string {
	if why := a.cannotChange(); why != "" {
		return why
	}
	return a.noTarget()
}

// cannotLook says why there are no limits to look at.
func (a *App) cannotLook() string {
	if a.limits.waits() {
		return ""
	}
	if why := a.elsewhere(); why != "" {
		return why
	}
	return a.noTarget()
}

// openLimits shows the limits of the selection, or of the change that waits to be kept.
func (a *App) openLimits() {
	t := a.limits.target
	if !a.limits.waits() {
		t, _ = a.target()
	}
	a.open(newLimitsEditor(a, t))
}

func (a *App) openActions() {
	t, _ := a.target()
	a.open(newActionsMenu(a, t))
}

func (a *App) openJournal() { a.open(newJournalView(a)) }

func (s *treeScreen) target() (change.Target, string) {
	r := s.tree.selected()
	if r == nil {
		return change.Target{}, "nothing is selected"
	}
	if r.gone {
		return change.Target{}, "the process has ended"
	}
	p, c := represent(s.snap, r.node)
	switch {
	case r.node.Kind == inspect.ProcessNode:
		return change.Of(p, nil), ""
	case p != nil:
		return change.Of(p, c), ""
	case c != nil:
		return change.Target{}, "the container has ended"
	}
	return change.Target{}, "this row is no process and no container: select one first"
}
