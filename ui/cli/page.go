package cli

import (
	"bufio"
	"fmt"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// page prints sections of labelled values about one process, each with its source when that is asked for.
type page struct {
	w      *bufio.Writer
	v      *view
	p      *inspect.Process
	d      *inspect.Detail
	source bool
}

// labelWidth is the width of the labels.
const labelWidth = 18

func (pg *page) print(s string) { _, _ = pg.w.WriteString(pg.v.st.glyphs.Text(s)) }

// section begins a part of the page.
func (pg *page) section(title string) {
	pg.print("\n" + pg.v.st.bold(title) + "\n")
}

// row prints one value, whose text may be another process's. A field names its source; "" is for what has none.
func (pg *page) row(label, value string, field inspect.Field) {
	value = pg.v.st.wrap(text.Sanitise(value), labelWidth+len(gap))
	pg.print("  " + text.PadRight(label, labelWidth) + value + "\n")
	if pg.source && field != "" {
		pg.printSource(field)
	}
}

// noSource is printed for a field that inspect does not know.
const noSource = "its source is not known"

// printSource prints where a value is from, below it.
func (pg *page) printSource(field inspect.Field) {
	s := pg.v.Source(pg.p, pg.d, field)
	from := s.File
	switch {
	case s.Title == "":
		from = noSource
	case from == "":
		from = "kept in no file that can be seen here"
	case s.Key != "":
		from += ": " + s.Key
	}
	indent := strings.Repeat(" ", labelWidth+len(gap))
	pg.print(pg.v.st.dim(indent+text.Sanitise(from)) + "\n")
	if s.Command != "" {
		pg.print(pg.v.st.dim(indent+"$ "+text.Sanitise(s.Command)) + "\n")
	}
}

// list prints a table below a heading of its own, or why there is none.
func list[T any](pg *page, title string, r reading.Of[[]T], field inspect.Field, cols []column, cells func(T) []string) {
	pg.section(title)
	if pg.source && field != "" {
		pg.printSource(field)
	}
	switch {
	case !r.OK():
		pg.print("  " + r.How.String() + "\n")
		return
	case len(r.Value) == 0:
		pg.print("  none\n")
		return
	}
	t := table{cols: cols}
	for _, item := range r.Value {
		t.add(cells(item)...)
	}
	pg.table(&t)
}

// table prints a table below a section's title, indented like the rows.
func (pg *page) table(t *table) {
	inner := *pg.v.st
	if inner.width > 0 {
		inner.width = max(inner.width-len(gap), minFlex)
	}
	var b strings.Builder
	_ = t.write(&b, &inner) // a strings.Builder takes everything
	for line := range strings.Lines(b.String()) {
		pg.print("  " + line)
	}
}

// show writes a reading: its value, or the state and the errno.
func show[T any](r reading.Of[T], write func(T) string) string {
	if !r.OK() {
		return r.How.String()
	}
	return write(r.Value)
}

// itself shows text as it is.
func itself(s string) string { return s }

func decimal[T ~int | ~int32 | ~uint8 | ~uint32 | ~uint64](n T) string { return fmt.Sprint(n) }
