package launch

import (
	"fmt"
	"slices"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/check"
)

// Form is a Wish that is filled in row by row: a row has a value, and another takes its place. It is for one goroutine.
type Form struct {
	wish  Wish // without what was changed
	given map[string]string
	base  *sandbox.Spec // the beginning as it would be launched
	made  *made
}

// made is what the form comes to.
type made struct {
	spec  *sandbox.Spec
	notes []string
	err   error
}

// NewForm begins with a preset.
func NewForm(p sandbox.Preset) *Form {
	f := &Form{given: map[string]string{}}
	f.Begin(p)
	return f
}

// Begin begins anew with a preset. What was changed is as the preset has it then, but for the command.
func (f *Form) Begin(p sandbox.Preset) { f.restart(p, nil) }

// BeginAs begins anew with a Spec, of a file or like a running process. What was changed is as the Spec has it then; its
// command too.
func (f *Form) BeginAs(s *sandbox.Spec) {
	delete(f.given, commandLine.Name)
	f.restart(sandbox.Preset{}, s)
}

func (f *Form) restart(p sandbox.Preset, s *sandbox.Spec) {
	command, typed := f.given[commandLine.Name]
	f.wish.Preset, f.wish.From, f.given = p, s, map[string]string{}
	if typed {
		f.given[commandLine.Name] = command
	}
	f.rebase()
}

// SetMachine fits presets to a machine, from now on.
func (f *Form) SetMachine(m *check.Machine) {
	f.wish.Machine = m
	f.rebase()
}

// rebase makes the beginning again. The preset is fitted to the machine here, once: that asks the machine.
func (f *Form) rebase() {
	f.wish.fitted = nil
	if f.wish.From == nil {
		f.wish.fitted = f.wish.fit()
	}
	begin := f.wish
	f.base, _, _ = begin.Spec()
	f.made = nil
}

// Preset is the preset that it began with; ok is false when it began with a Spec.
func (f *Form) Preset() (p sandbox.Preset, ok bool) { return f.wish.Preset, f.wish.From == nil }

// Machine is what the form was told of the machine; nil before.
func (f *Form) Machine() *check.Machine { return f.wish.Machine }

// Spec is what the form comes to, as Wish.Spec says it. It is not to be changed.
func (f *Form) Spec() (s *sandbox.Spec, notes []string, err error) {
	if f.made == nil {
		f.made = f.make(f.given)
	}
	return f.made.spec, f.made.notes, f.made.err
}

// make makes a Spec with some rows changed. Their order is that of the rows, whatever was changed first.
func (f *Form) make(given map[string]string) *made {
	wish := f.wish
	wish.Given = nil
	for _, g := range rows() {
		for _, o := range g.Options {
			if value, ok := given[o.Name]; ok {
				wish.Given = append(wish.Given, Given{Option: o, Value: value, whole: true})
			}
		}
	}
	m := &made{}
	m.spec, m.notes, m.err = wish.Spec()
	return m
}

// Value is what stands in a row: what was said, or what follows from the rest.
func (f *Form) Value(o *Option) string {
	s, _, _ := f.Spec()
	return o.get(s)
}

// Was is what stood in a row at the beginning.
func (f *Form) Was(o *Option) string { return o.get(f.base) }

// Differs tells whether a row is not as at the beginning, whoever changed it.
func (f *Form) Differs(o *Option) bool { return f.Value(o) != f.Was(o) }

// Changed tells whether a row was changed by Set.
func (f *Form) Changed(o *Option) bool {
	_, ok := f.given[o.Name]
	return ok
}

// Set puts a value into a row. A value that cannot be read is refused, with what would be right; what does not hold together
// with the other rows, Spec says. A list is in words of a shell.
func (f *Form) Set(o *Option, value string) error {
	if !o.Typed && !slices.Contains(o.Choices, value) {
		return fmt.Errorf("%q is none of %s", value, strings.Join(o.Choices, ", "))
	}
	alone := *f.base
	w := &writer{Spec: &alone, wish: &f.wish}
	if err := (&Given{Option: o, Value: value, whole: true}).write(w); err != nil {
		return err
	}
	f.given[o.Name] = o.get(&alone) // absolute, with the kind of a root: it is not looked up again
	f.made = nil
	f.forget(o)
	return nil
}

// forget lets a row be unchanged that would have its value without that too.
func (f *Form) forget(o *Option) {
	given := map[string]string{}
	for name, value := range f.given {
		if name != o.Name {
			given[name] = value
		}
	}
	if m := f.make(given); o.get(m.spec) == f.Value(o) {
		f.given, f.made = given, m
	}
}

// Reset puts a row back to what it was at the beginning, or to what follows from the rest.
func (f *Form) Reset(o *Option) {
	delete(f.given, o.Name)
	f.made = nil
}

// Turn puts the next of a row's choices into it, or the one before for a step of -1. It does nothing where there are none.
func (f *Form) Turn(o *Option, step int) {
	n := len(o.Choices)
	if n == 0 {
		return
	}
	at := slices.Index(o.Choices, f.Value(o))
	if at < 0 && step < 0 {
		at = 0
	}
	if err := f.Set(o, o.Choices[(at+step+n)%n]); err != nil {
		panic("a choice of " + o.Name + " is refused: " + err.Error())
	}
}
