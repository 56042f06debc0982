package cgroups

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/sandbox/limit"
)

// Create makes a group for a sandbox of this process on this machine; see Machine.Create.
func Create(name string, set *limit.Set) (*Group, error) {
	m, err := ThisMachine()
	if err != nil {
		return nil, err
	}
	return m.Create(name, set)
}

// Create makes a cgroup below the caller's own, so that the caller's limits hold for it too, in each hierarchy that the
// limits need, in those that show the use of memory and processes, and in one that freezes; and it sets the limits and
// reads them back. Only on v2 a cgroup with processes, such as the caller's own, can have no children with
// limits: there it is made below the nearest ancestor that can, and Group.Escaped tells what that changes. On an error nothing is left.
//
// Each directory is locked (flock(2)) until the group is closed: Sweep leaves it alone then.
func (m *Machine) Create(name string, set *limit.Set) (*Group, error) {
	if err := set.Validate(); err != nil {
		return nil, err
	}
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return nil, &Error{What: "make a cgroup: " + name + " is no name of a directory"}
	}
	g := &Group{Name: name, machine: m}
	if err := g.make(set); err != nil {
		return nil, join(err, g.undo())
	}
	return g, nil
}

// undo removes what a Create that failed has made; no process is in there yet.
func (g *Group) undo() error {
	var err error
	for _, f := range slices.Backward(g.folders) {
		if e := syscall.Rmdir(f.Dir); e != nil {
			err = &Error{What: "remove the cgroup", Path: f.Dir, Err: e}
		}
	}
	g.Close()
	return err
}

func (g *Group) make(set *limit.Set) error {
	needed := controllersOf(set)
	for _, controller := range needed {
		if _, ok := g.machine.Hierarchies.Place(g.machine.Own, controller); !ok {
			return &Error{
				What:   "make a cgroup with the " + controller + " controller",
				Advice: "no hierarchy that is mounted here has it: see /proc/cgroups and `cutaway doctor`",
			}
		}
	}
	if err := g.makeV1(needed); err != nil {
		return err
	}
	if err := g.makeV2(needed); err != nil {
		return err
	}
	if len(g.folders) == 0 {
		return &Error{What: "make a cgroup", Advice: "no cgroup file system is mounted here: `mount -t cgroup2 none /sys/fs/cgroup`, or `cutaway doctor`"}
	}
	settings, err := g.Settings(set)
	if err != nil {
		return err
	}
	for i := range settings {
		if _, err := settings[i].Write(); err != nil {
			return err
		}
	}
	if own, ok := g.machine.Hierarchies.Place(g.machine.Own, ""); ok && g.v2() != nil {
		g.Escaped = escaped(own, g.v2())
	}
	return nil
}

// controllersOf lists what a set of limits needs.
func controllersOf(set *limit.Set) []string {
	var needed []string
	for _, c := range []struct {
		name string
		is   bool
	}{
		{"memory", set.Memory != nil || set.Swap != nil},
		{"cpu", set.CPUs != nil || set.Weight != nil},
		{"pids", set.PIDs != nil},
		{"io", len(set.IO) > 0},
		{"cpuset", set.CPUSet != "" || set.MemSet != ""},
	} {
		if c.is {
			needed = append(needed, c.name)
		}
	}
	return needed
}

// usage are the controllers that a group has even without a limit, to show what it uses.
var usage = []string{"memory", "pids"}

// makeV1 makes the group's directories in v1 hierarchies: each controller that is not mounted there is v2's.
func (g *Group) makeV1(needed []string) error {
	for _, controller := range slices.Concat(needed, usage, []string{"freezer"}) {
		place, ok := g.machine.Hierarchies.Place(g.machine.Own, controller)
		if !ok || place.V2 || g.in(place.Mount) {
			continue
		}
		f, err := g.makeIn(place, g.Name)
		if err != nil {
			return err
		}
		if controller == "cpuset" {
			if err := inheritCPUs(place, f); err != nil {
				return err
			}
		}
		if err := g.openTasks(f, "tasks"); err != nil {
			return err
		}
	}
	return nil
}

// openTasks opens the file through which a process joins one directory of the group.
func (g *Group) openTasks(f *folder, name string) error {
	fd, err := unix.Openat(int(f.dir.Fd()), name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &Error{What: "open", Path: f.file(name), Err: err}
	}
	g.tasks = append(g.tasks, os.NewFile(uintptr(fd), f.file(name)))
	return nil
}

// in tells whether the group has a directory in a hierarchy already: one may have several controllers.
func (g *Group) in(mount string) bool {
	return slices.ContainsFunc(g.folders, func(f *folder) bool { return f.Mount == mount })
}

// makeIn makes a directory of the group's in a cgroup, and locks it.
func (g *Group) makeIn(parent cgroup.Place, name string) (*folder, error) {
	place := child(parent, name)
	if err := syscall.Mkdir(place.Dir, 0o755); err != nil {
		return nil, &Error{What: "make the cgroup", Path: place.Dir, Err: err, Advice: makeAdvice(parent, err)}
	}
	f, err := openFolder(place)
	if err != nil {
		return nil, join(err, syscall.Rmdir(place.Dir))
	}
	g.folders = append(g.folders, f)
	if err := unix.Flock(int(f.dir.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != nil {
		return nil, &Error{What: "lock the cgroup", Path: place.Dir, Err: err}
	}
	return f, nil
}

func makeAdvice(parent cgroup.Place, err error) string {
	switch {
	case errors.Is(err, unix.EROFS):
		return "the cgroup file system is mounted read-only here, as engines do inside of containers"
	case errors.Is(err, unix.EEXIST):
		return "another sandbox has this name"
	case errors.Is(err, unix.EAGAIN):
		return "the cgroup above may have no more below it: see its cgroup.max.descendants and cgroup.max.depth"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		if parent.V2 {
			return delegation
		}
		return "cgroup v1 lets only root make cgroups: run cutaway as root, or limit by rlimits (prlimit(1))"
	}
	return ""
}

// delegation is how a normal user comes by a cgroup on v2 (systemd.resource-control(5), Delegate=).
const delegation = "start cutaway with `systemd-run --user --scope -p Delegate=yes cutaway …`, which gives it a cgroup of the user's own, or run it as root"

// inheritCPUs gives a new v1 cpuset the processors and memory nodes of the one above: empty ones take no process
// (Documentation/admin-guide/cgroup-v1/cpusets.rst).
func inheritCPUs(parent cgroup.Place, f *folder) error {
	above, err := openFolder(parent)
	if err != nil {
		return err
	}
	defer above.close()
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		list, err := above.read(name)
		if err != nil {
			return err
		}
		if err := f.write(name, list); err != nil {
			return &Error{What: "write " + shown(list), Path: f.file(name), Err: err}
		}
	}
	return nil
}
