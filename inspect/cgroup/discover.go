package cgroup

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cutaway/inspect/proc"
)

// v1Controllers are the words of a v1 mount's super options that name controllers; the list is closed, as v1 is
// (cgroups(7), and kernel/cgroup's SUBSYS lines).
var v1Controllers = []string{
	"blkio", "cpu", "cpuacct", "cpuset", "debug", "devices", "dmem", "freezer", "hugetlb", "memory", "misc", "net_cls",
	"net_prio", "perf_event", "pids", "rdma",
}

// Hierarchies are the cgroup trees that can be seen from here. They do not change after Discover, and many goroutines may
// read through them at once.
type Hierarchies struct {
	list   []*hierarchy // v1 as mounted, v2 last
	mode   Mode
	parts  []part // how Usage is read here
	absent Usage  // what it starts from
}

// Discover finds the cgroup hierarchies in the text of a mountinfo file (proc_pid_mountinfo(5)): by the type of the file
// system and its super options, never by fixed paths. Where root is not "", only what is mounted at or below that directory
// counts; when nothing is, as in a copy of a machine's files, its directories tell the hierarchies. A machine without
// cgroups is no error; a root without cgroups is.
func Discover(mountinfo []byte, root string) (*Hierarchies, error) {
	list := fromMounts(visible(parseMounts(mountinfo)))
	for _, h := range list {
		h.findAnchors()
	}
	if root == "" {
		return newHierarchies(list), nil
	}
	dir, err := canonical(root)
	if err != nil {
		return nil, fmt.Errorf("looking for cgroups: %w", err)
	}
	if list = mountedBelow(list, dir); len(list) == 0 {
		if list, err = fromDirectories(dir); err != nil {
			return nil, err
		}
	}
	return newHierarchies(list), nil
}

// mountedBelow leaves out what is mounted elsewhere.
func mountedBelow(list []*hierarchy, dir string) []*hierarchy {
	return slices.DeleteFunc(list, func(h *hierarchy) bool {
		h.places = slices.DeleteFunc(h.places, func(p place) bool { return p.dir != dir && !isBelow(p.dir, dir) })
		return len(h.places) == 0
	})
}

func newHierarchies(list []*hierarchy) *Hierarchies {
	slices.SortStableFunc(list, func(a, b *hierarchy) int { return cmp.Compare(a.version(), b.version()) })
	for _, h := range list {
		for i := range h.places {
			p := &h.places[i]
			p.top = depth(p.root) == 0 && isTop(p.dir, h.v2)
			p.kernel = isKernels(p.dir)
		}
		slices.SortStableFunc(h.places, func(a, b place) int { return cmp.Compare(height(a), height(b)) })
		if h.v2 {
			h.controllers = strings.Fields(readText(h.places[0], "cgroup.controllers"))
		}
	}
	all := &Hierarchies{list: list, mode: modeOf(list)}
	all.planUsage()
	return all
}

// height orders places by how much of the hierarchy they show: the namespace's ancestors, its root, cgroups below.
func height(p place) int {
	return depth(p.root) - levelsUp(p.root)
}

func modeOf(list []*hierarchy) Mode {
	var v1, v2, controllers bool
	for _, h := range list {
		v1, v2 = v1 || !h.v2, v2 || h.v2
		controllers = controllers || !h.v2 && slices.ContainsFunc(h.controllers, isController)
	}
	switch {
	case v2 && controllers:
		return Hybrid
	case v2:
		return V2 // even with a named v1 hierarchy beside it, as some machines mount for old systemd in containers
	case v1:
		return V1
	}
	return None
}

func isController(name string) bool { return slices.Contains(v1Controllers, name) }

// Mode says which kind of hierarchies there are.
func (h *Hierarchies) Mode() Mode { return h.mode }

// fromMounts puts the mounts of one hierarchy together.
func fromMounts(mounts []proc.Mount) []*hierarchy {
	var list []*hierarchy
	for _, m := range mounts {
		v2 := m.FSType == "cgroup2"
		var controllers []string
		if !v2 {
			controllers = fromOptions(m.SuperOptions)
		}
		list = add(list, v2, controllers, place{dir: m.MountPoint, root: m.Root})
	}
	return list
}

// fromOptions is what a v1 hierarchy is known by: its controllers and its name, among the super options.
func fromOptions(options string) []string {
	var controllers []string
	for option := range strings.SplitSeq(options, ",") {
		if isController(option) || strings.HasPrefix(option, "name=") {
			controllers = append(controllers, option)
		}
	}
	return controllers
}

// add puts a place with its hierarchy. There is one v2 hierarchy, and a v1 controller belongs to one hierarchy only.
func add(list []*hierarchy, v2 bool, controllers []string, p place) []*hierarchy {
	for _, h := range list {
		if h.v2 == v2 && (v2 || slices.Equal(h.controllers, controllers)) {
			h.places = append(h.places, p)
			return list
		}
	}
	return append(list, &hierarchy{v2: v2, controllers: controllers, places: []place{p}})
}

// fromDirectories finds hierarchies in directories laid out as systemd and the engines mount them: v2 at the top or in a
// directory, v1 in directories named for their controllers.
func fromDirectories(dir string) ([]*hierarchy, error) {
	if exists(dir, "cgroup.controllers") {
		return add(nil, true, nil, place{dir: dir, root: "/"}), nil
	}
	children, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for cgroups: %w", err)
	}
	var list []*hierarchy
	for _, child := range children {
		sub := filepath.Join(dir, child.Name())
		p := place{dir: sub, root: "/"}
		switch {
		case !child.IsDir(): // the symbolic links cpu and cpuacct to cpu,cpuacct among them
		case exists(sub, "cgroup.controllers"):
			list = add(list, true, nil, p)
		case exists(sub, "cgroup.procs"):
			list = add(list, false, fromName(child.Name()), p)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no cgroups: give the directory at which cgroup2 is mounted, or the one above the v1 controllers", dir)
	}
	return list, nil
}

// fromName is fromOptions for a directory's name: "memory", "cpu,cpuacct", "systemd".
func fromName(name string) []string {
	if controllers := fromOptions(name); len(controllers) > 0 {
		return controllers
	}
	return []string{"name=" + name}
}

// canonical resolves a directory that the user named, to compare it with mount points, which hold no symbolic links.
func canonical(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New(dir + " is not a directory")
	}
	return dir, err
}
