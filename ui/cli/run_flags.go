package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cutaway/sandbox"
	"cutaway/sandbox/check"
	"cutaway/sandbox/export"
)

// runFlags are the flags of `cutaway run`. Where docker run and bwrap have a flag for something, it has that name here.
type runFlags struct {
	preset, specFile, print string
	like                    likeFlag
	step                    bool

	given   []givenOption // in the order of the command line
	probe   func() (*check.Machine, error)
	machine *check.Machine // what begin found; nil when it did not look
}

// runOption is a flag that changes the Spec.
type runOption struct {
	name, short, usage string
	bare               string   // its value when it has none; "" takes one always
	words              []string // that complete it
	first              bool     // it comes before the others, wherever it stands: it clears what they add to
	set                func(w *specWriter, value string) error
}

// givenOption is a flag with its value.
type givenOption struct {
	*runOption
	value string
}

// optionValue notes a flag's value for later: the Spec that it changes is not there yet.
type optionValue struct {
	flags  *runFlags
	option *runOption
	last   string
}

func (v *optionValue) Set(text string) error {
	v.flags.given = append(v.flags.given, givenOption{v.option, text})
	v.last = text
	return nil
}

func (v *optionValue) String() string { return v.last }

// Type is what the help shows of the value: that of a switch is left out.
func (v *optionValue) Type() string {
	if v.option.bare != "" {
		return "bool"
	}
	return "string"
}

// otherNames are names that people know, of docker run, of bwrap and unshare, for flags that have another.
var otherNames = map[string]string{
	"network": "net", "user-ns": "userns", "cgroup-ns": "cgroupns", "time-ns": "timens",
	"pids-limit": "pids", "cpuset-cpus": "cpuset", "cpuset-mems": "memset", "cpu-weight": "weight",
	"volume": "bind", "chdir": "workdir", "wd": "workdir", "clearenv": "clear-env", "setenv": "env", "ulimit": "rlimit",
	"no-new-privileges": "no-new-privs",
}

func (f *runFlags) register(c *cobra.Command) {
	f.probe = check.Probe
	flags := c.Flags()
	flags.SortFlags = false
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if known, ok := otherNames[name]; ok {
			name = known
		}
		return pflag.NormalizedName(name)
	})
	flags.StringVarP(&f.preset, "preset", "p", "isolated", "begin with the preset `NAME`")
	flags.StringVar(&f.specFile, "spec", "", "begin with the JSON in `FILE`, as --print json writes it; - is the standard input")
	flags.StringVar(&f.like.target, "like", "", "begin with what a running container or process is: `TARGET`, a name or a PID")
	flags.StringVar(&f.print, "print", "", "launch nothing, print the same as `FORM`: "+strings.Join(export.Names(), ", "))
	flags.BoolVar(&f.step, "step", false, "stop before each stage of the launch, and show what the last one did")
	completeWith(c, "preset", sandbox.PresetNames()...)
	completeWith(c, "print", export.Names()...)
	flags.VisitAll(func(f *pflag.Flag) { titled(f, "What to begin with") })
	for _, group := range []struct {
		title string
		list  []runOption
	}{
		{"Namespaces (a SOURCE is new, host, container:NAME or process:PID)", namespaceOptions()},
		{"The root directory", rootOptions()},
		{"What is mounted in it", mountOptions()},
		{"Rights", rightsOptions()},
		{"Limits (a SIZE takes K, M, G and T, powers of 1024)", limitOptions()},
		{"The command", commandOptions()},
	} {
		for i := range group.list {
			titled(f.add(c, &group.list[i]), group.title)
		}
	}
	for _, name := range []string{"interactive", "rm"} { // docker run's, for what is always so here
		flags.BoolP(name, map[string]string{"interactive": "i"}[name], true, "")
		_ = flags.MarkHidden(name)
	}
}

func (f *runFlags) add(c *cobra.Command, o *runOption) *pflag.Flag {
	flag := c.Flags().VarPF(&optionValue{flags: f, option: o}, o.name, o.short, o.usage)
	flag.NoOptDefVal = o.bare
	if o.words != nil {
		completeWith(c, o.name, o.words...)
	}
	return flag
}

// titled puts a flag into a group of the help.
func titled(f *pflag.Flag, title string) {
	f.Annotations = map[string][]string{titleOf: {title}}
}

// has tells whether one of some flags was given.
func (f *runFlags) has(names ...string) bool {
	return slices.ContainsFunc(f.given, func(g givenOption) bool { return slices.Contains(names, g.name) })
}

// spec is what the flags and the command ask for. Notes say what of a preset was changed on this machine, or for the flags.
func (f *runFlags) spec(c *cobra.Command, command []string) (s *sandbox.Spec, notes []string, err error) {
	s, notes, err = f.begin(c)
	if err != nil {
		return nil, nil, err
	}
	w := &specWriter{Spec: s, flags: f, notes: notes}
	if err := w.apply(); err != nil {
		return nil, nil, err
	}
	w.follow()
	switch {
	case len(command) > 0:
		s.Command = command
	case f.specFile == "" && f.like.target == "":
		s.Command = []string{shellOf(s)}
	}
	if err := s.Validate(); err != nil {
		return nil, nil, usageError{f.byFlag(err)}
	}
	return s, w.notes, nil
}

// oneWord says of a bind without a place inside that bwrap's second word was taken for the command; "" when there is none.
func (f *runFlags) oneWord() string {
	for _, g := range f.given {
		if slices.Contains([]string{"bind", "ro-bind", "dev-bind"}, g.name) && !strings.Contains(g.value, ":") {
			return fmt.Sprintf("bwrap's --%[1]s SRC DST is --%[1]s SRC:DST here, one word", g.name)
		}
	}
	return ""
}

// flagFor are the flags for fields of a Spec that have another name there.
var flagFor = map[string]string{"dir": "workdir", "uid_map": "uid-map", "gid_map": "gid-map", "rlimits": "rlimit", "network.veth": "veth"}

// byFlag says of what is wrong with a Spec which flag said it, where one did.
func (f *runFlags) byFlag(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, e := range several.Unwrap() {
			list = append(list, f.byFlag(e))
		}
		return errors.Join(list...)
	}
	var wrong *sandbox.FieldError
	if !errors.As(err, &wrong) {
		return err
	}
	flag := wrong.Field
	if kind, ok := strings.CutPrefix(flag, "namespaces."); ok {
		flag = sourceFlags[kind]
	} else if name := flagFor[flag]; name != "" {
		flag = name
	}
	if !f.has(flag) {
		return err
	}
	named := *wrong
	named.Field = "--" + flag
	return &named
}

// begin is the Spec of the file, of what runs, or of the preset.
func (f *runFlags) begin(c *cobra.Command) (*sandbox.Spec, []string, error) {
	if f.print != "" {
		if err := oneOf("--print", f.print, export.Names()); err != nil {
			return nil, nil, err
		}
	}
	if f.like.target != "" {
		return f.beginLike(c)
	}
	if f.specFile != "" {
		if c.Flags().Changed("preset") {
			return nil, nil, usagef("--spec and --preset both say how to begin: give one")
		}
		s, err := f.readSpec()
		return s, nil, err
	}
	p, ok := sandbox.PresetNamed(f.preset)
	switch {
	case !ok && strings.Contains(f.preset, ":"):
		return nil, nil, usagef("-p is --preset here, and %s", noPorts)
	case !ok:
		return nil, nil, oneOf("--preset", f.preset, sandbox.PresetNames())
	case p.NeedsDir && !f.has("root"):
		return nil, nil, usagef("the preset %s needs --root DIR", p.Name)
	case p.Target && !f.has("net"):
		return nil, nil, usagef("the preset %s needs --net container:NAME or --net process:PID", p.Name)
	}
	m, err := f.probe()
	if err != nil {
		return nil, nil, err
	}
	f.machine = m
	s, notes := p.Spec(m)
	if f.has("no-limits", "memory", "swap", "cpus", "pids", "weight", "io", "cpuset", "memset") { // whose failure says it, if it fails
		notes = slices.DeleteFunc(notes, func(note string) bool { return note == sandbox.NoteNoLimits })
	}
	if p.Warning != "" {
		notes = append([]string{p.Name + ": " + p.Warning}, notes...)
	}
	return &s, notes, nil
}

func (f *runFlags) readSpec() (*sandbox.Spec, error) {
	in := os.Stdin
	if f.specFile != "-" {
		var err error
		if in, err = os.Open(f.specFile); err != nil {
			return nil, err
		}
		defer in.Close()
	}
	s, err := sandbox.Parse(in)
	if err != nil {
		return nil, fmt.Errorf("--spec %s: %w", f.specFile, err)
	}
	return s, nil
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

// specWriter applies flags to a Spec.
type specWriter struct {
	*sandbox.Spec
	flags *runFlags
	notes []string

	capDrop, capAdd []string
}

// apply applies the flags in their order, and says all that is wrong with them.
func (w *specWriter) apply() error {
	var errs []error
	for _, first := range []bool{true, false} {
		for _, g := range w.flags.given {
			if g.first != first {
				continue
			}
			if err := g.set(w, g.value); err != nil {
				errs = append(errs, fmt.Errorf("--%s: %w", g.name, err))
			}
		}
	}
	if err := w.capabilities(); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return usageError{errors.Join(errs...)}
	}
	return nil
}

func (w *specWriter) note(text string) { w.notes = append(w.notes, text) }
