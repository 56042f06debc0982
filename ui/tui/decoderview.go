package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/caps"
	"cutaway/ui/text"
)

// drawnDecoder is where the parts of the dialog were drawn last.
type drawnDecoder struct {
	mask  rect
	caret int
	rows  int // of the grid
	cells []rect
	first int // the first capability of cells
}

// The widest the dialog gets, and the width of a capability's cell: mark, number, the longest name, a gap.
const (
	decoderWidth = 102
	capCell      = 26
	capCellTight = 25
)

// view draws the dialog in the middle of r.
func (d *decoder) view(r rect) []string {
	w := min(r.w, decoderWidth)
	in := w - 6
	if w < 84 {
		in = w - 4
	}
	bare := r.h < 32
	head := d.maskLine(in)
	foot := d.explain(in, bare)
	gap := 1
	if bare {
		gap = 0
	}
	cols := max(min(in/capCellTight, 3), 1)
	gridRows := (len(d.shown) + cols - 1) / cols
	used := 2 + len(head) + gap*3 + len(foot)
	visible := max(min(gridRows, r.h-used), 1)
	if r.h-used < 3 { // explain nothing rather than show no names
		foot = nil
		visible = max(min(gridRows, r.h-2-len(head)), 1)
	}
	d.drawn.rows = gridRows
	total := len(head) + 3*gap + visible + len(foot)
	x, y := r.x+(r.w-w)/2, r.y+dialogTop(r, total)
	lines := make([]line, 0, r.h)
	for range gap {
		lines = append(lines, nil)
	}
	d.drawn.mask = rect{x, y + 1 + len(lines), w, 1}
	d.drawn.caret += x + 1 + (w-2-in)/2
	lines = append(lines, head...)
	for range gap {
		lines = append(lines, nil)
	}
	lines = append(lines, d.grid(rect{x + 1 + (w-2-in)/2, y + 1 + len(lines), in, visible}, cols)...)
	for range gap {
		lines = append(lines, nil)
	}
	lines = append(lines, foot...)
	drawn := make([]string, len(lines))
	for i, l := range lines {
		drawn[i] = d.draw(append(line{}.gap((w-2-in)/2), l.fit(in)...), w-2, onBase)
	}
	return d.centred(r, w, words(strong, "decode a capability mask"), words(dim, "esc close"), drawn)
}

// maskLine is what is typed with what it comes to, in one line or two.
func (d *decoder) maskLine(width int) []line {
	const label = "mask  "
	typed, caret := d.field.window(max(width-len(label)-1, 1))
	d.drawn.caret = len(label) + caret
	st := mask
	if d.err != nil {
		st = bad
	}
	l := words(dim, label).put(st, typed)
	sum := d.summary()
	if used := max(l.width(), len(label)+16); used+3+sum.width() <= width {
		return []line{append(l.to(used+3), sum...)}
	}
	return []line{l, append(line{}.gap(len(label)), sum...).fit(width)}
}

func (d *decoder) summary() line {
	switch {
	case d.err != nil:
		return words(bad, text.Sanitise(d.err.Error()))
	case strings.TrimSpace(d.field.value()) == "":
		return words(dim, "type or paste a mask such as 00000000a80425fb, or names")
	}
	l := words(dim, plural(d.set.Len(), "capability"))
	if s := caps.Summary(d.set, d.last); d.set == caps.DockerDefault {
		l = l.put(dim, " · ").put(good, s)
	} else if d.set != 0 && !strings.HasSuffix(s, " capabilities") {
		l = l.put(dim, " · ").put(warn, s)
	}
	if d.masks > 1 {
		l = l.put(dim, fmt.Sprintf("   mask %d of %d", d.which+1, d.masks))
	}
	return l
}

// grid draws the capabilities in columns, each of which reads downwards.
func (d *decoder) grid(r rect, cols int) []line {
	rows := d.drawn.rows
	row := d.at % rows
	d.top = min(max(min(d.top, row), row-r.h+1), max(rows-r.h, 0))
	cell := min(r.w/cols, capCell)
	d.drawn.cells, d.drawn.first = make([]rect, len(d.shown)), 0
	lines := make([]line, 0, r.h)
	for row := d.top; row < d.top+r.h && row < rows; row++ {
		l := line{}
		for col := range cols {
			i := col*rows + row
			if i >= len(d.shown) {
				break
			}
			d.drawn.cells[i] = rect{r.x + col*cell, r.y + row - d.top, cell, 1}
			l = append(l.to(col*cell), d.capCell(i)...)
		}
		lines = append(lines, l)
	}
	return lines
}

func (d *decoder) capCell(i int) line {
	c := d.shown[i]
	st, sign, nameStyle := d.sign(c)
	name := c.Short()
	if !c.Known() {
		name = "no name here"
	}
	if i == d.at {
		nameStyle = chosen
	}
	return words(st, sign).gap(1).put(dim, fmt.Sprintf("%2d ", c)).put(nameStyle, name)
}

// sign is how a capability looks: held or not, and how that differs from Docker's default.
func (d *decoder) sign(c caps.Cap) (mark style, sign string, name style) {
	has, usual := d.set.Has(c), caps.DockerDefault.Has(c)
	switch {
	case has && !usual && !d.plain:
		return warn, "+", strong
	case has:
		return good, d.glyphs.Set, strong
	case usual && !d.plain && d.set != 0:
		return bad, "-", dim
	default:
		return dim, d.glyphs.Unset, dim
	}
}

// explain tells about the capability under the cursor, and the mask in bits.
func (d *decoder) explain(width int, bare bool) []line {
	c := d.shown[d.at]
	about := caps.Describe(c)
	lines := []line{words(dim, strings.Repeat(d.glyphs.Horizontal, width))}
	name := words(strong, c.String()).gap(2).put(dim, fmt.Sprintf("bit %d", c))
	if about.Since != "" {
		name = name.put(dim, " · since Linux "+about.Since)
	}
	if about.Risk != caps.RiskUnknown {
		name = name.put(dim, " · reach ").put(riskStyle(about.Risk), about.Risk.String())
	}
	if c > d.last {
		name = name.put(warn, " · above this kernel's last, "+d.last.String())
	}
	lines = append(lines, name)
	allows, inside := words(plain, about.Allows), words(dim, "In a container: "+about.InContainer)
	if bare {
		return append(lines, append(allows.wrap(width), inside.wrap(width)...)...)
	}
	// The box keeps its height while the cursor moves: the longest descriptions take two lines each.
	lines = append(lines, padLines(append(allows.wrap(width), inside.wrap(width)...), 4)...)
	if width >= 85 {
		lines = append(lines, d.bits())
	}
	return append(lines, words(good, "$ ").put(plain, "capsh --decode="+d.set.Hex()))
}

func padLines(lines []line, n int) []line {
	for len(lines) < n {
		lines = append(lines, nil)
	}
	return lines
}

// bits is the mask in binary; leading zeros are dim.
func (d *decoder) bits() line {
	s := d.set.Bits()
	zeros := strings.IndexByte(s, '1')
	if zeros < 0 {
		zeros = len(s)
	}
	zeros -= zeros % 5
	return words(dim, "bits  ").put(dim, s[:zeros]).put(mask, s[zeros:])
}

func riskStyle(r caps.Risk) style {
	switch r {
	case caps.RiskHost:
		return bad
	case caps.RiskHigh:
		return warn
	default:
		return plain
	}
}

func (d *decoder) cursor() *tea.Cursor {
	if d.inNames {
		return nil
	}
	return tea.NewCursor(d.drawn.caret, d.drawn.mask.y)
}
