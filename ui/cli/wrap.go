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
