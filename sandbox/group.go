package sandbox

import (
	"context"
	"os"

	"cutaway/sandbox/cgroups"
)

// makeGroup makes the sandbox's cgroup with its limits, before there is a process to put into it. A limit that cannot be
// set is an error here, not a surprise later.
func (l *launch) makeGroup() error {
	if l.spec.Limits.Empty() && !l.spec.Cgroup {
		return nil
	}
	g, err := cgroups.Create(l.box.Name, &l.spec.Limits)
	if err != nil {
		return failed(StageCgroup, "make its cgroup", "", err)
	}
	l.box.group = g
	for _, f := range g.Tasks() {
		l.site.tasks = append(l.site.tasks, f.Name())
	}
	return nil
}

// Cgroups lists the directories of the sandbox's own cgroup; none when it has none.
func (b *Sandbox) Cgroups() []string {
	if b.group == nil {
		return nil
	}
	return b.group.Paths()
}

func (b *Sandbox) taskFiles() []*os.File {
	if b.group == nil {
		return nil
	}
	return b.group.Tasks()
}

// removeGroup removes the sandbox's cgroup, with whoever is left in it.
func (b *Sandbox) removeGroup(ctx context.Context) error {
	if b.group == nil {
		return nil
	}
	if pids, err := b.group.PIDs(); err == nil && len(pids) > 0 {
		if err := b.group.Kill(ctx); err != nil {
			return err
		}
	}
	return b.group.Remove(ctx)
}
