package sandbox

import (
	"os"
	"slices"

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
	if w.chrootAlone() {
		w.openTerminal() // of the host's devpts, as chroot(8) leaves it: a bare directory has none, and nothing is mounted in it
	}
	w.root()
	w.hostname()
	w.network()
	if !w.chrootAlone() {
		w.openTerminal()
	}
	w.rlimits()
	w.rights()
	w.exec()
	return &stage.Plan{Wait: at.wait, Init: s.Init, PIDNS: s.Namespaces.PID.IsNew(), Ops: w.ops}, w.sends
}

func (w *writer) add(o stage.Op) { w.ops = append(w.ops, o) }

func (w *writer) begin(name Stage) { w.add(stage.Op{Verb: stage.Begin, Data: string(name)}) }

// mountsAnything tells whether the sandbox's mounts differ from those that it starts with.
func (s *Spec) mountsAnything() bool { return s.Namespaces.Mnt.IsNew() }

// chrootAlone tells whether the root differs, and nothing is mounted for that.
func (s *Spec) chrootAlone() bool { return !s.mountsAnything() && s.Root.Kind != RootKeep }

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
