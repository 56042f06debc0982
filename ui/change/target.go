package change

import (
	"errors"
	"os"
	"slices"
	"syscall"

	"cutaway/inspect"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
)

// Target is a process, or a container by its first process, to which something is to be done. It is pinned when that is done.
type Target struct {
	control.Name
	PID       int
	Start     uint64             // 0 when not known; else another process by that PID is refused
	Process   *inspect.Process   // nil when it was in no snapshot
	Container *inspect.Container // nil when a process was named
}

// Of is the target that a process is, or a container (not nil) by that process.
func Of(p *inspect.Process, c *inspect.Container) Target {
	t := Target{PID: p.PID, Start: p.Start, Process: p, Container: c}
	if c == nil {
		t.Name = control.Name{Title: p.Comm}
		return t
	}
	t.Name = control.Name{Title: c.Name, Engine: c.Engine, ID: c.Name}
	if t.ID == "" {
		t.ID = c.ID
	}
	return t
}

// String names the target for a person, as control.Target does.
func (t *Target) String() string { return t.Name.With(t.PID) }

// Pin pins the target. The caller closes it.
func (t *Target) Pin() (*control.Target, error) { return control.Pin(t.PID, t.Start, t.Name) }

// Strangers counts the processes of a pinned target's cgroup that are not the process or the container that was named:
// what is done to the cgroup is done to them too. again takes another snapshot before that is counted which may just have been
// started.
func (t *Target) Strangers(pids []int, again func() (*inspect.Snapshot, error)) (int, error) {
	members := []int{t.PID}
	if t.Container == nil {
		return strange(pids, members), nil
	}
	if members = t.Container.Members; strange(pids, members) == 0 {
		return 0, nil
	}
	s, err := again()
	if err != nil {
		return 0, err
	}
	if now := s.ContainerByKey(t.Container.Key); now != nil {
		members = slices.Concat(members, now.Members)
	}
	return strange(pids, members), nil
}

func strange(pids, members []int) (n int) {
	for _, pid := range pids {
		if !slices.Contains(members, pid) {
			n++
		}
	}
	return n
}

// Alone tells of a refusal to touch a cgroup that others share (err) what SIGKILL to the target's process alone would do; ""
// for other errors, and where that is refused too.
func (t *Target) Alone(err error) string {
	if !errors.Is(err, cgroups.ErrShared) && !errors.Is(err, control.ErrProtected) || t.PID == 1 || t.PID == os.Getpid() {
		return ""
	}
	if t.firstInside() {
		return "ends it, and with it all processes of its PID namespace"
	}
	return "ends that process alone"
}

// firstInside tells whether the process is PID 1 of a PID namespace of its own.
func (t *Target) firstInside() bool {
	if t.Process == nil || t.Process.Facts == nil || !t.Process.Facts.Status.OK() {
		return false
	}
	nspid := t.Process.Facts.Status.Value.NSpid
	return len(nspid) > 1 && nspid[len(nspid)-1] == 1
}

// IgnoresNote says that the kernel drops a signal, "" when it does not: the process is the first of its PID namespace and has no
// handler. SIGKILL and SIGSTOP from outside are not dropped.
func (t *Target) IgnoresNote(signal syscall.Signal) string {
	quiet := []syscall.Signal{syscall.SIGCHLD, syscall.SIGURG, syscall.SIGWINCH, syscall.SIGCONT} // which nobody would notice anyway
	if !t.firstInside() || signal == syscall.SIGKILL || signal == syscall.SIGSTOP || slices.Contains(quiet, signal) ||
		t.Process.Facts.Status.Value.SigCaught&(1<<(signal-1)) != 0 {
		return ""
	}
	return "it is the first of its PID namespace and has no handler for this signal, so the kernel drops it (pid_namespaces(7)): KILL reaches it"
}
