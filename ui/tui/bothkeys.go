package tui

// makeBothKeys are what works in both panes.
func (s *treeScreen) makeBothKeys() section {
	t, d := s.tree, s.detail
	return section{"Tree and detail", []*binding{
		s.enterKey("enter it: a shell or a command in its namespaces", s.target).inFooter("enter"),
		bind("c", "compare it with the host, or with what V marked", s.compareIt, "c").inFooter("compare").unless(s.cannotCompare),
		bind("V", "mark it, to be compared with", s.markIt, "V").unless(s.cannotCompare),
		bind("s", "sandbox: the launch menu, and the shells", s.showSandbox, "s").inFooter("sandbox"),
		bind("/", "filter as you type", does(s.startFilter), "/").inFooter("filter"),
		bind("t", "group by container, process, namespace or cgroup", does(t.nextGrouping), "t"),
		bind("T", "the same backwards", does(t.previousGrouping), "T"),
		bind("n", "next match", does(func() { t.nextMatch(1) }), "n").unless(t.noFilter),
		bind("N", "previous match", does(func() { t.nextMatch(-1) }), "N").unless(t.noFilter),
		bind("#", "jump to a PID while typing it", does(s.startJump), "#"),
		bind("K", "show or hide kernel threads", does(func() { t.wish(func(w *treeSpec) { w.kernel = !w.kernel }) }), "K"),
		bind("F", "follow the selection when rows move", does(t.toggleFollow), "F"),

		bind("tab", "the other pane", does(func() { s.setFocus(!s.inDetail) }), "tab", "shift+tab"),
		bind("[", "tab at the left", does(func() { d.selectTab(d.tab - 1) }), "["),
		bind("]", "tab at the right", does(func() { d.selectTab(d.tab + 1) }), "]"),
		bind("z", "give the whole window to one pane, or share it again", does(s.toggleZoom), "z").unless(s.notWide),
		bind(".", "the source of the value: file, raw text, meaning, equal command", does(s.toggleSource), ".").inFooter("source"),
		bind("y", "copy the value", s.copyValue, "y").unless(s.nothingToCopy),
		bind("Y", "copy the shell command that shows the same", s.copyCommand, "Y").unless(s.noCommand),
		bind("v", "reveal or mask secrets of the environment", does(d.toggleReveal), "v").unless(d.noSecrets),
	}}
}
