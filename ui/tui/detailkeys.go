package tui

func (s *treeScreen) makeDetailKeys() section {
	d := s.detail
	return section{"Detail", append(d.moveKeys(),
		bind("←", "tab at the left", does(func() { d.selectTab(d.tab - 1) }), "left"),
		bind("→", "tab at the right", does(func() { d.selectTab(d.tab + 1) }), "right"),
		bind("esc", "back to the tree", does(func() { s.setFocus(false) }), "esc").inFooter("tree"),
	)}
}

func (s *treeScreen) notWide() string {
	if !s.wide {
		return "this window shows one pane at a time already: tab goes to the other"
	}
	return ""
}
