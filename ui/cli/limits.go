package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"cutaway/sandbox/control"
	"cutaway/sandbox/limit"
	"cutaway/ui/change"
	"cutaway/ui/launch"
)

// limitsFlags are the flags of `cutaway limits`.
type limitsFlags struct {
	set    setFlags
	undo   bool
	force  bool
	dryRun bool
	yes    bool
	json   bool
}

// setFlags are the limits as text, as flags have them.
type setFlags struct {
	memory, swap, cpus, pids, weight, cpuset, memset string
	io                                               []string
}

func newLimits(a *app) *cobra.Command {
	var f limitsFlags
	c := &cobra.Command{
		Use:   "limits {TARGET | --undo [ID]}",
		Short: "Show or change the limits of a container's or a process's cgroup",
		Long: "Without limits to set, show what the cgroup of a container or a process uses and used at most, its limits, and the\n" +
			"limit that binds with the cgroup that sets it. With limits, say what will happen, write them, read them back, and\n" +
			"write the journal. What can hurt (less than is in use, a cgroup with others in it) is asked for first. A value that\n" +
			"the kernel refuses takes back what was written before it. It is refused for a cgroup that holds cutaway, what it\n" +
			"was started from, or PID 1.\n\n" + targetHelp +
			"\nSizes take K, M, G and T, powers of 1024; max removes a limit. Swap is counted alone, on cgroup v1 too.\n" +
			"--undo takes back the last change of limits, or the one with that ID in `cutaway journal`.",
		Example: "  cutaway limits db\n  cutaway limits db --memory 64M --pids 100\n  cutaway limits db --io /dev/sda,rbps=1M --dry-run\n  cutaway limits --undo",
		Args: func(c *cobra.Command, args []string) error {
			if f.undo {
				return wantArgs(0, 1, "ID")(c, args)
			}
			return wantArgs(1, 1, "TARGET")(c, args)
		},
		ValidArgsFunction: a.completeTarget,
		RunE:              func(c *cobra.Command, args []string) error { return a.limits(c.Context(), args, f) },
	}
	f.define(c)
	return c
}

func (f *limitsFlags) define(c *cobra.Command) {
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.set.memory, "memory", "m", "", "at most `SIZE` of memory, such as 64M")
	flags.StringVar(&f.set.swap, "swap", "", "at most `SIZE` of it swapped out; 0 is none")
	flags.StringVar(&f.set.cpus, "cpus", "", "at most the time of `N` processors, such as 0.5")
	flags.StringVar(&f.set.pids, "pids", "", "at most `N` processes and threads")
	flags.StringVar(&f.set.weight, "weight", "", "its part when processors are short: `N` from 1 to 10000; 100 is usual")
	flags.StringArrayVar(&f.set.io, "io", nil, launch.IOUsage)
	flags.StringVar(&f.set.cpuset, "cpuset", "", "run on the processors of `LIST` only, such as 0-1,3")
	flags.StringVar(&f.set.memset, "memset", "", "take memory from the nodes of `LIST` only")
	flags.BoolVar(&f.undo, "undo", false, "take back the last change of limits, or the one with ID")
	flags.BoolVar(&f.force, "force", false, "with --undo: although the value was changed by others since")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be written, and write nothing")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask before what can hurt")
	flags.BoolVar(&f.json, "json", false, "show as JSON, which docs/json.md describes")
}

// parse reads the flags; every error is wrong usage.
func (f *setFlags) parse() (limit.Set, error) {
	var s limit.Set
	for _, flag := range []struct {
		name, text string
		read       func(text string) error
	}{
		{"memory", f.memory, into(&s.Memory, limit.ParseBytes)},
		{"swap", f.swap, into(&s.Swap, limit.ParseBytes)},
		{"cpus", f.cpus, into(&s.CPUs, limit.ParseCPUs)},
		{"pids", f.pids, into(&s.PIDs, limit.ParseCount)},
		{"weight", f.weight, into(&s.Weight, limit.ParseWeight)},
		{"cpuset", f.cpuset, listInto(&s.CPUSet)},
		{"memset", f.memset, listInto(&s.MemSet)},
	} {
		if flag.text == "" {
			continue
		}
		if err := flag.read(flag.text); err != nil {
			return s, usagef("--%s: %w", flag.name, err)
		}
	}
	for _, text := range f.io {
		io, err := limit.ParseIO(text)
		if err != nil {
			return s, usagef("--io: %w", err)
		}
		s.IO = append(s.IO, io)
	}
	if err := s.Validate(); err != nil {
		return s, usagef("%w", err)
	}
	return s, nil
}

// into makes a reader of a value that may be left out.
func into[T any](to **T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		value, err := parse(text)
		*to = &value
		return err
	}
}

// listInto makes a reader of a list of processors or memory nodes.
func listInto(to *string) func(string) error {
	return func(text string) (err error) {
		*to, err = limit.ParseList(text)
		return err
	}
}

func (a *app) limits(ctx context.Context, args []string, f limitsFlags) error {
	set, err := f.set.parse()
	if err != nil {
		return err
	}
	switch {
	case f.undo && !set.Empty():
		return usagef("--undo takes back what was changed: give no limits with it")
	case f.force && !f.undo:
		return usagef("--force is for --undo")
	case f.json && (f.undo || !set.Empty()):
		return usagef("--json shows limits: give none to set, and no --undo")
	case f.undo:
		return a.undoLimits(args, f)
	case set.Empty() && f.dryRun:
		return usagef("--dry-run needs a limit to set")
	case set.Empty():
		return a.showLimits(ctx, args[0], f.json)
	}
	return a.changeLimits(ctx, args[0], set, f)
}

// changeLimits says what will happen, asks if that can hurt, and does it.
func (a *app) changeLimits(ctx context.Context, name string, set limit.Set, f limitsFlags) error {
	if err := a.mayPlan("limits", f.dryRun); err != nil {
		return err
	}
	t, err := a.pin(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	p, err := t.Plan(set)
	if err != nil {
		return err
	}
	defer p.Close()
	strangers, err := a.strangers(ctx, t)
	if err != nil {
		return err
	}
	change.WarnStrangers(p, &t.named, strangers)
	return a.carryOut(p, f, p.Hurts() || strangers > 0)
}

func (a *app) undoLimits(args []string, f limitsFlags) error {
	if err := a.mayPlan("limits", f.dryRun); err != nil {
		return err
	}
	id := ""
	if len(args) > 0 {
		id = args[0]
	}
	p, err := control.PlanUndo(id, f.force)
	if errors.Is(err, control.ErrChanged) {
		return fmt.Errorf("%w; --force takes it back all the same", err)
	}
	if err != nil {
		return err
	}
	defer p.Close()
	return a.carryOut(p, f, f.force)
}
