package tui

import (
	"strings"

	"cutaway/ui/text"
)

// look is what every part of the screen draws with.
type look struct {
	*theme
	glyphs *text.Glyphs
}

// frame draws a border around lines, with a title at the left and a note at the right of its top. The lines are width-2
// cells wide; missing ones are blank, and what is too much is cut.
func (lk look) frame(r rect, title, note line, lines []string, focused bool) []string {
	if r.w < 2 || r.h < 2 {
		return lk.area(r, nil)
	}
	border := dim
	if focused {
		border = accent
	}
	g := lk.glyphs
	out := make([]string, 0, r.h)
	out = append(out, lk.frameTop(r.w, title, note, border))
	side := lk.draw(line{{border, g.Vertical}}, 1, onBase)
	empty := blanks(r.w - 2)
	for i := range r.h - 2 {
		body := empty
		if i < len(lines) {
			body = lines[i]
		}
		out = append(out, side+body+side)
	}
	bottom := line{{border, g.BottomLeft + strings.Repeat(g.Horizontal, r.w-2) + g.BottomRight}}
	return append(out, lk.draw(bottom, r.w, onBase))
}

func (lk look) frameTop(w int, title, note line, border style) string {
	g := lk.glyphs
	title = title.fit(max(w-6, 0))
	if title.width()+note.width() > w-10 {
		note = nil
	}
	top := line{}.put(border, g.TopLeft+g.Horizontal)
	top = append(top.gap(1), title...).gap(1)
	tail := 1
	if len(note) > 0 {
		tail = note.width() + 3
	}
	top = top.put(border, strings.Repeat(g.Horizontal, max(w-top.width()-tail, 0)))
	if len(note) > 0 {
		top = append(top.gap(1), note...).gap(1)
	}
	return lk.draw(top.put(border, g.TopRight), w, onBase)
}

// area fills a rect with drawn lines and blanks.
func (lk look) area(r rect, lines []string) []string {
	out := make([]string, 0, r.h)
	for i := range r.h {
		if i < len(lines) {
			out = append(out, lines[i])
		} else {
			out = append(out, blanks(r.w))
		}
	}
	return out
}

// beside joins two blocks of the same height.
func beside(left, right []string) []string {
	out := make([]string, len(left))
	for i := range left {
		out[i] = left[i]
		if i < len(right) {
			out[i] += right[i]
		}
	}
	return out
}
