package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"cutaway/sandbox"
	"cutaway/sandbox/check"
)

// Wish is what a command line or a form asks for: a beginning, and what is to be otherwise.
type Wish struct {
	Preset  sandbox.Preset // the beginning, unless From is
	From    *sandbox.Spec  // the Spec to begin with, of a file or like a running process
	Given   []Given        // in the order in which they are said
	Command []string       // nil: that of From, or a shell
	Machine *check.Machine // a preset is fitted to it; nil when nothing is known of it

	fitted *beginning // of the preset, when that was done before
}

// beginning is a preset on a machine, and what of it was changed there.
type beginning struct {
	spec  sandbox.Spec
	notes []string
}

func (w *Wish) fit() *beginning {
	s, notes := w.Preset.Spec(w.Machine)
	return &beginning{s, notes}
}

// Given is an option with its value.
type Given struct {
	*Option
	Value string
	whole bool // it is in place of what is there, not added to it
}

// OptionError says what is wrong with the value of an option.
type OptionError struct {
	Option string
	Err    error
}

// Error is one line.
func (e *OptionError) Error() string { return e.Option + ": " + e.Err.Error() }

// Unwrap is what is wrong, without the name.
func (e *OptionError) Unwrap() error { return e.Err }

// Has tells whether one of some options was given.
func (w *Wish) Has(names ...string) bool {
	return slices.ContainsFunc(w.Given, func(g Given) bool { return slices.Contains(names, g.Name) })
}

// Spec is what is asked for. Notes say what of a preset was changed on this machine, or for the options. The error joins all
// that is wrong: an *OptionError for each value that cannot be read or, when all can, a *sandbox.FieldError for what
// does not hold together; the Spec is there all the same then, as far as it goes.
func (w *Wish) Spec() (s *sandbox.Spec, notes []string, err error) {
	s, notes = w.begin()
	to := &writer{Spec: s, wish: w, notes: notes}
	if err := to.apply(); err != nil {
		return s, to.notes, err
	}
	to.follow()
	switch {
	case len(w.Command) > 0:
		s.Command = w.Command
	case w.From == nil && !w.Has("command"):
		s.Command = []string{shellOf(s)}
	}
	return s, to.notes, s.Validate()
}

// limitNames are the options that ask for limits, or for none.
var limitNames = []string{"no-limits", "memory", "swap", "cpus", "pids", "weight", "io", "cpuset", "memset"}

// begin is the Spec to begin with.
func (w *Wish) begin() (*sandbox.Spec, []string) {
	if w.From != nil {
		s := *w.From
		return &s, nil
	}
	b := w.fitted
	if b == nil {
		b = w.fit()
	}
	s, notes := b.spec, slices.Clone(b.notes)
	if w.Has(limitNames...) { // whose failure says it, if it fails
		notes = slices.DeleteFunc(notes, func(note string) bool { return note == sandbox.NoteNoLimits })
	}
	return &s, notes
}

// shellOf is the shell to run without a command: the caller's own where the host's files are seen.
func shellOf(s *sandbox.Spec) string {
	switch s.Root.Kind {
	case sandbox.RootKeep, sandbox.RootHost, sandbox.RootOverlay:
		for _, shell := range []string{os.Getenv("SHELL"), "/bin/bash"} {
			if info, err := os.Stat(shell); filepath.IsAbs(shell) && err == nil && info.Mode()&0o111 != 0 {
				return shell
			}
		}
	}
	return "/bin/sh"
}

// writer applies options to a Spec. What the Spec shares with others, as its beginning, is never written to in place.
type writer struct {
	*sandbox.Spec
	wish  *Wish
	notes []string

	capDrop, capAdd []string
}

// apply applies the options in their order, and says all that is wrong with them.
func (w *writer) apply() error {
	var errs []error
	for _, first := range []bool{true, false} {
		for _, g := range w.wish.Given {
			if g.first != first {
				continue
			}
			if err := g.write(w); err != nil {
				errs = append(errs, &OptionError{g.Name, err})
			}
		}
	}
	return errors.Join(append(errs, w.capabilities())...)
}

func (g *Given) write(w *writer) error {
	if g.whole && g.put != nil {
		return g.put(w, g.Value)
	}
	return g.set(w, g.Value)
}

func (w *writer) has(names ...string) bool { return w.wish.Has(names...) }

func (w *writer) note(text string) { w.notes = append(w.notes, text) }
