package proc

import "bytes"

// nsLinkNames are the files of /proc/PID/ns; the first eight also name the kinds (namespaces(7)).
var nsLinkNames = [NSLinks]string{
	Mnt: "mnt", Net: "net", PID: "pid", IPC: "ipc", UTS: "uts", User: "user", Cgroup: "cgroup", Time: "time",
	PIDForChildren: "pid_for_children", TimeForChildren: "time_for_children",
}

// String is the kernel's name of the kind: "mnt", "net", "pid", "ipc", "uts", "user", "cgroup" or "time".
func (k NSKind) String() string {
	if k < NSKinds {
		return nsLinkNames[k]
	}
	return "unknown"
}

// NSKindByName finds the kind with a name as String gives it.
func NSKindByName(name string) (kind NSKind, ok bool) {
	for k := range NSKind(NSKinds) {
		if nsLinkNames[k] == name {
			return k, true
		}
	}
	return 0, false
}

// NSLinkName is the file name of a link below /proc/PID/ns, such as "pid_for_children".
func NSLinkName(link NSLink) string {
	if link < NSLinks {
		return nsLinkNames[link]
	}
	return "unknown"
}

// NSLinkKind is the kind of namespace that a link leads to.
func NSLinkKind(link NSLink) NSKind {
	switch link {
	case PIDForChildren:
		return PID
	case TimeForChildren:
		return Time
	}
	return NSKind(link)
}

// ParseNSLink reads where a link of /proc/PID/ns points: "net:[4026531840]", see namespaces(7). ok is false for any other
// text and for kinds that a newer kernel may add. It allocates nothing.
func ParseNSLink(b []byte) (kind NSKind, ino uint64, ok bool) {
	name, rest, found := bytes.Cut(b, []byte(":["))
	if !found || len(rest) == 0 || rest[len(rest)-1] != ']' {
		return 0, 0, false
	}
	if ino, ok = parseUint(rest[:len(rest)-1]); !ok {
		return 0, 0, false
	}
	for k := range NSKind(NSKinds) {
		if nsLinkNames[k] == string(name) {
			return k, ino, true
		}
	}
	return 0, 0, false
}
