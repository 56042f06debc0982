package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// followMenu shows the form of the preset that the menu's cursor is on, with what was changed in it before.
func (s *sandboxScreen) followMenu() {
	id := s.menu.selected()
	p, isPreset := s.menu.selectedPreset()
	f := s.forms[id]
	if f == nil && isPreset {
		f = newFormPane(s.look, p)
		s.tellMachine(f)
		s.forms[id] = f
	}
	if f == nil {
		return // a shell, or nothing was taken over yet: the form stays
	}
	if s.form != f {
		s.form = f
		s.menu.setCurrent(id)
		s.App.arrange()
	}
	s.formChanged()
}

// formChanged has the scripts follow the form. One that says nothing whole has none: those of the form before are of
// something else.
func (s *sandboxScreen) formChanged() {
	spec, err := s.form.spec()
	if err != nil {
		spec = nil
	}
	s.script.setSpec(spec)
}

func (a *App) takeProbed(msg probed) {
	a.asked, a.allowed = true, msg.machine
	s := a.sandboxScreen()
	for _, f := range s.forms {
		s.tellMachine(f)
	}
	s.formChanged()
}

// tellMachine tells a form what this machine is, or that it cannot be known.
func (s *sandboxScreen) tellMachine(f *formPane) {
	if s.asked && s.allowed == nil {
		f.goWithout()
		return
	}
	f.setMachine(s.allowed)
}

// errands asks the panes what they want to have worked out, and waits for what the shell that is shown writes.
func (s *sandboxScreen) errands() tea.Cmd {
	if s.session != nil && s.comparing {
		s.followSession()
		return s.beside.errands()
	}
	if s.session != nil {
		return tea.Batch(s.session.listen(), s.byHand.pull())
	}
	return tea.Batch(s.form.pull(), s.script.pull())
}

func (s *sandboxScreen) menuSection() section {
	sec := s.menu.section(s.chooseEntry)
	for _, b := range sec.bindings {
		do := b.do
		if b.footer != "" {
			continue // the one that launches
		}
		b.do = func() tea.Cmd {
			cmd := do()
			s.followMenu()
			return cmd
		}
	}
	return sec
}

// formSection is the form's keys; what they change shows in the scripts.
func (s *sandboxScreen) formSection() section {
	sec := s.form.section()
	for _, b := range sec.bindings {
		do := b.do
		b.do = func() tea.Cmd {
			cmd := do()
			s.formChanged()
			return cmd
		}
	}
	return sec
}

// chooseEntry launches what the menu's cursor is on, or shows the shell there.
func (s *sandboxScreen) chooseEntry() tea.Cmd {
	id := s.menu.selected()
	switch {
	case strings.HasPrefix(id, sessionID):
		s.turnTo(s.sessionNamed(id), true)
		return nil
	case id == likeID && s.forms[id] == nil:
		if why := s.noSelection(); why != "" {
			return s.say(warn, why)
		}
		return s.fillFromSelection()
	}
	if why := s.launchBlocked(); why != "" {
		s.setFocus(inForm) // whose cursor is on the row that has to be filled in
		return s.say(warn, why)
	}
	return s.launch(false)
}

// launchBlocked says why the form cannot be launched.
func (s *sandboxScreen) launchBlocked() string {
	if why := s.cannotChange(); why != "" {
		return why
	}
	return s.form.blocked()
}

// launch starts what the form says, in a terminal of its own.
func (s *sandboxScreen) launch(step bool) tea.Cmd {
	spec, notes, err := s.form.form.Spec()
	if err != nil {
		return s.say(bad, shown(err.Error()))
	}
	own := *spec
	own.Terminal = sandbox.TerminalAlways
	x, cmd := s.startSession(s.form.title, order{spec: &own, step: step, notes: notes})
	s.turnTo(x, false)
	return cmd
}

// likened is a form that was filled from a running process.
type likened struct {
	title string
	found *sandbox.Likeness
	err   error
}

// fillFromSelection fills a form as what is selected in the tree runs.
func (s *sandboxScreen) fillFromSelection() tea.Cmd {
	t, _ := s.treeTarget()
	machine := s.allowed
	return guarded(func() tea.Msg {
		found, err := sandbox.Like(t.PID, t.Start, machine)
		return likened{t.String(), found, err}
	})
}

// takeLikened shows a form that was filled, with what is not known of it.
func (s *sandboxScreen) takeLikened(msg likened) tea.Cmd {
	if msg.err != nil {
		return s.say(bad, shown(msg.err.Error()))
	}
	marks := map[string]mark{}
	for _, m := range msg.found.Marks {
		marks[m.Field] = mark{m.Known, m.Text}
	}
	f := newFormPane(s.look, sandbox.Presets()[0])
	s.tellMachine(f)
	f.beginAs("like "+text.Sanitise(msg.title), &msg.found.Spec, marks)
	s.forms[likeID], s.form = f, f
	s.showMenu()
	s.menu.setCurrent(likeID)
	s.menu.find(likeID)
	s.setFocus(inForm)
	s.formChanged()
	return s.say(plain, "as "+shown(msg.title)+" runs, as far as the kernel tells: ? marks what it does not")
}

// treeTarget is what is selected in the tree.
func (s *sandboxScreen) treeTarget() (t change.Target, why string) {
	return s.screens[numbered(1)].(targeter).target()
}

func (s *sandboxScreen) noSelection() string {
	if why := s.elsewhere(); why != "" {
		return why
	}
	if _, why := s.treeTarget(); why != "" {
		return "select a container or a process in the tree first (1): " + why
	}
	return ""
}

// menuStatus sums the form up in one line.
func (s *sandboxScreen) menuStatus() line {
	if x := s.sessionNamed(s.menu.selected()); x != nil && s.focus == inMenu {
		l := words(strong, x.name()).put(dim, " · "+text.Sanitise(x.kind)).gap(2)
		return append(l, x.stateWords(time.Now())...)
	}
	l := words(strong, text.Sanitise(s.form.title))
	if why := s.form.blocked(); why != "" {
		return l.gap(2).put(warn, why)
	}
	return l.gap(2).put(dim, "enter launches it, S step by step, tab shows its switches")
}

// scriptInFront is the script that y and w are about.
func (s *sandboxScreen) scriptInFront() *scriptPane {
	if s.session != nil {
		return s.byHand
	}
	return s.script
}

func (s *sandboxScreen) copyScript() tea.Cmd {
	p := s.scriptInFront()
	return s.copy(copyText{"the " + p.name() + " line", p.text()})
}

func (s *sandboxScreen) noScript() string {
	if s.scriptInFront().text() == "" {
		return "there is no text: the form says what is wrong"
	}
	return ""
}

func (s *sandboxScreen) cannotSave() string {
	if why := s.cannotChange(); why != "" {
		return why
	}
	return s.noScript()
}

// nextStage lets the launch do the next stage, and goes to the shell once all are done.
func (s *sandboxScreen) nextStage() tea.Cmd {
	if s.session.state != starting {
		return s.enterOrRestart()
	}
	if why := s.cannotGoOn(); why != "" {
		return s.say(warn, why)
	}
	s.answerStep(stepNext)
	return nil
}

// answerStep lets the launch go on, or stops it.
func (s *sandboxScreen) answerStep(a stepAnswer) {
	s.session.steps.answer(a)
	v := s.session.staged.launch
	v.state = launchAtWork
	s.session.staged.show(v)
}

// cannotGoOn says why the next stage cannot be done: it changes the system, which stopping does not.
func (s *sandboxScreen) cannotGoOn() string {
	if why := s.notStepping(); why != "" {
		return why
	}
	return s.cannotChange()
}

func (s *sandboxScreen) notStepping() string {
	switch {
	case s.session.stopped && s.session.state == starting:
		return "it is being stopped"
	case s.session.state != starting:
		return "the launch is over: enter goes to the shell"
	case s.session.staged.launch.state != launchWaits:
		return "the launch is at work on a stage"
	}
	return ""
}
