package sandbox

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/sandbox/stage"
)

// site is what a plan depends on beside the Spec: facts of the machine and of the caller, gathered before.
type site struct {
	uids, gids  []IDMapping
	top         []topEntry  // of the host's root directory, for an overlay over it
	rootDir     string      // what a tar or an image was unpacked to
	sendTrees   bool        // the launcher opens what is bound: mapped ids may not reach it
	imageEnv    []string    // what an image gives
	env         []string    // the caller's environment
	tasks       []*os.File  // the cgroups' tasks files
	hierarchies []hierarchy // of the caller, for a cgroupfs mount
	filter      []byte      // the seccomp program
	landlock    *stage.Op   // nil without Landlock
	lastCap     caps.Cap
	privileged  bool // may set capabilities: root, or inside a new user namespace
	terminal    bool
	wait        bool
	joined      bool // some namespace is joined: others can see the child while it is being made
}

// topEntry is an entry of the host's root directory.
type topEntry struct {
	name string
	link string // where a symbolic link leads; "" for a directory
	over bool   // something is mounted below it
}

// hierarchy is a cgroup hierarchy as mount(2) names it: the type, and its controllers as options.
type hierarchy struct{ kind, options, name string }

// defaultPath is where commands are looked for when the environment does not say.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Files of /proc that are hidden or read-only in a sandbox's own, as other runtimes have it: they tell of the host, or
// change it (proc(5)).
var (
	maskedProc   = []string{"acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats"}
	readOnlyProc = []string{"bus", "fs", "irq", "sys", "sysrq-trigger"}
)

// writer collects the operations of a plan.
type writer struct {
	*Spec
	site
	ops   []stage.Op
	sends []shipment
}

// shipment is what the launcher sends with the first Go: a file, or a mount that it clones.
type shipment struct {
	file      *os.File // nil for a mount
	path      string
	recursive bool
	idmapped  bool // owners are shifted by the maps of the sandbox's user namespace: what is root's stays root's inside
}

// send arranges for something to be sent and returns its place.
func (w *writer) send(s shipment) int64 {
	w.sends = append(w.sends, s)
	return int64(len(w.sends) - 1)
}

// compile turns a valid Spec into what the sandbox's first process does. It touches nothing, so that it is tested without
// any right.
func compile(s *Spec, at site) (*stage.Plan, []shipment) {
	w := &writer{Spec: s, site: at}
	w.maps()
	w.cgroup()
	if s.mountsAnything() {
		w.mounts()
		w.kernelMounts()
		w.binds()
	}
	w.root()
	w.hostname()
	w.network()
	w.openTerminal()
	w.rlimits()
	w.rights()
	w.exec()
	return &stage.Plan{Wait: at.wait, Init: s.Init, PIDNS: s.Namespaces.PID.IsNew(), Ops: w.ops}, w.sends
}

func (w *writer) add(o stage.Op) { w.ops = append(w.ops, o) }

func (w *writer) begin(name Stage) { w.add(stage.Op{Verb: stage.Begin, Data: string(name)}) }

// mountsAnything tells whether the sandbox's mounts differ from those that it starts with.
func (s *Spec) mountsAnything() bool { return s.Namespaces.Mnt.IsNew() }

// maps has no Begin of its own: the launcher writes the maps and says so.
func (w *writer) maps() {
	if w.joined {
		w.add(stage.Op{Verb: stage.Guard})
	}
	if w.Namespaces.User.IsNew() && mapsRoot(w.uids) && mapsRoot(w.gids) {
		w.add(stage.Op{Verb: stage.BecomeRoot})
	}
}

func mapsRoot(m []IDMapping) bool {
	return slices.ContainsFunc(m, func(m IDMapping) bool { return m.Inside == 0 })
}

func (w *writer) cgroup() {
	if len(w.tasks) == 0 && !w.Namespaces.Cgroup.IsNew() {
		return
	}
	w.begin(StageCgroup)
	for _, f := range w.tasks {
		w.add(stage.Op{Verb: stage.WriteFD, N: w.send(shipment{file: f}), Data: "0", Path: f.Name()})
	}
	if w.Namespaces.Cgroup.IsNew() { // after joining: its root is where we are then
		w.add(stage.Op{Verb: stage.Unshare, Flags: unix.CLONE_NEWCGROUP, Data: "a new cgroup namespace"})
	}
}

const (
	guarded    = stage.AttrNoSuid | stage.AttrNoDev
	noPrograms = guarded | stage.AttrNoExec
)

// mounts makes the new root and what of it is replaced or hidden.
func (w *writer) mounts() {
	w.begin(StageMounts)
	w.add(stage.Op{Verb: stage.Slave})
	readOnly := uint64(stage.AttrReadOnly | stage.AttrNoSuid)
	switch w.Root.Kind {
	case RootKeep:
		w.add(stage.Op{Verb: stage.RootHere})
	case RootHost:
		w.add(stage.Op{Verb: stage.RootTree, Path: "/", Flags: stage.Recursive, Attr: readOnly})
	case RootOverlay:
		w.overlayHost()
	case RootTar, RootImage:
		root := stage.Op{Verb: stage.RootOverlay, Path: w.rootDir, Data: w.overlayOptions(), Attr: stage.AttrNoSuid}
		if w.sendTrees { // the cache is its owner's alone
			root.Flags, root.N = stage.Sent, w.send(shipment{path: w.rootDir})
		}
		w.add(root)
	case RootDir:
		attr := readOnly
		if w.Root.Writable {
			attr = stage.AttrNoSuid
		}
		if w.sendTrees {
			w.add(stage.Op{Verb: stage.RootFD, N: w.send(shipment{path: w.Root.Path, idmapped: true}), Path: w.Root.Path, Attr: attr})
		} else {
			w.add(stage.Op{Verb: stage.RootTree, Path: w.Root.Path, Flags: stage.Recursive, Attr: attr})
		}
	}
	for _, dir := range w.Root.Tmp {
		w.add(stage.Op{Verb: stage.NewFS, Path: "tmpfs", Target: dir, Data: tmpOptions(dir, 0), Flags: stage.Optional, Attr: guarded})
	}
	for _, path := range w.Root.Hide {
		w.add(stage.Op{Verb: stage.Mask, Target: path})
	}
}

// overlayOptions lets a user namespace use an overlay: its marks are in user.* attributes there (overlayfs.rst).
func (w *writer) overlayOptions() string {
	if w.Namespaces.OtherUser() {
		return "userxattr"
	}
	return ""
}

// overlayHost makes a root in memory with an overlay over each directory of the host's: one over "/" itself would show
// nothing of what is mounted below, and is refused in a user namespace. Directories with mounts below are read-only.
func (w *writer) overlayHost() {
	w.add(stage.Op{Verb: stage.RootFS, Path: "tmpfs", Data: "mode=0755", Attr: guarded})
	for _, e := range w.top {
		target := "/" + e.name
		switch {
		case e.link != "":
			w.add(stage.Op{Verb: stage.Symlink, Target: target, Data: e.link})
		case e.name == "tmp":
			w.add(stage.Op{Verb: stage.Mkdir, Target: target, N: 0o1777})
		case e.name == "proc", e.name == "sys", e.name == "dev":
			w.keepKernelDir(e.name)
		case e.name == "run":
			w.add(stage.Op{Verb: stage.NewFS, Path: "tmpfs", Target: target, Data: "mode=0755", Flags: stage.Create, Attr: guarded})
		case e.over: // an overlay would not show it, and is refused in a user namespace
			w.add(stage.Op{Verb: stage.Bind, Path: target, Target: target, Flags: stage.Recursive | stage.Create, Attr: stage.AttrReadOnly | stage.AttrNoSuid | stage.AttrNoDev})
		default:
			w.add(stage.Op{Verb: stage.Overlay, Path: target, Target: target, Data: w.overlayOptions(), Flags: stage.Create, Attr: guarded})
		}
	}
}

// keepKernelDir brings the host's /proc, /sys or /dev over where the Spec keeps it; else its own is mounted later.
func (w *writer) keepKernelDir(name string) {
	kept := map[string]bool{"proc": w.Proc == ProcKeep, "sys": w.Sys == SysKeep, "dev": w.Dev == DevKeep}
	if !kept[name] {
		w.add(stage.Op{Verb: stage.Mkdir, Target: "/" + name, N: 0o555})
		return
	}
	w.add(stage.Op{Verb: stage.Bind, Path: "/" + name, Target: "/" + name, Flags: stage.Recursive | stage.Create, Attr: stage.AttrNoSuid})
}

func tmpOptions(dir string, size int64) string {
	mode := "0755"
	switch dir {
	case "/tmp", "/var/tmp", "/dev/shm":
		mode = "1777"
	case "/root":
		mode = "0700"
	}
	options := "mode=" + mode
	if size > 0 {
		options += ",size=" + strconv.FormatInt(size, 10)
	}
	return options
}

// kernelMounts are /proc, /sys and /dev. They come while the old /proc is still there: a user namespace may mount a new one
// only where it sees a whole one (mount_too_revealing in fs/namespace.c).
func (w *writer) kernelMounts() {
	if w.Proc == ProcKeep && w.Sys == SysKeep && w.Dev == DevKeep {
		return
	}
	w.begin(StageProc)
	real := stage.Create | stage.NoSymlinks
	if w.Proc != ProcKeep {
		w.add(stage.Op{Verb: stage.NewFS, Path: "proc", Target: "/proc", Flags: real, Attr: noPrograms})
	}
	switch w.Sys {
	case SysNew:
		w.add(stage.Op{Verb: stage.NewFS, Path: "sysfs", Target: "/sys", Flags: real, Attr: noPrograms | stage.AttrReadOnly})
		w.add(stage.Op{Verb: stage.Mask, Target: "/sys/firmware"})
		w.add(stage.Op{Verb: stage.Mask, Target: "/sys/devices/virtual/powercap"})
	case SysEmpty:
		w.add(stage.Op{Verb: stage.NewFS, Path: "tmpfs", Target: "/sys", Data: "mode=0555,size=4096", Flags: real, Attr: noPrograms | stage.AttrReadOnly})
	}
	if w.Dev == DevMinimal {
		w.devices()
	}
	if w.Proc == ProcNew { // last: a masked /proc makes the kernel refuse others
		for _, name := range maskedProc {
			w.add(stage.Op{Verb: stage.Mask, Target: "/proc/" + name})
		}
		for _, name := range readOnlyProc {
			w.add(stage.Op{Verb: stage.ReadOnly, Target: "/proc/" + name, Attr: noPrograms})
		}
	}
}

// devices makes /dev: the host's own nodes for what every program expects, bound one by one, and terminals and shared
// memory of the sandbox's own.
func (w *writer) devices() {
	real := stage.Create | stage.NoSymlinks
	w.add(stage.Op{Verb: stage.NewFS, Path: "tmpfs", Target: "/dev", Data: "mode=0755,size=65536", Flags: real, Attr: stage.AttrNoSuid | stage.AttrNoExec})
	for _, d := range []struct {
		name         string
		major, minor int64
	}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}} {
		path := "/dev/" + d.name
		w.add(stage.Op{Verb: stage.Bind, Path: path, Target: path, Flags: real | stage.Device, N: d.major, M: d.minor, Attr: stage.AttrNoSuid | stage.AttrNoExec})
	}
	for _, l := range [][2]string{{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"}} {
		w.add(stage.Op{Verb: stage.Symlink, Target: "/dev/" + l[0], Data: l[1]})
	}
	options := "newinstance,ptmxmode=0666,mode=0620"
	if w.mapsGroup(5) { // "tty" everywhere: write(1) is set-group-ID to it
		options += ",gid=5"
	}
	w.add(stage.Op{Verb: stage.NewFS, Path: "devpts", Target: "/dev/pts", Data: options, Flags: real, Attr: stage.AttrNoSuid | stage.AttrNoExec})
	w.add(stage.Op{Verb: stage.NewFS, Path: "tmpfs", Target: "/dev/shm", Data: tmpOptions("/dev/shm", 64<<20), Flags: real, Attr: noPrograms})
}

// mapsGroup tells whether a group id has a meaning inside.
func (w *writer) mapsGroup(gid uint32) bool {
	return !w.Namespaces.OtherUser() || slices.ContainsFunc(w.gids, func(m IDMapping) bool {
		return gid >= m.Inside && gid-m.Inside < m.Count
	})
}

// binds are the Spec's own mounts.
func (w *writer) binds() {
	if len(w.Mounts) == 0 {
		return
	}
	w.begin(StageBinds)
	for _, m := range w.Mounts {
		attr := uint64(stage.AttrNoSuid)
		if !m.Dev {
			attr |= stage.AttrNoDev
		}
		switch m.Kind {
		case BindRO, BindRW:
			w.bind(m, attr)
		case TmpFS:
			w.add(stage.Op{Verb: stage.NewFS, Path: "tmpfs", Target: m.Target, Data: tmpOptions(m.Target, m.Size), Flags: stage.Create, Attr: guarded})
		case MQueue:
			w.add(stage.Op{Verb: stage.NewFS, Path: "mqueue", Target: m.Target, Flags: stage.Create | stage.NoSymlinks, Attr: noPrograms})
		case CgroupFS:
			w.cgroupFS(m.Target)
		}
	}
}

// bind mounts a tree of the host's. As root with a user namespace a writable one has its owners mapped, as a root directory
// has: the sandbox's root can write what the host's root gave it.
func (w *writer) bind(m Mount, attr uint64) {
	if m.Kind == BindRO {
		attr |= stage.AttrReadOnly
	}
	if w.sendTrees {
		t := shipment{path: m.Source, recursive: m.Kind == BindRO, idmapped: m.Kind == BindRW}
		w.add(stage.Op{Verb: stage.BindFD, N: w.send(t), Path: m.Source, Target: m.Target, Flags: stage.Recursive | stage.Create, Attr: attr})
		return
	}
	w.add(stage.Op{Verb: stage.Bind, Path: m.Source, Target: m.Target, Flags: stage.Recursive | stage.Create, Attr: attr})
}

// cgroupFS mounts the hierarchies as the caller has them. The sandbox may look, not write.
func (w *writer) cgroupFS(target string) {
	attr := uint64(noPrograms | stage.AttrReadOnly)
	if len(w.hierarchies) == 1 && w.hierarchies[0].kind == "cgroup2" {
		w.add(stage.Op{Verb: stage.NewFS, Path: "cgroup2", Target: target, Flags: stage.NoSymlinks, Attr: attr})
		return
	}
	w.add(stage.Op{Verb: stage.NewFS, Path: "tmpfs", Target: target, Data: "mode=0755,size=65536", Flags: stage.NoSymlinks, Attr: noPrograms})
	for _, h := range w.hierarchies {
		w.add(stage.Op{Verb: stage.NewFS, Path: h.kind, Target: target + "/" + h.name, Data: h.options, Flags: stage.Create | stage.NoSymlinks, Attr: attr})
	}
	w.add(stage.Op{Verb: stage.ReadOnly, Target: target, Attr: noPrograms})
}

// root makes the new root the root.
func (w *writer) root() {
	if w.Root.Kind == RootKeep {
		return
	}
	w.begin(StageRoot)
	switch {
	case !w.mountsAnything(): // chroot alone
		path := w.Root.Path
		if w.rootDir != "" {
			path = w.rootDir
		}
		w.add(stage.Op{Verb: stage.Chroot, Path: path})
	case w.Root.Switch == Chroot:
		w.add(stage.Op{Verb: stage.Chroot})
	default:
		w.add(stage.Op{Verb: stage.Pivot})
	}
}

func (w *writer) hostname() {
	if w.Hostname == "" {
		return
	}
	w.begin(StageHostname)
	w.add(stage.Op{Verb: stage.Hostname, Data: w.Hostname})
}

func (w *writer) network() {
	if !w.Namespaces.Net.IsNew() || !w.Network.Loopback {
		return
	}
	w.begin(StageNetwork)
	w.add(stage.Op{Verb: stage.Loopback})
}

func (w *writer) openTerminal() {
	if !w.terminal {
		return
	}
	w.begin(StageTerminal)
	ptmx := "/dev/ptmx"
	if w.mountsAnything() && w.Dev == DevMinimal {
		ptmx = "/dev/pts/ptmx"
	}
	w.add(stage.Op{Verb: stage.OpenTerminal, Target: ptmx})
}

func (w *writer) rlimits() {
	if len(w.Rlimits) == 0 {
		return
	}
	w.begin(StageRlimits)
	for _, r := range w.Rlimits {
		number, _ := rlimitNumber(r.Name)
		w.add(stage.Op{Verb: stage.Rlimit, N: int64(number), Flags: uint64(r.Soft), Attr: uint64(r.Hard), Data: r.Name})
	}
}

// rights takes from the process what the command is not to have. With no_new_privs the filter comes last, so that it may
// refuse what the steps before it need; without, loading one takes CAP_SYS_ADMIN, and it comes before that is given up.
func (w *writer) rights() {
	if !w.NoNewPrivs {
		w.landlock()
		w.seccomp()
	}
	w.capabilities()
	if w.NoNewPrivs {
		w.begin(StageNoNewPrivs)
		w.add(stage.Op{Verb: stage.NoNewPrivs})
		w.landlock()
		w.seccomp()
	}
}

// capabilities takes those away that are not kept, and with them, in a user namespace that gives all, the inheritable ones,
// which the exec of this program there took along. Without CAP_SETPCAP the bounding set stays as it is: needRights in
// sandbox/check lets that pass only where nothing can be gained from it.
func (w *writer) capabilities() {
	keep, all := w.Kept()
	changes := w.User.UID != 0 || w.User.GID != 0 || len(w.User.Groups) > 0
	w.begin(StageCapabilities)
	if !all && w.privileged {
		w.add(stage.Op{Verb: stage.Bounding, Flags: uint64(keep), N: int64(w.lastCap)})
	}
	if w.privileged || changes {
		w.add(stage.Op{Verb: stage.User, N: int64(w.User.UID), M: int64(w.User.GID), List: decimal(w.User.Groups)})
	}
	set := stage.Op{Verb: stage.Capset, Attr: uint64(keep)}
	if all {
		set.Flags |= stage.KeepPermitted
	}
	if w.Init && keep.Has(capSysPtrace) && !all { // else the init is out of reach: it is not dumpable (ptrace(2))
		set.Flags |= stage.EveryThread
	}
	w.add(set)
	w.parentDeath()
}

// parentDeath ends the first process with the launcher, and with it all of its PID namespace. An init that has none must live
// on for a moment to end the others, which it does when the control socket closes.
func (w *writer) parentDeath() {
	if !w.Init || w.Namespaces.PID.IsNew() {
		w.add(stage.Op{Verb: stage.ParentDeath})
	}
}

// Kept are the capabilities that the command keeps. all means whatever cutaway has itself.
func (s *Spec) Kept() (keep caps.Set, all bool) {
	if slices.Contains(s.Capabilities, "all") {
		return ^caps.Set(0), true
	}
	keep, _ = caps.Encode(s.Capabilities...) // Validate has seen the names
	return keep, false
}

func decimal(numbers []uint32) []string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = strconv.FormatUint(uint64(n), 10)
	}
	return list
}

func (w *writer) landlock() {
	if w.site.landlock == nil {
		return
	}
	w.begin(StageLandlock)
	w.add(*w.site.landlock)
}

func (w *writer) seccomp() {
	if len(w.filter) == 0 {
		return
	}
	w.begin(StageSeccomp)
	w.add(stage.Op{Verb: stage.Seccomp, Data: string(w.filter)})
}

func (w *writer) exec() {
	w.begin(StageExec)
	env := w.environment()
	path, ok := variable(env, "PATH")
	if !ok {
		path = defaultPath
	}
	w.add(stage.Op{Verb: stage.Chdir, Target: w.Dir})
	w.add(stage.Op{Verb: stage.Exec, List: w.Command, More: env, Path: path})
}

// environment is the command's: what is kept of the caller's in its order, then what is set, by name.
func (w *writer) environment() []string {
	var list []string
	for _, v := range w.env {
		name, _, _ := strings.Cut(v, "=")
		_, replaced := w.Env.Set[name]
		if !replaced && w.Env.keeps(name) {
			list = append(list, v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Env.Set)) {
		list = append(list, name+"="+w.Env.Set[name])
	}
	return append(list, imageDefaults(w.imageEnv, list)...)
}

// variable is the value of a variable in an environment.
func variable(env []string, name string) (value string, ok bool) {
	for _, v := range env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// keeps tells whether a variable of the caller's is taken over; a name may end with "*".
func (e *Env) keeps(name string) bool {
	return slices.ContainsFunc(e.Keep, func(kept string) bool {
		prefix, any := strings.CutSuffix(kept, "*")
		return kept == name || any && strings.HasPrefix(name, prefix)
	})
}
