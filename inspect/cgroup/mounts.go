package cgroup

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// mount is what discovery needs of one line of mountinfo, see proc_pid_mountinfo(5).
type mount struct {
	id, parent   int
	root, point  string // octal escapes undone
	fsType       string
	superOptions string
}

// isCgroup tells whether a cgroup file system, of either version, is mounted here.
func (m *mount) isCgroup() bool { return m.fsType == "cgroup" || m.fsType == "cgroup2" }

// parseMounts reads mountinfo; lines that do not look like its lines are left out.
func parseMounts(mountinfo []byte) []mount {
	var mounts []mount
	for line := range bytes.Lines(mountinfo) {
		if m, ok := parseMount(string(line)); ok {
			mounts = append(mounts, m)
		}
	}
	return mounts
}

func parseMount(line string) (mount, bool) {
	before, after, found := strings.Cut(line, " - ")
	left, right := strings.Fields(before), strings.Fields(after)
	if !found || len(left) < 6 || len(right) < 3 {
		return mount{}, false
	}
	id, err1 := strconv.Atoi(left[0])
	parent, err2 := strconv.Atoi(left[1])
	if err1 != nil || err2 != nil {
		return mount{}, false
	}
	return mount{
		id: id, parent: parent,
		root: unescape(left[3]), point: unescape(left[4]),
		fsType: right[0], superOptions: right[2],
	}, true
}

// unescape undoes the octal escapes that the kernel writes for space, tab, newline, backslash and '#'
// (mangle in fs/seq_file.c).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// visible returns the cgroup mounts that their path leads to. Another mount hides one when it covers the same
// directory, or a directory above it, later in time.
func visible(mounts []mount) []mount {
	byID := make(map[int]*mount, len(mounts))
	children := make(map[int][]*mount, len(mounts))
	for i := range mounts {
		m := &mounts[i]
		byID[m.id] = m
		children[m.parent] = append(children[m.parent], m)
	}
	var found []mount
	for i := range mounts {
		if m := &mounts[i]; m.isCgroup() && !hidden(m, byID, children) {
			found = append(found, *m)
		}
	}
	return found
}

// hidden follows a mount to the root of the mount tree and looks for mounts that stand in the way. A mount over the
// same directory is a child of the mount it covers; a mount over a directory above is its sibling.
func hidden(m *mount, byID map[int]*mount, children map[int][]*mount) bool {
	var path *mount // the child of cur through which the path goes on
	cur := m
	for range len(byID) { // a bound, should hostile text hold a loop
		if slices.ContainsFunc(children[cur.id], func(c *mount) bool { return c != path && c != cur && c.point == cur.point }) {
			return true
		}
		parent := byID[cur.parent]
		if parent == nil || parent == cur {
			return false
		}
		if slices.ContainsFunc(children[parent.id], func(c *mount) bool {
			return c != cur && c.point != parent.point && isBelow(cur.point, c.point)
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
