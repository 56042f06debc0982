package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/steps"
	"cutaway/ui/text"
)

// stepper shows a launch stage by stage on stderr, which leaves stdout to the command: what a stage is for, then, when it is
// done, the shell commands that would have done the same and what changed in /proc. On a terminal it waits before each.
type stepper struct {
	ctx    context.Context
	out    io.Writer
	st     *style
	input  io.Reader // where somebody can be asked; nil goes on without
	launch *steps.Launch
	last   steps.View // the look before the stage that is being done
	stage  string     // that is being done; "" before the first
	number int        // of it, from 1
}

// newStepper makes the stepper of one launch. When ctx ends, it waits no longer.
func newStepper(ctx context.Context, a *app) *stepper {
	on := *a
	on.out = a.err // what is written looks as stderr wants it
	s := &stepper{ctx: ctx, out: a.err, st: on.style(), launch: &steps.Launch{}}
	if isTerminal(os.Stdin) {
		s.input = os.Stdin
	}
	return s
}

// attach makes a launch with these options show its stages.
func (s *stepper) attach(opts *sandbox.Options) {
	opts.Planned = func(l *steps.Launch) { s.launch = l }
	opts.Before = s.before
}

// before is called before each stage: the last one is done, this one is about to begin.
func (s *stepper) before(at sandbox.Stage, pid int) error {
	if s.stage == "" {
		s.last = steps.Look(os.Getpid()) // the first process will be a copy of this one
	} else {
		s.done(pid)
	}
	s.stage = string(at)
	s.number++
	s.announce()
	return s.wait()
}

// finish shows what the last stage did and who the command is, once it runs.
func (s *stepper) finish(pid int) {
	s.done(pid)
	s.print("\n" + s.st.bold("The command runs.") + "\n" + s.paragraph(steps.WhoRuns(s.last), 0) + "\n")
}

// announce says which stage comes next and what it is for.
func (s *stepper) announce() {
	title := fmt.Sprintf("Step %d of %d: %s", s.number, len(s.launch.Steps(0, text.ShellQuote)), s.stage)
	s.print("\n" + s.st.bold(title) + "\n" + s.paragraph(steps.Explain(s.stage), 0))
}

// done shows what the stage before did.
func (s *stepper) done(pid int) {
	now := steps.Look(pid)
	changes := steps.Compare(s.last, now)
	s.last = now
	s.print(s.st.dim("  in a shell:") + "\n")
	for _, command := range s.commands(pid) {
		s.print(s.command(command))
	}
	if len(changes) == 0 {
		s.print(s.st.dim(fmt.Sprintf("  nothing changed in /proc/%d", pid)) + "\n")
		return
	}
	s.print(s.st.dim(fmt.Sprintf("  changed in /proc/%d:", pid)) + "\n")
	s.changes(changes)
}

// commands are those of the stage. A stage may come twice (network): its number says which.
func (s *stepper) commands(pid int) []string {
	list := s.launch.Steps(pid, text.ShellQuote)
	if s.number > len(list) || list[s.number-1].Stage != s.stage {
		return nil // a stage that was not planned
	}
	return list[s.number-1].Commands
}

// command is one command on its lines. They are not wrapped, so that they can be copied.
func (s *stepper) command(command string) string {
	var b strings.Builder
	for i, line := range strings.Split(command, "\n") {
		line = text.Sanitise(line)
		switch {
		case strings.HasPrefix(line, "#"):
			b.WriteString("    " + s.st.dim(line) + "\n")
		case i == 0:
			b.WriteString("    " + s.st.dim("$ ") + line + "\n")
		default:
			b.WriteString("      " + line + "\n")
		}
	}
	return b.String()
}

// changes prints a line for each change, below one another by file.
func (s *stepper) changes(changes []steps.Change) {
	width := 0
	for _, c := range changes {
		width = max(width, text.Width(c.File))
	}
	last := ""
	for _, c := range changes {
		file := c.File
		if file == last {
			file = ""
		}
		last = c.File
		const indent = 4
		label := strings.Repeat(" ", indent) + s.st.yellow(text.PadRight(file, width)) + gap
		s.print(label + s.paragraph(c.Text, indent+width+len(gap)))
	}
}

// paragraph wraps text that may be another process's; lines after the first are indented.
func (s *stepper) paragraph(words string, indent int) string {
	return s.st.wrap(text.Sanitise(words), indent) + "\n"
}

func (s *stepper) print(words string) { _, _ = io.WriteString(s.out, s.st.glyphs.Text(words)) }

// errStopped ends a launch because whoever sits at the terminal wants it.
var errStopped = errors.New("you stopped it")

// wait asks the person at the terminal. It goes on by itself after "c", and where there is nobody to ask.
func (s *stepper) wait() error {
	if s.input == nil {
		return s.ctx.Err()
	}
	s.print(s.st.dim("  Enter: next; c, Enter: on to the end; q, Enter: stop ") + " ")
	answer := make(chan string, 1)
	go func() { answer <- readLine(s.input) }()
	select {
	case <-s.ctx.Done():
		s.print("\n")
		return s.ctx.Err()
	case line := <-answer:
		switch strings.TrimSpace(line) {
		case "c":
			s.input = nil
		case "q":
			return errStopped
		}
		if line == "" { // the end of input: nobody is there any more
			s.print("\n")
			return errStopped
		}
	}
	return nil
}

// readLine reads up to and with a newline, byte by byte: what follows is for the command. "" is the end of input.
func readLine(r io.Reader) string {
	var line []byte
	b := make([]byte, 1)
	for len(line) < 1000 {
		n, err := r.Read(b)
		if n == 0 && err != nil {
			break
		}
		line = append(line, b[:n]...)
		if n == 1 && b[0] == '\n' {
			break
		}
	}
	return string(line)
}
