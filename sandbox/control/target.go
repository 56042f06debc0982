package control

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/sandbox/cgroups"
)

// Name says what a target is called.
type Name struct {
	Title  string // for messages and the journal: "db", or a process's name
	Engine string // the engine of the container, as inspect names it; "" for a process
	ID     string // what the engine's command line takes: its name or id; "" for a process
}

// Target is a process, with its cgroups, to which something is done. It stays that process when the PID is used again.
type Target struct {
	Name
	PID        int
	Start      uint64 // clock ticks after the boot, as in /proc/PID/stat
	Membership *cgroup.Membership

	machine *cgroups.Machine
	group   *cgroups.Group // nil when it has no cgroup of its own: shared says so
	shared  error
	pidfd   int
}

// ErrGone is wrapped when a process is not there any more, or is another one by its PID.
var ErrGone = errors.New("the process has ended")

// Pin pins a process. A start that is not 0 must be its start time.
func Pin(pid int, start uint64, name Name) (*Target, error) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		if err == unix.ESRCH || err == unix.EINVAL {
			err = ErrGone
		}
		return nil, fmt.Errorf("open process %d: %w", pid, err)
	}
	t := &Target{Name: name, PID: pid, Start: start, pidfd: pidfd}
	if err := t.look(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// look reads what is known of the process by its PID. It is of the process in the pidfd, because that was alive after.
func (t *Target) look() error {
	stat, err := readStat(t.PID)
	if err != nil {
		return err
	}
	if t.Start != 0 && t.Start != stat.StartTime {
		return fmt.Errorf("process %d is another one now: %w", t.PID, ErrGone)
	}
	t.Start = stat.StartTime
	if t.Membership, err = cgroups.MembershipOf(t.PID); err != nil {
		return err
	}
	if err := t.alive(); err != nil {
		return err
	}
	if t.machine, err = cgroups.ThisMachine(); err != nil {
		return err
	}
	t.group, err = t.machine.Open(t.Membership)
	if errors.Is(err, cgroups.ErrShared) {
		t.shared, err = err, nil
	}
	return err
}

// alive asks through the pidfd.
func (t *Target) alive() error {
	err := unix.PidfdSendSignal(t.pidfd, 0, nil, 0)
	if err == unix.ESRCH {
		return fmt.Errorf("process %d: %w", t.PID, ErrGone)
	}
	return nil // EPERM too: it is another user's, and there
}

// Close lets go of the process and its cgroups.
func (t *Target) Close() {
	if t.group != nil {
		t.group.Close()
	}
	unix.Close(t.pidfd)
}

// With names a target for a person by its process: "db (docker container, PID 4242)", "sleep (PID 4242)".
func (n Name) With(pid int) string {
	if n.Engine != "" {
		return fmt.Sprintf("%s (%s container, PID %d)", n.Title, n.Engine, pid)
	}
	return fmt.Sprintf("%s (PID %d)", n.Title, pid)
}

// String is the target's name with its process.
func (t *Target) String() string { return t.With(t.PID) }

// Usage reads what the target's cgroup uses, its limits, and those that bind it.
func (t *Target) Usage() *cgroup.Usage { return t.machine.Hierarchies.Usage(t.Membership) }

// Limits lists the limits that the target's own cgroups hold, see cgroups.Group.Present; none when it has no cgroup of
// its own, which the error says.
func (t *Target) Limits() ([]cgroups.Setting, error) {
	if t.group == nil {
		return nil, t.shared
	}
	return t.group.Present(), nil
}

// Source is the file of a field of Usage, see cgroup.Hierarchies.SourceOf.
func (t *Target) Source(field string) string {
	file, _ := t.machine.Hierarchies.SourceOf(t.Membership, field)
	return file
}

// PIDs lists the processes in the target's cgroups and below.
func (t *Target) PIDs() ([]int, error) {
	if t.group == nil {
		return nil, t.shared
	}
	return t.group.PIDs()
}

// Frozen tells whether the target's cgroup is frozen.
func (t *Target) Frozen() (bool, error) {
	if t.group == nil {
		return false, t.shared
	}
	return t.group.Frozen()
}

func readStat(pid int) (*proc.Stat, error) {
	file := filepath.Join("/proc", strconv.Itoa(pid), "stat")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return nil, fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	stat := new(proc.Stat)
	if err == nil {
		err = proc.ParseStat(text, stat)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return stat, nil
}
