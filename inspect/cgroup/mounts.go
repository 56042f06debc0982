package cgroup

import (
	"bytes"
	"slices"
	"strings"

	"cutaway/inspect/proc"
)

// parseMounts reads mountinfo line by line: one that cannot be understood must not hide the others.
func parseMounts(mountinfo []byte) []proc.Mount {
	var mounts []proc.Mount
	for line := range bytes.Lines(mountinfo) {
		one, _ := proc.ParseMountinfo(line)
		mounts = append(mounts, one...)
	}
	return mounts
}

// isCgroup tells whether a cgroup file system, of either version, is mounted there.
func isCgroup(m *proc.Mount) bool { return m.FSType == "cgroup" || m.FSType == "cgroup2" }

// visible returns the cgroup mounts that their path leads to. Another mount hides one when it covers the same
// directory, or a directory above it, later in time.
func visible(mounts []proc.Mount) []proc.Mount {
	byID := make(map[int]*proc.Mount, len(mounts))
	children := make(map[int][]*proc.Mount, len(mounts))
	for i := range mounts {
		m := &mounts[i]
		byID[m.ID] = m
		children[m.Parent] = append(children[m.Parent], m)
	}
	var found []proc.Mount
	for i := range mounts {
		if m := &mounts[i]; isCgroup(m) && !hidden(m, byID, children) {
			found = append(found, *m)
		}
	}
	return found
}

// hidden follows a mount to the root of the mount tree and looks for mounts that stand in the way. A mount over the
// same directory is a child of the mount it covers; a mount over a directory above is its sibling.
func hidden(m *proc.Mount, byID map[int]*proc.Mount, children map[int][]*proc.Mount) bool {
	var path *proc.Mount // the child of cur through which the path goes on
	cur := m
	for range len(byID) { // a bound, should hostile text hold a loop
		if slices.ContainsFunc(children[cur.ID], func(c *proc.Mount) bool { return c != path && c != cur && c.MountPoint == cur.MountPoint }) {
			return true
		}
		parent := byID[cur.Parent]
		if parent == nil || parent == cur {
			return false
		}
		if slices.ContainsFunc(children[parent.ID], func(c *proc.Mount) bool {
			return c != cur && c.MountPoint != parent.MountPoint && isBelow(cur.MountPoint, c.MountPoint)
		}) {
			return true
		}
		cur, path = parent, cur
	}
	return false
}

// isBelow tells whether a path is properly below a directory; both are clean and absolute.
func isBelow(path, dir string) bool {
	if dir == "/" {
		return path != "/"
	}
	return len(path) > len(dir) && path[len(dir)] == '/' && strings.HasPrefix(path, dir)
}
