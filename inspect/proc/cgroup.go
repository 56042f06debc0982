package proc

import "bytes"

// ParseCgroup reads /proc/PID/cgroup, see cgroups(7): one line for each v1 hierarchy and one for v2. At a line that it
// does not understand it stops: the error wraps ErrFormat and the lines before it are returned too.
func ParseCgroup(b []byte) ([]CgroupLine, error) {
	lines := make([]CgroupLine, 0, bytes.Count(b, []byte{'\n'}))
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		parsed, ok := parseCgroupLine(line)
		if !whole || !ok {
			return lines, formatError("cgroup", line)
		}
		lines = append(lines, parsed)
		b = rest
	}
	return lines, nil
}

// parseCgroupLine splits at the first two colons only: the name of a cgroup may hold colons.
func parseCgroupLine(line []byte) (CgroupLine, bool) {
	id, rest, found1 := bytes.Cut(line, []byte{':'})
	controllers, path, found2 := bytes.Cut(rest, []byte{':'})
	hierarchy, ok := parseInt(id)
	if !found1 || !found2 || !ok || hierarchy < 0 || len(path) == 0 || path[0] != '/' {
		return CgroupLine{}, false
	}
	l := CgroupLine{Hierarchy: hierarchy}
	if len(controllers) > 0 {
		for name := range bytes.SplitSeq(controllers, []byte{','}) {
			l.Controllers = append(l.Controllers, string(name))
		}
	} else {
		// Only v2 marks a cgroup that was removed under a process (proc_cgroup_show in kernel/cgroup/cgroup.c); on v1 the
		// same words are part of a name.
		path, l.Deleted = bytes.CutSuffix(path, []byte(" (deleted)"))
	}
	l.Path = string(path)
	return l, true
}
