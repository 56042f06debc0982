package tui

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"cutaway/ui/text"
)

// span is text in one style. The text is safe for a terminal already.
type span struct {
	style style
	text  string
}

// line is one line of the screen before it is drawn.
type line []span

// put appends text in a style.
func (l line) put(st style, s string) line {
	if s == "" {
		return l
	}
	return append(l, span{st, s})
}

// gap appends blank cells.
func (l line) gap(cells int) line { return l.put(plain, blanks(cells)) }

// to fills with blanks up to a column, with one at least when something stands there already.
func (l line) to(column int) line { return l.gap(max(column-l.width(), min(len(l), 1))) }

func (l line) width() int {
	w := 0
	for _, s := range l {
		w += text.Width(s.text)
	}
	return w
}

// text is the line without styles.
func (l line) text() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.text)
	}
	return b.String()
}

// fit cuts the line to a width.
func (l line) fit(width int) line {
	for i, s := range l {
		w := text.Width(s.text)
		if w > width {
			return append(l[:i:i], span{s.style, text.Truncate(s.text, width)})
		}
		width -= w
	}
	return l
}

// draw writes the line on a surface in exactly width cells. Whatever a pane forgot to sanitise stops here: all that the screen shows
// passes, and clean text costs a look at it.
func (lk look) draw(l line, width int, on surface) string {
	var b strings.Builder
	left := width
	seq := ""
	put := func(st style, s string) {
		if next := lk.seq[on][st]; next != seq {
			if seq != "" {
				b.WriteString("\x1b[m")
			}
			b.WriteString(next)
			seq = next
		}
		b.WriteString(lk.glyphs.Text(s))
	}
	for _, s := range l {
		safe := text.Sanitise(s.text)
		w := text.Width(safe)
		if w > left {
			cut := text.Truncate(safe, left)
			put(s.style, cut)
			left -= text.Width(cut)
			break
		}
		put(s.style, safe)
		left -= w
	}
	if left > 0 {
		put(plain, blanks(left))
	}
	if seq != "" {
		b.WriteString("\x1b[m")
	}
	return b.String()
}

const spaces = "                                                                                                                                "

func blanks(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(spaces) {
		return spaces[:n]
	}
	return strings.Repeat(" ", n)
}

// wrap breaks the line into lines of at most width cells, at blanks where there are some.
func (l line) wrap(width int) []line {
	if width <= 0 || l.width() <= width {
		return []line{l}
	}
	var out []line
	var cur line
	left := width
	flush := func() { out, cur, left = append(out, cur), nil, width }
	for _, s := range l {
		for rest := s.text; rest != ""; {
			if w := text.Width(rest); w <= left {
				cur, left = cur.put(s.style, rest), left-w
				break
			}
			head := breakAt(rest, left, firstWord(rest) > width)
			if head == "" && len(cur) > 0 {
				flush()
				rest = strings.TrimLeft(rest, " ")
				continue
			}
			if head == "" {
				head = firstRune(rest)
			}
			cur = cur.put(s.style, head)
			rest = strings.TrimLeft(rest[len(head):], " ")
			flush()
		}
	}
	if len(cur) > 0 {
		flush()
	}
	return out
}

// firstWord is the width of the text up to its first blank; one that no line holds is broken where it stands.
func firstWord(s string) int {
	word, _, _ := strings.Cut(s, " ")
	return text.Width(word)
}

// breakAt is the longest beginning of s that fits and ends before a blank; hard also breaks within a word.
func breakAt(s string, cells int, hard bool) string {
	fit := ansi.Truncate(s, cells, "")
	if fit == s || strings.HasPrefix(s[len(fit):], " ") {
		return fit
	}
	if blank := strings.LastIndexByte(fit, ' '); blank > 0 {
		return s[:blank]
	}
	if hard {
		return fit
	}
	return ""
}

// firstRune is what a line takes that is too narrow for anything.
func firstRune(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}
