package cli

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"

	"cutaway/inspect/compare"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// The least and the most cells that the columns of `cutaway diff` take, and the left one's where there is no terminal.
const (
	diffLabel      = 18
	diffColumn     = 20
	diffUnbounded  = 60
	diffLabelsMost = 36
)

// diffLines is how many lines a value may take.
const diffLines = 5

// diffMarks stand before a row.
var diffMarks = [compare.States]string{compare.Same: " ", compare.Different: "~", compare.OnlyLeft: "<", compare.OnlyRight: ">", compare.Unknown: "?"}

// diffText prints the rows in two columns that fit the terminal.
func diffText(a *app, st *style, sides [2]*compare.Side, groups []compare.Group, all bool) error {
	d := &diffWriter{st: st, w: bufio.NewWriter(a.out), all: all}
	d.layOut(groups)
	d.head(sides)
	unknown := 0
	for i := range groups {
		d.group(&groups[i])
		unknown += groups[i].Count()[compare.Unknown]
	}
	switch differ := compare.Differ(groups); {
	case !differ && unknown == 0:
		d.print("no difference\n")
	case !differ:
		d.print("no difference in what can be read\n")
	}
	return d.w.Flush()
}

type diffWriter struct {
	st            *style
	w             *bufio.Writer
	all           bool
	label, column int
}

func (d *diffWriter) print(s string) { _, _ = d.w.WriteString(d.st.glyphs.Text(s)) }

// layOut chooses the columns' widths.
func (d *diffWriter) layOut(groups []compare.Group) {
	d.label = diffLabel
	for i := range groups {
		for j := range groups[i].Rows {
			if r := &groups[i].Rows[j]; d.shows(r) {
				d.label = max(d.label, text.Width(text.Sanitise(r.Label)))
			}
		}
	}
	d.label = min(d.label, diffLabelsMost)
	d.column = diffUnbounded
	if d.st.width > 0 {
		d.label = min(d.label, max(d.st.width/4, diffLabel))
		d.column = max((d.st.width-2-d.label-2*len(gap))/2, diffColumn)
	}
}

func (d *diffWriter) shows(r *compare.Row) bool { return d.all || r.State != compare.Same }

// head names the sides, and says what the marks mean.
func (d *diffWriter) head(sides [2]*compare.Side) {
	left, right := d.lines(sides[0].Title, d.column), d.lines(sides[1].Title, d.rightmost())
	for i := range max(len(left), len(right)) {
		d.print(strings.TrimRight(d.st.bold(d.columns("  ", "", at(left, i), at(right, i))), " ") + "\n")
	}
	d.print(d.st.dim("~ different  < only left  > only right  ? unknown") + "\n")
}

// rightmost is the width of the right column, which without a terminal has no end.
func (d *diffWriter) rightmost() int {
	if d.st.width == 0 {
		return 1 << 20
	}
	return d.column
}

func (d *diffWriter) columns(mark, label, left, right string) string {
	return strings.TrimRight(mark+text.PadRight(label, d.label)+gap+text.PadRight(left, d.column)+gap+right, " ")
}

// group prints a group's rows under its name, with how many are the same.
func (d *diffWriter) group(g *compare.Group) {
	n := g.Count()
	if len(g.Rows) == 0 || !d.all && n[compare.Same] == len(g.Rows) {
		return
	}
	head := fmt.Sprintf("%s: %d same", g.Title, n[compare.Same])
	for _, c := range []struct {
		state compare.State
		word  string
	}{{compare.Different, "different"}, {compare.OnlyLeft, "only left"}, {compare.OnlyRight, "only right"}, {compare.Unknown, "unknown"}} {
		if n[c.state] > 0 {
			head += fmt.Sprintf(", %d %s", n[c.state], c.word)
		}
	}
	d.print("\n" + d.st.bold(head) + "\n")
	rows := g.Rows
	if g.Name == "users" && !d.all {
		rows = sumUpUsers(rows)
	}
	notes := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		if !d.shows(r) {
			continue
		}
		note := text.Sanitise(r.Note)
		if len(note) > diffUnbounded && notes[note] {
			note = "as above"
		}
		notes[note] = true
		if g.Name == "processes" { // a command line is told by its beginning
			r = &compare.Row{Label: text.Truncate(text.Sanitise(r.Label), d.label), Left: r.Left, Right: r.Right, State: r.State}
		}
		d.row(r, note)
	}
}

// row prints a row on as many lines as its label and values take.
func (d *diffWriter) row(r *compare.Row, note string) {
	label, left, right := d.lines(r.Label, d.label), d.cell(r.Left, d.column), d.cell(r.Right, d.rightmost())
	rows := max(len(label), len(left), len(right))
	mark := diffMarks[r.State] + " "
	for i := range rows {
		line := d.columns(mark, at(label, i), at(left, i), at(right, i))
		beside := gap + "(" + note + ")"
		if note != "" && rows == 1 && (d.st.width == 0 && len(note) <= diffUnbounded || text.Width(line+beside) <= d.st.width) {
			line, note = line+beside, ""
		}
		d.print(d.colour(r.State, line) + "\n")
		mark = "  "
	}
	if note != "" {
		indent := 2 + d.label + len(gap)
		d.print(strings.Repeat(" ", indent) + d.st.dim(d.st.wrap(note, indent)) + "\n")
	}
}

func (d *diffWriter) colour(state compare.State, line string) string {
	switch state {
	case compare.Same, compare.Unknown:
		return d.st.dim(line)
	case compare.Different:
		return d.st.yellow(line)
	}
	return line
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// cell is a value in lines of the column's width.
func (d *diffWriter) cell(v *compare.Value, width int) []string {
	switch {
	case v == nil || v.How.State == reading.Absent:
		return []string{"-"}
	case !v.How.OK():
		return d.lines("("+whyUnknown(v.How)+")", width)
	case v.Text == "":
		return []string{`""`}
	}
	return d.lines(v.Text, width)
}

// longID is an engine's id or a digest, of which on a terminal the beginning tells enough.
var longID = regexp.MustCompile(`([0-9a-f]{12})[0-9a-f]{20,}`)

// lines is a text in lines of a width, not too many of them.
func (d *diffWriter) lines(s string, width int) []string {
	const enough = 1 << 14 // cells, more than all lines together: a container's text may be a mebibyte
	s = text.Truncate(text.Sanitise(s), enough)
	if d.st.width > 0 {
		s = longID.ReplaceAllString(s, "$1"+text.Ellipsis)
	}
	lines := chop(s, width)
	if len(lines) > diffLines {
		lines = append(lines[:diffLines-1:diffLines-1], text.Truncate(text.Ellipsis+" --json has all", width))
	}
	return lines
}

// whyUnknown says why a value is not known.
func whyUnknown(how reading.How) string {
	if how.State == reading.NotRead && how.Errno == 0 {
		return "cannot be looked at from here"
	}
	return how.String()
}
