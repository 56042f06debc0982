package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

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
			"where that cannot be read. FILE:TARGET is one in a snapshot. What is unknown on a side is neither alike nor different.\n" +
			"The status is 0 when they are alike, 1 when they differ, 2 on trouble.",
		Example: "  cutaway diff db                what db sees that the host does not, and the other way round\n" +
			"  cutaway diff db web --all      two containers, with what is the same\n" +
			"  cutaway diff db --json         for a program\n" +
			"  cutaway diff before.snap:db db what has changed since `cutaway snapshot -o before.snap`",
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
	var sides [2]*compare.Side
	views := viewCache{}
	for i, name := range []string{left, right} {
		var err error
		if sides[i], err = a.side(ctx, views, name); err != nil {
			return err
		}
	}
	groups := compare.Compare(sides[0], sides[1])
	var err error
	if json {
		err = diffJSON(a, sides, groups, all)
	} else {
		err = diffText(a, a.style(), sides, groups, all)
	}
	if err == nil && compare.Differ(groups) {
		return exitStatus(exitDifferent)
	}
	return err
}

// viewCache are the views that were taken, by file; "" is that of what is looked at without one.
type viewCache map[string]*view

func (views viewCache) get(ctx context.Context, a *app, file string) (v *view, err error) {
	if v := views[file]; v != nil {
		return v, nil
	}
	if file == "" {
		v, err = a.look(ctx)
	} else {
		v, err = a.lookAt(file)
	}
	views[file] = v
	return v, err
}

// side is what one of the names sees.
func (a *app) side(ctx context.Context, views viewCache, name string) (*compare.Side, error) {
	file, name := splitFile(name)
	v, err := views.get(ctx, a, file)
	if err != nil {
		return nil, err
	}
	var t target
	if name == theHost {
		if t.process = compare.Host(v.Snapshot, v.observer()); t.process == nil {
			return nil, errors.New("the host's own processes cannot be seen from here; name two containers or processes")
		}
	} else if t, err = v.find(name); err != nil {
		return nil, withoutFile(name, err)
	}
	side, err := compare.Look(ctx, v.Snapshot, v, v.inside(), t.process, t.container)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if name == theHost {
		side.Title = compare.HostTitle(t.process)
	}
	if file != "" {
		side.Title += " in " + file
	}
	return side, nil
}

// theHost is the machine itself as a target.
const theHost = "host"

// withoutFile says of a name that is found nowhere that it may be meant as FILE:TARGET.
func withoutFile(name string, err error) error {
	if file, _, ok := strings.Cut(name, ":"); ok {
		return fmt.Errorf("%w; and there is no file %s, which FILE:TARGET would mean", err, file)
	}
	return err
}

// splitFile takes FILE:TARGET apart. Without a file of that name, "" for it: a container's name may have a colon too.
func splitFile(name string) (file, target string) {
	for at := strings.LastIndexByte(name, ':'); at > 0; at = strings.LastIndexByte(name[:at], ':') {
		file = name[:at]
		if info, err := os.Stat(file); file == "-" || err == nil && !info.IsDir() {
			return file, name[at+1:]
		}
	}
	return "", name
}
