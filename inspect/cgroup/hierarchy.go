package cgroup

import (
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
)

// hierarchy is one tree of cgroups with the places where it can be looked at.
type hierarchy struct {
	v2          bool
	controllers []string // what it controls; "name=systemd" for a named hierarchy of v1
	places      []place  // the widest first
}

// place is a directory at which a hierarchy, or a part of it, is mounted.
type place struct {
	dir  string // absolute
	root string // the cgroup that stands there, as this cgroup namespace names it: "/", "/docker/…", "/.."
	// anchor is the path from dir to the root of this cgroup namespace, where dir lies above that and it is known.
	anchor string
	top    bool // it is the hierarchy's real root, so that nothing stands above
	// kernel is true when the kernel's cgroup file system is there, where all files are regular ones, and false for a copy.
	kernel bool
}

// version is an index into tables for v1 and v2.
func (h *hierarchy) version() int {
	if h.v2 {
		return 1
	}
	return 0
}

func (h *hierarchy) has(controller string) bool { return slices.Contains(h.controllers, controller) }

// line finds a membership's line for the hierarchy, or nil.
func (h *hierarchy) line(m *Membership) *proc.CgroupLine {
	for i := range m.Lines {
		line := &m.Lines[i]
		if h.v2 && len(line.Controllers) == 0 || !h.v2 && slices.ContainsFunc(line.Controllers, h.has) {
			return line
		}
	}
	return nil
}

// locate finds a place from which a cgroup can be seen, and the path from there ("" is the place itself).
func (h *hierarchy) locate(path string) (at place, below string, ok bool) {
	for _, p := range h.places {
		if below, ok := p.way(path); ok {
			return p, below, true
		}
	}
	return place{}, "", false
}

// relative is the way from one cgroup down to another. Both are named from the root of this cgroup namespace, and each
// leading ".." stands for a name that is not known here: the way from "/.." to "/a" cannot be told (cgroup_namespaces(7)).
func relative(from, to string) (string, bool) {
	if from == to {
		return "", true
	}
	if from != "/" {
		var ok bool
		if to, ok = strings.CutPrefix(to, from); !ok {
			return "", false
		}
	}
	below, ok := strings.CutPrefix(to, "/")
	if !ok || below != filepath.Clean(below) || !filepath.IsLocal(below) {
		return "", false
	}
	return below, true
}

func isKernels(dir string) bool {
	var fs unix.Statfs_t
	err := unix.Statfs(dir, &fs)
	return err == nil && (fs.Type == unix.CGROUP_SUPER_MAGIC || fs.Type == unix.CGROUP2_SUPER_MAGIC)
}

// isTop tells whether a directory is the real root of a hierarchy, by a file that only a root has (v1), or that every
// cgroup but the root has (v2): CFTYPE_ONLY_ON_ROOT and CFTYPE_NOT_ON_ROOT in kernel/cgroup.
func isTop(dir string, v2 bool) bool {
	if v2 {
		return !exists(dir, "cgroup.events") && exists(dir, "cgroup.procs")
	}
	return exists(dir, "cgroup.sane_behavior") || exists(dir, "release_agent")
}
