package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// sandboxKeys are the keys of the screen's panes.
type sandboxKeys struct {
	menu, starting  section // the launch menu, and what launches from the form and the scripts
	choosing        section // what works in all three
	shell, stepping section
	over            section // a session, in any of its panes
}

func (s *sandboxScreen) makeSandboxKeys() sandboxKeys {
	return sandboxKeys{
		menu: s.menuSection(),
		starting: section{"Launch from the form", []*binding{
			bind("s", "launch what the form says", func() tea.Cmd { return s.launch(false) }, "s").inFooter("start").unless(s.launchBlocked),
		}},
		choosing: section{"Launch", []*binding{
			bind("S", "launch it step by step", func() tea.Cmd { return s.launch(true) }, "S").inFooter("step by step").unless(s.launchBlocked),
			s.tabKey(),
			bind("a", "fill the form as what is selected in the tree runs", s.fillFromSelection, "a").inFooter("from the tree").unless(s.noSelection),
			bind("y", "copy the command that does the same", s.copyScript, "y").inFooter("copy").unless(s.noScript),
			bind("w", "write it into a file", does(s.startSave), "w").unless(s.cannotSave),
			bind("shift+tab", "the pane before", does(func() { s.nextPane(-1) }), "shift+tab"),
		}},
		shell: section{"Shell", []*binding{
			bind("enter", "type into the shell; one that ended is started again", s.enterOrRestart, "enter").inFooter("type").unless(s.cannotEnter),
			bind("↑ k", "a line back", does(func() { s.shell.scroll(-1) }), "up", "k"),
			bind("↓ j", "a line on", does(func() { s.shell.scroll(1) }), "down", "j"),
			bind("pgup", "a page back", does(func() { s.shell.scroll(-s.shell.inner().h) }), "pgup"),
			bind("pgdn", "a page on", does(func() { s.shell.scroll(s.shell.inner().h) }), "pgdown"),
			bind("g home", "as far back as is kept", does(func() { s.shell.scroll(-1 << 20) }), "g", "home"),
			bind("G end", "the newest", does(func() { s.shell.scroll(1 << 20) }), "G", "end"),
			bind("y", "copy what is seen; the mouse marks a part", s.copySeen, "y").unless(s.nothingSeen),
		}},
		stepping: section{"Step by step", []*binding{
			bind("n enter", "the next stage; after the last one, the shell", s.nextStage, "n", "enter").inFooter("next"),
			bind("c", "to the end", does(func() { s.answerStep(stepRun) }), "c").inFooter("to the end").unless(s.cannotGoOn),
			bind("q", "stop the launch; nothing stays behind", does(func() { s.answerStep(stepStop) }), "q").inFooter("stop").unless(s.notStepping),
		}},
		over: section{"Shells", []*binding{
			bind("^] F12", "leave the shell; once more types ^] into it", s.typeLeave, "ctrl+]", "f12"),
			s.tabKey(),
			bind("z", "give the shell the whole window; ^] comes back", does(s.zoom), "z").inFooter("zoom").unless(s.cannotZoom),
			bind("c", "compare it with the host, or with what V marked", s.compareIt, "c").unless(s.cannotCompare),
			bind("C", "the comparison with the host beside the shell, or what the kernel says again", does(s.toggleComparing), "C").inFooter("compare"),
			bind("N", "another: the launch menu", does(func() { s.before = inMenu; s.showMenu() }), "N").inFooter("new"),
			bind("[", "the shell before", does(func() { s.otherSession(-1) }), "[").unless(s.noOther),
			bind("]", "the next shell", does(func() { s.otherSession(1) }), "]").unless(s.noOther).inFooter("switch"),
			bind("X", "stop it with everything in it, or its launch", does(s.stop), "X").inFooter("stop").unless(s.cannotStop),
			bind("D", "forget one that ended", does(func() { s.forget(s.session) }), "D").unless(s.notOver),
			bind("shift+tab", "the pane before", does(func() { s.nextPane(-1) }), "shift+tab"),
		}},
	}
}

// tabKey goes to the next pane, which the footer names.
func (s *sandboxScreen) tabKey() *binding {
	return bind("tab", "the next pane", does(func() { s.nextPane(1) }), "tab")
}

// paneNames are what the footer calls the panes.
var paneNames = [places]string{"menu", "switches", "script", "shell", "kernel", "script"}

// nameKeys has the footer say what keys do now.
func (s *sandboxScreen) nameKeys() {
	for _, b := range s.keys.menu.bindings {
		switch {
		case b.footer != "" && strings.HasPrefix(s.menu.selected(), sessionID):
			b.footer = "go to it"
		case b.footer != "":
			b.footer = "launch"
		}
	}
	waits := s.session != nil && s.session.state == starting && s.session.steps != nil
	for _, sec := range []section{s.keys.choosing, s.keys.over, s.keys.shell, s.keys.stepping} {
		for _, b := range sec.bindings {
			switch key := b.Keys()[0]; {
			case key == "n" && waits:
				b.footer = "next"
			case key == "n":
				b.footer = "to the shell"
			case key == "X" && waits:
				b.footer = "" // there is one for that launch
			case key == "X":
				b.footer = "stop"
			case key == "tab":
				b.footer = paneNames[s.paneAfter(1)]
			case key == "enter" && s.session.over():
				b.footer = "again"
			case key == "enter":
				b.footer = "type"
			case key == "D" && s.session.over():
				b.footer = "forget"
			case key == "D":
				b.footer = ""
			}
		}
	}
}

func (s *sandboxScreen) sections() (active, rest []section) {
	k := &s.keys
	s.nameKeys()
	if s.session == nil {
		front := map[place]section{inMenu: k.menu, inForm: s.formSection(), inScript: s.script.section()}
		active = []section{front[s.focus]}
		if s.focus != inMenu {
			active = append(active, k.starting)
		}
		return s.withRest(append(active, k.choosing)...)
	}
	front := k.shell
	switch {
	case s.focus == inKernel && s.comparing:
		front = section{"Compared with the host", s.beside.rowKeys()}
	case s.focus == inKernel:
		front = s.session.kernel.keys(s.copy)
	case s.focus == inByHand:
		front = s.byHand.section()
	case s.stepping():
		return s.withRest(k.stepping, s.session.staged.keys(s.copy), k.over)
	}
	return s.withRest(front, k.over)
}

// allSections are the keys of all panes of the screen.
func (s *sandboxScreen) allSections() []section {
	k := &s.keys
	return []section{
		k.menu, s.formSection(), s.script.section(), k.starting, k.choosing, k.shell, k.over, k.stepping,
		(&stepPane{}).keys(s.copy), (&kernelPane{}).keys(s.copy),
	}
}

// withRest tells which keys work, and which of the screen's do in other panes.
func (s *sandboxScreen) withRest(works ...section) (active, rest []section) {
	rest = slices.DeleteFunc(s.allSections(), func(other section) bool {
		return slices.ContainsFunc(works, func(one section) bool { return one.name == other.name })
	})
	return works, rest
}
