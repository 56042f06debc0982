package export

import (
	"strings"

	"cutaway/sandbox/shell"
)

// line is a command line, in groups of words that stay together: an option and its values.
type line struct{ groups []string }

// add adds words that are quoted.
func (l *line) add(words ...string) { l.groups = append(l.groups, shell.Join(words...)) }

// addIf is add on a condition.
func (l *line) addIf(is bool, words ...string) {
	if is {
		l.add(words...)
	}
}

// raw adds words that are shell already.
func (l *line) raw(words ...string) { l.groups = append(l.groups, strings.Join(words, " ")) }

// lineWidth is where lines are broken.
const lineWidth = 100

// String is the command line, over as many lines as it needs.
func (l *line) String() string {
	const next = " \\\n  "
	var b strings.Builder
	at := 0
	for i, g := range l.groups {
		switch {
		case i == 0:
		case at+1+len(g) > lineWidth:
			b.WriteString(next)
			at = 2
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(g)
		at += len(g)
	}
	return b.String()
}

// indent puts spaces before each line of commands. None of the words in them has a newline that is not escaped.
func indent(commands []string, by string) string {
	var b strings.Builder
	for _, c := range commands {
		for l := range strings.Lines(c + "\n") {
			b.WriteString(by + l)
		}
	}
	return b.String()
}
