package tui

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/secret"
	"cutaway/sandbox"
	"cutaway/ui/launch"
	"cutaway/ui/text"
)

// drawnForm is the pane as it was drawn last, and where its parts were.
type drawnForm struct {
	version int
	r       rect
	focused bool
	lines   []string
	body    rect // the rows
	caret   int  // the column of the text cursor in the row that is typed into
}

// The columns of a row, and from which width what a row means stands beside it.
const (
	formLabel  = 4
	formValue  = 18
	formAbout  = 46
	formBeside = 100
)

func (f *formPane) setSize(r rect, framed bool) {
	if f.r != r || f.framed != framed {
		f.r, f.framed = r, framed
		f.version++
		f.layOut() // so that rows can be selected before they are drawn
	}
}

// inner is the pane without its frame, or without its title.
func (f *formPane) inner() rect {
	if f.framed {
		return f.r.inset()
	}
	return f.r.below(1)
}

// view draws the pane in exactly r.w x r.h cells.
func (f *formPane) view(focused bool) []string {
	if f.drawn.lines != nil && f.drawn.version == f.version && f.drawn.r == f.r && f.drawn.focused == focused {
		return f.drawn.lines
	}
	f.focused = focused
	in := f.inner()
	var lines []string
	if !f.framed {
		lines = append(lines, f.draw(append(line{}.gap(1), append(f.head().gap(2), f.note()...)...), in.w, onBase))
	}
	f.layOut()
	f.drawn.body = in.top(in.h - len(f.foot))
	lines = append(lines, f.body(f.drawn.body)...)
	for _, l := range f.foot {
		lines = append(lines, f.draw(append(line{}.gap(1), l...), in.w, onBase))
	}
	if f.framed {
		lines = f.frame(f.r, f.head(), f.note(), lines, focused)
	} else {
		lines = f.area(f.r, lines)
	}
	f.drawn.version, f.drawn.r, f.drawn.focused, f.drawn.lines = f.version, f.r, focused, lines
	return lines
}

func (f *formPane) head() line {
	return words(strong, "launch").put(dim, " · ").put(strong, text.Truncate(text.Sanitise(f.title), max(f.r.w-24, 8)))
}

// note says how many rows were changed.
func (f *formPane) note() line {
	n := 0
	for _, r := range f.rows {
		if r.option != nil && f.form.Changed(r.option) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return words(accent, "* ").put(dim, text.Count(n)+" changed")
}

// layOut makes the lines anew; the cursor stays on its row.
func (f *formPane) layOut() {
	row := 1
	if at := f.list.cursor; at < len(f.lines) && f.lines[at].row >= 0 {
		row = f.lines[at].row
	}
	f.lines = f.lines[:0]
	width := f.inner().w
	for i, r := range f.rows {
		if r.option == nil {
			if i > 0 && f.r.h >= airy {
				f.lines = append(f.lines, formLine{row: -1})
			}
			f.lines = append(f.lines, formLine{i, line{}.gap(1).put(strong, r.head)})
			continue
		}
		if i == row {
			f.list.cursor = len(f.lines)
		}
		f.lines = append(f.lines, formLine{i, f.row(r.option, i == row, width)})
	}
	f.foot = f.makeFoot(f.inner())
	f.list.setLen(len(f.lines))
	f.list.resize(f.inner().h - len(f.foot))
}

// row is one line: what is wrong or not known, whether it is as at the beginning, the name, the value, and in a wide pane what
// it means.
func (f *formPane) row(o *launch.Option, cursor bool, width int) line {
	l := line{}.gap(1)
	switch m, marked := f.markOf(o); {
	case len(f.wrong[o]) > 0:
		l = l.put(bad, "!")
	case marked && !m.known:
		l = l.put(warn, f.glyphs.Unknown)
	default:
		l = l.gap(1)
	}
	switch {
	case f.form.Changed(o):
		l = l.put(accent, "*")
	case f.form.Differs(o):
		l = l.put(dim, "*")
	}
	l = append(l.to(formLabel), label(o)...).to(formValue)
	room := width - formValue - 1
	if width >= formBeside {
		room = formAbout - formValue - 2
	}
	if cursor && f.edit != nil {
		typed, at := f.edit.field.window(max(room-1, 1))
		f.drawn.caret = formValue + at
		return l.put(strong, typed)
	}
	l = append(l, f.value(o).fit(max(room, 0))...)
	if width >= formBeside {
		l = l.to(formAbout).put(dim, text.Truncate(o.About, width-formAbout-1))
	}
	return l
}

// letters are those of the fingerprint's columns, by the type.
var letters = map[string]string{"mnt": "m", "net": "n", "pid": "p", "ipc": "i", "uts": "u", "user": "U", "cgroup": "c", "time": "t"}

// label is the name of the flag that is the same or, for a namespace, the fingerprint's letter and the type.
func label(o *launch.Option) line {
	if name := namespaceType(o); name != "" {
		return words(own, letters[name]).gap(1).put(dim, name)
	}
	return words(dim, o.Name)
}

func (f *formPane) value(o *launch.Option) line {
	value := f.form.Value(o)
	switch {
	case o.Name == "env":
		return environLine(o, value)
	case value == "":
		return words(dim, o.Empty)
	case o.Switch() && value == "true":
		return words(plain, "on")
	case o.Switch():
		return words(dim, "off")
	case isSource(o) && value == string(sandbox.NewNamespace):
		return words(own, f.glyphs.Own+" "+value)
	case isSource(o) && value == string(sandbox.HostNamespace):
		return words(dim, f.glyphs.Host+" "+value)
	case isSource(o):
		return words(accent, text.Sanitise(value))
	}
	return words(plain, text.Sanitise(value))
}

// environLine is the variables with those masked that look like secrets.
func environLine(o *launch.Option, value string) line {
	list, err := launch.Words(value)
	if err != nil || len(list) == 0 {
		return words(dim, orEmpty(o, value))
	}
	l := line{}
	for i, word := range list {
		if i > 0 {
			l = l.gap(1)
		}
		name, val, set := strings.Cut(word, "=")
		switch {
		case set && secret.Looks(name, val):
			l = l.put(plain, text.Sanitise(name)+"=").put(warn, "********")
		default:
			l = l.put(plain, text.Sanitise(word))
		}
	}
	return l
}

// body draws the visible rows.
func (f *formPane) body(r rect) []string {
	lines := make([]string, 0, r.h)
	for i := f.list.top; i < len(f.lines) && len(lines) < r.h; i++ {
		on := onBase
		if i == f.list.cursor {
			on = onMarked
			if f.focused {
				on = onCursor
			}
		}
		lines = append(lines, f.draw(f.lines[i].line, r.w, on))
	}
	return f.area(rect{w: r.w, h: r.h}, lines)
}

// Of the height, what stands below the rows takes at most a part, and leaves some rows in any case.
const (
	footShare, footOf = 3, 5
	leastRows         = 4
)

// makeFoot is what is said of the row under the cursor, and below it what is said of all. What finds no room there follows
// the rows.
func (f *formPane) makeFoot(r rect) []line {
	room := min(r.h*footShare/footOf, r.h-leastRows)
	if room < 3 || r.w < 4 {
		return nil
	}
	rule := words(dim, strings.Repeat(f.glyphs.Horizontal, r.w-2))
	about, checks := f.explain(r.w-2), f.checks(r.w-2)
	about = padLines(about[:min(len(about), room-2)], min(leastExplained(r.w), room-2))
	foot := append(append([]line{rule}, about...), rule)
	left := room - len(foot)
	if len(checks) <= left {
		return append(foot, checks...)
	}
	f.lines = append(f.lines, formLine{row: -1})
	for _, l := range checks {
		f.lines = append(f.lines, formLine{-1, append(line{}.gap(1), l...)})
	}
	if left < 1 {
		return foot[:len(foot)-1]
	}
	shown := left - 1
	return append(append(foot, checks[:shown]...), words(dim, plural(len(checks)-shown, "more line")+" below the rows"))
}

// leastExplained is how many lines the explanation has at least: the rows should not move with the cursor.
func leastExplained(width int) int {
	switch {
	case width >= formBeside-2:
		return 2
	case width >= 70:
		return 3
	}
	return 4
}

// explain says what the row under the cursor means, what is wrong with it, and what it was.
func (f *formPane) explain(width int) (lines []line) {
	o := f.selected()
	if o == nil {
		return nil
	}
	title := label(o)
	if o.Name != "command" {
		title = title.gap(2).put(accent, "--"+o.Name)
	}
	if f.form.Differs(o) && o.Name != "env" {
		title = title.gap(2).put(dim, "was ").put(dim, orEmpty(o, f.form.Was(o)))
	}
	add := func(l line) { lines = append(lines, l.wrap(width)...) }
	lines = append(lines, title.fit(width))
	if f.inner().w < formBeside || formAbout+text.Width(o.About)+1 > f.inner().w {
		add(words(plain, o.About))
	}
	if f.edit != nil {
		if f.edit.err != nil {
			add(words(bad, "! "+text.Sanitise(f.edit.err.Error())))
		}
		add(words(dim, "enter takes it, esc leaves it"))
		return lines
	}
	for _, err := range f.wrong[o] {
		add(words(bad, "! "+text.Sanitise(ofRow(err))))
	}
	if m, ok := f.markOf(o); ok && m.known {
		add(words(dim, text.Sanitise(m.text)))
	} else if ok {
		add(words(warn, f.glyphs.Unknown+" "+text.Sanitise(m.text)))
	}
	if value := f.value(o); formValue+value.width()+1 > f.inner().w {
		add(words(dim, value.text()))
	}
	return lines
}

func orEmpty(o *launch.Option, value string) string {
	switch {
	case value == "" && o.Empty != "":
		return o.Empty
	case o.Switch():
		return map[string]string{"true": "on", "false": "off"}[value]
	}
	return text.Sanitise(value)
}

// ofRow is what is wrong with a field, without the name of the field: the row says that.
func ofRow(err error) string {
	var wrong *sandbox.FieldError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	said := *wrong
	said.Field = ""
	return strings.TrimPrefix(said.Error(), ": ")
}

// cursor is where the terminal's cursor stands while a row is typed into.
func (f *formPane) cursor() *tea.Cursor {
	if f.edit == nil || !f.list.visible(f.list.cursor) {
		return nil
	}
	return tea.NewCursor(f.drawn.body.x+f.drawn.caret, f.drawn.body.y+f.list.cursor-f.list.top)
}

// wrongRows names the rows that something is wrong with, in their order.
func (f *formPane) wrongRows() (names []string) {
	for _, r := range f.rows {
		if r.option != nil && len(f.wrong[r.option]) > 0 {
			names = append(names, label(r.option)[len(label(r.option))-1].text)
		}
	}
	return names
}

// checks say whether it can be launched and, if not, why: what does not hold together, what the machine refuses. Then what
// works with less, what the preset does not separate, and what was changed for this machine.
func (f *formPane) checks(width int) (lines []line) {
	add := func(l line) { lines = append(lines, l.wrap(width)...) }
	rows := f.wrongRows()
	switch {
	case len(rows) > 0:
		add(words(bad, "cannot be launched: ").put(plain, strings.Join(rows, ", ")+map[bool]string{true: " is wrong", false: " are wrong"}[len(rows) == 1]))
	case len(f.general) > 0:
		add(words(bad, "cannot be launched"))
	case f.unasked:
		add(words(warn, "this machine could not be asked: a launch that it refuses says why"))
	case f.errand.done == 0:
		add(words(dim, "asking the machine…"))
	case f.findings.refused() == 0:
		add(words(good, "this machine allows it"))
	}
	for _, err := range f.general {
		add(words(bad, "! "+text.Sanitise(err.Error())))
	}
	for i := range f.findings {
		add(findingLine(&f.findings[i]))
	}
	if p, ok := f.form.Preset(); ok && p.Warning != "" {
		add(words(warn, p.Warning))
	}
	_, notes, _ := f.form.Spec()
	for _, note := range notes {
		add(words(dim, f.glyphs.Host+" "+text.Sanitise(note)))
	}
	return lines
}
