package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cutaway/inspect"
	"cutaway/inspect/filter"
)

// psFlags are the flags of `cutaway ps`.
type psFlags struct {
	tree, columns, sort string
	reverse, json, all  bool
}

func newPS(a *app) *cobra.Command {
	var f psFlags
	c := &cobra.Command{
		Use:   "ps [FILTER]",
		Short: "List the processes with their containers and namespaces",
		Long: "List the processes with their containers and namespaces.\n\n" +
			"CPU% is the mean since each process started, as in ps(1): one look cannot tell what is busy now.\n" + unknownHelp +
			"\nThe filter, which may stand in one word or in several:\n" + filter.Help() +
			"\nThe columns for -o:\n" + columnHelp(),
		Example: "  cutaway ps --tree container\n  cutaway ps container:db 'mem>100M'\n  cutaway ps '!ns:net=host' -o pid,name,netns,args",
		RunE:    func(c *cobra.Command, args []string) error { return a.ps(c, f, args) },

		ValidArgsFunction: completeFilter,
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.tree, "tree", "", "arrange as a tree by `GROUPING`: container, process, namespace or cgroup")
	flags.StringVarP(&f.columns, "columns", "o", "", "show these `COLUMNS`, separated by commas")
	flags.StringVar(&f.sort, "sort", "pid", "sort by `COLUMN`: "+strings.Join(orderNames(), ", "))
	flags.BoolVarP(&f.reverse, "reverse", "r", false, "turn the order around")
	flags.BoolVar(&f.json, "json", false, "print JSON, which docs/json.md describes")
	flags.BoolVarP(&f.all, "all", "a", false, "show kernel threads too")
	completeWith(c, "tree", groupingNames()...)
	completeWith(c, "columns", psColumnNames()...)
	completeWith(c, "sort", orderNames()...)
	return c
}

func (a *app) ps(c *cobra.Command, f psFlags, args []string) error {
	query, err := filter.Parse(strings.Join(args, " "))
	if err != nil {
		return usageError{err}
	}
	show, err := f.printer()
	if err != nil {
		return err
	}
	order, ok := inspect.Orders[f.sort]
	if !ok {
		return oneOf("--sort", f.sort, orderNames())
	}
	v, err := a.look(c.Context())
	if err != nil {
		return err
	}
	keep := func(p *inspect.Process) bool {
		return (f.all || !p.Kernel) && query.Match(v.Snapshot, p)
	}
	return show(a, v, inspect.TreeOptions{Keep: keep, Order: order, Reverse: f.reverse})
}

// printer checks the flags that say how to print, and picks the function that does it.
func (f psFlags) printer() (func(*app, *view, inspect.TreeOptions) error, error) {
	if f.json {
		if f.tree != "" || f.columns != "" {
			return nil, usagef("--json prints everything: leave out --tree and -o")
		}
		return psJSON, nil
	}
	names := f.columns
	if names == "" && f.tree == "" {
		names = listColumns
	} else if names == "" {
		names = treeColumns
	}
	cols, err := parseColumns(names)
	if err != nil {
		return nil, err
	}
	if f.tree == "" {
		return psList(cols), nil
	}
	by, ok := inspect.GroupingByName(f.tree)
	if !ok {
		return nil, oneOf("--tree", f.tree, groupingNames())
	}
	return psTree(cols, by), nil
}

// psList prints one line for each process.
func psList(cols []psColumn) func(*app, *view, inspect.TreeOptions) error {
	return func(a *app, v *view, o inspect.TreeOptions) error {
		t := newPSTable(cols)
		for _, p := range sorted(v.Snapshot, o) {
			t.addProcess(v, p, "")
		}
		return t.write(a.out, v.st)
	}
}

// sorted lists the kept processes in order.
func sorted(s *inspect.Snapshot, o inspect.TreeOptions) []*inspect.Process {
	var list []*inspect.Process
	for i := range s.Procs {
		if o.Keep(&s.Procs[i]) {
			list = append(list, &s.Procs[i])
		}
	}
	slices.SortStableFunc(list, func(x, y *inspect.Process) int {
		if o.Reverse {
			return o.Order(y, x)
		}
		return o.Order(x, y)
	})
	return list
}

// completeFilter completes the keys of the filter language.
func completeFilter(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, k := range filter.Keys() {
		at := strings.IndexAny(k.Example, ":<>") + 1
		words = append(words, k.Example[:at]+"\t"+k.Help)
	}
	return words, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// psTable is a table of processes, and of groups of them.
type psTable struct {
	table
	ps []psColumn
}

func newPSTable(cols []psColumn) *psTable {
	t := &psTable{ps: cols}
	for _, c := range cols {
		t.cols = append(t.cols, c.column)
	}
	return t
}

// addProcess adds a process's line; lead stands before its name in a tree.
func (t *psTable) addProcess(v *view, p *inspect.Process, lead string) {
	cells := make([]string, len(t.ps))
	for i, c := range t.ps {
		cells[i] = c.cell(v, p)
		if c.name == "name" {
			cells[i] = lead + cells[i]
		}
	}
	t.add(cells...)
}

func orderNames() []string {
	names := make([]string, 0, len(inspect.Orders))
	for name := range inspect.Orders {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func groupingNames() []string {
	var names []string
	for g := range inspect.Grouping(inspect.Groupings) {
		names = append(names, g.String())
	}
	return names
}
