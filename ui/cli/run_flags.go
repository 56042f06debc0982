package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cutaway/sandbox"
	"cutaway/sandbox/check"
	"cutaway/sandbox/export"
	"cutaway/ui/launch"
)

// runFlags are the flags of `cutaway run`. Where docker run and bwrap have a flag for something, it has that name here.
type runFlags struct {
	preset, specFile, print string
	like                    likeFlag
	step                    bool

	wish  launch.Wish
	probe func() (*check.Machine, error)
}

// optionValue notes an option's value for later: the Spec that it changes is not there yet.
type optionValue struct {
	wish   *launch.Wish
	option *launch.Option
	last   string
}

func (v *optionValue) Set(text string) error {
	v.wish.Given = append(v.wish.Given, launch.Given{Option: v.option, Value: text})
	v.last = text
	return nil
}

func (v *optionValue) String() string { return v.last }

// Type is what the help shows of the value: that of a switch is left out.
func (v *optionValue) Type() string {
	if v.option.Bare != "" {
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
	for _, group := range launch.Groups() {
		for _, option := range group.Options {
			titled(f.add(c, option), group.Title)
		}
	}
	for _, name := range []string{"interactive", "rm"} { // docker run's, for what is always so here
		flags.BoolP(name, map[string]string{"interactive": "i"}[name], true, "")
		_ = flags.MarkHidden(name)
	}
}

func (f *runFlags) add(c *cobra.Command, o *launch.Option) *pflag.Flag {
	flag := c.Flags().VarPF(&optionValue{wish: &f.wish, option: o}, o.Name, o.Short, o.Usage)
	flag.NoOptDefVal = o.Bare
	if o.Words != nil {
		completeWith(c, o.Name, o.Words...)
	}
	return flag
}

// titled puts a flag into a group of the help.
func titled(f *pflag.Flag, title string) {
	f.Annotations = map[string][]string{titleOf: {title}}
}

// spec is what the flags and the command ask for. Notes say what of a preset was changed on this machine, or for the flags.
func (f *runFlags) spec(c *cobra.Command, command []string) (s *sandbox.Spec, notes []string, err error) {
	if err := f.begin(c); err != nil {
		return nil, nil, err
	}
	f.wish.Command = command
	s, more, err := f.wish.Spec()
	notes = append(f.like.notes, more...)
	if err != nil {
		return nil, nil, usageError{f.byFlag(err)}
	}
	if p := f.wish.Preset; f.wish.From == nil && p.Warning != "" {
		notes = append([]string{p.Name + ": " + p.Warning}, notes...)
	}
	return s, notes, nil
}

// oneWord says of a bind without a place inside that bwrap's second word was taken for the command; "" when there is none.
func (f *runFlags) oneWord() string {
	for _, g := range f.wish.Given {
		if slices.Contains([]string{"bind", "ro-bind", "dev-bind"}, g.Name) && !strings.Contains(g.Value, ":") {
			return fmt.Sprintf("bwrap's --%[1]s SRC DST is --%[1]s SRC:DST here, one word", g.Name)
		}
	}
	return ""
}

// byFlag says of what is wrong with an option or with a Spec which flag said it, where one did.
func (f *runFlags) byFlag(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, e := range several.Unwrap() {
			list = append(list, f.byFlag(e))
		}
		return errors.Join(list...)
	}
	var option *launch.OptionError
	if errors.As(err, &option) {
		return fmt.Errorf("--%w", option)
	}
	var wrong *sandbox.FieldError
	if !errors.As(err, &wrong) {
		return err
	}
	flag := launch.OptionOf(wrong.Field)
	if flag == nil || !f.wish.Has(flag.Name) {
		return err
	}
	named := *wrong
	named.Field = "--" + flag.Name
	return &named
}

// begin finds the Spec of the file or of what runs, or the preset and the machine to fit it to.
func (f *runFlags) begin(c *cobra.Command) (err error) {
	if f.print != "" {
		if err := oneOf("--print", f.print, export.Names()); err != nil {
			return err
		}
	}
	if f.like.target != "" {
		return f.beginLike(c)
	}
	if f.specFile != "" {
		if c.Flags().Changed("preset") {
			return usagef("--spec and --preset both say how to begin: give one")
		}
		f.wish.From, err = f.readSpec()
		return err
	}
	p, ok := sandbox.PresetNamed(f.preset)
	switch {
	case !ok && strings.Contains(f.preset, ":"):
		return usagef("-p is --preset here, and %s", noPorts)
	case !ok:
		return oneOf("--preset", f.preset, sandbox.PresetNames())
	case p.NeedsDir && !f.wish.Has("root"):
		return usagef("the preset %s needs --root DIR", p.Name)
	case p.Target && !f.wish.Has("net"):
		return usagef("the preset %s needs --net container:NAME or --net process:PID", p.Name)
	}
	f.wish.Preset = p
	f.wish.Machine, err = f.probe()
	return err
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
