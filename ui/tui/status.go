package tui

// statusLine sums up the selection where there is no room for the detail beside the tree.
func (a *App) statusLine() string {
	l := line{}.gap(1)
	if a.focus == focusTree {
		l = append(append(l, a.detail.title()...).gap(2), a.detail.note()...)
	}
	return a.draw(l, a.w, onBase)
}
