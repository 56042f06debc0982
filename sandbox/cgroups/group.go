package cgroups

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"cutaway/inspect/cgroup"
)

// Group is one cgroup in the hierarchies in which it stands apart from others. Its methods are not for several goroutines
// at once. Close it, or Remove it.
type Group struct {
	// Name is the directory's name when the group was made here, else the path that stands for it.
	Name string
	// Escaped says which limits of the caller's do not hold for a group that was made here; "" when all do.
	Escaped string

	machine    *Machine
	membership *cgroup.Membership // of an existing target; nil for what was made here
	folders    []*folder          // one for each hierarchy, v2 last, and behind it the one that keeps controllers on
	tasks      []*os.File

	keepFile, kept string // see Kept
}

// Open opens the cgroups of a process in every hierarchy in which it has one that is not an ancestor's of the others, and
// so not shared with processes that stand elsewhere. The root cgroups, which every process is below, are never opened.
// Without any the error wraps ErrShared.
func (m *Machine) Open(membership *cgroup.Membership) (*Group, error) {
	path := membership.Path()
	g := &Group{Name: path, machine: m, membership: membership}
	for _, place := range m.Hierarchies.Places(membership) {
		if place.Path == "/" && place.Dir == place.Mount || isBelow(path, place.Path) {
			continue
		}
		f, err := openFolder(place)
		if err != nil {
			g.Close()
			return nil, err
		}
		g.folders = append(g.folders, f)
	}
	if len(g.folders) == 0 {
		return nil, &Error{What: "find its cgroup: " + path, Err: ErrShared, Advice: "it stands in the root cgroup, with the rest of the system"}
	}
	return g, nil
}

// isBelow tells whether a cgroup's path leads into another one.
func isBelow(path, above string) bool {
	if above == "/" {
		return path != "/"
	}
	return strings.HasPrefix(path, above+"/")
}

// Close lets go of the group's files. The cgroup stays.
func (g *Group) Close() {
	for _, f := range g.folders {
		f.close()
	}
	for _, f := range g.tasks {
		f.Close()
	}
	g.folders, g.tasks = nil, nil
}

// Paths lists the group's directories.
func (g *Group) Paths() []string {
	paths := make([]string, len(g.folders))
	for i, f := range g.folders {
		paths[i] = f.Dir
	}
	return paths
}

// Tasks are the files through which the main thread of a process that is alone joins the group by writing "0": v1's `tasks`,
// which waits for nothing. (Writing a PID, or to cgroup.procs, takes cgroup_threadgroup_rwsem, whose first writer waits for an RCU
// grace period; that is done only where a v2 hierarchy beside v1 has a controller that is needed.) They are closed with the group.
func (g *Group) Tasks() []*os.File { return g.tasks }

// Dir is the group's v2 directory, for CLONE_INTO_CGROUP (clone(2)); nil when Tasks has all that there is to join. It is
// closed with the group.
func (g *Group) Dir() *os.File {
	if f := g.v2(); f != nil && len(g.tasks) == 0 {
		return f.dir
	}
	return nil
}

func (g *Group) v2() *folder {
	for _, f := range g.folders {
		if f.V2 {
			return f
		}
	}
	return nil
}

// controlled is the group's folder in the hierarchy that has a controller, or why there is none.
func (g *Group) controlled(controller string) (*folder, error) {
	v1 := controller
	if controller == "io" {
		v1 = "blkio"
	}
	for _, f := range g.folders {
		if !f.V2 && f.hasController(v1) || f.V2 && f.hasController(controller) {
			return f, nil
		}
	}
	what := "limit by the " + controller + " controller"
	if g.membership == nil {
		return nil, &Error{What: what, Advice: "this machine has it in no hierarchy that is mounted here: `cutaway doctor` says more"}
	}
	if place, ok := g.machine.Hierarchies.Place(g.membership, controller); ok {
		return nil, &Error{What: what, Path: place.Dir, Err: ErrShared, Advice: "it is there with others, whom a limit would concern too"}
	}
	return nil, &Error{What: what, Advice: "no hierarchy that is mounted here has it for this process"}
}

// Place is the group's cgroup in the hierarchy that has a controller, see inspect/cgroup's Place.
func (g *Group) Place(controller string) (cgroup.Place, bool) {
	f, err := g.controlled(controller)
	if err != nil {
		return cgroup.Place{}, false
	}
	return f.Place, true
}

// Holds tells whether a process with that membership is in the group or in a cgroup below it, in any hierarchy, and in
// which directory.
func (g *Group) Holds(membership *cgroup.Membership) (dir string, holds bool) {
	for _, place := range g.machine.Hierarchies.Places(membership) {
		for _, f := range g.folders {
			if place.Mount == f.Mount && (place.Dir == f.Dir || strings.HasPrefix(place.Dir, f.Dir+"/")) {
				return f.Dir, true
			}
		}
	}
	return "", false
}

// join adds errors that say what else went wrong.
func join(err error, more ...error) error {
	for _, e := range more {
		if e != nil && !errors.Is(err, e) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// processes is a count in words: "1 process", "3 processes".
func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return fmt.Sprintf("%d processes", n)
}
