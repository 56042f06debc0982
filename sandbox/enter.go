package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/reexec"
	"cutaway/sandbox/seccomp"
	"cutaway/sandbox/stage"
)

// StageJoin is the stage of an Enter in which it takes the target's namespaces, cgroups and root.
const StageJoin Stage = "join"

// Entry is a command to run in a process's namespaces.
type Entry struct {
	PID        int
	Start      uint64   // its start time in clock ticks: another process with the same PID is a stranger
	Namespaces []string // the types to enter; nil is all that differ from the caller's
	Command    []string
	Dir        string   // working directory inside; "" is the root
	Env        []string // set over the target's environment, NAME=VALUE
	AsRoot     bool     // with all that cutaway has, not with what the target is restricted to
	Terminal   Terminal
}

// entry is what was found of the target: everything that is needed of it, held open.
type entry struct {
	*Entry
	pidfd      int
	namespaces []namespaceFile // in the order in which they are entered
	root       *os.File
	cgroups    []*os.File
	status     proc.Status
	env        []string
	notes      []string
}

type namespaceFile struct {
	kind string
	file *os.File
}

// enterOrder leaves mnt to the end: files of ours are found by paths until then.
var enterOrder = [...]string{"user", "ipc", "uts", "net", "cgroup", "pid", "time", "mnt"}

// Enter runs a command in the namespaces, the cgroup and the root of a process, with its environment and, unless AsRoot,
// with no more rights than it has. notes say what of the target could not be had. The command ends with the caller, and
// nothing of the caller's can be reached by it.
func Enter(ctx context.Context, e *Entry, opts Options) (box *Sandbox, notes []string, err error) {
	spec := &Spec{
		Version: Version, Command: e.Command, Dir: "/", Init: true, Terminal: e.Terminal, Root: Root{Kind: RootKeep, Switch: PivotRoot},
		Proc: ProcKeep, Sys: SysKeep, Dev: DevKeep, Seccomp: SeccompOff, Capabilities: []string{"all"},
	}
	if e.Dir != "" {
		spec.Dir = e.Dir
	}
	if err := spec.Validate(); err != nil {
		return nil, nil, err
	}
	l := &launch{ctx: ctx, spec: spec, opts: opts, stage: StageJoin, entry: &entry{Entry: e, pidfd: -1}}
	l.box = &Sandbox{spec: spec, Name: newName(), pidfd: -1, control: -1, ended: make(chan struct{})}
	defer l.entry.close()
	defer l.close()
	if err := l.enter(); err != nil {
		l.hangUp()
		l.box.end()
		if l.box.PID != 0 {
			<-l.exited
		}
		return nil, nil, l.advise(err)
	}
	go l.box.attend(l.messages, l.exited)
	return l.box, l.entry.notes, nil
}

func (l *launch) enter() error {
	if err := l.entry.open(); err != nil {
		return failed(StageJoin, "open process "+strconv.Itoa(l.entry.PID), "", err)
	}
	if err := l.survey(); err != nil {
		return err
	}
	l.site.terminal = l.spec.Terminal == TerminalAlways || l.spec.Terminal == TerminalAuto && l.opts.Interactive
	l.site.joined = true
	exe, err := reexec.Open(l.opts.Exe, true)
	if err != nil {
		return failed(StageClone, "open cutaway's own program", "", err)
	}
	l.exe = exe
	if err := l.entry.filter(&l.site); err != nil {
		return err
	}
	err = l.clone()
	l.probe = beginProbe(l.opts.Machine)
	if err != nil {
		return err
	}
	if err := l.release(); err != nil {
		return err
	}
	return l.follow()
}

// open opens everything of the target while a pidfd holds it, and looks at its start time last: then all of it was one
// process's.
func (e *entry) open() (err error) {
	if e.pidfd, err = unix.PidfdOpen(e.PID, 0); err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	dir := "/proc/" + strconv.Itoa(e.PID)
	text, err := os.ReadFile(dir + "/status")
	if err != nil {
		return err
	}
	if err := proc.ParseStatus(text, &e.status); err != nil {
		return err
	}
	if err := e.openNamespaces(dir); err != nil {
		return err
	}
	fd, err := unix.Open(dir+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s/root: %w", dir, err)
	}
	e.root = os.NewFile(uintptr(fd), dir+"/root")
	if err := e.readEnviron(dir); err != nil {
		return err
	}
	if err := e.openCgroups(); err != nil {
		return err
	}
	if now := startTime(e.PID); now != e.Start {
		return fmt.Errorf("it ended meanwhile, and its PID is another's: %w", syscall.ESRCH)
	}
	return nil
}

func (e *entry) openNamespaces(dir string) error {
	for _, kind := range enterOrder {
		asked := slices.Contains(e.Namespaces, kind)
		if e.Namespaces != nil && !asked {
			continue
		}
		theirs, err := os.Readlink(dir + "/ns/" + kind)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if ours, err := os.Readlink("/proc/self/ns/" + kind); err == nil && ours == theirs {
			continue
		}
		switch kind {
		case "user":
			return fmt.Errorf("it is in a user namespace of its own, which cutaway cannot enter yet: %w; `nsenter --all --target %d` or the engine's exec can, --ns takes others", errors.ErrUnsupported, e.PID)
		case "time":
			if asked {
				return fmt.Errorf("the time namespace of a running process can be entered by programs with one thread alone: %w", errors.ErrUnsupported)
			}
			e.notes = append(e.notes, "the time namespace is not entered: clocks are the host's")
			continue
		}
		f, err := os.Open(dir + "/ns/" + kind)
		if err != nil {
			return err
		}
		e.namespaces = append(e.namespaces, namespaceFile{kind, f})
	}
	return nil
}

// maxEnviron bounds what is taken of an environment, which the target may have written over.
const maxEnviron = 1 << 20

func (e *entry) readEnviron(dir string) error {
	f, err := os.Open(dir + "/environ")
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxEnviron))
	if err != nil {
		return fmt.Errorf("read %s/environ: %w", dir, err)
	}
	set := map[string]bool{}
	for _, v := range e.Env {
		name, _, _ := strings.Cut(v, "=")
		set[name] = true
	}
	for _, v := range proc.ParseEnviron(b) {
		if !v.Bare && !set[v.Name] {
			e.env = append(e.env, v.Name+"="+v.Value)
		}
	}
	e.env = append(e.env, e.Env...)
	return nil
}

// openCgroups opens where the command joins the target's cgroups: a thread moves itself by writing 0.
func (e *entry) openCgroups() error {
	m, err := cgroups.ThisMachine()
	if err != nil {
		return err
	}
	theirs, err := cgroups.MembershipOf(e.PID)
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, p := range m.Hierarchies.Places(m.Own) {
		own[p.Dir] = true
	}
	for _, p := range m.Hierarchies.Places(theirs) {
		if own[p.Dir] {
			continue
		}
		name := "tasks"
		if p.V2 {
			name = "cgroup.procs"
		}
		f, err := os.OpenFile(filepath.Join(p.Dir, name), os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("join its cgroup: %w", err)
		}
		e.cgroups = append(e.cgroups, f)
	}
	return nil
}

// filter is the seccomp program that stands in for the target's: its own cannot be taken over without stopping it.
func (e *entry) filter(at *site) error {
	if e.AsRoot || e.status.Seccomp.State != reading.Known || e.status.Seccomp.Value == 0 {
		return nil
	}
	program, err := seccomp.Program(seccomp.Docker, caps.Set(e.status.CapBnd.Value))
	if err != nil {
		return failed(StageSeccomp, "build the filter of system calls", "", err)
	}
	at.filter = program
	e.notes = append(e.notes, "its seccomp filter is stood in for by Docker's default")
	return nil
}

// compile is what the first process does to become a process of the target's.
func (e *entry) compile(s *Spec, at site) (*stage.Plan, []shipment) {
	w := &writer{Spec: s, site: at}
	w.add(stage.Op{Verb: stage.Guard})
	w.openTerminal() // from the host's devpts: the target's files are opened by nobody with rights
	w.begin(StageJoin)
	for _, f := range e.cgroups {
		w.add(stage.Op{Verb: stage.WriteFD, N: w.send(shipment{file: f}), Data: "0", Path: f.Name()})
	}
	root := w.send(shipment{file: e.root})
	for _, n := range e.namespaces {
		w.add(stage.Op{Verb: stage.Setns, N: w.send(shipment{file: n.file}), Data: n.kind, Path: n.file.Name()})
	}
	if e.Namespaces == nil || slices.Contains(e.Namespaces, "mnt") {
		w.add(stage.Op{Verb: stage.ChrootFD, N: root, Path: e.root.Name()})
	}
	e.rights(w)
	path := defaultPath
	for _, v := range e.env {
		if p, ok := strings.CutPrefix(v, "PATH="); ok {
			path = p
		}
	}
	w.begin(StageExec)
	w.add(stage.Op{Verb: stage.Chdir, Target: s.Dir})
	w.add(stage.Op{Verb: stage.Exec, List: e.Command, More: e.env, Path: path})
	return &stage.Plan{Init: true, Ops: w.ops, Wait: at.wait}, w.sends
}

// rights takes from the command what the target does not have.
func (e *entry) rights(w *writer) {
	if e.AsRoot {
		w.add(stage.Op{Verb: stage.ParentDeath})
		return
	}
	st := &e.status
	noNewPrivs := st.NoNewPrivs.State == reading.Known && st.NoNewPrivs.Value
	if !noNewPrivs {
		w.seccomp()
	}
	w.begin(StageCapabilities)
	if st.CapBnd.State == reading.Known {
		w.add(stage.Op{Verb: stage.Bounding, Flags: st.CapBnd.Value, N: int64(w.lastCap)})
	}
	w.add(stage.Op{Verb: stage.User, N: int64(st.UID[1]), M: int64(st.GID[1]), List: decimal(st.Groups)})
	w.add(stage.Op{Verb: stage.Capset, Attr: st.CapPrm, Flags: stage.EveryThread})
	if noNewPrivs {
		w.begin(StageNoNewPrivs)
		w.add(stage.Op{Verb: stage.NoNewPrivs})
		w.seccomp()
	}
}

func (e *entry) close() {
	if e.pidfd >= 0 {
		unix.Close(e.pidfd)
	}
	for _, n := range e.namespaces {
		n.file.Close()
	}
	for _, f := range e.cgroups {
		f.Close()
	}
	if e.root != nil {
		e.root.Close()
	}
}
