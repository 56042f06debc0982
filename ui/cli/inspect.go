package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"cutaway/inspect"
)

// inspectFlags are the flags of `cutaway inspect`.
type inspectFlags struct {
	json, source, reveal bool
}

func newInspect(a *app) *cobra.Command {
	var f inspectFlags
	c := &cobra.Command{
		Use:   "inspect TARGET",
		Short: "Show everything about a process or a container",
		Long: "Show everything about a process or a container, with its first process.\n\n" + targetHelp +
			"\nValues of the environment that look like secrets are masked unless --reveal is given.",
		Example:           "  cutaway inspect db\n  cutaway inspect 4242 --source\n  cutaway inspect self --json",
		Args:              wantArgs(1, 1, "TARGET"),
		ValidArgsFunction: a.completeTarget,
		RunE:              func(c *cobra.Command, args []string) error { return a.inspectTarget(c.Context(), args[0], f) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.source, "source", false, "print below each value the file it is from and a command that shows the same")
	flags.BoolVar(&f.reveal, "reveal", false, "show values of the environment that look like secrets")
	flags.BoolVar(&f.json, "json", false, "print JSON, which docs/json.md describes")
	return c
}

func (a *app) inspectTarget(ctx context.Context, name string, f inspectFlags) error {
	if f.json && f.source {
		return usagef("--json has no sources: leave out --source")
	}
	v, err := a.look(ctx)
	if err != nil {
		return err
	}
	t, err := v.find(name)
	if err != nil {
		return err
	}
	d, err := v.ReadParts(ctx, v.Snapshot, t.process.ID, inspect.AllParts)
	if errors.Is(err, inspect.ErrGone) {
		return fmt.Errorf("process %d has ended while it was looked at", t.process.PID)
	}
	if err != nil {
		return err
	}
	if f.json {
		return inspectJSON(a, v, t, d, f.reveal)
	}
	return inspectText(a, v, t, d, f)
}
