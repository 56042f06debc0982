package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"cutaway/ui/change"
)

func newFreeze(a *app) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "freeze TARGET",
		Short: "Stop all processes of a container's or a process's cgroup until thaw",
		Long: "Stop all processes of a container's or a process's cgroup, and of those below it, until `cutaway thaw`. They do not\n" +
			"notice. It is refused for a cgroup that holds cutaway, what it was started from, or PID 1.\n\n" + targetHelp,
		Example:           "  cutaway freeze db",
		Args:              wantArgs(1, 1, "TARGET"),
		ValidArgsFunction: a.completeTarget,
		RunE:              func(c *cobra.Command, args []string) error { return a.freeze(c.Context(), args[0], yes) },
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask, although the cgroup of a process holds others too")
	return c
}

func newThaw(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "thaw TARGET",
		Short:             "Let frozen processes run again",
		Long:              "Let the processes of a frozen cgroup run again.\n\n" + targetHelp,
		Example:           "  cutaway thaw db",
		Args:              wantArgs(1, 1, "TARGET"),
		ValidArgsFunction: a.completeTarget,
		RunE:              func(c *cobra.Command, args []string) error { return a.thaw(c.Context(), args[0]) },
	}
}

func (a *app) freeze(ctx context.Context, name string, yes bool) error {
	if err := a.mayChange("freeze"); err != nil {
		return err
	}
	t, err := a.pin(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	pids, err := t.PIDs()
	if err != nil {
		return fmt.Errorf("freeze %s: %w", t, err)
	}
	if err := t.May("freeze"); err != nil {
		return err
	}
	strangers, err := a.strangers(ctx, t)
	if err != nil {
		return err
	}
	if strangers > 0 {
		if err := a.confirm(yes, change.FreezeQuestion(t, len(pids), strangers)); err != nil {
			return err
		}
	}
	e, err := t.Freeze(ctx)
	if err != nil {
		return err
	}
	a.recorded(e)
	if note := change.FrozenNote(t.Engine); note != "" {
		a.note(note)
	}
	return a.say("frozen: %s, %s; `cutaway thaw %s` lets it run again", t, change.Counted(len(pids), "process", "processes"), name)
}

func (a *app) thaw(ctx context.Context, name string) error {
	if err := a.mayChange("thaw"); err != nil {
		return err
	}
	t, err := a.pin(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	e, err := t.Thaw(ctx)
	if err != nil {
		return err
	}
	a.recorded(e)
	if e.Old == e.New {
		return a.say("was not frozen: %s", t)
	}
	return a.say("runs again: %s", t)
}
