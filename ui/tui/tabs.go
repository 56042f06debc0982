package tui

import (
	"slices"

	"cutaway/inspect"
)

// tab is one way to look at the selection. A tab file registers its tab, so that a new tab is one new file.
type tab struct {
	order int // from left to right
	title string
	short string // where there is no room for the title
	rows  func(*subject) []row
}

var tabs []tab

func registerTab(t tab) bool {
	at, _ := slices.BinarySearchFunc(tabs, t, func(a, b tab) int { return a.order - b.order })
	tabs = slices.Insert(tabs, at, t)
	return true
}

// subject is what a tab describes: the selected row, with the process that stands for it.
type subject struct {
	look
	snap      *inspect.Snapshot
	node      *inspect.Node
	proc      *inspect.Process   // the process, or a container's first; nil when there is none
	container *inspect.Container // nil on the host
	detail    *inspect.Detail    // nil until it was read
	gone      bool               // the process ended; what is here is the last that was known
	reveal    bool               // values that look like secrets are shown
	width     int                // cells for a value
	history   *history
	names     map[uint32]string // of users
	kernel    kernel
}

// row is one value of a tab. The cursor can stand on it, "." shows where it comes from and "y" copies it.
type row struct {
	label string
	lines []line
	field inspect.Field // zero when the value has no source of its own
	copy  string        // what y copies; "" copies the lines
	head  bool          // a heading or a blank line: the cursor passes over it
	id    string        // tells rows with the same label apart
	wide  bool          // the value takes the label's column too

	title  string          // what the value is called below, when the label does not tell
	about  line            // more about the value than its source's meaning
	mask   string          // the capability mask that d decodes here
	secret bool            // the value is masked
	source *inspect.Source // in place of the field's
	fill   func(*row)      // makes the rest of a row of one line when it is seen: of thousands, few are
}

// rows collects a tab's rows.
type rows struct{ list []row }

// add appends a value.
func (rs *rows) add(f inspect.Field, label string, lines ...line) *row {
	rs.list = append(rs.list, row{label: label, lines: lines, field: f, id: label})
	return &rs.list[len(rs.list)-1]
}

// blank separates groups of rows.
func (rs *rows) blank() {
	if n := len(rs.list); n > 0 && (!rs.list[n-1].head || len(rs.list[n-1].lines) > 0) {
		rs.list = append(rs.list, row{head: true})
	}
}

// say is a line that is no value.
func (rs *rows) say(st style, words string) {
	rs.list = append(rs.list, row{head: true, lines: []line{{{st, words}}}})
}

// from sets a source for a value that is no field of a process.
func (r *row) from(src inspect.Source) *row {
	r.source = &src
	return r
}

// copying sets what y copies, when the lines are shortened or masked.
func (r *row) copying(s string) *row {
	r.copy = s
	return r
}

// words is a line in one style.
func words(st style, s string) line { return line{}.put(st, s) }
