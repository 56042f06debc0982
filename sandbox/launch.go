package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/fault"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/check"
	"cutaway/sandbox/reexec"
	"cutaway/sandbox/rootfs"
	"cutaway/sandbox/stage"
	"cutaway/sandbox/steps"
	"cutaway/sandbox/veth"
)

// Options are what a launch takes from its caller.
type Options struct {
	// The command's files when it gets no terminal; nil is /dev/null.
	Stdin, Stdout, Stderr *os.File
	// Columns and Rows are the size of the command's terminal when it gets one; 0 is a size that is not known, tty_ioctl(4).
	Columns, Rows uint16
	// Interactive says that the caller's own input and output are terminals: TerminalAuto gives the command one then.
	Interactive bool
	// Environ is the caller's environment; nil is the process's.
	Environ []string
	// Resolve finds the process whose namespaces are joined, by what stands behind "container:" or "process:", with its
	// start time in clock ticks as in /proc/PID/stat.
	Resolve func(target string) (pid int, start uint64, err error)
	// Before is called before each stage, and the launch waits for it; an error ends the launch. pid is the sandbox's first
	// process, 0 before the clone. nil does not wait.
	Before func(at Stage, pid int) error
	// Planned is called once before the first stage with what will be done: the same operations that are then carried out.
	Planned func(*steps.Launch)
	// Machine is what check.Probe found, when the caller has asked it already.
	Machine *check.Machine
	// Progress tells how far the unpacking of a tar or an image is.
	Progress func(rootfs.Progress)
	// Exe is the program that is re-executed; "" is the process's own. It must be linked with sandbox/stage.
	Exe string
}

// Sandbox is a running sandbox. Its methods may be called by several goroutines.
type Sandbox struct {
	Name     string   // of its cgroups, and in the journal: cutaway-<launcher's PID>-<its start time>-<number>
	PID      int      // its first process, of an Enter the command, as the launcher sees it
	Terminal *os.File // the master of its terminal; nil when it has none. The caller closes it
	Notes    []string // what could not be had as it was asked for; each a line for a person

	spec       *Spec
	pidfd      int
	control    int              // the control socket: its end is the end of the sandbox
	group      *cgroups.Group   // nil when it has none
	groupPaths []string         // its directories, also when they are gone
	root       *rootfs.Root     // unpacked; nil without
	veth       *veth.Connection // nil without
	closing    sync.Once

	cleaning sync.Mutex // of what follows
	cleaned  bool
	janitor  *janitor
	ended    chan struct{} // closed when status and err are there
	status   Status
	err      error
}

// launch is the state of a Start.
type launch struct {
	ctx      context.Context
	spec     *Spec
	opts     Options
	site     site
	exe      *reexec.Program
	box      *Sandbox
	messages <-chan reexec.Message
	exited   chan syscall.WaitStatus
	joins    []namespaceFile
	plan     *os.File
	stage    Stage
	command  int  // its PID, where a spawner tells
	underWay bool // the first process goes on without being told
	probe    *probed
}

// Start launches a sandbox and returns when its command runs. An error is a *LaunchError once the launch had begun, and
// then nothing is left behind. The caller must Wait.
func Start(ctx context.Context, spec *Spec, opts Options) (*Sandbox, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	l := &launch{ctx: ctx, spec: spec, opts: opts, stage: StageClone}
	l.box = &Sandbox{spec: spec, Name: newName(), pidfd: -1, control: -1, ended: make(chan struct{})}
	if err := l.run(); err != nil {
		l.hangUp()
		l.box.end()
		l.close()
		if l.box.PID != 0 {
			<-l.exited // no zombie either
		}
		return nil, l.explain(err)
	}
	l.close()
	fault.Go(func() { l.box.attend(l.messages, l.exited) })
	if l.box.group != nil {
		fault.Go(func() { l.box.keepClean(opts.Exe) })
	}
	return l.box, nil
}

func (l *launch) run() error {
	if err := l.prepare(); err != nil {
		return err
	}
	if err := l.tellPlan(); err != nil {
		return err
	}
	if err := l.before(StageClone); err != nil {
		return err
	}
	err := l.clone()
	l.probe = beginProbe(l.opts.Machine) // not before: each thread makes a fork dearer
	if err != nil {
		return err
	}
	if err := l.complete(); err != nil {
		return err
	}
	if err := l.refused(); err != nil {
		return err
	}
	if err := l.release(); err != nil {
		return err
	}
	return l.follow()
}

// hangUp ends the conversation before the control socket is closed: who reads it must not go on reading the descriptor's
// number, which is another launch's then.
func (l *launch) hangUp() {
	if l.messages == nil {
		return
	}
	_ = unix.Shutdown(l.box.control, unix.SHUT_RDWR)
	for m := range l.messages {
		if m.FD >= 0 {
			unix.Close(m.FD)
		}
	}
}

// close lets go of what only the launch needed.
func (l *launch) close() {
	l.exe.Close()
	if l.plan != nil {
		l.plan.Close()
	}
	for _, j := range l.joins {
		j.file.Close()
	}
}

// before tells the caller that a stage is about to begin, and waits for it.
func (l *launch) before(at Stage) error {
	l.stage = at
	if err := l.ctx.Err(); err != nil && !l.underWay {
		return failed(at, "stopped", "", err)
	}
	if l.opts.Before == nil {
		return nil
	}
	if err := l.opts.Before(at, l.box.PID); err != nil {
		return failed(at, "stopped", "", err)
	}
	return nil
}

// cloneFlags are the namespaces that the first process is cloned into. A cgroup namespace is made after joining the cgroup, a
// time namespace with offsets by the spawner.
func cloneFlags(s *Spec) (flags uintptr) {
	n := &s.Namespaces
	if n.Time.IsNew() && !s.movesClocks() {
		flags = unix.CLONE_NEWTIME
	}
	for _, t := range []struct {
		source Source
		flag   uintptr
	}{
		{n.Mnt, unix.CLONE_NEWNS},
		{n.Net, unix.CLONE_NEWNET},
		{n.PID, unix.CLONE_NEWPID},
		{n.IPC, unix.CLONE_NEWIPC},
		{n.UTS, unix.CLONE_NEWUTS},
		{n.User, unix.CLONE_NEWUSER},
	} {
		if t.source.IsNew() {
			flags |= t.flag
		}
	}
	return flags
}

// clone starts the sandbox's first process: cutaway's own program again, in new namespaces, waiting for the first Go.
func (l *launch) clone() error {
	plan, err := reexec.Memfd("cutaway-plan", nil)
	if err != nil {
		return failed(StageClone, "make the plan's file", "", err)
	}
	l.plan = plan
	flags := cloneFlags(l.spec)
	if l.needsSpawner(flags) {
		return l.spawn(flags)
	}
	p := &program{role: stage.RoleChild, standard: l.standard(), plan: plan, sys: syscall.SysProcAttr{Cloneflags: flags}}
	for _, j := range l.joins {
		p.joins = append(p.joins, j.file)
	}
	if l.spec.Namespaces.User.IsNew() {
		// Its ids are not mapped yet, and an exec without a mapped root drops all capabilities but the ambient ones.
		for c := uintptr(0); c <= uintptr(l.site.lastCap); c++ {
			p.sys.AmbientCaps = append(p.sys.AmbientCaps, c)
		}
	}
	if l.box.group != nil && l.box.group.Dir() != nil {
		p.sys.UseCgroupFD, p.sys.CgroupFD = true, int(l.box.group.Dir().Fd())
	}
	return l.start(p)
}

// standard are the command's files; a command with a terminal of its own gets none of the caller's.
func (l *launch) standard() []*os.File {
	if l.site.terminal {
		return []*os.File{nil, nil, nil}
	}
	return []*os.File{l.opts.Stdin, l.opts.Stdout, l.opts.Stderr}
}

// release does what only the launcher can once the process is there, and lets it go on.
func (l *launch) release() error {
	var rights []int
	if l.spec.Namespaces.User.IsNew() {
		if err := l.before(StageMaps); err != nil {
			return err
		}
		if err := writeMaps(l.box.PID, l.site.uids, l.site.gids); err != nil {
			return failed(StageMaps, "map ids", "", err)
		}
	}
	plan, sends := compile(l.spec, l.site)
	if _, err := l.plan.Write(plan.Encode()); err != nil {
		return failed(StageMaps, "write the plan", "", err)
	}
	for _, s := range sends {
		fd, err := s.open(l.box.PID)
		if err != nil {
			return failed(StageMounts, "clone a mount for the sandbox", s.path, err)
		}
		defer unix.Close(fd)
		rights = append(rights, fd)
	}
	if l.spec.Network.Veth != nil {
		if err := l.makeVeth(); err != nil {
			return err
		}
	}
	l.underWay = !l.site.wait
	return l.goOn(rights...)
}

// goOn sends Go, with descriptors the first time.
func (l *launch) goOn(rights ...int) error {
	var oob []byte
	if len(rights) > 0 {
		oob = unix.UnixRights(rights...)
	}
	err := unix.Sendmsg(l.box.control, []byte{byte(stage.MsgGo)}, oob, nil, unix.MSG_NOSIGNAL)
	if err != nil && err != unix.EPIPE && err != unix.ECONNRESET { // a process that ended says why in its last message
		return failed(l.stage, "tell the sandbox to go on", "", err)
	}
	return nil
}

// patience is how long a launch that is stopped goes on when nothing holds it up: its command may be running already, whatever
// the launcher has heard, and then its end is its own affair.
const patience = time.Second

// follow reads what the first process reports until the command runs.
func (l *launch) follow() error {
	executing := false
	stopped, late := l.ctx.Done(), (<-chan time.Time)(nil)
	for {
		var m reexec.Message
		var open bool
		select {
		case m, open = <-l.messages:
		case <-stopped:
			if !l.site.wait {
				stopped, late = nil, time.After(patience)
				continue
			}
			return failed(l.stage, "stopped", "", l.ctx.Err())
		case <-late:
			return failed(l.stage, "stopped", "", l.ctx.Err())
		}
		if !open {
			if executing {
				return nil
			}
			return l.died()
		}
		switch m.Kind {
		case stage.MsgBegin:
			if err := l.before(Stage(m.Text)); err != nil {
				return err
			}
			if l.site.wait {
				if err := l.goOn(); err != nil {
					return err
				}
			}
		case stage.MsgSpawned:
			if len(m.Text) >= 8 {
				l.command = int(binary.LittleEndian.Uint64([]byte(m.Text)))
			}
		case stage.MsgTerminal:
			if m.FD >= 0 {
				l.takeTerminal(m.FD)
			}
		case stage.MsgExec:
			executing = true
		case stage.MsgRunning:
			return nil
		case stage.MsgFailed:
			return failureOf(m)
		}
	}
}

// takeTerminal keeps the master of the command's terminal. The size is set before the command runs, so that it need not draw twice.
func (l *launch) takeTerminal(fd int) {
	if l.opts.Columns > 0 && l.opts.Rows > 0 {
		// A size that is refused is as good as none.
		_ = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: l.opts.Rows, Col: l.opts.Columns})
	}
	// A blocking one could not be closed while it is read.
	_ = unix.SetNonblock(fd, true)
	l.box.Terminal = os.NewFile(uintptr(fd), "sandbox terminal")
}

func failureOf(m reexec.Message) error {
	f, ok := stage.DecodeFailure([]byte(m.Text))
	if !ok {
		return &LaunchError{What: "the sandbox sent a broken message"}
	}
	e := &LaunchError{Stage: Stage(f.Stage), What: f.What, Path: f.Path}
	if f.Errno != 0 {
		e.Err = syscall.Errno(f.Errno)
	}
	return e
}

// died says how a first process ended that said nothing.
func (l *launch) died() error {
	status := statusOf(<-l.exited)
	l.exited <- syscall.WaitStatus(0)
	what := fmt.Sprintf("the sandbox's first process ended with status %d", status.Code)
	if status.Signal != 0 {
		what = fmt.Sprintf("the sandbox's first process was killed by signal %d (%v)", int(status.Signal), status.Signal)
	}
	return &LaunchError{Stage: l.stage, What: what}
}
