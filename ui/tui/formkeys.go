package tui

import (
	"slices"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox"
	"cutaway/ui/launch"
)

// section is the form's keys; while a row is typed into, typeKey has them all.
func (f *formPane) section() section {
	return section{"Form", []*binding{
		bind("↑ k", "row above", does(func() { f.move(-1) }), "up", "k"),
		bind("↓ j", "row below", does(func() { f.move(1) }), "down", "j"),
		bind("pgup", "a page up", does(func() { f.move(-f.page()) }), "pgup", "ctrl+b"),
		bind("pgdn", "a page down", does(func() { f.move(f.page()) }), "pgdown", "ctrl+f"),
		bind("^U", "half a page up", does(func() { f.move(-f.page() / 2) }), "ctrl+u"),
		bind("^D", "half a page down", does(func() { f.move(f.page() / 2) }), "ctrl+d"),
		bind("g home", "first row", does(func() { f.move(-len(f.lines)) }), "g", "home"),
		bind("G end", "last row", does(func() { f.move(len(f.lines)) }), "G", "end"),

		bind("space →", "next choice, on or off", does(func() { f.turn(1) }), "space", "right").unless(f.noChoices).inFooter("change"),
		bind("←", "choice before", does(func() { f.turn(-1) }), "left").unless(f.noChoices),
		bind("enter", "type the value", does(f.act), "enter").unless(f.tooLong).inFooter("edit"),
		bind("backspace delete", "the row as it was at the beginning", does(f.reset), "backspace", "delete", "ctrl+h").unless(f.asItWas).inFooter("reset"),
	}}
}

func (f *formPane) page() int { return max(f.list.height-1, 1) }

// turn takes the next choice, or the one before.
func (f *formPane) turn(step int) {
	if o := f.selected(); o != nil {
		f.form.Turn(o, step)
		f.changed()
	}
}

func (f *formPane) noChoices() string {
	if o := f.selected(); o == nil || len(o.Choices) == 0 {
		return "this row is typed: enter edits it"
	}
	return ""
}

func (f *formPane) reset() {
	if o := f.selected(); o != nil {
		f.form.Reset(o)
		f.changed()
	}
}

func (f *formPane) asItWas() string {
	o := f.selected()
	switch {
	case o == nil || !f.form.Changed(o) && !f.form.Differs(o):
		return "this row is as it was at the beginning"
	case !f.form.Changed(o):
		return "nobody changed this row: it follows from another one"
	}
	return ""
}

// act types into a row, or takes the next choice where nothing else can be in it.
func (f *formPane) act() {
	o := f.selected()
	switch {
	case o == nil || f.tooLong() != "":
		return
	case !o.Typed:
		f.turn(1)
		return
	}
	f.edit = &rowEdit{field: textField{long: true}}
	f.edit.field.insert(beginning(o, f.form.Value(o)))
	f.version++
}

// beginning is what the typing begins with: the value or, where that is a namespace that is not joined, how a joined one is
// said.
func beginning(o *launch.Option, value string) string {
	if isSource(o) && slices.Contains(o.Choices, value) {
		return "container:"
	}
	return value
}

// isSource tells whether a row says where a namespace is from.
func isSource(o *launch.Option) bool { return namespaceType(o) != "" }

// namespaceType is the type of namespace that a row is about, or "".
func namespaceType(o *launch.Option) string {
	for _, name := range sandbox.NamespaceTypes {
		if launch.SourceNames[name] == o.Name {
			return name
		}
	}
	return ""
}

func (f *formPane) tooLong() string {
	if o := f.selected(); o != nil && utf8.RuneCountInString(f.form.Value(o)) > longTyped {
		return "this is too long for a line: save the Spec as JSON, change it there and run it by --spec"
	}
	return ""
}

// typing tells whether a row is typed into: all keys are for typeKey then, pasted text for typeText.
func (f *formPane) typing() bool { return f.edit != nil }

// typeKey gives a key to the row that is typed into. A value that is refused stays there with the reason.
func (f *formPane) typeKey(msg tea.KeyPressMsg) {
	f.version++
	switch msg.String() {
	case "esc", "ctrl+c":
		f.edit = nil
	case "enter":
		f.enter()
	case "up", "down", "tab", "shift+tab": // to another row, which takes what is typed first
		if f.enter(); f.edit == nil {
			f.move(map[bool]int{true: -1, false: 1}[msg.String() == "up" || msg.String() == "shift+tab"])
		}
	default:
		if f.edit.field.key(msg) {
			f.edit.err = nil
		}
	}
}

func (f *formPane) typeText(s string) {
	f.edit.field.insert(s)
	f.edit.err = nil
	f.version++
}

// enter takes what was typed.
func (f *formPane) enter() {
	if f.edit.err = f.form.Set(f.selected(), f.edit.field.value()); f.edit.err == nil {
		f.edit = nil
		f.changed()
	}
}

// pull asks the machine what it says of the Spec, when it is known and that changed.
func (f *formPane) pull() tea.Cmd {
	m := f.form.Machine()
	if m == nil {
		return nil
	}
	s, err := f.spec()
	return f.errand.pull(f, func() any {
		if err != nil {
			return findingsOf(nil)
		}
		return findingsOf(m.Refusals(s.Need()))
	})
}

// took takes the machine's answer.
func (f *formPane) took(d errandDone) {
	f.errand.end(d)
	f.findings = d.result.(findingsOf)
	f.version++
}
