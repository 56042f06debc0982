package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
)

func (s *compareScreen) makeCompareKeys() section {
	return section{"Compare", append(s.rowKeys(),
		bind(":", "run a command in both", s.runs.open, ":").inFooter("run in both"),
		bind("o", "the other way round", does(s.swap), "o").inFooter("swap"),
		bind("[", "the container before at the right", s.otherContainer(-1), "[").unless(s.noContainers),
		bind("]", "the next container at the right", s.otherContainer(1), "]").unless(s.noContainers),
		bind("H", "the host at the left", does(func() { s.left = compareChoice{title: "host"}; s.changed() }), "H"),
		bind("f", "at the left the same as a saved snapshot has it", does(s.startSaved), "f").unless(s.nothingCompared),
		bind("w", "save a snapshot of now", does(s.startSnapshot), "w").unless(s.cannotSnapshot).inFooter("save"),
		s.enterKey("enter what is at the right", s.target),
	)}
}

// rowKeys are what works on the rows, wherever they are shown.
func (s *compareScreen) rowKeys() []*binding {
	page := func() int { return max(s.list.height-1, 1) }
	return []*binding{
		bind("↑ k", "row above", does(func() { s.moveTo(s.list.cursor - 1) }), "up", "k"),
		bind("↓ j", "row below", does(func() { s.moveTo(s.list.cursor + 1) }), "down", "j"),
		bind("pgup", "a page up", does(func() { s.moveTo(s.list.cursor - page()) }), "pgup", "ctrl+b"),
		bind("pgdn", "a page down", does(func() { s.moveTo(s.list.cursor + page()) }), "pgdown", "ctrl+f"),
		bind("^U", "half a page up", does(func() { s.moveTo(s.list.cursor - page()/2) }), "ctrl+u"),
		bind("^D", "half a page down", does(func() { s.moveTo(s.list.cursor + page()/2) }), "ctrl+d"),
		bind("g home", "first row", does(func() { s.moveTo(0) }), "g", "home"),
		bind("G end", "last row", does(func() { s.moveTo(len(s.lines) - 1) }), "G", "end"),
		bind("=", "only what differs, or all", does(func() { s.only = !s.only; s.changed() }), "=").inFooter("differences"),
		bind("space", "fold a group, or unfold it", does(s.toggleFold), "space", "left", "right").inFooter("fold"),
		bind("* E", "fold all groups, or unfold all", does(s.toggleFolds), "*", "E"),
		bind("/", "filter as you type", does(s.startFilter), "/"),
		bind(".", "the whole values, and where they come from", does(func() { s.sources = !s.sources; s.changed() }), ".").inFooter("source"),
		bind("y", "copy the value at the right", s.copyRight, "y").unless(s.noRow),
		bind("Y", "copy the command that shows it", s.copyRightCommand, "Y").unless(s.noRow),
	}
}

func (s *compareScreen) swap() {
	s.left, s.right = s.right, s.left
	if s.right.title == "" {
		s.right.title = "host"
	}
	s.changed()
}

// otherContainer turns the right side to the next container.
func (s *compareScreen) otherContainer(step int) func() tea.Cmd {
	return func() tea.Cmd {
		list := s.snap.Containers
		at := slices.IndexFunc(list, func(c *inspect.Container) bool { return c.Key == s.right.key })
		if at < 0 && step < 0 {
			at = 0
		}
		c := list[(at+step+len(list))%len(list)]
		if p := s.snap.Stands(c); p != nil {
			s.right = compareChoice{key: c.Key, title: c.Name + " (" + c.Engine + " container)"}
			s.result.err = nil
			s.changed()
		}
		return nil
	}
}

func (s *compareScreen) noContainers() string {
	if s.snap == nil || len(s.snap.Containers) == 0 {
		return "no container runs here"
	}
	return ""
}

// startFilter lets the person type what rows must hold.
func (s *compareScreen) startFilter() {
	s.input = &input{
		prompt: "/", field: newTextField(s.filter), change: s.setFilter,
		cancel: func() { _ = s.setFilter("") },
		hint:   func() string { return "enter keeps it, esc clears it" },
	}
}

func (s *compareScreen) noRow() string {
	if r := s.selected(); r == nil || r.Right == nil || !r.Right.How.OK() {
		return "there is no value at the right of this row"
	}
	return ""
}

func (s *compareScreen) copyRight() tea.Cmd {
	r := s.selected()
	return s.copy(copyText{r.Label, r.Right.Text})
}

func (s *compareScreen) copyRightCommand() tea.Cmd {
	r := s.selected()
	if r.Right.From.Command == "" {
		return s.say(warn, "this value has no command of its own")
	}
	return s.copy(copyText{"the command", r.Right.From.Command})
}

// compareIt shows what is selected in the tree beside the host, or beside what was marked.
func (s *treeScreen) compareIt() tea.Cmd {
	t, _ := s.target()
	return s.compareTarget(t)
}

// markIt has the next comparison be with what is selected; a second time with the host again.
func (s *treeScreen) markIt() tea.Cmd {
	t, _ := s.target()
	if s.marked != nil && s.marked.PID == t.PID && s.marked.Start == t.Start {
		s.marked = nil
		return s.say(plain, "compared with the host again")
	}
	s.marked = &t
	return s.say(good, "marked "+shown(t.String())+": c on another compares the two")
}

func (s *treeScreen) cannotCompare() string {
	_, why := s.target()
	return why
}
