package cli

import (
	"context"

	"github.com/spf13/cobra"

	"cutaway/ui/change"
)

func newKill(a *app) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "kill TARGET",
		Short: "Kill all processes of a container's or a process's cgroup",
		Long: "Kill all processes of a container's or a process's cgroup, and of those below it, with SIGKILL: by cgroup.kill where\n" +
			"the kernel has that, else they are frozen and killed until none is left. It asks before. It is refused for a\n" +
			"cgroup that holds cutaway, what it was started from, or PID 1.\n\n" + targetHelp,
		Example:           "  cutaway kill db",
		Args:              wantArgs(1, 1, "TARGET"),
		ValidArgsFunction: a.completeTarget,
		RunE:              func(c *cobra.Command, args []string) error { return a.kill(c.Context(), args[0], yes) },
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) kill(ctx context.Context, name string, yes bool) error {
	if err := a.mayChange("kill"); err != nil {
		return err
	}
	t, err := a.pin(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := t.May("kill"); err != nil {
		return t.alone(err)
	}
	pids, err := t.PIDs()
	if err != nil {
		return err
	}
	strangers, err := a.strangers(ctx, t)
	if err != nil {
		return err
	}
	if err := a.confirm(yes, change.KillQuestion(t, len(pids), strangers)); err != nil {
		return err
	}
	killed, e, err := t.KillAll(ctx)
	if err != nil {
		return t.alone(err)
	}
	a.recorded(e)
	return a.say("killed: %s, %s", t, change.Counted(killed, "process", "processes"))
}
