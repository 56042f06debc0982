package sandbox

import (
	"slices"
	"strconv"

	"cutaway/sandbox/stage"
)

// Files of /proc that are hidden or read-only in a sandbox's own, as other runtimes have it: they tell of the host, or
// change it (proc(5)).
var (
	maskedProc   = []string{"acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats"}
	readOnlyProc = []string{"bus", "fs", "irq", "sys", "sysrq-trigger"}
)

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
	case w.chrootAlone():
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
