package tui

import (
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/compare"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// drawnCompare is the screen as it was drawn last.
type drawnCompare struct {
	version int
	lines   []string
	body    rect
}

// compareLabel is the widest that the labels' column gets, in a wide window and in another.
const (
	compareLabel       = 30
	compareLabelNarrow = 18
)

func (s *compareScreen) view() []string {
	if s.runs.shown() {
		return s.runs.view(s.body)
	}
	if s.drawn.lines != nil && s.drawn.version == s.version {
		return s.drawn.lines
	}
	s.makeLines()
	r := s.body
	bottom := s.bottomLines(r)
	r.h = max(r.h-len(bottom), 0)
	var lines []string
	if s.wide {
		lines = s.framed(r)
	} else {
		lines = s.bare(r)
	}
	s.drawn.version, s.drawn.lines = s.version, append(lines, bottom...)
	return s.drawn.lines
}

// framed draws the sides in two frames.
func (s *compareScreen) framed(r rect) []string {
	left, right := r.left(r.w / 2)
	in, inRight := left.inset(), right.inset()
	s.drawn.body = rect{r.x, in.y, r.w, in.h}
	s.list.resize(in.h)
	var ls, rs []string
	s.eachLine(func(l compareLine, on surface) {
		ls = append(ls, s.draw(s.leftLine(l, in.w), in.w, on))
		rs = append(rs, s.draw(s.rightLine(l, inRight.w), inRight.w, on))
	})
	if len(s.lines) == 0 {
		ls = s.nothing(in.w)
	}
	return beside(s.frame(left, s.sideTitle(0), s.sideNote(0), ls, false), s.frame(right, s.sideTitle(1), s.sideNote(1), rs, true))
}

// bare draws both sides in the lines of a small window.
func (s *compareScreen) bare(r rect) []string {
	s.drawn.body = r.below(1)
	s.list.resize(r.h - 1)
	half := r.w/2 + compareLabelNarrow/2
	head := append(line{}.gap(1), s.sideTitle(0).fit(half-2)...).to(half)
	lines := []string{s.draw(append(head, s.sideTitle(1)...), r.w, onBase)}
	s.eachLine(func(l compareLine, on surface) {
		left := s.leftLine(l, half-1).fit(half - 1)
		lines = append(lines, s.draw(append(left.to(half), s.rightLine(l, r.w-half)...), r.w, on))
	})
	if len(s.lines) == 0 {
		lines = append(lines, s.nothing(r.w)...)
	}
	return s.area(rect{w: r.w, h: r.h}, lines)
}

// eachLine goes over the lines in sight.
func (s *compareScreen) eachLine(draw func(compareLine, surface)) {
	for i := s.list.top; i < len(s.lines) && i < s.list.top+s.list.height; i++ {
		on := onBase
		if i == s.list.cursor {
			on = onCursor
		}
		draw(s.lines[i], on)
	}
}

// nothing says why there are no rows.
func (s *compareScreen) nothing(width int) []string {
	say := "looking at both sides…"
	switch {
	case s.right.title == "":
		say = "Select a container or a process in the tree (1) and press c: it is compared with the host. V marks one to compare with instead."
	case s.result.err != nil:
		say = shown(s.result.err.Error())
	case s.result.groups != nil && s.filter != "":
		say = "no row holds " + text.Sanitise(s.filter) + ": esc clears the filter"
	case s.result.groups != nil:
		say = "no difference: = shows what is the same"
	}
	lines := []string{blanks(width)}
	for _, l := range words(dim, say).wrap(max(width-4, 1)) {
		lines = append(lines, s.draw(append(line{}.gap(2), l...), width, onBase))
	}
	return lines
}

func (s *compareScreen) sideTitle(side int) line {
	return words(strong, text.Sanitise(s.titleOf(side)))
}

// sideNote says how many processes a side has, or that it ended.
func (s *compareScreen) sideNote(side int) line {
	if s.result.err != nil && side == 1 {
		return words(warn, "ended")
	}
	x := s.result.sides[side]
	if x == nil {
		return nil
	}
	if x.Container != nil {
		return words(dim, plural(len(x.Container.Procs), "process"))
	}
	return words(dim, "PID "+strconv.Itoa(x.Process.PID))
}

// leftLine is a line's label and what the left has.
func (s *compareScreen) leftLine(l compareLine, width int) line {
	g := &s.result.groups[l.group]
	if l.row < 0 {
		mark := s.glyphs.Unfolded
		if s.folded[g.Name] && s.filter == "" {
			mark = s.glyphs.Folded
		}
		return line{}.gap(1).put(dim, mark).gap(1).put(strong, strings.ToUpper(g.Title[:1])+g.Title[1:])
	}
	r := &g.Rows[l.row]
	if l.note {
		return nil
	}
	label := min(compareLabel, width*2/5)
	if !s.wide {
		label = compareLabelNarrow
	}
	st := plain
	if r.State == compare.Same {
		st = dim
	}
	out := line{}.gap(3).put(dim, text.Fit(text.TruncateMiddle(text.Sanitise(r.Label), label), label)).gap(1)
	return append(out, compareValue(r.Left, st, width-out.width())...)
}

// rightLine is a line's sign and what the right has; beside a heading it is how many rows differ.
func (s *compareScreen) rightLine(l compareLine, width int) line {
	g := &s.result.groups[l.group]
	if l.row < 0 {
		return line{}.gap(1).put(dim, countWords(g))
	}
	r := &g.Rows[l.row]
	if l.note {
		return line{}.gap(4).put(dim, text.Truncate(text.Sanitise(r.Note), max(width-4, 1)))
	}
	st, sign := s.compareSign(r.State)
	value := st
	if r.State == compare.OnlyLeft {
		value = dim
	}
	return append(line{}.gap(1).put(st, sign).gap(2), compareValue(r.Right, value, width-4)...)
}

// compareValue is a value in one line, or why there is none.
func compareValue(v *compare.Value, st style, width int) line {
	switch {
	case v == nil || v.How.State == reading.Absent:
		return words(dim, "-")
	case v.How == reading.How{}:
		return words(dim, "cannot be looked at from here")
	case !v.How.OK():
		return missing(v.How)
	case v.Text == "":
		return words(dim, "empty")
	}
	return words(st, text.TruncateMiddle(text.Sanitise(v.Text), max(width, 1)))
}

// bottomLines are the whole values under the cursor, and where they come from, when that was asked for.
func (s *compareScreen) bottomLines(r rect) []string {
	row := s.selected()
	if !s.sources || row == nil || r.h < 12 {
		return nil
	}
	width := r.w - 4
	var lines []line
	if row.Note != "" {
		lines = append(lines, words(warn, text.Sanitise(row.Note)).wrap(width)...)
	}
	meaning := ""
	for i, v := range []*compare.Value{row.Left, row.Right} {
		if v == nil {
			continue
		}
		side := words(dim, []string{"left   ", "right  "}[i])
		lines = append(lines, append(side, compareValue(v, plain, 1<<12)...).wrap(width)...)
		lines = append(lines, sourceLine(v.From)...)
		if v.From.Meaning != "" {
			meaning = v.From.Meaning
		}
	}
	if meaning != "" {
		lines = append(lines, words(dim, text.Sanitise(meaning)).wrap(width)...)
	}
	lines = firstLines(lines, r.h/2)
	drawn := make([]string, len(lines))
	for i, l := range lines {
		drawn[i] = s.draw(append(line{}.gap(1), l...), r.w-2, onBase)
	}
	return s.frame(rect{w: r.w, h: len(lines) + 2}, words(strong, text.Sanitise(row.Label)), words(dim, ". closes"), drawn, false)
}

// sourceLine is the file and the command of a value.
func sourceLine(src inspect.Source) []line {
	l := line{}.gap(7)
	if src.File != "" {
		l = l.put(accent, text.Sanitise(src.File)).gap(2)
	}
	if src.Command != "" {
		l = l.put(good, "$ ").put(plain, text.Sanitise(src.Command))
	}
	if len(l) < 2 {
		return nil
	}
	return []line{l}
}
