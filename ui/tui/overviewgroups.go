package tui

import (
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// overviewHost is what is true of the machine.
func overviewHost(u *subject, rs *rows) {
	h := &u.snap.Host
	rs.add("", "host", words(strong, text.Sanitise(h.Name))).
		from(hostSource("hostname", "/proc/sys/kernel/hostname", h.Name, "The name in this UTS namespace (uts_namespaces(7)).", "hostname"))
	rs.add("", "kernel", words(plain, "Linux "+text.Sanitise(h.Kernel))).
		from(hostSource("kernel", "/proc/sys/kernel/osrelease", h.Kernel, "The kernel's release. Containers have no kernel of their own.", "uname -r"))
	rs.add("", "cgroups", words(plain, h.CgroupMode.String())).
		from(hostSource("cgroup hierarchies", "/proc/self/mountinfo", h.CgroupMode.String(),
			"The mounts of type cgroup and cgroup2; in a hybrid v1 holds the controllers and v2 stands beside it (cgroups(7)).", "findmnt -t cgroup,cgroup2"))
	if !h.Boot.IsZero() {
		rs.add("", "up", words(plain, text.Duration(u.snap.Taken.Sub(h.Boot).Truncate(1e9))))
	}
	rs.blank()
	rs.add("", "processes", words(plain, text.Count(u.node.Count)).put(dim, " of the host's own, "+text.Count(len(u.snap.Procs))+" in all"))
	rs.add("", "containers", number(uint64(len(u.snap.Containers))))
	rs.blank()
	memory := words(plain, text.Bytes(u.node.RSS)).put(dim, " resident of ").put(plain, text.Bytes(h.Memory))
	rs.add("", "memory", memory, words(dim, "shared pages count once for each process"))
	cpu := words(plain, text.Percent(u.node.CPU)).put(dim, " of ").put(plain, text.Percent(float64(h.CPUs)*100))
	rs.add("", "cpu", withGraph(cpu, u.width, func(cells int) line {
		return u.sparkline(u.history.of(u.node.Key), 0, cells)
	}))
	rs.blank()
	rs.add("", "reader", readerLine(h), words(dim, notReadText(u.snap)))
}

// hostSource is the source of what is true of the machine as a whole.
func hostSource(title, file, raw, meaning, command string) inspect.Source {
	return inspect.Source{Title: title, File: file, Raw: reading.Value(raw), Meaning: meaning, Command: command}
}

// readerLine says who looks, which decides what can be read.
func readerLine(h *inspect.Host) line {
	if h.UID == 0 {
		return words(plain, "root")
	}
	return words(warn, "user "+strconv.Itoa(h.UID)).put(dim, ": other users' processes keep most to themselves")
}

func notReadText(s *inspect.Snapshot) string {
	switch {
	case s.Denied == 0 && s.Pending == 0:
		return "every process could be read"
	case s.Pending == 0:
		return plural(s.Denied, "process") + " refused at least one value"
	}
	return plural(s.Denied, "process") + " refused at least one value, " + text.Count(s.Pending) + " not read yet"
}

// overviewKind is all namespaces of one kind.
func overviewKind(u *subject, rs *rows) {
	k := u.node.NSKind
	rs.add("", "kind", words(strong, k.String()).gap(2).put(dim, kindMeaning[k]))
	rs.add("", "namespaces", number(uint64(len(u.node.Children))))
	rs.add("", "processes", number(uint64(u.node.Count)))
}

// kindMeaning says what a kind of namespace isolates, after namespaces(7).
var kindMeaning = [proc.NSKinds]string{
	proc.Mnt:    "mount points: which files there are",
	proc.Net:    "network devices, addresses, ports, routes and rules",
	proc.PID:    "process numbers",
	proc.IPC:    "System V IPC and POSIX message queues",
	proc.UTS:    "hostname and domain name",
	proc.User:   "user and group numbers, and over what capabilities count",
	proc.Cgroup: "the root of the cgroup tree that it sees",
	proc.Time:   "boot and monotonic clocks",
}

// overviewNamespace is one namespace with its members.
func overviewNamespace(u *subject, rs *rows) {
	n := u.node.Namespace
	rs.add("", "namespace", words(strong, n.Kind.String()+":["+strconv.FormatUint(n.ID.Ino, 10)+"]"))
	rs.add("", "isolates", words(dim, kindMeaning[n.Kind]))
	if n.Host {
		rs.add("", "whose", words(plain, "the host's"))
	}
	rs.add("", "processes", number(uint64(len(n.Members))))
	names := containersOf(u.snap, n)
	if len(names) > 0 {
		rs.add("", "containers", words(strong, strings.Join(names, ", ")))
	}
	if maps, ok := u.snap.IDMaps[n.ID.Ino]; ok && n.Kind == proc.User {
		rs.blank()
		addMaps(rs, &maps)
	}
}

// containersOf names the containers with a process in a namespace.
func containersOf(s *inspect.Snapshot, n *inspect.Namespace) []string {
	var names []string
	seen := map[*inspect.Container]bool{}
	for _, i := range n.Members {
		if c := s.Procs[i].Container; c != nil && !seen[c] {
			seen[c] = true
			names = append(names, text.Sanitise(c.Name))
		}
	}
	return names
}

// overviewCgroup is one cgroup of the tree.
func overviewCgroup(u *subject, rs *rows) {
	rs.add("", "cgroup", words(strong, text.Sanitise(u.node.Path)))
	rs.add("", "processes", words(plain, text.Count(u.node.Count)).put(dim, " in it and below"))
	rs.add("", "memory", words(plain, text.Bytes(u.node.RSS)).put(dim, " resident"))
	rs.add("", "cpu", words(plain, text.Percent(u.node.CPU)))
}
