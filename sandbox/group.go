package sandbox

import (
	"context"
	"os"
	"strings"

	"cutaway/sandbox/cgroups"
)

// makeGroup makes the sandbox's cgroup with its limits, before there is a process to put into it. A limit that cannot be
// set is an error here, not a surprise later.
func (l *launch) makeGroup() error {
	if l.spec.Limits.Empty() && !l.spec.Cgroup {
		return nil
	}
	machine, err := l.cgroups()
	if err != nil {
		return failed(StageCgroup, "find the cgroup hierarchies", "", err)
	}
	g, err := machine.Create(l.box.Name, &l.spec.Limits)
	if err != nil {
		return failed(StageCgroup, "make its cgroup", "", err)
	}
	l.box.group, l.box.groupPaths = g, g.Paths()
	l.site.tasks = g.Tasks()
	if g.Escaped != "" {
		l.box.Notes = append(l.box.Notes, g.Escaped)
	}
	return nil
}

// cgroups are the hierarchies, which are known already when the caller has looked at the machine.
func (l *launch) cgroups() (*cgroups.Machine, error) {
	if l.opts.Machine != nil {
		return cgroups.MachineOf(l.opts.Machine.Hierarchies())
	}
	return cgroups.ThisMachine()
}

// Cgroups lists the directories of the sandbox's own cgroup; none when it has none.
func (b *Sandbox) Cgroups() []string { return b.groupPaths }

// cgroup2Only tells whether this machine has no v1 hierarchy: there a process is cloned into its cgroup, elsewhere it
// joins by itself, and the cgroup can be made while it starts.
func cgroup2Only() bool {
	b, err := os.ReadFile("/proc/self/cgroup")
	return err == nil && strings.HasPrefix(string(b), "0:") && strings.Count(string(b), "\n") == 1
}

// removeGroup removes the sandbox's cgroup, with whoever is left in it.
func (b *Sandbox) removeGroup(ctx context.Context) error {
	if b.group == nil {
		return nil
	}
	return b.group.Clear(ctx)
}
