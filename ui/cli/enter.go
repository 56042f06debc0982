package cli

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cutaway/inspect/proc"
	"cutaway/sandbox"
	"cutaway/sandbox/shell"
)

// enterFlags are the flags of `cutaway enter`.
type enterFlags struct {
	namespaces       []string
	asRoot           bool
	hostTools        bool
	env              []string
	workdir          string
	terminal         string
	interactive, tty bool
}

func newEnter(a *app) *cobra.Command {
	f := &enterFlags{}
	c := &cobra.Command{
		Use:   "enter TARGET [flags] [--] [COMMAND [ARGUMENT...]]",
		Short: "Run a command in the namespaces of a container or process",
		Long: "Run COMMAND, a shell without one, in the namespaces, the cgroup and the root of a container or process, with its\n" +
			"environment, its user and no more rights than it has: capabilities, no_new_privs, security label, resource limits.\n" +
			targetHelp + "The status is the command's, as with run.\n" +
			"A target without a shell or the command is looked at with the host's tools: --host-tools.",
		Example: "  cutaway enter db                          a shell in the container db\n" +
			"  cutaway enter db --host-tools -- ps -ef   the host's ps, of db's processes\n" +
			"  cutaway enter db --ns net -- ss -tln      the host's ss in db's network\n" +
			"  cutaway enter 4242 --as-root -- mount     with all rights of cutaway's",
		Args:              wantArgs(1, -1, "TARGET"),
		ValidArgsFunction: a.completeEntry,
		RunE: func(c *cobra.Command, args []string) error {
			command, help, err := behindTarget(c, args[1:])
			switch {
			case help:
				return c.Help()
			case err != nil:
				return err
			}
			return a.notTheCommand(a.enter(c.Context(), f, args[0], command))
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.SetInterspersed(false) // what follows the command is the command's
	flags.StringSliceVar(&f.namespaces, "ns", nil, "enter these `TYPES` of namespaces only: "+strings.Join(sandbox.NamespaceTypes[:], ", "))
	flags.BoolVar(&f.hostTools, "host-tools", false, "with the host's files and commands, in all namespaces but mnt, and /proc as the target sees it")
	flags.BoolVar(&f.asRoot, "as-root", false, "with all rights that cutaway has, not only the target's")
	flags.StringArrayVarP(&f.env, "env", "e", nil, "set `NAME=VALUE` over the target's environment, or over yours where its files are not entered")
	flags.StringVarP(&f.workdir, "workdir", "w", "", "the working directory `DIR` inside; the target's without it")
	flags.StringVar(&f.terminal, "terminal", "auto", "give the command a terminal of its own `WHEN`: auto, always or never")
	flags.BoolVarP(&f.interactive, "interactive", "i", false, "nothing: as docker exec has it, for what is always so here")
	flags.BoolVarP(&f.tty, "tty", "t", false, "as --terminal always")
	completeWith(c, "terminal", "auto", "always", "never")
	completeWith(c, "ns", sandbox.NamespaceTypes[:]...)
	return c
}

// behindTarget reads the flags that stand between TARGET and the command.
func behindTarget(c *cobra.Command, args []string) (command []string, help bool, err error) {
	if err := c.ParseFlags(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil, true, nil
		}
		return nil, false, wrongFlag(c, err)
	}
	help, _ = c.Flags().GetBool("help")
	return c.Flags().Args(), help, c.Root().PersistentPreRunE(c, nil)
}

// completeEntry completes TARGET, and behind it the flags, which cobra takes for the command's there.
func (a *app) completeEntry(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch {
	case len(args) == 0:
		return a.completeTarget(c, args, typed)
	case !strings.HasPrefix(typed, "-"):
		return nil, cobra.ShellCompDirectiveDefault
	}
	var names []string
	for _, flag := range flagsOf(c.LocalNonPersistentFlags()) {
		_, usage := flagText(flag)
		names = append(names, "--"+flag.Name+"\t"+usage)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) enter(ctx context.Context, f *enterFlags, name string, command []string) error {
	if a.readonly {
		return errors.New("--readonly: entering runs a command there; leave --readonly out to do so")
	}
	if err := oneOf("--terminal", f.terminal, []string{"auto", "always", "never"}); err != nil {
		return err
	}
	for _, kind := range f.namespaces {
		if _, ok := proc.NSKindByName(kind); !ok {
			return oneOf("--ns", kind, sandbox.NamespaceTypes[:])
		}
	}
	if f.hostTools && slices.Contains(f.namespaces, "mnt") {
		return usagef("--host-tools: these are the host's files, and --ns mnt asks for the target's; leave one of them out")
	}
	pid, start, err := a.resolve(ctx, name)
	if err != nil {
		return err
	}
	e := &sandbox.Entry{
		PID: pid, Start: start, Namespaces: f.namespaces, HostTools: f.hostTools, Command: command, Dir: f.workdir, Env: f.env, AsRoot: f.asRoot,
		Terminal: sandbox.Terminal(f.terminal),
	}
	if f.tty {
		e.Terminal = sandbox.TerminalAlways
	}
	ctx, signals := catchEarly(ctx)
	var box *sandbox.Sandbox
	err = a.journalled("enter", []string{name}, func() (err error) {
		box, err = sandbox.Enter(ctx, e, sandbox.Options{
			Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Interactive: isTerminal(os.Stdin) && isTerminal(os.Stdout),
		})
		return err
	})
	if err != nil {
		a.complain(err)
		if sandbox.ExitCode(err) == 127 && !f.hostTools {
			a.note("the host's tools work where the target has none: cutaway enter " + shell.Join(name, "--host-tools") + " -- COMMAND")
		}
		return exitStatus(sandbox.ExitCode(err))
	}
	if f.asRoot {
		a.note("--as-root: the command has rights that the target has not")
	}
	return a.finish(box, signals)
}
