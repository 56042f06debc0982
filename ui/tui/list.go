package tui

// list is the cursor and the window of a list of which only the visible rows are drawn.
type list struct {
	cursor int // the selected row
	top    int // the first visible row
	height int // visible rows
	n      int // rows in all
}

// resize keeps the cursor in the window when it was there.
func (l *list) resize(height int) {
	seen := l.visible(l.cursor)
	l.height = max(height, 0)
	l.clamp()
	if seen {
		l.show()
	}
}

func (l *list) setLen(n int) {
	l.n = n
	l.clamp()
}

func (l *list) clamp() {
	l.cursor = min(max(l.cursor, 0), max(l.n-1, 0))
	l.top = min(max(l.top, 0), max(l.n-l.height, 0))
}

func (l *list) visible(row int) bool { return row >= l.top && row < l.top+l.height }

// show moves the window as little as it must for the cursor to be in it.
func (l *list) show() {
	if l.cursor < l.top {
		l.top = l.cursor
	}
	if l.cursor >= l.top+l.height {
		l.top = l.cursor - l.height + 1
	}
	l.clamp()
}

// moveTo puts the cursor on a row.
func (l *list) moveTo(row int) {
	l.cursor = row
	l.clamp()
	l.show()
}

// reveal puts the cursor on a row, and the row into the middle of the window when it was outside.
func (l *list) reveal(row int) {
	l.cursor = row
	l.clamp()
	if !l.visible(l.cursor) {
		l.top = l.cursor - l.height/2
		l.clamp()
	}
}

// scroll moves the window and leaves the cursor where it is, as a wheel does.
func (l *list) scroll(rows int) {
	l.top += rows
	l.clamp()
}
