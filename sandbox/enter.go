package sandbox

import (
	"context"
	"errors"
	"os"

	"cutaway/inspect/fault"
	"cutaway/sandbox/reexec"
	"cutaway/sandbox/stage"
)

// StageJoin is the stage of an Enter in which it takes the target's namespaces, cgroups and root.
const StageJoin Stage = "join"

// Entry is a command to run in a process's namespaces.
type Entry struct {
	PID        int
	Start      uint64   // its start time in clock ticks: another process with the same PID is a stranger
	Namespaces []string // the types to enter; nil is all that differ from the caller's
	HostTools  bool     // the host's files with the target's processes in /proc: all namespaces but mnt
	Command    []string // nil is a shell
	Dir        string   // working directory inside; "" is the target's
	Env        []string // set over the environment, NAME=VALUE: the target's, or the caller's where the target's root is not entered
	AsRoot     bool     // with all that cutaway has, not with what the target is restricted to
	Terminal   Terminal
}

// shells are tried in turn when no command is named.
var shells = []string{"bash", "sh"}

// Enter runs a command in the namespaces, the cgroup and the root of a process, with its environment there and, unless AsRoot,
// with no more rights than it has: its user, capabilities, no_new_privs, security label and resource limits. Its
// Notes say what of the target could not be had. The command ends with the caller, and nothing of the caller's can be reached by it.
//
// A spawner does it, which stays outside: the command is the first process inside that anybody there can look at.
func Enter(ctx context.Context, e *Entry, opts Options) (*Sandbox, error) {
	spec := &Spec{
		Version: Version, Command: e.Command, Dir: "/", Init: true, Terminal: e.Terminal, Root: Root{Kind: RootKeep, Switch: PivotRoot},
		Proc: ProcKeep, Sys: SysKeep, Dev: DevKeep, Seccomp: SeccompOff, Capabilities: []string{"all"},
	}
	if len(spec.Command) == 0 {
		spec.Command = shells[:1]
	}
	if e.Dir != "" {
		spec.Dir = e.Dir
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	l := &launch{ctx: ctx, spec: spec, opts: opts, stage: StageJoin}
	l.box = &Sandbox{spec: spec, Name: newName(), pidfd: -1, control: -1, ended: make(chan struct{})}
	defer l.close()
	t, err := openTarget(e)
	defer t.close()
	if err == nil {
		err = l.enter(t)
	}
	if err != nil {
		l.hangUp()
		l.box.end()
		if l.box.PID != 0 {
			<-l.exited
		}
		l.probe = beginProbe(opts.Machine)
		return nil, l.advise(adviseEntry(err))
	}
	l.box.Notes = t.notes
	fault.Go(func() { l.box.attend(l.messages, l.exited) })
	return l.box, nil
}

// adviseEntry says what the advice for a launch does not know of.
func adviseEntry(err error) error {
	launch := (*LaunchError)(nil)
	switch {
	case !errors.As(err, &launch):
	case ExitCode(err) == 127:
		launch.Advice = "the target has no such program in its PATH, or not the loader that it needs"
	case launch.Stage == StageJoin && errors.Is(err, os.ErrPermission):
		launch.Advice = "it is another user's, or lets nobody look at it: run cutaway as root, with all capabilities"
	}
	return err
}

func (l *launch) enter(t *target) error {
	l.site.terminal = l.wantsTerminal()
	l.underWay = true
	exe, err := reexec.Open(l.opts.Exe, true)
	if err != nil {
		return failed(StageJoin, "open cutaway's own program", "", err)
	}
	l.exe = exe
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return failed(StageJoin, "open", os.DevNull, err)
	}
	defer null.Close()
	w := &entryWriter{target: t, environ: l.environ()}
	w.orderWriter.standard(l.standard(), null)
	order, err := w.order(l.site.terminal)
	if err != nil {
		return err
	}
	plan, err := reexec.Memfd("cutaway-order", order.Encode())
	if err != nil {
		return failed(StageJoin, "make the order's file", "", err)
	}
	defer plan.Close()
	if err := l.ctx.Err(); err != nil {
		return failed(StageJoin, "stopped", "", err)
	}
	if err := l.start(&program{role: stage.RoleSpawner, plan: plan, extra: w.files}); err != nil {
		return err
	}
	if err := l.follow(); err != nil {
		return err
	}
	l.box.PID = l.command
	t.compareCgroup(l.command)
	return nil
}
