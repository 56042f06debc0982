package engine

import (
	"slices"
	"strconv"
	"strings"
)

// level is one container that a cgroup path names.
type level struct {
	engine string // "" when the path does not say
	id     string
	name   string // "" when the path has none but the id
	key    string // tells it from its siblings: the id, or a kind and a name where ids are chosen by people
	pod    Pod
	uid    string // of the user to whom this part of the tree is delegated, "" for root
	path   string // up to and with this container
}

// maxPath is PATH_MAX: the kernel prints no longer path into /proc/PID/cgroup (kernel/cgroup/cgroup.c,
// proc_cgroup_show).
const maxPath = 4096

// parsePath finds the containers that a cgroup path names, outermost first. The forms are those that runc
// (cgroupfs and systemd drivers), crun, kubelet, libpod, CRI-O, LXC, machined, snapd and flatpak write.
func parsePath(path string) []level {
	if len(path) > maxPath {
		return nil
	}
	var w pathWalker
	for start := 0; start < len(path); {
		end := start
		for end < len(path) && path[end] != '/' {
			end++
		}
		if end > start {
			w.step(path[start:end], path[:end])
		}
		start = end + 1
	}
	return w.levels
}

// pathWalker goes down a path; what it passed on the way says more of the container that comes below.
type pathWalker struct {
	levels []level
	uid    string
	kube   bool
	pod    Pod
	above  string // the segment before
}

func (w *pathWalker) step(segment, path string) {
	if !w.context(segment) {
		if l, ok := w.container(segment); ok {
			w.found(l, path)
		}
	}
	w.above = segment
}

func (w *pathWalker) found(l level, path string) {
	if n := len(w.levels); n > 0 && w.levels[n-1].id == l.id {
		return // podman with split cgroups names the container twice
	}
	if w.kube && w.pod.UID != "" {
		if w.pod.QoS == "" {
			w.pod.QoS = "Guaranteed"
		}
		if l.engine == "" || l.engine == Containerd {
			l.engine = Kubernetes
		}
	}
	if l.key == "" {
		l.key = l.id
	}
	l.pod, l.uid, l.path = w.pod, w.uid, path
	w.levels = append(w.levels, l)
	w.pod, w.kube = Pod{}, false
}

// context takes note of a segment that is no container but stands around them: a user's part of the tree or a pod.
func (w *pathWalker) context(segment string) bool {
	if slice, ok := strings.CutSuffix(segment, ".slice"); ok {
		w.slice(slice)
		return true
	}
	if uid, ok := between(segment, "user@", ".service"); ok && isNumber(uid) {
		w.uid = uid
		return true
	}
	if w.above == "libpod_parent" && isID(segment) {
		w.pod.UID = segment
		return true
	}
	return w.kubeDirectory(segment)
}

// slice reads the name of a systemd slice, in which each "-" is one step down (systemd.slice(5)).
func (w *pathWalker) slice(name string) {
	if uid, ok := strings.CutPrefix(name, "user-"); ok && isNumber(uid) {
		w.uid = uid
		return
	}
	if _, pod, ok := strings.Cut(name, "libpod_pod_"); ok && isID(pod) {
		w.pod.UID = pod
		return
	}
	// kind puts "kubelet-" before it.
	before, rest, ok := strings.Cut(name, "kubepods")
	if !ok || before != "" && !strings.HasSuffix(before, "-") || rest != "" && rest[0] != '-' {
		return
	}
	w.kube = true
	if after, ok := strings.CutPrefix(rest, "-burstable"); ok {
		rest, w.pod.QoS = after, "Burstable"
	} else if after, ok := strings.CutPrefix(rest, "-besteffort"); ok {
		rest, w.pod.QoS = after, "BestEffort"
	}
	if uid, ok := strings.CutPrefix(rest, "-pod"); ok {
		w.pod.UID = strings.ReplaceAll(uid, "_", "-")
	}
}

// kubeDirectory reads the cgroupfs driver's form of a pod: kubepods/burstable/pod<uid>.
func (w *pathWalker) kubeDirectory(segment string) bool {
	if segment == "kubepods" {
		w.kube = true
		return true
	}
	if !w.kube {
		return false
	}
	switch segment {
	case "burstable":
		w.pod.QoS = "Burstable"
		return true
	case "besteffort":
		w.pod.QoS = "BestEffort"
		return true
	}
	if uid, ok := strings.CutPrefix(segment, "pod"); ok && isPodUID(uid) {
		w.pod.UID = uid
		return true
	}
	return false
}

func (w *pathWalker) container(segment string) (level, bool) {
	if strings.HasPrefix(segment, "snap.") {
		return snapLevel(segment)
	}
	if scope, ok := strings.CutSuffix(segment, ".scope"); ok {
		return scopeLevel(scope)
	}
	if name, ok := between(segment, "systemd-nspawn@", ".service"); ok {
		return machineLevel(unescapeUnit(name))
	}
	if strings.HasSuffix(segment, ".service") {
		return level{}, false
	}
	return w.directory(segment)
}

// prefixes are what the engines put before "-<id>" in a scope's or a directory's name.
var prefixes = map[string]string{
	"docker":         Docker,
	"cri-containerd": Kubernetes,
	"crio":           CRIO,
	"libpod":         Podman,
	"libpod-payload": Podman,
	"nerdctl":        Containerd,
}

// scopeLevel reads the name of a systemd scope, without ".scope".
func scopeLevel(name string) (level, bool) {
	if machine, ok := strings.CutPrefix(name, "machine-"); ok {
		return machineLevel(unescapeUnit(machine))
	}
	if app, ok := strings.CutPrefix(name, "app-flatpak-"); ok {
		return flatpakLevel(app)
	}
	for _, runtime := range [...]string{Runc, Crun} {
		if id, ok := strings.CutPrefix(name, runtime+"-"); ok && isName(id) {
			return level{engine: runtime, id: id, key: runtime + ":" + id}, true
		}
	}
	return prefixedLevel(name)
}

// prefixedLevel reads "<prefix>-<id>". conmon has a scope of its own beside its container's, named
// "libpod-conmon-<id>" or "crio-conmon-<id>".
func prefixedLevel(name string) (level, bool) {
	dash := strings.LastIndexByte(name, '-')
	if dash < 0 || !isID(name[dash+1:]) {
		return level{}, false
	}
	prefix, id := name[:dash], name[dash+1:]
	if strings.HasSuffix(prefix, "conmon") {
		return level{}, false
	}
	return level{engine: prefixes[prefix], id: id}, true
}

// machineLevel is a machine registered with systemd-machined, which names virtual machines in the same way.
func machineLevel(name string) (level, bool) {
	if name == "" || strings.HasPrefix(name, "qemu-") {
		return level{}, false
	}
	if rest, ok := strings.CutPrefix(name, "lxc-"); ok { // libvirt: lxc-<pid>-<name>
		if pid, name, ok := strings.Cut(rest, "-"); ok && isNumber(pid) && name != "" {
			return level{engine: LXC, id: name, name: name, key: "lxc:" + escapeSlash(name)}, true
		}
	}
	return level{engine: Nspawn, id: name, name: name, key: "machine:" + escapeSlash(name)}, true
}

// flatpakLevel reads "<application>-<pid>"; the number keeps several instances of one application apart.
func flatpakLevel(scope string) (level, bool) {
	dash := strings.LastIndexByte(scope, '-')
	if dash <= 0 || !isNumber(scope[dash+1:]) {
		return level{}, false
	}
	app := unescapeUnit(scope[:dash])
	return level{engine: Flatpak, id: app, name: app, key: "flatpak:" + escapeSlash(scope)}, true
}

// snapLevel reads "snap.<name>.<application>….scope" or ".service". All applications of a snap share its mount
// namespace, so they are one container.
func snapLevel(unit string) (level, bool) {
	if !strings.HasSuffix(unit, ".scope") && !strings.HasSuffix(unit, ".service") {
		return level{}, false
	}
	name, app, ok := strings.Cut(strings.TrimPrefix(unit, "snap."), ".")
	name = unescapeUnit(name)
	if !ok || name == "" || app == "scope" || app == "service" {
		return level{}, false
	}
	return level{engine: Snap, id: name, name: name, key: "snap:" + escapeSlash(name)}, true
}

// parents are what a bare id's directory is called by the engines.
var parents = map[string]string{
	"docker":      Docker,
	"moby":        Docker,
	"actions_job": Docker,
	"buildkit":    Docker,
	"k8s.io":      Kubernetes,
}

// directory reads a segment that is no systemd unit.
func (w *pathWalker) directory(segment string) (level, bool) {
	// runc's systemd form "slice:prefix:name" stays as it is when the cgroupfs driver gets it.
	if i := strings.LastIndexByte(segment, ':'); i > 0 && isID(segment[i+1:]) {
		w.slice(strings.TrimSuffix(segment[:strings.IndexByte(segment, ':')], ".slice"))
		prefix := segment[strings.LastIndexByte(segment[:i], ':')+1 : i]
		return level{engine: prefixes[prefix], id: segment[i+1:]}, true
	}
	if name, ok := strings.CutPrefix(segment, "lxc.payload."); ok && name != "" {
		return lxcLevel(name)
	}
	switch w.above {
	case "lxc", "lxc.payload":
		return lxcLevel(segment)
	case "buildkit":
		if len(segment) == 25 && isName(segment) { // BuildKit's identity.NewID: 25 characters of base 36
			return level{engine: Docker, id: segment}, true
		}
	}
	if isID(segment) {
		return level{engine: parents[w.above], id: segment}, true
	}
	if isOwn(segment) {
		return level{engine: Cutaway, id: segment}, true
	}
	return prefixedLevel(segment)
}

func lxcLevel(name string) (level, bool) {
	return level{engine: LXC, id: name, name: name, key: "lxc:" + name}, true
}

// isOwn tells the cgroups of our own sandboxes: "cutaway-<pid>-<start time>-<number>" (or "sbx-…", without a number once).
func isOwn(segment string) bool {
	rest, ok := strings.CutPrefix(segment, "cutaway-")
	if !ok {
		rest, ok = strings.CutPrefix(segment, "sbx-")
	}
	numbers := strings.Split(rest, "-")
	return ok && (len(numbers) == 2 || len(numbers) == 3) && !slices.ContainsFunc(numbers, func(n string) bool { return !isNumber(n) })
}

// unescapeUnit undoes the "\x2d" of a unit's name (systemd.unit(5), "string escaping"). What is no escape stays.
func unescapeUnit(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i+4 <= len(s) && s[i] == '\\' && s[i+1] == 'x' {
			if c, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// escapeSlash keeps a name that was unescaped from looking like two keys, which are joined by slashes.
func escapeSlash(name string) string { return strings.ReplaceAll(name, "/", `\x2f`) }

// between returns what stands between a prefix and a suffix.
func between(s, prefix, suffix string) (string, bool) {
	s, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, suffix)
}

// isID tells whether s is a full container id: 64 lower-case hexadecimal digits.
func isID(s string) bool { return len(s) == 64 && isHex(s) }

// isPodUID tells a pod's UID: a UUID, or 32 digits for a static pod (the hash of its manifest).
func isPodUID(s string) bool {
	return (len(s) == 36 || len(s) == 32) && isHex(strings.ReplaceAll(s, "-", ""))
}

func isHex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) < 20
}

// isName tells an id that runc and crun accept (runc: libcontainer/factory_linux.go, validateID).
func isName(s string) bool {
	if s == "" || len(s) > 1024 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && !strings.ContainsRune("_+-.", rune(c)) {
			return false
		}
	}
	return true
}
