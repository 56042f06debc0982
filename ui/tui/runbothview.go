package tui

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/ui/text"
)

// view draws what both sides say beside each other, and the command line below.
func (b *runBoth) view(r rect) []string {
	s := b.screen
	box := rect{r.x, r.y + max(r.h-3, 0), r.w, min(3, r.h)}
	top := r.top(r.h - box.h)
	left, right := top.left(top.w / 2)
	in, inRight := left.inset(), right.inset()
	b.list.resize(in.h)
	ls, rs := b.notes(0, in.w), b.notes(1, inRight.w)
	for len(ls) < len(rs) {
		ls = append(ls, blanks(in.w))
	}
	for len(rs) < len(ls) {
		rs = append(rs, blanks(inRight.w))
	}
	for i := b.list.top; i < len(b.lines) && len(ls) < in.h; i++ {
		p := b.lines[i]
		same := p.left >= 0 && p.right >= 0 && b.texts[0][p.left] == b.texts[1][p.right]
		ls = append(ls, s.draw(b.outputLine(0, p.left, same, p.right >= 0), in.w, onBase))
		rs = append(rs, s.draw(b.outputLine(1, p.right, same, p.left >= 0), inRight.w, onBase))
	}
	lines := beside(
		s.frame(left, words(strong, text.Sanitise(s.titleOf(0))), b.exit(0), ls, false),
		s.frame(right, words(strong, text.Sanitise(s.titleOf(1))), b.exit(1), rs, false),
	)
	typed, _ := b.field.window(max(box.w-8, 1))
	command := line{}.gap(1).put(accent, s.glyphs.Folded).gap(1).put(strong, typed)
	if typed == "" {
		command = command.put(dim, b.hint(box.w-6))
	}
	return append(lines, s.frame(box, b.boxTitle(), nil, []string{s.draw(command, max(box.w-2, 0), onBase)}, true)...)
}

func (b *runBoth) boxTitle() line {
	l := words(strong, "run in both")
	if b.tools {
		l = l.put(dim, " · at the right with ").put(warn, "the host's tools")
	}
	if b.line != "" {
		l = l.gap(2).put(dim, "$ ").put(plain, text.Sanitise(b.line))
	}
	return l
}

// hint suggests what to type.
func (b *runBoth) hint(width int) string {
	if b.running {
		return "running…"
	}
	return text.Truncate("try  "+strings.Join(b.suggestions(), "   "), max(width, 1))
}

// exit is how a side's command ended.
func (b *runBoth) exit(side int) line {
	r := &b.sides[side]
	switch {
	case b.running:
		return words(dim, "running…")
	case b.line == "":
		return nil
	case r.err != nil && r.output == "":
		return words(bad, "did not run")
	}
	st := good
	if r.code != 0 {
		st = warn
	}
	l := words(st, "exit "+strconv.Itoa(r.code)).gap(2).put(dim, text.Duration(max(r.took, time.Millisecond).Round(time.Millisecond)))
	if r.cut {
		l = l.gap(2).put(warn, "cut")
	}
	return l
}

// notes say above a side's output why it did not run, and what would help.
func (b *runBoth) notes(side, width int) (drawn []string) {
	r := &b.sides[side]
	if r.err == nil || b.running {
		return nil
	}
	say := words(bad, shown(r.err.Error()))
	if r.absent && !r.tools {
		say = words(warn, "It has neither a shell nor this command. ").put(plain, "^T runs the host's tools in its namespaces.")
	}
	for _, l := range say.wrap(max(width-2, 1)) {
		drawn = append(drawn, b.screen.draw(append(line{}.gap(1), l...), width, onBase))
	}
	return drawn
}

// outputLine is a line of a side's output: marked where the other side's is another, or has none.
func (b *runBoth) outputLine(side, at int, same, other bool) line {
	if at < 0 {
		return nil
	}
	st, sign := dim, " "
	switch {
	case same:
		st = plain
	case other:
		st, sign = warn, b.screen.glyphs.Differ
	case side == 0:
		st, sign = bad, "-"
	default:
		st, sign = good, "+"
	}
	return words(st, sign).gap(1).put(st, text.Sanitise(expandTabs(b.texts[side][at])))
}

// expandTabs puts what is behind a tab where a terminal does, at the next eighth column.
func expandTabs(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var out strings.Builder
	column := 0
	for part := range strings.SplitSeq(s, "\t") {
		if out.Len() > 0 || column > 0 {
			n := 8 - column%8
			out.WriteString(blanks(n))
			column += n
		}
		out.WriteString(part)
		column += text.Width(part)
	}
	return out.String()
}

// caret is in the command line.
func (b *runBoth) caret() *tea.Cursor {
	if !b.isOpen {
		return nil
	}
	r := b.screen.body
	_, at := b.field.window(max(r.w-8, 1))
	return tea.NewCursor(r.x+4+at, r.y+max(r.h-2, 0))
}
