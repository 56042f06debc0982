package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"cutaway/inspect"
	"cutaway/inspect/record"
	"cutaway/ui/text"
	"cutaway/ui/tui"
)

// The exit statuses.
const (
	exitOK         = 0
	exitFailure    = 1
	exitUsage      = 2
	exitBrokenPipe = 128 + int(syscall.SIGPIPE)
)

// app is what every command needs: the global flags and where output goes.
type app struct {
	out, err io.Writer
	inspect  inspect.Options
	from     string // the snapshot to show, "" for what is there now
	color    string
	readonly bool
	screen   screenFlags
}

// Main runs the command line and returns the exit status. Ctrl-C and a reader that goes away end the process by their
// signals, as the Go runtime does when nobody asked for them.
func Main(args []string) int {
	a := &app{out: os.Stdout, err: os.Stderr}
	root := newRoot(a, args)
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	return a.status(root.Execute())
}

// newRoot makes the command tree, as far as these arguments need it. Documentation and completion are made from it too.
func newRoot(a *app, args []string) *cobra.Command {
	cobra.EnableCommandSorting = false
	root := &cobra.Command{
		Use:   "cutaway",
		Short: "Shows Linux containers the way the kernel sees them",
		Long: "cutaway shows Linux containers the way the kernel sees them: processes with their own namespaces,\n" +
			"cgroups, capabilities and labels, live and beside the host. Without a command it opens the screen.",
		Args:              noCommand,
		RunE:              func(*cobra.Command, []string) error { return a.runScreen() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return a.checkFlags(c) },
		Version:           version(),
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetVersionTemplate("cutaway {{.Version}}\n")
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.printHelp(c) })
	a.globalFlags(root)
	for _, title := range []string{toLook, toChange, toHelp} {
		root.AddGroup(&cobra.Group{ID: title, Title: title})
	}
	root.AddCommand(newCommands(a, args)...)
	help := newHelp(root)
	help.GroupID = toHelp
	root.SetHelpCommand(help)
	return root
}

// The titles of the commands in the help.
const (
	toLook   = "Commands that only look"
	toChange = "Commands that launch and change"
	toHelp   = "Other commands"
)

// commands are the commands in the order of the help. One that is about the others needs them to be there.
var commands = [...]struct {
	name   string
	make   func(*app) *cobra.Command
	group  string
	others bool
}{
	{"ps", newPS, toLook, false},
	{"ns", newNS, toLook, false},
	{"inspect", newInspect, toLook, false},
	{"caps", newCaps, toLook, false},
	{"diff", newDiff, toLook, false},
	{"snapshot", newSnapshot, toLook, false},
	{"run", newRun, toChange, false},
	{"enter", newEnter, toChange, false},
	{"limits", newLimits, toChange, false},
	{"freeze", newFreeze, toChange, false},
	{"thaw", newThaw, toChange, false},
	{"kill", newKill, toChange, false},
	{"signal", newSignal, toChange, false},
	{"journal", newJournal, toChange, false},
	{"roots", newRoots, toChange, false},
	{"doctor", newDoctor, toHelp, false},
	{"version", newVersion, toHelp, false},
	{"completion", newCompletion, toHelp, true},
	{"man", newMan, toHelp, true},
}

// newCommands makes the command that the first argument names, or else all: to make their flags takes a tenth of what it
// takes to start cutaway.
func newCommands(a *app, args []string) (list []*cobra.Command) {
	for i := range commands {
		c := &commands[i]
		if len(args) > 0 && args[0] == c.name && !c.others {
			return []*cobra.Command{c.make(a)}
		}
		made := c.make(a)
		made.GroupID = c.group
		list = append(list, made)
	}
	return list
}

func (a *app) globalFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&a.inspect.Proc, "proc", "/proc", "read the proc file system at `DIR`, such as /host/proc")
	flags.StringVar(&a.inspect.Cgroup, "cgroup", "", "read the cgroup file systems below `DIR`; without it, where mountinfo says")
	flags.StringVar(&a.inspect.Root, "root", "/", "look for engines' state and names of users below `DIR`, such as /host")
	flags.StringVar(&a.from, "from", "", "show what cutaway snapshot saved in `FILE`, - for standard input; nothing can be changed then")
	flags.StringVar(&a.color, "color", "auto", "colour `WHEN`: auto, always or never; NO_COLOR counts too")
	flags.BoolVar(&a.readonly, "readonly", false, "never change anything")
	completeWith(root, "color", colorModes...)
	root.Flags().SortFlags = false
	root.Flags().DurationVar(&a.screen.interval, "interval", time.Second, "look again after each `TIME`")
	root.Flags().BoolVar(&a.screen.noMouse, "no-mouse", false, "leave the mouse to the terminal")
}

// colorModes are the values of --color.
var colorModes = []string{"auto", "always", "never"}

func (a *app) checkFlags(c *cobra.Command) error {
	if err := oneOf("--color", a.color, colorModes); err != nil || a.from == "" {
		return err
	}
	flags := c.Flags()
	if flags.Changed("proc") || flags.Changed("cgroup") || flags.Changed("root") {
		return usagef("--from shows a snapshot, which --proc, --cgroup and --root say nothing about: leave them out")
	}
	if name := c.Name(); !slices.Contains(showSnapshots, name) {
		return worksHere(name)
	}
	return nil
}

// worksHere refuses what is not done to a snapshot.
func worksHere(what string) error {
	return usagef("%s works on what is here now, not on a snapshot: leave out --from", what)
}

// showSnapshots are the commands for which --from is.
var showSnapshots = []string{"cutaway", "ps", "ns", "inspect", "caps", "diff", "limits", "help", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}

// noCommand refuses arguments of the root, which are commands that do not exist.
func noCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := commandFor(c, args[0]); near != "" {
		return usagef("unknown command %q, did you mean %s? See cutaway --help", args[0], near)
	}
	return usagef("unknown command %q; see cutaway --help", args[0])
}

// usageError is wrong usage, for which the exit status is 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// oneOf checks a value that must be one of a few words.
func oneOf(name, value string, words []string) error {
	for _, w := range words {
		if value == w {
			return nil
		}
	}
	return usagef("%s takes %s, not %q", name, strings.Join(words, ", "), value)
}

// status turns an error into its line on stderr and the exit status.
func (a *app) status(err error) int {
	var usage usageError
	var command exitStatus
	switch {
	case errors.As(err, &command):
		return int(command)
	case err == nil:
		return exitOK
	case errors.Is(err, syscall.EPIPE):
		return exitBrokenPipe // only when SIGPIPE is ignored: else it ends the process before
	case errors.As(err, &usage):
		a.complain(err)
		return exitUsage
	}
	if !errors.Is(err, errAlreadySaid) {
		a.complain(err)
	}
	return exitFailure
}

// errAlreadySaid fails a command whose output says why.
var errAlreadySaid = errors.New("see the output")

// complain writes an error on stderr: one line, or a few when it is several.
func (a *app) complain(err error) {
	prefix := "cutaway: "
	for line := range strings.Lines(err.Error()) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			continue
		}
		a.tell(prefix, line)
		prefix = "  " // of several, or of a hostile name's: never again what looks like ours
	}
}

// tell writes a line on stderr.
func (a *app) tell(prefix, line string) {
	_, _ = fmt.Fprintln(a.err, a.forErr(prefix+line))
}

// forErr is a line for stderr: broken at blanks where that is a terminal, and nothing of another process's in it steers one.
func (a *app) forErr(line string) string {
	on := *a
	on.out = a.err
	const indent = 2
	line = text.Sanitise(line)
	if st := on.style(); st.width >= 40 {
		line = fold(line, st.width-indent, indent)
	}
	return line
}

// screenFlags are the flags of the screen alone.
type screenFlags struct {
	interval time.Duration
	noMouse  bool
}

// runScreen opens the screen, on a terminal only: a pipe or a file gets told which command prints the same.
func (a *app) runScreen() error {
	if !isTerminal(os.Stdout) || !isTerminal(os.Stdin) && a.from != "-" { // then the keys come from /dev/tty
		return usagef("the screen needs a terminal; `cutaway ps` prints the same here, cutaway --help names the other commands")
	}
	if a.screen.interval < minInterval {
		return usagef("--interval %s is too short, the least is %s", a.screen.interval, minInterval)
	}
	var saved *record.Record
	if a.from != "" {
		var err error
		if saved, err = a.load(a.from); err != nil {
			return err
		}
	}
	err := tui.Run(tui.Options{
		Inspect:  a.inspect,
		Saved:    saved,
		Version:  version(),
		Color:    a.color,
		ReadOnly: a.readonly,
		Mouse:    !a.screen.noMouse,
		Interval: a.screen.interval,
		ASCII:    text.GlyphsFor(os.Getenv) == text.ASCII,
	})
	var ended *tui.SignalError
	if errors.As(err, &ended) {
		return exitStatus(128 + int(ended.Signal))
	}
	return err
}

// minInterval keeps the screen from taking a core for itself.
const minInterval = 100 * time.Millisecond
