package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/sandbox"
	"cutaway/sandbox/shell"
	"cutaway/sandbox/steps"
)

// bwrapWriter writes a command line of bubblewrap.
type bwrapWriter struct {
	lacks
	line
	spec *sandbox.Spec
	plan *steps.Launch
}

// Bwrap is a shell script of one bwrap(1), with prlimit(1), nsenter(1) and cgroups around it where it needs them. It is for
// bubblewrap 0.8, and for what is there on this machine: bwrap cannot be told to hide a path only where there is one.
func Bwrap(s *sandbox.Spec) (Script, error) {
	plan, err := s.Outline(environ(), rootPlace)
	if err != nil {
		return Script{}, err
	}
	w := &bwrapWriter{spec: s, plan: plan}
	group, err := groupOf(s, &w.lacks)
	if err != nil {
		return Script{}, err
	}
	w.around()
	w.raw("bwrap")
	w.namespaces()
	w.root()
	w.kernelMounts()
	w.mounts()
	w.rights()
	w.command()
	p := unpacked(s)
	p.group, p.command = group, w.String()
	return Script{Text: p.text(w.comments()), Missing: w.missing}, nil
}

// around is what runs bwrap: with resource limits, in namespaces that are joined.
func (w *bwrapWriter) around() {
	if len(w.spec.Rlimits) > 0 {
		words := []string{"prlimit"}
		for _, r := range w.spec.Rlimits {
			words = append(words, "--"+r.Name+"="+rlimitValue(r.Soft)+":"+rlimitValue(r.Hard))
		}
		w.add(words...)
	}
	if words := joins(w.spec); len(words) > 0 {
		w.raw(append([]string{"nsenter"}, words...)...)
	}
}

func (w *bwrapWriter) namespaces() {
	s, n := w.spec, &w.spec.Namespaces
	w.lackOfAll(s, "bwrap")
	w.lackOfNames(s)
	w.lackOfTools(s, "bwrap")
	w.lackIf(!n.Mnt.IsNew(), "a mount namespace that is there already: bwrap always makes one")
	w.lackIf(n.Time.IsNew(), "a time namespace")
	w.lackIf(s.Namespaces.User == sandbox.HostNamespace && w.plan.Unprivileged, "no user namespace: bwrap makes one for who is not root")
	for _, t := range []struct {
		source sandbox.Source
		flag   string
	}{
		{n.User, "--unshare-user"},
		{n.Net, "--unshare-net"},
		{n.PID, "--unshare-pid"},
		{n.IPC, "--unshare-ipc"},
		{n.UTS, "--unshare-uts"},
		{n.Cgroup, "--unshare-cgroup"},
	} {
		w.addIf(t.source.IsNew(), t.flag)
	}
	switch {
	case n.User.IsNew():
		w.add("--uid", strconv.FormatUint(uint64(s.User.UID), 10), "--gid", strconv.FormatUint(uint64(s.User.GID), 10))
		if !w.plan.Unprivileged {
			w.lack("a map of ids: bwrap maps its caller alone, so that who is inside is the host's root")
		} else {
			w.lackIf(len(w.plan.UIDMap) > 1 || w.plan.UIDMap[0].Count > 1, "a map of more ids than one: bwrap maps its caller alone")
		}
	case s.User.UID != 0 || s.User.GID != 0:
		w.lack("another user without a user namespace: start bwrap by setpriv --reuid")
	}
	w.lackIf(len(s.User.Groups) > 0, "supplementary groups")
	w.addIf(s.Hostname != "", "--hostname", s.Hostname)
	w.add("--die-with-parent")
	w.addIf(n.PID.IsNew() && !s.Init, "--as-pid-1")
}

func (w *bwrapWriter) root() {
	r := &w.spec.Root
	bind := "--ro-bind"
	if r.Writable {
		bind = "--bind"
	}
	switch r.Kind {
	case sandbox.RootKeep:
		w.add("--dev-bind", "/", "/")
	case sandbox.RootHost:
		w.add("--ro-bind", "/", "/")
	case sandbox.RootOverlay:
		w.lack("writes that are thrown away: the root is read-only (--tmp-overlay, since bubblewrap 0.11)")
		w.add("--ro-bind", "/", "/")
	case sandbox.RootDir:
		w.add(bind, r.Path, "/")
	case sandbox.RootTar:
		w.raw(`--bind "$ROOTFS" /`)
	case sandbox.RootImage:
		w.lack("unpacking an image: set ROOTFS to a directory it is unpacked to (skopeo copy, umoci unpack)")
		w.raw(`--bind "$ROOTFS" /`)
	}
	for _, dir := range r.Tmp {
		if _, is := isThere(dir); is {
			w.add("--perms", tmpMode(dir), "--tmpfs", dir)
		}
	}
	for _, path := range r.Hide {
		w.hide(path)
	}
}

// hide covers what is there.
func (w *bwrapWriter) hide(path string) {
	switch there, dir := isThere(path); {
	case dir:
		w.add("--perms", "0000", "--tmpfs", path, "--remount-ro", path)
	case there:
		w.add("--ro-bind", "/dev/null", path)
	}
}

func (w *bwrapWriter) kernelMounts() {
	s := w.spec
	hostFiles := s.Root.Kind != sandbox.RootDir && s.Root.Kind != sandbox.RootTar && s.Root.Kind != sandbox.RootImage
	if s.Proc != sandbox.ProcKeep {
		w.add("--proc", "/proc")
	}
	switch s.Sys {
	case sandbox.SysNew:
		w.lack("a /sys of its own network: the host's is seen")
		w.addIf(!hostFiles, "--ro-bind", "/sys", "/sys")
	case sandbox.SysEmpty:
		w.add("--tmpfs", "/sys", "--remount-ro", "/sys")
	}
	switch {
	case s.Dev == sandbox.DevMinimal:
		w.add("--dev", "/dev")
	case hostFiles && s.Root.Kind != sandbox.RootKeep:
		w.add("--dev-bind", "/dev", "/dev")
	}
	for _, path := range masked(s, w.plan) {
		w.hide(path)
	}
	if s.Proc == sandbox.ProcNew { // bwrap has the others read-only
		if _, is := isThere("/proc/fs"); is {
			w.add("--ro-bind", "/proc/fs", "/proc/fs")
		}
	}
	w.lackIf(s.Proc == sandbox.ProcUnmasked && !w.plan.Unprivileged, "a /proc that can be written: bwrap has /proc/sys and its like read-only")
	w.lackIf(!hostFiles && s.Dev == sandbox.DevKeep, "devices of the root's own /dev: bwrap --bind is nodev")
}

func (w *bwrapWriter) mounts() {
	for _, m := range w.spec.Mounts {
		switch m.Kind {
		case sandbox.BindRO:
			w.lackIf(m.Dev, "a read-only bind on which devices work: %s", shell.Quote(m.Target))
			w.add("--ro-bind", m.Source, m.Target)
		case sandbox.BindRW:
			flag := "--bind"
			if m.Dev {
				flag = "--dev-bind"
			}
			w.add(flag, m.Source, m.Target)
		case sandbox.TmpFS:
			words := []string{"--perms", tmpMode(m.Target)}
			if m.Size > 0 {
				words = append(words, "--size", strconv.FormatInt(m.Size, 10))
			}
			w.add(append(words, "--tmpfs", m.Target)...)
		case sandbox.MQueue:
			w.add("--mqueue", m.Target)
		case sandbox.CgroupFS:
			w.lack("cgroups as its own namespace shows them: the host's are seen")
			w.add("--ro-bind", "/sys/fs/cgroup", m.Target)
		}
	}
}

func (w *bwrapWriter) rights() {
	s := w.spec
	keep, all := s.Kept()
	switch {
	case s.User.UID != 0: // who is not root keeps them in the bounding set only, which no_new_privs makes void
		w.add("--cap-drop", "ALL")
	case all:
		w.add("--cap-add", "ALL")
	default:
		w.add("--cap-drop", "ALL")
		for _, c := range keep.Caps() {
			w.add("--cap-add", capName(c))
		}
	}
	w.lackIf(!all && !s.Namespaces.User.IsNew() && !w.plan.Unprivileged, "a smaller bounding set: bwrap leaves root's as it is")
	w.lackIf(!s.NoNewPrivs, "set-user-ID programs that work: bwrap always sets no_new_privs")
	w.lackIf(s.Seccomp != sandbox.SeccompOff, "seccomp %s: bwrap --seccomp takes a compiled filter", s.Seccomp)
	w.lackIf(s.Terminal != sandbox.TerminalNever, "a terminal of the sandbox's own: it has yours, and may type into it (TIOCSTI)")
	w.addIf(s.Terminal == sandbox.TerminalNever, "--new-session")
}

// capName is a capability's name as bwrap and OCI have it: CAP_CHOWN.
func capName(c caps.Cap) string { return strings.ToUpper(c.String()) }

func (w *bwrapWriter) command() {
	s := w.spec
	if !all(s) {
		w.add("--clearenv")
	}
	for _, v := range variables(s, w.plan) {
		if v.kept {
			w.raw("--setenv", v.name, fmt.Sprintf(`"${%s-}"`, v.name))
		} else {
			w.add("--setenv", v.name, v.value)
		}
	}
	for _, name := range odd(s, w.plan) {
		w.lack("the variable %s: no shell can name it", shell.Quote(name))
	}
	w.add("--chdir", s.Dir)
	w.add(slices.Concat([]string{"--"}, s.Command)...)
}
