package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"cutaway/inspect/aside"
	"cutaway/inspect/proc"
	"cutaway/sandbox/check"
	"cutaway/sandbox/steps"
)

// likePatience is how long one thing may take that waits for the process's memory or its file systems: an honest one takes a
// thousandth.
const likePatience = 2 * time.Second

// Likeness is a Spec that was filled from a running process.
type Likeness struct {
	Spec  Spec
	Marks []Mark // what of the Spec is not as the kernel has it, in the order of the Spec's fields as they were filled
}

// Mark says of a field of a Likeness that it is not what the kernel has for the process.
type Mark struct {
	Field string // as in FieldError: "seccomp", "namespaces.net", "root"; "label", of a security module, is no field of a Spec
	Known bool   // the kernel tells, but a Spec cannot say it, or it was changed to be launched; else a guess or a default stands there
	Text  string // a sentence for a person; what is the process's in it is as the process wrote it
}

// Like describes a running process as a Spec: what `cutaway run` would have to do to start another one like it. All is read
// from the kernel, and Marks say what it does not tell or a Spec has no words for. start is its start time in clock ticks
// (proc_pid_stat(5)): another process with the same PID is a stranger. A process that ends meanwhile is an error that wraps
// ESRCH; one that a tiny init runs alone is described in the init's place.
//
// With a machine it is also fitted to what that machine allows, as a preset is, with a mark for each change; m may be nil, which
// tells of the process alone. The Spec is valid, its JSON says it all, and nothing in it is a secret as far as names and
// shapes tell. It never hangs for more than a few seconds.
func Like(pid int, start uint64, m *check.Machine) (*Likeness, error) {
	wrap := func(err error) error { return fmt.Errorf("describe process %d: %w", pid, err) }
	pin, err := pinProcess(pid, start)
	if err != nil {
		return nil, wrap(err)
	}
	defer pin.close()
	if init := steps.Look(pid); isTinyInit(&init) {
		child := init.Children[0]
		if command, err := pinProcess(child, startTime(child)); err == nil {
			defer command.close()
			if parentOf(child) == pid {
				pin = command
			}
		}
	}
	const tries = 3
	for try := 1; ; try++ {
		p := &portrait{pin: pin, machine: m}
		err := p.draw()
		switch {
		case err == nil:
			return &p.Likeness, nil
		case !errors.Is(err, errChanged) || try == tries:
			return nil, wrap(err)
		}
	}
}

// errChanged is for a process that was another program, or elsewhere, at the end of a reading than at its beginning.
var errChanged = errors.New("it changes what it is faster than it can be read: try again once it has started")

// portrait is a Likeness while it is made.
type portrait struct {
	Likeness
	*pin
	machine  *check.Machine
	them, us steps.View
	dir      string // its directory in /proc
	standIn  bool   // the host's files stand in for its own, which cannot be had
}

// draw fills the Spec. Each step reads and says something of its own.
func (p *portrait) draw() error {
	p.dir = procDir(p.pid)
	p.them, p.us = steps.Look(p.pid), steps.Look(os.Getpid())
	if err := p.refuse(); err != nil {
		return err
	}
	p.Spec = Spec{Version: Version, Terminal: TerminalAuto}
	for _, step := range []func(){
		p.namespaces, p.maps, p.user, p.hostname, p.clocks, p.network,
		p.capabilities, p.filters, p.resources, p.limits,
		p.files, p.command, p.environ,
	} {
		step()
	}
	again := steps.Look(p.pid)
	if err := p.check(); err != nil {
		return err
	}
	if !alikeViews(&p.them, &again) {
		return errChanged
	}
	if err := p.repair(); err != nil {
		return err
	}
	p.fitMachine()
	return nil
}

// refuse refuses what nothing can be like.
func (p *portrait) refuse() error {
	if err := p.them.Unread["."]; err != nil {
		return err
	}
	if err := p.them.Unread["status"]; err != nil {
		return fmt.Errorf("read its status: %w", err)
	}
	if k := p.them.Status.Kthread; k.OK() && k.Value {
		return errors.New("it is a thread of the kernel, which has nothing of its own")
	}
	if len(p.them.Status.NSpid) == 0 || p.us.Unread["."] != nil {
		return errors.New("/proc does not tell enough")
	}
	if isEnded(p.pid) {
		return fmt.Errorf("it has ended, and only waits to be reaped: %w", syscall.ESRCH)
	}
	return nil
}

// alikeViews tells whether a process was one program in one place throughout.
func alikeViews(a, b *steps.View) bool {
	x, y := &a.Status, &b.Status
	return a.Comm == b.Comm && a.Root == b.Root && a.Namespaces == b.Namespaces && x.UID == y.UID && x.GID == y.GID &&
		x.CapPrm == y.CapPrm && x.CapBnd == y.CapBnd && x.Seccomp == y.Seccomp && x.NoNewPrivs == y.NoNewPrivs &&
		slices.EqualFunc(a.Cgroups, b.Cgroups, func(c, d proc.CgroupLine) bool { return c.Path == d.Path && c.Deleted == d.Deleted })
}

// unknown marks a field for which a guess or a default stands.
func (p *portrait) unknown(field, format string, args ...any) {
	p.Marks = append(p.Marks, Mark{field, false, fmt.Sprintf(format, args...)})
}

// changed marks a field whose value is known and not what the Spec says.
func (p *portrait) changed(field, format string, args ...any) {
	p.Marks = append(p.Marks, Mark{field, true, fmt.Sprintf(format, args...)})
}

// because says why a file of the process's was not read.
func because(err error) string {
	switch {
	case errors.Is(err, os.ErrPermission):
		return "reading it is refused: it is another user's, or lets nobody look at it (root may, with all capabilities)"
	case errors.Is(err, aside.ErrNoAnswer):
		return "it did not answer in time"
	case errors.Is(err, os.ErrNotExist):
		return "this kernel does not tell"
	}
	return err.Error()
}
