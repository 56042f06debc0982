package control

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"cutaway/sandbox/cgroups"
)

// ErrProtected is wrapped when a cgroup holds cutaway, what cutaway descends from, or PID 1.
var ErrProtected = errors.New("it holds what must go on running")

// guard refuses a group that holds a process that must go on running: limits, a freeze or a kill would take cutaway along,
// or the shell, the terminal and the login that it was started from, or the whole machine.
func guard(what string, g *cgroups.Group) error {
	family, err := lineage()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	for _, p := range family {
		m, err := cgroups.MembershipOf(p.pid)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) { // hidden (hidepid), or ended meanwhile
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if dir, holds := g.Holds(m); holds {
			return fmt.Errorf("%s: refused for %s: %w: %s", what, dir, ErrProtected, p.is)
		}
	}
	return nil
}

// relative is a process that is never harmed.
type relative struct {
	pid int
	is  string
}

// maxLineage bounds the way up; PIDs that are used again could make it a circle.
const maxLineage = 1000

// lineage lists cutaway, the processes that it descends from as far as they can be seen, and PID 1.
func lineage() ([]relative, error) {
	family := []relative{{1, "PID 1, from which the whole system descends"}, {os.Getpid(), "cutaway itself"}}
	pid := os.Getpid()
	for range maxLineage {
		stat, err := readStat(pid)
		if errors.Is(err, ErrGone) && pid != os.Getpid() {
			break
		}
		if err != nil {
			return nil, err
		}
		if pid = stat.PPID; pid <= 1 {
			break
		}
		family = append(family, relative{pid, fmt.Sprintf("process %d, from which cutaway was started", pid)})
	}
	return family, nil
}

// May says why what is named may not be done to the target's cgroup: it has none of its own (cgroups.ErrShared), it holds what must
// go on running (ErrProtected), or the process has ended (ErrGone). nil when it may.
func (t *Target) May(what string) error {
	_, err := t.own(what)
	return err
}

// own is the target's group, unless it has none or it must not be touched.
func (t *Target) own(what string) (*cgroups.Group, error) {
	what = strings.TrimSpace(what + " " + t.String())
	if t.group == nil {
		return nil, fmt.Errorf("%s: %w", what, t.shared)
	}
	if err := t.alive(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return t.group, guard(what, t.group)
}
