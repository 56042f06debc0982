package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"cutaway/sandbox"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/shell"
	"cutaway/sandbox/terminal"
	"cutaway/ui/launch"
)

func newRun(a *app) *cobra.Command {
	flags := &runFlags{like: likeFlag{find: a.findAlike}}
	c := &cobra.Command{
		Use:   "run [flags] [--] [COMMAND [ARGUMENT...]]",
		Short: "Launch a sandbox: a shell or a command in namespaces of its own",
		Long: "Launch a sandbox and run COMMAND in it, a shell without one. A preset says what the sandbox is made of, flags change\n" +
			"it. The status is the command's; 128 and the signal's number when a signal ended it, 126 when the command cannot be\n" +
			"executed, 127 when it is not there, 125 when the launch failed.\n\n" +
			"The presets, of which docs/sandbox.md says what each is, and is not, a boundary against:\n" + presetHelp(),
		Example: "  cutaway run                                  an isolated shell\n" +
			"  cutaway run --step                           the same, stage by stage, with what each one changed\n" +
			"  cutaway run --preset pid                     the course's unshare --fork --pid --mount-proc bash\n" +
			"  cutaway run --net container:db -- ss -tln    in the network of the container db\n" +
			"  cutaway run --memory 64M --print unshare     the same by hand\n" +
			"  cutaway run --like db --print docker         how the container db would be started by hand",
		RunE: func(c *cobra.Command, args []string) error { return a.notTheCommand(a.run(c, flags, args)) },
	}
	c.Flags().SetInterspersed(false) // what follows the command is the command's
	flags.register(c)
	for _, name := range launch.SourceNames {
		if err := c.RegisterFlagCompletionFunc(name, a.completeSource); err != nil {
			panic(err) // register defined them
		}
	}
	if err := c.RegisterFlagCompletionFunc("like", a.completeTarget); err != nil {
		panic(err)
	}
	return c
}

// completeSource completes where a namespace is from.
func (a *app) completeSource(c *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	names := []string{"new", "host", "process:"}
	found, directive := a.completeTarget(c, nil, typed)
	for _, name := range found[1:] { // the first is self
		names = append(names, "container:"+name)
	}
	return names, directive
}

// presetHelp is a table of the presets.
func presetHelp() string {
	var b strings.Builder
	for _, p := range sandbox.Presets() {
		fmt.Fprintf(&b, "  %-10s%s\n", p.Name, p.Sentence)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// exitStatus ends the program with a command's status, silently.
type exitStatus int

func (s exitStatus) Error() string { return "status " + strconv.Itoa(int(s)) }

// notTheCommand gives what fails before there is a command the status of a failed launch: 1 would be the command's own.
func (a *app) notTheCommand(err error) error {
	var usage usageError
	var command exitStatus
	if err == nil || errors.As(err, &command) || errors.As(err, &usage) || errors.Is(err, syscall.EPIPE) {
		return err
	}
	a.complain(err)
	return exitStatus(sandbox.ExitCode(err))
}

func (a *app) run(c *cobra.Command, flags *runFlags, args []string) error {
	spec, notes, err := flags.spec(c, args)
	if err != nil {
		return err
	}
	if flags.print != "" {
		if flags.like.target != "" { // its notes are about the target, others about a launch
			a.noteAll(notes)
		}
		return a.printSpec(spec, flags.print)
	}
	if a.readonly {
		return errors.New("--readonly: launching a sandbox changes the system; --print shows what would be done")
	}
	a.noteAll(notes)
	return a.launch(c.Context(), spec, flags)
}

// note writes a line that is no error on stderr.
func (a *app) note(line string) {
	a.tell("cutaway: ", line)
}

func (a *app) noteAll(lines []string) {
	for _, line := range lines {
		a.note(line)
	}
}

// launch starts the sandbox, lends it the terminal, and returns its status.
func (a *app) launch(ctx context.Context, spec *sandbox.Spec, flags *runFlags) error {
	ctx, signals := catchEarly(ctx)
	opts := sandbox.Options{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Interactive: isTerminal(os.Stdin) && isTerminal(os.Stdout),
		Resolve:     func(name string) (int, uint64, error) { return a.resolve(ctx, name) },
		Progress:    a.unpackProgress(),
		Machine:     flags.wish.Machine,
	}
	steps := newStepper(ctx, a)
	if flags.step {
		steps.attach(&opts)
	}
	var box *sandbox.Sandbox
	err := a.journalled("launch", spec.Command, func() (err error) {
		box, err = sandbox.Start(ctx, spec, opts)
		return err
	})
	if err != nil {
		a.complain(err)
		if s := signals.asked(); s != 0 {
			return exitStatus(128 + int(s))
		}
		if status := sandbox.ExitCode(err); status != 125 && flags.oneWord() != "" {
			a.note(flags.oneWord())
		}
		return exitStatus(sandbox.ExitCode(err))
	}
	if flags.step {
		steps.finish(box.PID)
	}
	return a.finish(box, signals) // from here on they are the command's
}

// journalled starts a command and writes it down with the line that was typed.
func (a *app) journalled(action string, command []string, start func() error) error {
	change := journal.Change{Action: action, Target: shell.Join(command...), Shell: "cutaway " + shell.Join(os.Args[1:]...)}
	entry, err := journal.Do(change, start)
	if entry.Unwritten != nil {
		a.note("the journal could not be written: " + entry.Unwritten.Error())
	}
	return err
}

// finish lends a running command the terminal until it ends, and returns its status. Signals are the command's.
func (a *app) finish(box *sandbox.Sandbox, signals *early) error {
	for _, note := range box.Notes {
		a.note(note)
	}
	err := a.attend(box, signals)
	var asked *terminal.SignalError
	if err != nil {
		if !errors.As(err, &asked) {
			a.complain(err)
		}
		box.Kill() // nobody sees it any more
	}
	status, cleaning := box.Wait()
	if box.Terminal != nil {
		box.Terminal.Close()
	}
	if cleaning != nil {
		a.complain(fmt.Errorf("cleaning up after the sandbox: %w", cleaning))
	}
	if asked != nil {
		return exitStatus(128 + int(asked.Signal))
	}
	return exitStatus(status.ExitCode())
}

// attend carries signals to the command and, when it has a terminal, what is typed and written, until it ends. With a
// terminal a signal that asks cutaway to end is a *terminal.SignalError.
func (a *app) attend(box *sandbox.Sandbox, signals *early) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-box.Done()
		cancel()
	}()
	if box.Terminal == nil {
		signals.hand(ctx, box.Signal)
		<-box.Done()
		return nil
	}
	if s := signals.asked(); s != 0 {
		return &terminal.SignalError{Signal: s}
	}
	terminal.Forward(ctx, box.Signal, terminal.BesideRelay...)
	return terminal.RelayCaught(ctx, signals.arrived, box.Terminal, os.Stdin, os.Stdout)
}

// resolve finds the process that stands for a container's name, or a PID.
func (a *app) resolve(ctx context.Context, name string) (pid int, start uint64, err error) {
	v, err := a.look(ctx)
	if err != nil {
		return 0, 0, err
	}
	t, err := v.find(name)
	if err != nil {
		return 0, 0, err
	}
	return t.process.PID, t.process.Start, nil
}
