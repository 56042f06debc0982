package proc

import "bytes"

// ParseCgroup reads /proc/PID/cgroup, see cgroups(7): one line for each v1 hierarchy and one for v2. At a line that it
// does not understand it stops: the error wraps ErrFormat and the lines before it are returned too.
func ParseCgroup(b []byte) ([]CgroupLine, error) {
	lines := make([]CgroupLine, 0, countLines(b, len("0::/\n")))
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
	if !found1 || !found2 || !ok || hierarchy < 0 {
		return CgroupLine{}, false
	}
	l := CgroupLine{Hierarchy: hierarchy}
	if len(controllers) > 0 {
		for name := range bytes.SplitSeq(controllers, []byte{','}) {
			l.Controllers = append(l.Controllers, string(name))
		}
	}
	// The kernel marks a cgroup of v2 that was removed under a process, and says nothing else of a v1 hierarchy that is
	// being unmounted (proc_cgroup_show in kernel/cgroup/cgroup.c); after a path of v1 the words are part of a name.
	if len(controllers) == 0 || string(path) == deletedMark {
		path, l.Deleted = bytes.CutSuffix(path, []byte(deletedMark))
	}
	l.Path = string(path)
	return l, l.Deleted || bytes.HasPrefix(path, []byte{'/'})
}
