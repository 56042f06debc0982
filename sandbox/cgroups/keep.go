package cgroups

import (
	"strings"

	"cutaway/inspect/cgroup"
)

// keepSuffix ends the name of a cgroup that is there for the one whose name it has otherwise.
const keepSuffix = "-keep"

// keepOn keeps controllers on where the group hangs. systemd turns off in a slice what none of its own units there needs, be it
// at a daemon-reload, and with a controller all limits go that were set by it. The kernel refuses that (EBUSY, see
// cgroup_subtree_control_write in kernel/cgroup/cgroup.c) while any child hands the controller on. The group itself, which
// holds processes, cannot; so an empty cgroup beside it does.
func (g *Group) keepOn(parent cgroup.Place, controllers []string) error {
	f, err := g.makeIn(parent, g.Name+keepSuffix)
	if err != nil {
		return err
	}
	g.keepFile, g.kept = f.file("cgroup.subtree_control"), "+"+strings.Join(controllers, " +")
	if err := f.write("cgroup.subtree_control", g.kept); err != nil {
		return &Error{What: "write " + g.kept, Path: g.keepFile, Err: err}
	}
	return nil
}

// Kept is what was written into which file to keep the group's controllers on; both are "" when nothing was.
func (g *Group) Kept() (file, text string) { return g.keepFile, g.kept }
