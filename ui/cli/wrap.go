package cli

import (
	"strings"

	"cutaway/ui/text"
)

// wrap breaks words into the lines of the terminal, each after the first below the place where the first began.
func (st *style) wrap(s string, indent int) string {
	const least = 20 // cells in which wrapping still helps
	if st.width-indent < least {
		return s
	}
	return fold(s, st.width-indent, indent)
}

// fold breaks lines at blanks into lines of at most width cells, those after the first indented. A word that is wider stays
// whole, so that a path or a command can be copied.
func fold(s string, width, indent int) string {
	var b strings.Builder
	left, blanks := width, 0
	for i, word := range strings.Split(s, " ") {
		if i > 0 {
			blanks++
		}
		if word == "" {
			continue
		}
		need := text.Width(word)
		if i > 0 && blanks+need > left {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			left, blanks = width, 0
		}
		b.WriteString(strings.Repeat(" ", blanks) + word)
		left -= blanks + need
		blanks = 0
	}
	return b.String()
}

// chop breaks text into lines of at most width cells, at blanks. A word that is wider than a line is broken too: behind what parts a
// path or a list, else anywhere.
func chop(s string, width int) (lines []string) {
	line, sep := "", ""
	next := func() {
		lines = append(lines, line)
		line, sep = "", ""
	}
	for word := range strings.SplitSeq(s, " ") {
		for text.Width(line)+len(sep)+text.Width(word) > width {
			whole := text.Width(word) <= width
			piece := ""
			if !whole {
				piece = beginning(word, width-text.Width(line)-len(sep), line != "")
			}
			switch {
			case piece != "":
				line += sep + piece
				word = word[len(piece):]
				next()
				continue
			case line != "":
				next()
				continue
			case sep != "": // no blank at the beginning of a line
				sep = ""
				continue
			}
			break // a rune that is wider than a line
		}
		line += sep + word
		sep = " "
	}
	next()
	return lines
}

// beginning is what of a word goes into so many cells: up to the last of the marks that part paths and lists, else, unless it must
// end there, as much as fits.
func beginning(word string, cells int, must bool) string {
	if cells <= 0 {
		return ""
	}
	head := strings.TrimSuffix(text.Truncate(word+"  ", cells+1), text.Ellipsis) // the blanks have it cut for sure
	if at := strings.LastIndexAny(head, "/,:;=[_."); at > 0 && (must || at >= len(head)/2) {
		return head[:at+1]
	}
	if must {
		return ""
	}
	return head
}
