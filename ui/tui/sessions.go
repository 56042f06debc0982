package tui

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/compare"
	"cutaway/inspect/proc"
	"cutaway/inspect/record"
	"cutaway/sandbox"
	"cutaway/sandbox/check"
	"cutaway/sandbox/export"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/rootfs"
	"cutaway/sandbox/shell"
	"cutaway/ui/text"
	"cutaway/ui/vterm"
)

// sessions are the shells of the screen, those that ended too until they are forgotten.
type sessions struct {
	list  []*session
	count int // of all there were
}

// The messages of a session. Each carries it, because several run at once and a restarted one hears from its past.
type (
	// launched is a session that runs now, or did not start.
	launched struct {
		s   *session
		run int
		box *boxed
		j   error // why the journal does not hold it
		err error
	}
	// wrote is something new on a session's terminal.
	wrote struct {
		s   *session
		run int
	}
	// over is a session of which nothing is left.
	over struct {
		s      *session
		run    int
		status sandbox.Status
		err    error
	}
	// hostMounted is what is mounted on the host, to compare the sandbox's mounts with.
	hostMounted struct {
		s      *session
		run    int
		mounts []proc.Mount
	}
	// unpacking is a launch that unpacks the root.
	unpacking struct {
		s    *session
		run  int
		told rootfs.Progress
	}
	// stepped is a launch that stopped before a stage, or passed it.
	stepped struct {
		s      *session
		run    int
		report stepReport
	}
)

// startSession begins a session. What kind it is may have another process's name in it.
func (a *App) startSession(kind string, o order) (*session, tea.Cmd) {
	a.sessions.count++
	s := &session{number: a.sessions.count, kind: text.Sanitise(kind), order: o}
	a.sessions.list = append(a.sessions.list, s)
	return s, a.begin(s)
}

// begin starts what a session is for, also again. It happens away from the screen.
func (a *App) begin(s *session) tea.Cmd {
	up := newStartup(a.feed.ctx)
	size := a.shellSize()
	*s = session{number: s.number, kind: s.kind, order: s.order, run: s.run + 1, up: up, began: a.now()}
	s.kernel, s.staged = newKernelPane(a.look, a.kernel), newStepPane(a.look)
	opts := sandbox.Options{
		Interactive: true, Environ: shellEnviron(os.Environ()), Columns: uint16(size.w), Rows: uint16(size.h),
		Machine: a.allowed, Resolve: resolveIn(a.snap), Progress: up.progress,
	}
	cmds := []tea.Cmd{s.readHostMounts(a.o.Inspect.Proc), s.nextProgress()}
	if s.order.step {
		s.steps = newStepper(up.ctx)
		s.steps.attach(&opts)
		cmds = append(cmds, s.nextStep())
	}
	st, run, o, begin := s.steps, s.run, s.order, a.hands.start
	start := waiting(func() tea.Msg {
		box, j, err := up.do(func(ctx context.Context) (*boxed, error, error) { return begin(&o, ctx, opts) })
		if err == nil && st != nil {
			st.done(box.PID)
		}
		return launched{s, run, box, j, err}
	})
	return tea.Batch(append(cmds, start)...)
}

// readHostMounts reads the mounts of process 1. Where they are not to be read (hidepid) nothing is compared.
func (s *session) readHostMounts(procRoot string) tea.Cmd {
	run := s.run
	return guarded(func() tea.Msg {
		b, err := os.ReadFile(filepath.Join(cmp.Or(procRoot, "/proc"), "1/mountinfo"))
		if err != nil {
			return nil
		}
		mounts, err := proc.ParseMountinfo(b)
		if err != nil {
			return nil
		}
		return hostMounted{s, run, mounts}
	})
}

// hands are what the screen does to the system beside what its controller does, and how it looks from inside; tests have others.
type hands struct {
	start func(*order, context.Context, sandbox.Options) (box *boxed, unwritten, err error)
	save  func(path, content string, mode os.FileMode) (where string, err error)
	look  func(context.Context, *inspect.Snapshot, compare.Reader, compare.Inside, *inspect.Process, *inspect.Container) (*compare.Side, error)
	run   func(context.Context, runPlace, string) ran
	take  func(ctx context.Context, o record.Options, path string) error
}

// start launches or enters, and writes down that it did.
func (o *order) start(ctx context.Context, opts sandbox.Options) (*boxed, error, error) {
	var box *sandbox.Sandbox
	e, err := journal.Do(o.change(), func() (err error) {
		if o.entry != nil {
			box, err = sandbox.Enter(ctx, o.entry, opts)
			return err
		}
		box, err = sandbox.Start(ctx, o.spec, opts)
		return err
	})
	if err != nil {
		return nil, e.Unwritten, err
	}
	return &boxed{box.PID, box.Terminal, box.Notes, box}, e.Unwritten, nil
}

// change is what the journal says of it.
func (o *order) change() journal.Change {
	if o.entry != nil {
		return journal.Change{Action: "enter", Target: o.target.title, Shell: entryLine(o.entry)}
	}
	c := journal.Change{Action: "launch", Target: shell.Join(o.spec.Command...)}
	if line, err := export.CutawayRun(o.spec); err == nil {
		c.Shell = line.Text[:max(len(line.Text)-1, 0)]
	}
	return c
}

// entryLine is the command line of an entry.
func entryLine(e *sandbox.Entry) string {
	line := []string{"cutaway", "enter", strconv.Itoa(e.PID)}
	if e.Namespaces != nil {
		line = append(line, "--ns", strings.Join(e.Namespaces, ","))
	}
	if e.HostTools {
		line = append(line, "--host-tools")
	}
	if e.AsRoot {
		line = append(line, "--as-root")
	}
	if e.Dir != "" {
		line = append(line, "--workdir", e.Dir)
	}
	if len(e.Command) > 0 {
		line = append(append(line, "--"), e.Command...)
	}
	return shell.Join(line...)
}

// shellTerm is the terminal that package vterm is.
const shellTerm = "xterm-256color"

// othersTerminal are variables about the terminal that cutaway itself runs on.
var othersTerminal = []string{"TERM", "COLORTERM", "COLUMNS", "LINES", "TMUX", "TMUX_PANE", "STY", "WINDOW"}

// shellEnviron is the environment for a shell on the screen, whose terminal is the screen's own.
func shellEnviron(environ []string) []string {
	kept := slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(othersTerminal, name)
	})
	return append(kept, "TERM="+shellTerm)
}

// resolveIn finds the target of a namespace that is joined.
func resolveIn(snap *inspect.Snapshot) func(string) (int, uint64, error) {
	return func(name string) (int, uint64, error) {
		if snap == nil {
			return 0, 0, errors.New("the process table has not been read yet")
		}
		p, _, err := snap.Find(name)
		if err != nil {
			return 0, 0, err
		}
		return p.PID, p.Start, nil
	}
}

// nextStep waits for a launch to say what it did.
func (s *session) nextStep() tea.Cmd {
	st, run := s.steps, s.run
	return waiting(func() tea.Msg {
		select {
		case r := <-st.reports:
			return stepped{s, run, r}
		case <-st.ctx.Done():
			return nil
		}
	})
}

// listen waits for output, unless that is waited for or there will be none. Only what is seen is waited for: the terminal keeps what
// it wrote meanwhile.
func (s *session) listen() tea.Cmd {
	if s.waiting || s.term == nil {
		return nil
	}
	select {
	case <-s.term.Done():
		return nil
	default:
	}
	s.waiting = true
	term, run := s.term, s.run
	return waiting(func() tea.Msg {
		select {
		case <-term.Changed():
		case <-term.Done():
		}
		return wrote{s, run}
	})
}

// lastOutput is how long the end of what a command wrote is waited for when somebody else keeps its terminal open.
const lastOutput = 300 * time.Millisecond

// awaitEnd waits until the session is over and all that it wrote was read.
func (s *session) awaitEnd() tea.Cmd {
	box, term, run := s.box, s.term, s.run
	return waiting(func() tea.Msg {
		status, err := box.Wait()
		if term != nil {
			select {
			case <-term.Done():
			case <-time.After(lastOutput):
			}
			box.Terminal.Close()
		}
		return over{s, run, status, err}
	})
}

// takeSession heeds a message of a session.
func (a *App) takeSession(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case launched:
		return a.takeLaunched(msg)
	case wrote:
		if msg.run != msg.s.run {
			return nil
		}
		msg.s.waiting = false
		if s := a.sandboxScreen(); s.session == msg.s {
			s.shell.changed()
		}
	case unpacking:
		if msg.run != msg.s.run || msg.s.state != starting {
			return nil
		}
		msg.s.unpacked = msg.told
		a.sandboxScreen().shell.changed()
		return msg.s.nextProgress()
	case stepped:
		if msg.run != msg.s.run {
			return nil
		}
		a.feed.due = true
		v := msg.s.staged.launch
		v.take(msg.report)
		if msg.s.state == failed { // of which the screen heard before
			v.state, v.err = launchFailed, msg.s.err
		}
		msg.s.staged.show(v)
		a.sandboxScreen().shell.changed()
		return msg.s.nextStep()
	case hostMounted:
		if msg.run == msg.s.run {
			msg.s.kernel.setHostMounts(msg.mounts)
		}
	case over:
		if msg.run != msg.s.run {
			return nil
		}
		s := msg.s
		s.state, s.status, s.ended = ended, msg.status, a.now()
		if msg.err != nil {
			s.err = msg.err
		}
		s.up.cancel()
		a.feed.due = true
		a.sandboxScreen().sessionOver(s)
		if msg.err != nil {
			return a.say(bad, s.name()+" left something behind: "+shown(msg.err.Error()))
		}
	}
	return nil
}

func (a *App) takeLaunched(msg launched) tea.Cmd {
	s := msg.s
	a.feed.due = true
	if msg.err != nil {
		if s.stopped && errors.Is(msg.err, context.Canceled) {
			msg.err = errStepStopped
		}
		s.state, s.err, s.ended = failed, msg.err, a.now()
		s.up.cancel()
		a.sandboxScreen().notStarted(s)
		return nil
	}
	s.box, s.state, s.began = msg.box, running, a.now()
	if s.stopped { // too late for the launch to notice
		s.box.Kill()
	}
	s.notes = slices.Concat(s.order.notes, msg.box.Notes)
	if msg.j != nil {
		s.notes = append(s.notes, "the journal could not be written: "+msg.j.Error())
	}
	s.kernel.setNotes(s.notes)
	if msg.box.Terminal != nil {
		size := a.shellSize()
		s.term = vterm.New(msg.box.Terminal, size.w, size.h)
	}
	a.sandboxScreen().started(s)
	if len(s.notes) > 0 {
		return tea.Batch(s.awaitEnd(), a.say(warn, shown(strings.Join(s.notes, "; "))))
	}
	return s.awaitEnd()
}

// alive counts the sessions of which something runs, or is about to.
func (a *App) alive() (n int) {
	for _, s := range a.sessions.list {
		if !s.over() {
			n++
		}
	}
	return n
}

// endTime is how long the screen waits at its end for what it started to be gone.
const endTime = 5 * time.Second

// endSessions ends all that runs or is being started and waits for it, when the screen is left in whatever way.
func (a *App) endSessions() {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for _, s := range a.sessions.list {
			s.up.cancel()
		}
		var boxes []*boxed
		for _, s := range a.sessions.list {
			if box := s.up.leave(); box != nil {
				box.Kill()
				boxes = append(boxes, box)
			}
		}
		for _, box := range boxes {
			<-box.Done()
		}
	}()
	select {
	case <-gone:
	case <-time.After(endTime):
	}
}

// probed is what this machine allows.
type probed struct {
	machine *check.Machine
	err     error
}

// probe asks what this machine allows a launch, once.
func probe() tea.Msg {
	m, err := check.Probe()
	return probed{m, err}
}
