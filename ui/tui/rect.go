package tui

// rect is a part of the window, in cells.
type rect struct{ x, y, w, h int }

// has tells whether a cell lies within.
func (r rect) has(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// inset is the rect within a frame.
func (r rect) inset() rect { return rect{r.x + 1, r.y + 1, max(r.w-2, 0), max(r.h-2, 0)} }

// top and below split a rect after some rows.
func (r rect) top(rows int) rect {
	r.h = min(max(rows, 0), r.h)
	return r
}

func (r rect) below(rows int) rect {
	rows = min(max(rows, 0), r.h)
	r.y, r.h = r.y+rows, r.h-rows
	return r
}

// left splits a rect after some columns.
func (r rect) left(columns int) (left, rest rect) {
	columns = min(max(columns, 0), r.w)
	left, rest = r, r
	left.w = columns
	rest.x, rest.w = r.x+columns, r.w-columns
	return left, rest
}
