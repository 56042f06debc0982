package tui

import (
	"slices"

	"cutaway/inspect"
	"cutaway/inspect/users"
	"cutaway/sandbox"
	"cutaway/ui/text"
)

var _ = registerScreen(5, newSandboxScreen)

// sandboxScreen is the launch menu, and the shells with what the kernel says about them.
type sandboxScreen struct {
	*App
	body rect
	wide bool

	session *session // that is shown; nil shows the menu
	focus   place    // the pane that has the keys
	before  place    // the pane of the menu that had them
	zoomed  bool     // the shell has the whole window

	menu      *launchMenu
	forms     map[string]*formPane // by the menu's entry, each with what was changed in it
	form      *formPane            // the one that is shown
	script    *scriptPane          // of the form
	shell     *shellPane
	byHand    *scriptPane    // of the session
	beside    *compareScreen // the comparison with the host, in place of what the kernel says
	comparing bool           // it is shown
	users     *users.DB

	rects [places]rect
	keys  sandboxKeys
}

// place is a pane of the screen.
type place uint8

const (
	inMenu place = iota
	inForm
	inScript
	inShell // the steps, while a launch stops before each
	inKernel
	inByHand
	places
)

func newSandboxScreen(a *App) screen {
	s := &sandboxScreen{App: a, menu: newLaunchMenu(a.look), forms: map[string]*formPane{}, script: newScriptPane(a.look)}
	s.shell, s.byHand, s.users = &shellPane{look: a.look}, newScriptPane(a.look), a.names()
	s.beside = newCompareScreen(a).(*compareScreen)
	s.keys = s.makeSandboxKeys()
	s.followMenu()
	return s
}

// sandboxScreen is the screen of the shells, whichever is shown.
func (a *App) sandboxScreen() *sandboxScreen { return a.screens[numbered(5)].(*sandboxScreen) }

func (s *sandboxScreen) title() string { return "Sandbox" }

func (s *sandboxScreen) setLook(lk look) {
	s.menu.setLook(lk)
	for _, f := range s.forms {
		f.setLook(lk)
	}
	s.script.setLook(lk)
	s.byHand.setLook(lk)
	s.shell.look = lk
	s.shell.version++
	for _, x := range s.sessions.list {
		x.kernel.setLook(lk)
		x.staged.setLook(lk)
	}
}

// stepping tells whether the steps are where the shell will be. There are none while a root is unpacked.
func (s *sandboxScreen) stepping() bool {
	x := s.session
	return x != nil && x.steps != nil && len(x.staged.launch.steps) > 0 && (x.state == starting || x.showSteps)
}

// panes are those of what is shown, in the order of tab.
func (s *sandboxScreen) panes() []place {
	if s.session == nil {
		return []place{inMenu, inForm, inScript}
	}
	list := []place{inShell, inKernel}
	if s.session.order.spec != nil {
		list = append(list, inByHand)
	}
	return list
}

// What the panes take of a wide body, and from which size on there is room for another.
const (
	launchMenuLeast, launchMenuMost = 30, 36
	scriptBeside                    = 150 // columns for the script beside the form, not below it
	handHeight                      = 30  // rows for the script below what the kernel says
)

// arrange lays the panes out: side by side in a wide window, else one alone.
func (s *sandboxScreen) arrange(body rect, wide bool) {
	s.body, s.wide = body, wide
	s.rects = [places]rect{}
	switch {
	case s.session == nil && wide:
		s.arrangeMenu(body)
	case s.session != nil && wide && !s.zoomed:
		s.arrangeShell(body)
	default:
		s.rects[s.focus] = body
	}
	framed := wide && !s.zoomed
	s.menu.setSize(s.rects[inMenu], framed)
	s.form.setSize(s.rects[inForm], framed)
	s.script.setSize(s.rects[inScript], framed)
	s.shell.setSize(s.rects[inShell], framed)
	if s.session != nil {
		s.session.staged.setSize(s.rects[inShell], framed)
		s.session.kernel.setSize(s.rects[inKernel], framed)
	}
	s.byHand.setSize(s.rects[inByHand], framed)
	size := s.shellSize()
	for _, x := range s.sessions.list {
		if x.term != nil && x.state == running {
			x.term.Resize(size.w, size.h)
		}
	}
	s.shell.changed()
}

func (s *sandboxScreen) arrangeMenu(body rect) {
	menu := min(max(body.w/6, launchMenuLeast), launchMenuMost)
	left, rest := body.left(menu)
	s.rects[inMenu] = left
	if body.w >= scriptBeside {
		s.rects[inForm], s.rects[inScript] = rest.left(rest.w * 3 / 5)
		return
	}
	s.rects[inForm] = rest.top(rest.h * 3 / 5)
	s.rects[inScript] = rest.below(rest.h * 3 / 5)
}

func (s *sandboxScreen) arrangeShell(body rect) {
	left, right := body.left(body.w * 53 / 100)
	s.rects[inShell], s.rects[inKernel] = left, right
	if body.h >= handHeight && s.session.order.spec != nil && !s.comparing {
		hand := body.h / 3
		s.rects[inKernel] = right.top(right.h - hand)
		s.rects[inByHand] = right.below(right.h - hand)
	}
}

// shellSize is how large a shell's terminal is: as the pane is that will show it, whatever is shown now.
func (a *App) shellSize() rect {
	s := a.sandboxScreen()
	switch {
	case s.rects[inShell].w > 0:
		s.shell.setSize(s.rects[inShell], s.wide && !s.zoomed)
		return s.shell.inner()
	case s.wide:
		left, _ := s.body.left(s.body.w * 53 / 100)
		return left.inset()
	case s.body.w == 0:
		return rect{w: 80, h: 24}
	default:
		return s.body
	}
}

func (s *sandboxScreen) view() []string {
	if s.session == nil {
		if !s.wide {
			return s.viewOf(s.focus)
		}
		if s.rects[inForm].h == s.body.h {
			return beside(s.viewOf(inMenu), beside(s.viewOf(inForm), s.viewOf(inScript)))
		}
		return beside(s.viewOf(inMenu), slices.Concat(s.viewOf(inForm), s.viewOf(inScript)))
	}
	if !s.wide || s.zoomed {
		return s.viewOf(s.focus)
	}
	right := s.viewOf(inKernel)
	if s.rects[inByHand].h > 0 {
		right = slices.Concat(right, s.viewOf(inByHand))
	}
	return beside(s.viewOf(inShell), right)
}

func (s *sandboxScreen) viewOf(p place) []string {
	focused := p == s.focus
	switch p {
	case inMenu:
		s.menu.setEntries(s.entries())
		return s.menu.view(focused)
	case inForm:
		return s.form.view(focused)
	case inScript:
		return s.script.view(focused)
	case inKernel:
		if s.comparing {
			return s.beside.pane(s.rects[inKernel], focused)
		}
		return s.session.kernel.view(focused)
	case inByHand:
		return s.byHand.view(focused)
	}
	if s.stepping() {
		return s.session.staged.view(focused)
	}
	return s.shell.view(focused)
}

// setFocus gives the keys to a pane; in a small window it is also the one that is seen.
func (s *sandboxScreen) setFocus(p place) {
	s.focus = p
	s.App.arrange()
}

// nextPane gives the keys to the next pane that there is room for.
func (s *sandboxScreen) nextPane(step int) { s.setFocus(s.paneAfter(step)) }

// paneAfter is the pane that comes some steps after the one with the keys.
func (s *sandboxScreen) paneAfter(step int) place {
	list := s.panes()
	if s.wide {
		list = slices.DeleteFunc(slices.Clone(list), func(p place) bool { return s.rects[p].w == 0 })
	}
	if len(list) == 0 { // the window is too small for any
		return s.focus
	}
	at := max(slices.Index(list, s.focus), 0)
	return list[(at+step+len(list))%len(list)]
}

// back leaves the shell for the menu.
func (s *sandboxScreen) back() bool {
	switch {
	case s.session == nil && s.focus != inMenu:
		s.setFocus(inMenu)
	case s.session == nil:
		return false
	case s.focus != inShell:
		s.setFocus(inShell)
	default:
		s.showMenu()
	}
	return true
}

// showMenu shows the launch menu.
func (s *sandboxScreen) showMenu() {
	if s.session == nil {
		return
	}
	s.session, s.zoomed, s.shell.typing = nil, false, false
	s.shell.turnTo(nil)
	s.setFocus(s.before)
}

// turnTo shows a session; typing has keys go to its shell.
func (s *sandboxScreen) turnTo(x *session, typing bool) {
	if s.session == nil {
		s.before = s.focus
	}
	s.session = x
	s.shell.turnTo(x)
	s.shell.typing = typing && x.state == running
	if x.order.spec != nil {
		s.byHand.setSpec(x.order.spec)
	}
	s.focus = inShell
	s.App.arrange()
	if x.state != starting { // there is nothing to be seen of it yet, and a look takes time from the launch
		s.feed.due = true
	}
}

func (s *sandboxScreen) status() line {
	if s.session == nil {
		return s.menuStatus()
	}
	l := words(strong, s.session.name()).put(dim, " · "+text.Sanitise(s.session.kind)).gap(2)
	l = append(l, s.session.stateWords(s.now())...)
	if notes := s.session.notes; len(notes) > 0 {
		l = l.gap(2).put(warn, text.Sanitise(notes[0]))
	}
	return l
}

func (s *sandboxScreen) chips() line {
	if n := s.alive(); n > 0 {
		return line{}.gap(2).put(good, plural(n, "shell"))
	}
	return nil
}

func (s *sandboxScreen) mask() string {
	if s.session != nil {
		return s.session.kernel.mask()
	}
	return ""
}

// wish has the names of users looked up.
func (s *sandboxScreen) wish() (int, func(*inspect.Snapshot) any) {
	return 0, func(snap *inspect.Snapshot) any { return userNames(snap, s.users) }
}

func (s *sandboxScreen) show(snap *inspect.Snapshot, made any) {
	for _, x := range s.sessions.list {
		x.find(snap)
	}
	for _, x := range s.sessions.list {
		if x.first != (inspect.ID{}) && !x.over() {
			x.kernel.show(snap, made.(map[uint32]string))
		}
	}
}

func (s *sandboxScreen) reads() (inspect.ID, inspect.Part, bool) {
	if s.session == nil || s.session.over() {
		return inspect.ID{}, 0, false
	}
	id, ok := s.session.kernel.wants()
	return id, inspect.PartMounts, ok
}

func (s *sandboxScreen) takeDetail(d *inspect.Detail) {
	if s.session != nil {
		s.session.kernel.take(d)
	}
}

// whole tells whether the shell has the window.
func (s *sandboxScreen) whole() bool { return s.zoomed && s.session != nil }

// started shows a session that runs now.
func (s *sandboxScreen) started(x *session) {
	if x == s.session {
		x.showSteps = x.steps != nil
		s.turnTo(x, x.steps == nil)
	}
}

// notStarted tells why a session did not start. A target without a shell is offered again, with the host's tools.
func (s *sandboxScreen) notStarted(x *session) {
	if x.steps != nil {
		v := x.staged.launch
		v.state, v.err = launchFailed, x.err
		x.staged.show(v)
		x.showSteps = len(v.steps) > 0
	}
	s.shell.typing = false
	s.shell.changed()
	e := x.order.entry
	if e != nil && sandbox.ExitCode(x.err) == 127 {
		again := *e
		s.forget(x)
		d := newEnterDialog(s.look, x.order.target)
		if len(e.Command) == 0 {
			again.HostTools = true
			s.open(d.again(&again, words(warn, "There is no shell in it. ").put(plain, "Enter starts one of the host's, with its processes in /proc.")))
		} else {
			s.open(d.again(&again, words(warn, "It has no "+shown(e.Command[0])+". ").put(plain, "The host's tools may have it: choose them below files.")))
		}
	}
}

// sessionOver leaves the shell of a session that ended to the screen's keys.
func (s *sandboxScreen) sessionOver(x *session) {
	x.kernel.end(x.ended, x.howEnded())
	if x == s.session {
		s.shell.typing = false
		s.zoomed = false
		s.App.arrange()
		s.shell.changed()
	}
}

// forget takes a session off the list.
func (s *sandboxScreen) forget(x *session) {
	i := slices.Index(s.sessions.list, x)
	if i < 0 {
		return
	}
	s.sessions.list = slices.Delete(s.sessions.list, i, i+1)
	if s.session == x {
		s.showMenu()
	}
}
