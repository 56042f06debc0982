package cli

import (
	"bufio"
	"fmt"
	"strings"

	"cutaway/inspect/compare"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// The least and the most that a column of `cutaway diff` takes, and what it takes where there is no terminal.
const (
	diffLabel      = 18
	diffColumn     = 20
	diffUnbounded  = 60
	diffLabelsMost = 36
)

// diffMarks stand before a row.
var diffMarks = [compare.States]string{compare.Same: " ", compare.Different: "~", compare.OnlyLeft: "<", compare.OnlyRight: ">", compare.Unknown: "?"}

// diffText prints the rows in two columns that fit the terminal.
func diffText(a *app, sides [2]*compare.Side, groups []compare.Group, all bool) error {
	d := &diffWriter{st: a.style(), w: bufio.NewWriter(a.out)}
	d.layOut(groups, all)
	d.print(d.st.bold("  "+text.Fit("", d.label)+gap+text.Fit(text.Sanitise(sides[0].Title), d.column)+gap+text.Sanitise(sides[1].Title)) + "\n")
	for i := range groups {
		d.group(&groups[i], all)
	}
	if !compare.Differ(groups) {
		d.print("no difference\n")
	}
	return d.w.Flush()
}

type diffWriter struct {
	st            *style
	w             *bufio.Writer
	label, column int
}

func (d *diffWriter) print(s string) { _, _ = d.w.WriteString(d.st.glyphs.Text(s)) }

// layOut chooses the columns' widths.
func (d *diffWriter) layOut(groups []compare.Group, all bool) {
	d.label = diffLabel
	for i := range groups {
		for j := range groups[i].Rows {
			if r := &groups[i].Rows[j]; all || r.State != compare.Same {
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

// group prints a group's rows under its name, with how many are the same.
func (d *diffWriter) group(g *compare.Group, all bool) {
	n := g.Count()
	if len(g.Rows) == 0 || !all && n[compare.Same] == len(g.Rows) {
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
	for i := range g.Rows {
		if r := &g.Rows[i]; all || r.State != compare.Same {
			d.row(r)
		}
	}
}

// row prints a row on as many lines as its values take.
func (d *diffWriter) row(r *compare.Row) {
	left, right := d.cell(r.Left), d.cell(r.Right)
	label := text.Truncate(text.Sanitise(r.Label), d.label)
	for i := range max(len(left), len(right)) {
		mark := " "
		if i == 0 {
			mark = diffMarks[r.State]
		}
		line := mark + " " + text.Fit(label, d.label) + gap + text.Fit(at(left, i), d.column) + gap + at(right, i)
		line = strings.TrimRight(line, " ")
		switch r.State {
		case compare.Same, compare.Unknown:
			line = d.st.dim(line)
		case compare.Different:
			line = d.st.yellow(line)
		}
		d.print(line + "\n")
		label = ""
	}
	if r.Note != "" {
		indent := 2 + d.label + len(gap)
		d.print(strings.Repeat(" ", indent) + d.st.dim(d.st.wrap(text.Sanitise(r.Note), indent)) + "\n")
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// cell is a value in lines of the column's width.
func (d *diffWriter) cell(v *compare.Value) []string {
	if v == nil || v.How.State == reading.Absent {
		return []string{"-"}
	}
	s := text.Sanitise(v.Text)
	if !v.How.OK() {
		s = "(" + whyUnknown(v.How) + ")"
	}
	if s == "" {
		s = `""`
	}
	return strings.Split(fold(s, d.column, 0), "\n")
}

// whyUnknown says why a value is not known.
func whyUnknown(how reading.How) string {
	if how.State == reading.NotRead && how.Errno == 0 {
		return "cannot be looked at from here"
	}
	return how.String()
}
