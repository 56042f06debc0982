package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"cutaway/inspect"
	"cutaway/inspect/compare"
)

// The exit statuses of `cutaway diff`, as diff(1) has them.
const (
	exitDifferent = 1
	exitTrouble   = 2
)

func newDiff(a *app) *cobra.Command {
	var all, json bool
	c := &cobra.Command{
		Use:   "diff [A] B",
		Short: "Compare what two containers, processes, or the host and one of them, see",
		Long: "Compare two views: namespaces, ids, names, processes, capabilities, limits, mounts, users, network, environment and\n" +
			"more, as a process of each sees them. A is the host unless it is named. Only what differs is printed, unless --all.\n" +
			targetHelp + "host is the machine itself: its first process, or cutaway\n" +
			"where that cannot be read. What is unknown on a side is neither alike nor different. The status is 0 when they are\n" +
			"alike, 1 when they differ, 2 on trouble.",
		Example: "  cutaway diff db                what db sees that the host does not, and the other way round\n" +
			"  cutaway diff db web --all      two containers, with what is the same\n" +
			"  cutaway diff db --json         for a program",
		Args: wantArgs(1, 2, "[A] B"),
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			names, directive := a.completeTarget(c, nil, typed)
			if len(args) > 1 {
				return nil, directive
			}
			return append([]string{"host"}, names...), directive
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				args = []string{"host", args[0]}
			}
			return a.inTrouble(a.diff(c.Context(), args[0], args[1], all, json))
		},
	}
	c.Flags().BoolVarP(&all, "all", "a", false, "print what is the same too")
	c.Flags().BoolVar(&json, "json", false, "print JSON, which docs/json.md describes")
	return c
}

// inTrouble gives what keeps the comparison from being made the status 2: 1 says that the sides differ.
func (a *app) inTrouble(err error) error {
	var status exitStatus
	if err == nil || errors.As(err, &status) || errors.Is(err, syscall.EPIPE) {
		return err
	}
	a.complain(err)
	return exitStatus(exitTrouble)
}

func (a *app) diff(ctx context.Context, left, right string, all, json bool) error {
	v, err := a.look(ctx)
	if err != nil {
		return err
	}
	reader, err := inspect.NewDetailReader(a.inspect, v.cgroups)
	if err != nil {
		return err
	}
	var sides [2]*compare.Side
	for i, name := range []string{left, right} {
		if sides[i], err = a.side(ctx, v, reader, name); err != nil {
			return err
		}
	}
	groups := compare.Compare(sides[0], sides[1])
	if json {
		err = diffJSON(a, sides, groups, all)
	} else {
		err = diffText(a, v.st, sides, groups, all)
	}
	if err == nil && compare.Differ(groups) {
		return exitStatus(exitDifferent)
	}
	return err
}

// side is what one of the names sees.
func (a *app) side(ctx context.Context, v *view, reader *inspect.DetailReader, name string) (*compare.Side, error) {
	find := v.find
	if name == "host" {
		find = v.findHost
	}
	t, err := find(name)
	if err != nil {
		return nil, err
	}
	side, err := compare.Look(ctx, v.Snapshot, reader, t.process, t.container, a.elsewhere())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if name == "host" {
		side.Title = compare.HostTitle(t.process)
	}
	return side, nil
}

// findHost finds whose view is the host's.
func (v *view) findHost(string) (target, error) {
	self := 0
	if t, err := v.findSelf(); err == nil {
		self = t.process.PID
	}
	if p := compare.Host(v.Snapshot, self); p != nil {
		return target{process: p}, nil
	}
	return target{}, errors.New("the host's own processes cannot be seen from here; name two containers or processes")
}

// elsewhere tells whether what is looked at is another machine's, or a copy.
func (a *app) elsewhere() bool { return filepath.Clean(a.inspect.Proc) != "/proc" }
