package launch

import (
	"fmt"
	"os"
	"slices"

	"cutaway/sandbox"
)

// follow changes what a preset has by default where it makes no sense with what options ask for. What an option says itself
// stays as it is: if it makes no sense, that is an error.
func (w *writer) follow() {
	w.needNamespaces()
	w.needUser()
	w.leaveDefaults()
	_, otherMounts := w.Namespaces.Mnt.Joined()
	if w.Root.Kind == sandbox.RootKeep && !otherMounts && w.wish.From == nil && !w.has("workdir") {
		if dir, err := os.Getwd(); err == nil { // as with every other command
			w.Dir = dir
		}
	}
}

// needNamespaces makes a namespace new for what needs one of its own.
func (w *writer) needNamespaces() {
	archive := w.Root.Kind == sandbox.RootTar || w.Root.Kind == sandbox.RootImage
	for _, need := range []struct {
		kind, why string
		is        bool
	}{
		{"mnt", "for what is mounted", w.has("bind", "ro-bind", "dev-bind", "tmpfs", "mqueue", "cgroupfs", "proc-mount", "sys-mount", "dev-mount", "overlay", "tmp", "hide")},
		{"mnt", "so that what is unpacked stays as it is", archive},
		{"uts", "for the name", w.has("hostname") && w.Hostname != ""},
		{"net", "for the pair of interfaces", w.has("veth")},
		{"time", "for the clocks", w.has("boottime", "monotonic")},
		{"user", "for the map of ids", w.has("uid-map", "gid-map")},
	} {
		source := w.Namespaces.Of(need.kind)
		if need.is && !source.IsNew() && !w.asked(need.kind) {
			*source = sandbox.NewNamespace
			w.note("a new " + need.kind + " namespace too, " + need.why)
		}
	}
}

// asked tells whether a flag says where a namespace comes from.
func (w *writer) asked(kind string) bool { return w.has(SourceNames[kind], "new", "host") }

// needUser makes a user namespace where a user without rights could do nothing else, and leaves it out where root could do
// nothing with it.
func (w *writer) needUser() {
	n := &w.Namespaces
	if w.asked("user") || w.wish.From != nil || w.wish.Machine == nil {
		return
	}
	anyNew := slices.ContainsFunc(sandbox.NamespaceTypes[:], func(name string) bool { return n.Of(name).IsNew() })
	if !w.wish.Machine.Root() && anyNew && !n.User.IsNew() {
		n.User = sandbox.NewNamespace
		w.note("a user namespace too, as you are not root: what is root inside is you outside")
	}
	if _, joined := n.PID.Joined(); joined && n.User.IsNew() && w.wish.Machine.Root() && w.Proc != sandbox.ProcKeep {
		n.User = sandbox.HostNamespace
		w.note("the host's user namespace: a new one may not mount the /proc of the processes that are joined")
		if len(w.Capabilities) == 0 && w.User.UID == 0 && !w.has("user") {
			// They may look at processes of their own user: the host's files are not for root among them.
			w.User.UID, w.User.GID = sandbox.Stranger()
			w.note(fmt.Sprintf("user %d, who owns nothing, not the host's root", w.User.UID))
		}
	}
}

// leaveDefaults leaves out what belongs to namespaces that are not the sandbox's own.
func (w *writer) leaveDefaults() {
	n := &w.Namespaces
	if !n.UTS.IsNew() && !w.has("hostname") {
		w.Hostname = ""
	}
	if !n.Time.IsNew() && !w.has("boottime", "monotonic") {
		w.Time = sandbox.TimeOffsets{}
	}
	if !n.User.IsNew() && !w.has("uid-map", "gid-map") {
		w.UIDMap, w.GIDMap = nil, nil
	}
	if !n.Mnt.IsNew() {
		w.leaveMounts()
	}
	if !n.Net.IsNew() {
		if !w.has("veth", "loopback") {
			w.Network = sandbox.Network{}
		}
		if w.Sys == sandbox.SysNew && !w.has("sys-mount") {
			w.Sys = sandbox.SysEmpty
		}
	}
	if w.Proc != sandbox.ProcKeep && !w.has("proc-mount") && !n.PID.IsNew() {
		if _, joined := n.PID.Joined(); !joined {
			w.Proc = sandbox.ProcKeep
		}
	}
	if n.User.IsNew() && !n.IPC.IsNew() && !w.has("mqueue") {
		w.leaveMount(sandbox.MQueue)
	}
	if n.User.IsNew() && !n.Cgroup.IsNew() && !w.has("cgroupfs") {
		w.leaveMount(sandbox.CgroupFS)
	}
}

// leaveMounts leaves out what only mounts of the sandbox's own can be.
func (w *writer) leaveMounts() {
	if !w.has("root", "overlay", "tmp", "hide") && (w.Root.Kind == sandbox.RootHost || w.Root.Kind == sandbox.RootOverlay) {
		w.Root = sandbox.Root{Kind: sandbox.RootKeep, Switch: sandbox.PivotRoot}
	}
	if !w.has("bind", "ro-bind", "dev-bind", "tmpfs", "mqueue", "cgroupfs") {
		w.Mounts = nil
	}
	if !w.has("proc-mount") {
		w.Proc = sandbox.ProcKeep
	}
	if !w.has("sys-mount") {
		w.Sys = sandbox.SysKeep
	}
	if !w.has("dev-mount") {
		w.Dev = sandbox.DevKeep
	}
}

func (w *writer) leaveMount(kind sandbox.MountKind) {
	w.Mounts = slices.DeleteFunc(slices.Clone(w.Mounts), func(m sandbox.Mount) bool { return m.Kind == kind })
}
