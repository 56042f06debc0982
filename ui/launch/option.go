package launch

import (
	"slices"
	"sync"

	"cutaway/sandbox"
)

// Option is something that can be otherwise than in the beginning of a Wish: a flag of `cutaway run`, a row of a form.
type Option struct {
	Name  string // of the flag; where docker run and bwrap have one for the same, it has their name
	Short string // its letter, or ""
	Usage string // for help; the word for the value is in backquotes
	Bare  string // the flag's value when it has none; "" takes one always
	Words []string
	first bool // it comes before the others, wherever it stands: it clears what they add to
	set   func(w *writer, value string) error

	Row
}

// Row is an option as a form has it: a value that is shown, and that another takes the place of.
type Row struct {
	About   string   // what it separates, gives or takes, in one sentence for somebody who learns it
	Empty   string   // what an empty value means, in a few words
	Choices []string // the values to go through one after the other
	Typed   bool     // other values than those can be typed
	Fields  []string // of the Spec's JSON that it writes

	get func(*sandbox.Spec) string
	put func(w *writer, value string) error // nil: set does it, as nothing is added to what is there
}

// onOff are the choices of a switch.
var onOff = []string{"false", "true"}

// Switch tells whether the option is on or off, and nothing else.
func (o *Option) Switch() bool { return !o.Typed && slices.Equal(o.Choices, onOff) }

// Value is the option's value in a Spec, as Form.Set takes it. A list is in words of a shell.
func (o *Option) Value(s *sandbox.Spec) string { return o.get(s) }

// Group is some options under a title.
type Group struct {
	Title   string
	Options []*Option
}

// Groups are all flags of `cutaway run` that change a Spec, in the order of its help.
func Groups() []Group { return groups() }

// groups is made when it is first asked for: a sandbox's first process is this program too, and has no use for it.
var groups = sync.OnceValue(func() []Group {
	return []Group{
		{"Namespaces (a SOURCE is new, host, container:NAME or process:PID)", pointers(namespaceOptions())},
		{"The root directory", pointers(rootOptions())},
		{"What is mounted in it", pointers(mountOptions())},
		{"Rights", pointers(rightsOptions())},
		{"Limits (a SIZE takes K, M, G and T, powers of 1024)", pointers(limitOptions())},
		{"The command", pointers(commandOptions())},
	}
})

func pointers(list []Option) []*Option {
	out := make([]*Option, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// Named is the option of a name; nil when there is none.
func Named(name string) *Option {
	if name == commandLine.Name {
		return &commandLine
	}
	for _, g := range groups() {
		for _, o := range g.Options {
			if o.Name == name {
				return o
			}
		}
	}
	return nil
}

// OptionOf is the first option that writes a field of the Spec's JSON, such as "namespaces.net"; nil when there is none.
func OptionOf(field string) *Option {
	for _, p := range rows() {
		for _, o := range p.Options {
			if slices.Contains(o.Fields, field) {
				return o
			}
		}
	}
	return nil
}
