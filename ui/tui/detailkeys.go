package tui

func (s *treeScreen) makeDetailKeys() section {
	d := s.detail
	return section{"Detail", []*binding{
		bind("↑ k", "value above", does(func() { d.move(-1) }), "up", "k"),
		bind("↓ j", "value below", does(func() { d.move(1) }), "down", "j"),
		bind("pgup", "a page up", does(func() { d.move(-d.page()) }), "pgup", "ctrl+b"),
		bind("pgdn", "a page down", does(func() { d.move(d.page()) }), "pgdown", "ctrl+f"),
		bind("^U", "half a page up", does(func() { d.move(-d.page() / 2) }), "ctrl+u"),
		bind("^D", "half a page down", does(func() { d.move(d.page() / 2) }), "ctrl+d"),
		bind("g home", "first value", does(func() { d.move(-len(d.lines)) }), "g", "home"),
		bind("G end", "last value", does(func() { d.move(len(d.lines)) }), "G", "end"),
		bind("←", "tab at the left", does(func() { d.selectTab(d.tab - 1) }), "left"),
		bind("→", "tab at the right", does(func() { d.selectTab(d.tab + 1) }), "right"),
		bind("esc", "back to the tree", does(func() { s.setFocus(false) }), "esc").inFooter("tree"),
	}}
}

func (s *treeScreen) notWide() string {
	if !s.wide {
		return "this window shows one pane at a time already: tab goes to the other"
	}
	return ""
}

func (d *detailPane) page() int { return max(d.list.height-1, 1) }
