package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"cutaway/inspect/proc"
	"cutaway/sandbox/control"
)

func newSignal(a *app) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "signal TARGET",
		Short: "Send a signal to a process, or to a container's first",
		Long: "Send a signal to a process, or to a container's first. It reaches the process that was looked at and no other that\n" +
			"got its PID meanwhile (pidfd_send_signal(2)).\n\n" + targetHelp,
		Example:           "  cutaway signal 4242\n  cutaway signal -s HUP db",
		Args:              wantArgs(1, 1, "TARGET"),
		ValidArgsFunction: a.completeTarget,
		RunE:              func(c *cobra.Command, args []string) error { return a.signal(c.Context(), args[0], name) },
	}
	c.Flags().StringVarP(&name, "signal", "s", "TERM", "the `SIGNAL`: a name or a number, see signal(7)")
	completeWith(c, "signal", signalNames()...)
	return c
}

// signalNames are those that have a name without a number.
func signalNames() []string {
	var names []string
	for n := 1; n < 32; n++ {
		names = append(names, strings.TrimPrefix(proc.SignalName(n), "SIG"))
	}
	return names
}

func (a *app) signal(ctx context.Context, name, signal string) error {
	number, err := control.ParseSignal(signal)
	if err != nil {
		return usagef("--signal: %w", err)
	}
	if err := a.mayChange("signal"); err != nil {
		return err
	}
	t, err := a.pin(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	e, err := t.Signal(number)
	if err != nil {
		return err
	}
	a.recorded(e)
	if note := t.named.IgnoresNote(number); note != "" {
		a.note(note)
	}
	return a.say("sent %s to %s", proc.SignalName(int(number)), t)
}
