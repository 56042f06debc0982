package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/ui/text"
)

// nsFlags are the flags of `cutaway ns`.
type nsFlags struct {
	kind, tree string
	json       bool
}

// The values of --tree.
const (
	treeByOwner  = "owner"
	treeByParent = "parent"
)

func newNS(a *app) *cobra.Command {
	var f nsFlags
	c := &cobra.Command{
		Use:   "ns",
		Short: "List all namespaces, those without processes too",
		Long: "List all namespaces: their members and first process, the user namespace that owns them, and whose they are: the\n" +
			"host's, a container's, or kept alive by a bind mount, an open descriptor, a thread or another namespace alone.\n" +
			"--tree owner puts each below the user namespace that owns it, --tree parent PID and user namespaces\n" +
			"below those they were made in.",
		Example: "  cutaway ns --type net\n  cutaway ns --tree owner",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.ns(c.Context(), f) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.kind, "type", "t", "", "only namespaces of `TYPE`: "+strings.Join(kindNames(), ", "))
	flags.StringVar(&f.tree, "tree", "", "arrange as a tree by `TIE`: owner or parent")
	flags.BoolVar(&f.json, "json", false, "print JSON, which docs/json.md describes")
	completeWith(c, "type", kindNames()...)
	completeWith(c, "tree", treeByOwner, treeByParent)
	return c
}

func (a *app) ns(ctx context.Context, f nsFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	v, err := a.look(ctx)
	if err != nil {
		return err
	}
	census, err := v.census(ctx, v.Snapshot)
	if err != nil {
		return err
	}
	switch {
	case f.json:
		return nsJSON(a, v, census, f)
	case f.tree != "":
		return nsTree(a, v, census, f)
	}
	return nsList(a, v, census, f)
}

// check refuses what does not fit together.
func (f nsFlags) check() error {
	if f.kind != "" {
		if err := oneOf("--type", f.kind, kindNames()); err != nil {
			return err
		}
	}
	if f.tree != "" {
		if err := oneOf("--tree", f.tree, []string{treeByOwner, treeByParent}); err != nil {
			return err
		}
	}
	if f.tree != "" && f.json {
		return usagef("--json prints owner and parent of each: leave out --tree")
	}
	if f.tree == treeByParent && f.kind != "" && f.kind != proc.PID.String() && f.kind != proc.User.String() {
		return usagef("only pid and user namespaces have a parent; --tree owner --type %s shows who owns them", f.kind)
	}
	return nil
}

// shows tells whether --type lets a namespace through.
func (f nsFlags) shows(n *inspect.NamespaceObject) bool {
	return f.kind == "" || n.Kind.String() == f.kind
}

// nsColumns come after the column that names the namespace.
var nsColumns = []column{number("PROCS"), number("PID"), {head: "USER"}, {head: "OF", flex: true}, {head: "COMMAND", flex: true}}

func nsList(a *app, v *view, census *inspect.Census, f nsFlags) error {
	t := table{cols: append([]column{number("NS"), {head: "TYPE"}, number("OWNER")}, nsColumns...)}
	for _, n := range census.Namespaces {
		if f.shows(n) {
			t.add(append([]string{strconv.FormatUint(n.ID.Ino, 10), n.Kind.String(), nsOwner(n)}, nsCells(v, n)...)...)
		}
	}
	if err := t.write(a.out, v.st); err != nil {
		return err
	}
	return nsNote(a, v, census)
}

// nsNote tells a person what could not be looked at.
func nsNote(a *app, v *view, census *inspect.Census) error {
	if v.st.width == 0 || census.Unread+census.UnreadMounts == 0 {
		return nil
	}
	note := fmt.Sprintf("Refused: the descriptors of %s processes, the mounts of %s mount namespaces. What only they hold may be missing.",
		text.Count(census.Unread), text.Count(census.UnreadMounts))
	_, err := fmt.Fprintf(a.out, "\n%s\n", v.st.dim(v.st.wrap(note, 0)))
	return err
}

func nsOwner(n *inspect.NamespaceObject) string {
	if !n.Owner.OK() {
		return unknownMark(n.Owner.How)
	}
	return strconv.FormatUint(n.Owner.Value.Ino, 10)
}

// nsCells fills nsColumns.
func nsCells(v *view, n *inspect.NamespaceObject) []string {
	cells := []string{strconv.Itoa(len(n.Members)), "-", "-", nsOf(v, n), "-"}
	if p := n.First; p != nil {
		cells[1], cells[2], cells[4] = strconv.Itoa(p.PID), cellUser(v, p), cellArgs(v, p)
	}
	return cells
}

// nsOf says whose a namespace is: the host's, which containers', or what else holds it.
func nsOf(v *view, n *inspect.NamespaceObject) string {
	var of []string
	if n.Host {
		of = append(of, hostOf(v))
	}
	for _, name := range containersOf(v, n.Namespace) {
		of = append(of, text.Sanitise(name))
	}
	if len(n.Members) == 0 {
		for _, h := range n.Holders {
			of = append(of, text.Sanitise(h.String()))
		}
	}
	return strings.Join(of, "; ")
}

// hostOf is what the namespaces that count as the host's are called: without a look at process 1 they are only known to
// be our own.
func hostOf(v *view) string {
	if v.Host.InitSeen {
		return "the host"
	}
	return "cutaway itself"
}

// containersOf names the containers that have a process in a namespace.
func containersOf(v *view, n *inspect.Namespace) []string {
	var seen []*inspect.Container
	for _, i := range n.Members {
		if c := v.Procs[i].Container; c != nil && !slices.Contains(seen, c) {
			seen = append(seen, c)
		}
	}
	names := make([]string, len(seen))
	for i, c := range seen {
		names[i] = c.Name
	}
	return names
}

func kindNames() []string {
	names := make([]string, proc.NSKinds)
	for k := range proc.NSKind(proc.NSKinds) {
		names[k] = k.String()
	}
	return names
}
