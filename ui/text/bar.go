package text

import (
	"math"
	"strings"
)

// Bar draws a share between 0 and 1 as a bar in exactly that many cells, in eighths of a cell (ASCII: halves). What is
// above zero shows at least one step, and only the whole fills the bar. A share that is not a number draws nothing.
func (g *Glyphs) Bar(share float64, cells int) string {
	if cells <= 0 {
		return ""
	}
	steps, total := 0, cells*len(g.bar)
	switch {
	case share >= 1:
		steps = total
	case share > 0:
		steps = min(max(int(math.Round(share*float64(total))), 1), total-1)
	}
	full, part := steps/len(g.bar), steps%len(g.bar)
	bar := strings.Repeat(g.bar[len(g.bar)-1], full)
	if part > 0 {
		bar += g.bar[part-1]
		full++
	}
	return bar + strings.Repeat(" ", cells-full)
}

// Sparkline draws the last values as columns in exactly that many cells, the newest at the right, from zero to top; with
// top 0 the highest value drawn is the top. Values that are not known (negative, or not a number) are blank.
func (g *Glyphs) Sparkline(values []float64, top float64, cells int) string {
	if cells <= 0 {
		return ""
	}
	if len(values) > cells {
		values = values[len(values)-cells:]
	}
	if top <= 0 {
		for _, v := range values {
			if v > top && !math.IsInf(v, 1) {
				top = v
			}
		}
	}
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", cells-len(values)))
	for _, v := range values {
		b.WriteString(g.column(v, top))
	}
	return b.String()
}

// column is the glyph for one value between 0 and top.
func (g *Glyphs) column(v, top float64) string {
	if v < 0 || math.IsNaN(v) {
		return " "
	}
	if v == 0 || top <= 0 {
		return g.spark[0]
	}
	if v >= top {
		return g.spark[len(g.spark)-1]
	}
	return g.spark[int(math.Floor(v/top*float64(len(g.spark))))]
}
