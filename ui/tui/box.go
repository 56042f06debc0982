package tui

import "strings"

// boxAt is where box draws a box of width w around so many lines in r.
func boxAt(r rect, w, lines int) rect {
	return rect{r.x + (r.w-w)/2, r.y + dialogTop(r, lines), w, min(lines+2, r.h)}
}

// box frames lines in the middle of r, one cell from the frame.
func (lk look) box(r rect, w int, title, note line, lines []line) []string {
	drawn := make([]string, len(lines))
	for i, l := range lines {
		drawn[i] = lk.draw(append(line{}.gap(1), l.fit(w-4)...), w-2, onBase)
	}
	return lk.centred(r, w, title, note, drawn)
}

// rule is a line across a box; more says at its end how to see what does not fit below, if something does not.
func (lk look) rule(width int, overflows bool, more string) line {
	if !overflows || width < len(more)+6 {
		return words(dim, strings.Repeat(lk.glyphs.Horizontal, max(width, 0)))
	}
	return words(dim, strings.Repeat(lk.glyphs.Horizontal, width-len(more)-4)).gap(1).put(dim, more).gap(1).put(dim, strings.Repeat(lk.glyphs.Horizontal, 2))
}

// pointer marks the line of a box that the cursor is on, in a cell of its own: colour must not be the only sign.
func (lk look) pointer(on bool) line {
	if on {
		return words(accent, ">")
	}
	return words(plain, " ")
}

// scrolled is the part of lines that fits into height, from top on, which is corrected; and how many lines there is room for.
func scrolled(lines []line, top *int, height int) ([]line, int) {
	height = max(height, 1)
	*top = min(max(*top, 0), max(len(lines)-height, 0))
	return lines[*top:min(*top+height, len(lines))], height
}

// around is the part of lines that fits into height and has those from first to last in it, with the change to top that this
// takes.
func around(lines []line, first, last int, top *int, height int) []line {
	if last >= *top+height {
		*top = last - height + 1
	}
	*top = min(*top, first)
	shown, _ := scrolled(lines, top, height)
	return shown
}
