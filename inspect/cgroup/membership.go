package cgroup

import (
	"slices"
	"strings"

	"cutaway/inspect/proc"
)

// Path is the one path that stands for the membership in a tree. On v2 alone it is the v2 path. Beside v1 it is the
// deepest among systemd's, v2's, memory's and pids' (in this order when equally deep), because engines and service
// managers need not make a cgroup in every hierarchy; only when all four stay at the root do the others count. It is as
// the reader's cgroup namespace shows it, and "/" when the membership has no lines.
func (m *Membership) Path() string {
	best := "/"
	for _, key := range []string{"name=systemd", "", "memory", "pids"} {
		for i := range m.Lines {
			if isLine(&m.Lines[i], key) {
				best = deeper(best, m.Lines[i].Path)
			}
		}
	}
	if best != "/" {
		return best
	}
	for i := range m.Lines {
		best = deeper(best, m.Lines[i].Path)
	}
	return best
}

// isLine tells whether a line is that of a controller; "" is v2.
func isLine(line *proc.CgroupLine, controller string) bool {
	if controller == "" {
		return len(line.Controllers) == 0
	}
	return slices.Contains(line.Controllers, controller)
}

// deeper returns b when it has more names than a. A ".." is no name, but it leads out of the namespace and so beats "/".
func deeper(a, b string) string {
	if depth(b) > depth(a) || a == "/" && b != "" {
		return b
	}
	return a
}

// depth counts the names of a path.
func depth(cgroup string) int {
	n := 0
	for name := range strings.SplitSeq(cgroup, "/") {
		if name != "" && name != ".." {
			n++
		}
	}
	return n
}

// Dir is the absolute directory of a membership for a controller: "memory", "cpu", "cpuacct", "io" or "blkio", …,
// "name=systemd", or "" for the v2 hierarchy itself. It answers from the v1 hierarchy that has the controller, else from
// v2 when that has it. It is not ok when no hierarchy here has the controller, when the cgroup was removed, and
// when it lies outside of what is mounted here.
func (h *Hierarchies) Dir(m *Membership, controller string) (dir string, ok bool) {
	t := h.find(controller)
	if t == nil {
		return "", false
	}
	s, err := t.spot(m)
	if err != nil {
		return "", false
	}
	return s.dir(), true
}

// find is the hierarchy that has a controller, or nil.
func (h *Hierarchies) find(controller string) *hierarchy {
	for _, t := range h.list {
		if t.v2 && t.hasV2(controller) || !t.v2 && (t.has(controller) || controller == "io" && t.has("blkio")) {
			return t
		}
	}
	return nil
}

// hasV2 tells whether v2 does the work of a controller. Its core freezes and accounts CPU time without one, and has
// taken over the names of v1's perf_event and devices.
func (h *hierarchy) hasV2(controller string) bool {
	switch controller {
	case "", "cpuacct", "freezer", "perf_event", "devices":
		return true
	case "blkio":
		controller = "io"
	}
	return h.has(controller)
}
