package vterm

import "github.com/charmbracelet/x/ansi"

// Marked is the line with the characters that begin in the cells from..to, the last not included, in reverse, as a selection
// looks.
func (l Line) Marked(from, to int) Line {
	if from >= to {
		return l
	}
	var out Line
	x := 0
	for _, r := range l {
		if x+r.Width <= from || x >= to {
			out = append(out, r)
			x += r.Width
			continue
		}
		for rest := r.Text; rest != ""; {
			c, width := ansi.FirstGraphemeCluster(rest, ansi.GraphemeWidth)
			part := Run{Text: c, Style: r.Style, Width: width}
			if x >= from && x < to {
				part.Style.Attrs ^= Reverse
			}
			if n := len(out); n > 0 && len(rest) < len(r.Text) && out[n-1].Style == part.Style {
				out[n-1].Text, out[n-1].Width = out[n-1].Text+c, out[n-1].Width+width
			} else {
				out = append(out, part)
			}
			rest, x = rest[len(c):], x+width
		}
	}
	return out
}
