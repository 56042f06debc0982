package tui

import (
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
			bind("a", "fill the form as what is selected in the tree runs", s.fillFromSelection, "a").inFooter("as selected").unless(s.noSelection),
			bind("y", "copy the command that does the same", s.copyScript, "y").inFooter("copy").unless(s.noScript),
			bind("w", "write it into a file", does(s.startSave), "w").unless(s.cannotSave),
			bind("tab", "the next pane", does(func() { s.nextPane(1) }), "tab"),
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
			bind("c", "to the end", does(func() { s.answerStep(stepRun) }), "c").inFooter("to the end").unless(s.notStepping),
			bind("q", "stop the launch; nothing stays behind", does(func() { s.answerStep(stepStop) }), "q").inFooter("stop").unless(s.notStepping),
		}},
		over: section{"Shells", []*binding{
			bind("^] F12", "leave the shell; once more types ^] into it", s.typeLeave, "ctrl+]", "f12"),
			bind("z", "give the shell the whole window; ^] comes back", does(s.zoom), "z").inFooter("zoom").unless(s.cannotZoom),
			bind("N", "another: the launch menu", does(s.showMenu), "N").inFooter("new"),
			bind("[", "the shell before", func() tea.Cmd { return s.otherSession(-1) }, "[").unless(s.noOther),
			bind("]", "the next shell", func() tea.Cmd { return s.otherSession(1) }, "]").unless(s.noOther).inFooter("switch"),
			bind("X", "stop it with everything in it", does(s.askStop), "X").inFooter("stop").unless(s.cannotStop),
			bind("D", "forget one that ended", does(func() { s.forget(s.session) }), "D").unless(s.notOver),
			bind("tab", "the next pane", does(func() { s.nextPane(1) }), "tab"),
			bind("shift+tab", "the pane before", does(func() { s.nextPane(-1) }), "shift+tab"),
		}},
	}
}

func (s *sandboxScreen) sections() (active, rest []section) {
	k := &s.keys
	if s.session == nil {
		front := map[place]section{inMenu: k.menu, inForm: s.formSection(), inScript: s.script.section()}
		active = []section{front[s.focus]}
		if s.focus != inMenu {
			active = append(active, k.starting)
		}
		return append(active, k.choosing), []section{k.shell, k.over, k.stepping}
	}
	front := k.shell
	switch {
	case s.focus == inKernel:
		front = s.session.kernel.keys(s.copy)
	case s.focus == inByHand:
		front = s.byHand.section()
	case s.stepping():
		return []section{k.stepping, s.session.staged.keys(s.copy), k.over}, []section{k.shell, k.menu, k.choosing}
	}
	return []section{front, k.over}, []section{k.menu, k.choosing, k.stepping}
}
