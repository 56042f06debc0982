package tui

import (
	"errors"
	"slices"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/check"
	"cutaway/ui/launch"
	"cutaway/ui/text"
)

// formPane is the form of a launch: every switch of a sandbox with its value, and what is wrong with it. What the machine
// says is asked for away from it.
type formPane struct {
	look
	r       rect
	framed  bool
	focused bool

	form  *launch.Form
	title string          // what it began with
	marks map[string]mark // of a running process's Spec, by the field of its JSON
	rows  []formRow
	edit  *rowEdit // the row that is typed into, or nil

	wrong    map[*launch.Option][]error // what does not hold together, by the row
	general  []error                    // and of no row
	findings findingsOf                 // of the machine, for what stood here when it was asked last
	unasked  bool                       // the machine could not be asked
	errand   errand

	lines   []formLine
	foot    []line // below the rows, whatever part of them is seen
	list    list   // over lines; the cursor is the line of a row
	version int
	drawn   drawnForm
}

// mark is what is known of a value that was read from a running process.
type mark struct {
	known bool
	text  string // why it is not known, or how it was
}

// formRow is a heading, or the row of an option.
type formRow struct {
	head   string
	option *launch.Option
}

// formLine is one line of the pane, and the row that it shows; -1 is a blank one or one of the checks.
type formLine struct {
	row  int
	line line
}

// rowEdit is a row that is typed into.
type rowEdit struct {
	field textField
	err   error // what was wrong with it when it was entered
}

// newFormPane is a form that begins with a preset.
func newFormPane(lk look, p sandbox.Preset) *formPane {
	f := &formPane{look: lk, form: launch.NewForm(p)}
	for _, g := range launch.Rows() {
		f.rows = append(f.rows, formRow{head: g.Title})
		for _, o := range g.Options {
			f.rows = append(f.rows, formRow{option: o})
		}
	}
	f.list.cursor = 1
	f.begin(p)
	return f
}

// setLook draws with another look from now on.
func (f *formPane) setLook(lk look) {
	f.look = lk
	f.version++
}

// begin begins anew with a preset; the command stays.
func (f *formPane) begin(p sandbox.Preset) {
	f.form.Begin(p)
	f.title, f.marks = p.Title, nil
	f.began()
}

// beginAs begins anew with the Spec of a running process, or of a file, under a title. Marks say by the fields of its JSON,
// such as "namespaces.net", what of it is known and how.
func (f *formPane) beginAs(title string, s *sandbox.Spec, marks map[string]mark) {
	f.form.BeginAs(s)
	f.title, f.marks = title, marks
	f.began()
}

// began goes to the row that has to be filled in, where there is one.
func (f *formPane) began() {
	f.edit = nil
	f.changed()
	f.layOut()
	if row := slices.IndexFunc(f.rows, func(r formRow) bool { return r.option != nil && len(f.wrong[r.option]) > 0 }); row >= 0 {
		f.selectRow(row)
	}
}

// setMachine tells what the machine is, once that is known.
func (f *formPane) setMachine(m *check.Machine) {
	f.form.SetMachine(m)
	f.changed()
}

// goWithout goes on without a machine, which could not be asked: a launch that is refused says why.
func (f *formPane) goWithout() {
	f.unasked = true
	f.version++
}

// spec is what would be launched; the error joins what is wrong with it.
func (f *formPane) spec() (*sandbox.Spec, error) {
	s, _, err := f.form.Spec()
	return s, err
}

// changed looks at the Spec again, and wishes to know what the machine says of it.
func (f *formPane) changed() {
	f.version++
	f.errand.wish()
	f.wrong, f.general = map[*launch.Option][]error{}, nil
	s, _, err := f.form.Spec()
	for _, e := range flat(err) {
		if o := rowOfError(s, e); o != nil {
			f.wrong[o] = append(f.wrong[o], e)
		} else {
			f.general = append(f.general, e)
		}
	}
}

// flat takes joined errors apart.
func flat(err error) (list []error) {
	several, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	for _, e := range several.Unwrap() {
		list = append(list, flat(e)...)
	}
	return list
}

func rowOfError(s *sandbox.Spec, err error) *launch.Option {
	var field *sandbox.FieldError
	var option *launch.OptionError
	switch {
	case errors.As(err, &field):
		return launch.RowOf(s, field.Field)
	case errors.As(err, &option):
		return launch.Named(option.Option)
	}
	return nil
}

// blocked says why it cannot be launched as it stands; "" when it can, as far as is known.
func (f *formPane) blocked() string {
	_, _, err := f.form.Spec()
	switch {
	case f.edit != nil:
		return "a row is being typed: enter takes it, esc leaves it"
	case err != nil:
		return "this does not hold together: " + f.firstWrong(err)
	case f.errand.waiting() && !f.unasked:
		return "the machine is still being asked what it allows"
	}
	for i := range f.findings {
		if f.findings[i].Health == check.Refused {
			return "this machine refuses it: " + text.Sanitise(f.findings[i].String())
		}
	}
	return ""
}

// firstWrong says what is wrong in the first of the rows, by the name that the row has.
func (f *formPane) firstWrong(err error) string {
	for _, r := range f.rows {
		if list := f.wrong[r.option]; r.option != nil && len(list) > 0 {
			return label(r.option)[len(label(r.option))-1].text + ": " + text.Sanitise(ofRow(list[0]))
		}
	}
	return text.Sanitise(flat(err)[0].Error())
}

// markOf is what is known of a row that stands as it was read from a running process; ok is false when all is.
func (f *formPane) markOf(o *launch.Option) (m mark, ok bool) {
	if f.form.Differs(o) {
		return mark{}, false
	}
	for _, field := range o.Fields {
		found, has := f.marks[field]
		if outer, _, inner := strings.Cut(field, "."); inner && !has {
			found, has = f.marks[outer]
		}
		if has && (!ok || !found.known) {
			m, ok = found, true
		}
	}
	return m, ok
}

// selected is the option under the cursor, or nil.
func (f *formPane) selected() *launch.Option {
	if at := f.list.cursor; at < len(f.lines) && f.lines[at].row >= 0 {
		return f.rows[f.lines[at].row].option
	}
	return nil
}

// selectRow puts the cursor on a row.
func (f *formPane) selectRow(row int) {
	if at := slices.IndexFunc(f.lines, func(l formLine) bool { return l.row == row }); at >= 0 {
		f.list.reveal(at)
		f.version++
	}
}

// move goes some rows further. At the ends the window still moves, so that what stands there can be read.
func (f *formPane) move(steps int) {
	dir := 1
	if steps < 0 {
		dir, steps = -1, -steps
	}
	for range steps {
		next := f.nextRow(f.list.cursor, dir)
		if next < 0 {
			f.list.scroll(dir)
			break
		}
		f.list.moveTo(next)
	}
	if at := f.list.top - 1; at >= 0 && at+1 == f.list.cursor && f.lines[at].row >= 0 && f.rows[f.lines[at].row].head != "" {
		f.list.scroll(-1) // so that the heading is seen too
	}
	f.version++
}

// nextRow is the line of the next option in a direction, or -1.
func (f *formPane) nextRow(at, dir int) int {
	for at += dir; at >= 0 && at < len(f.lines); at += dir {
		if row := f.lines[at].row; row >= 0 && f.rows[row].option != nil {
			return at
		}
	}
	return -1
}

// scroll moves the window and leaves the cursor.
func (f *formPane) scroll(rows int) {
	f.list.scroll(rows)
	f.version++
}

// click puts the cursor on the row under the mouse; a second click there changes it.
func (f *formPane) click(x, y int) {
	at := f.list.top + y - f.drawn.body.y
	if !f.drawn.body.has(x, y) || f.nextRow(at-1, 1) != at || f.typing() {
		return
	}
	again := at == f.list.cursor
	f.list.moveTo(at)
	f.version++
	if again {
		f.act()
	}
}
