package export

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"cutaway/inspect/caps"
	"cutaway/sandbox"
	"cutaway/sandbox/limit"
	"cutaway/sandbox/seccomp"
	"cutaway/sandbox/shell"
	"cutaway/sandbox/steps"
)

// ociVersion is the runtime specification's that has all that is used here; time namespaces came with it.
const ociVersion = "1.1.0"

// rootfs is the directory beside config.json for what no path names.
const rootfs = "rootfs"

// ociWriter writes a config.json.
type ociWriter struct {
	lacks
	ociConfig
	spec *sandbox.Spec
	plan *steps.Launch
}

// OCI is a config.json of the Open Container Initiative's runtime specification, for runc and crun. Unlike the other forms it
// holds the values of variables, as JSON can name none.
func OCI(s *sandbox.Spec) (Script, error) {
	plan, err := s.Outline(environ(), rootPlace)
	if err != nil {
		return Script{}, err
	}
	w := &ociWriter{spec: s, plan: plan}
	w.Version, w.Hostname = ociVersion, s.Hostname
	w.root()
	w.process()
	w.mounts()
	w.namespaces()
	w.resources()
	keep, _ := s.Kept()
	if w.Linux.Seccomp, err = seccomp.OCI(string(s.Seccomp), keep); err != nil {
		return Script{}, fmt.Errorf("write the filter of system calls: %w", err)
	}
	w.lackIf(s.Init && s.Namespaces.PID.IsNew(), "an init: the command is PID 1")
	w.lackOfAll(s, "an OCI runtime")
	w.lackOfOwners(s, plan, "chown them to the mapped ids")
	w.lackIf(s.Namespaces.Time.IsNew(), "a time namespace for runc before 1.2, and old crun: take it out for them")
	w.lackOfJSON(words(reflect.ValueOf(s)))
	for _, variable := range w.Process.Env {
		name, _, _ := strings.Cut(variable, "=")
		w.lackIf(!utf8.ValidString(variable), "the variable %s as it is: it is no UTF-8", shell.Quote(name))
	}
	text, err := json.MarshalIndent(w.ociConfig, "", "  ")
	if err != nil {
		return Script{}, fmt.Errorf("write config.json: %w", err)
	}
	return Script{Text: string(text) + "\n", Missing: w.missing}, nil
}

func (w *ociWriter) root() {
	r := &w.spec.Root
	w.Root = ociRoot{Path: r.Path, ReadOnly: !r.Writable}
	switch r.Kind {
	case sandbox.RootKeep, sandbox.RootHost, sandbox.RootOverlay:
		w.lackIf(r.Kind == sandbox.RootKeep, "the host's root as it is: it is read-only")
		w.lackIf(r.Kind == sandbox.RootOverlay, "writes that are thrown away: the root is read-only")
		w.lack("/ as the root: bind it beside config.json first (mkdir rootfs; mount --rbind / rootfs)")
		w.Root = ociRoot{Path: rootfs, ReadOnly: true}
	case sandbox.RootTar, sandbox.RootImage:
		w.lack("unpacking %s: unpack it to the directory rootfs beside config.json", shell.Quote(r.Path))
		w.Root = ociRoot{Path: rootfs}
	}
}

func (w *ociWriter) process() {
	s := w.spec
	keep, all := s.Kept()
	if all {
		keep = everything(s)
	}
	names := make([]string, 0, keep.Len())
	for _, c := range keep.Caps() {
		if c <= caps.LastKnown() {
			names = append(names, capName(c))
		}
	}
	none := []string{}
	w.Process = ociProcess{
		Terminal:     s.Terminal != sandbox.TerminalNever,
		User:         ociUser{s.User.UID, s.User.GID, s.User.Groups},
		Args:         s.Command,
		Env:          execOf(w.plan).More,
		Cwd:          s.Dir,
		Capabilities: ociCapabilities{Bounding: names, Effective: names, Inheritable: none, Permitted: names, Ambient: none},
		NoNewPrivs:   s.NoNewPrivs,
	}
	for _, r := range s.Rlimits {
		// -1 is RLIM_INFINITY, all bits set.
		w.Process.Rlimits = append(w.Process.Rlimits, ociRlimit{"RLIMIT_" + strings.ToUpper(r.Name), uint64(r.Hard), uint64(r.Soft)})
	}
}

func (w *ociWriter) add(target, kind, source string, options ...string) {
	w.Mounts = append(w.Mounts, ociMount{target, kind, source, options})
}

func (w *ociWriter) mounts() {
	s := w.spec
	switch s.Proc {
	case sandbox.ProcKeep:
		w.lack("a /proc that is kept: runtimes need one of their own")
		fallthrough
	default:
		w.add("/proc", "proc", "proc", "nosuid", "noexec", "nodev")
	}
	switch s.Sys {
	case sandbox.SysNew:
		w.add("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro")
	case sandbox.SysEmpty:
		w.add("/sys", "tmpfs", "tmpfs", "nosuid", "noexec", "nodev", "ro", "mode=0555", "size=4096")
	case sandbox.SysKeep:
		w.add("/sys", "bind", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro")
	}
	w.devices()
	for _, dir := range s.Root.Tmp {
		if _, is := isThere(dir); is {
			w.add(dir, "tmpfs", "tmpfs", "nosuid", "nodev", "mode="+tmpMode(dir))
		}
	}
	for i := range s.Mounts {
		w.mount(&s.Mounts[i])
	}
	w.Linux.MaskedPaths = append(masked(s, w.plan), s.Root.Hide...)
	w.Linux.ReadonlyPaths = readOnlyPaths(w.plan)
	w.Linux.Propagation = "rslave"
}

func (w *ociWriter) devices() {
	if w.spec.Dev == sandbox.DevKeep {
		w.add("/dev", "bind", "/dev", "rbind", "nosuid")
		return
	}
	w.add("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k")
	options := []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}
	for i := range w.plan.Ops {
		if o := &w.plan.Ops[i]; o.Path == "devpts" && strings.Contains(o.Data, "gid=5") {
			options = append(options, "gid=5")
		}
	}
	w.add("/dev/pts", "devpts", "devpts", options...)
	w.add("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k")
}

func (w *ociWriter) mount(m *sandbox.Mount) {
	options := []string{"rbind", "nosuid"}
	if !m.Dev {
		options = append(options, "nodev")
	}
	switch m.Kind {
	case sandbox.BindRO:
		w.add(m.Target, "bind", m.Source, append(options, "rro")...)
	case sandbox.BindRW:
		w.add(m.Target, "bind", m.Source, options...)
	case sandbox.TmpFS:
		options := []string{"nosuid", "nodev", "mode=" + tmpMode(m.Target)}
		if m.Size > 0 {
			options = append(options, "size="+strconv.FormatInt(m.Size, 10))
		}
		w.add(m.Target, "tmpfs", "tmpfs", options...)
	case sandbox.MQueue:
		w.add(m.Target, "mqueue", "mqueue", "nosuid", "noexec", "nodev")
	case sandbox.CgroupFS:
		w.add(m.Target, "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro")
	}
}

// ociTypes are the specification's words for types of namespaces.
var ociTypes = map[string]string{
	"mnt": "mount", "net": "network", "pid": "pid", "ipc": "ipc", "uts": "uts", "user": "user", "cgroup": "cgroup", "time": "time",
}

func (w *ociWriter) namespaces() {
	s := w.spec
	for _, name := range sandbox.NamespaceTypes {
		source := *s.Namespaces.Of(name)
		target, joined := source.Joined()
		switch {
		case joined && strings.HasPrefix(string(source), "container:"):
			w.lack("the PID of %s: put it into the path of the %s namespace", shell.Quote(target), name)
			target = "PID"
			fallthrough
		case joined:
			w.Linux.Namespaces = append(w.Linux.Namespaces, ociNamespace{ociTypes[name], "/proc/" + target + "/ns/" + name})
		case source.IsNew() || name == "mnt":
			w.Linux.Namespaces = append(w.Linux.Namespaces, ociNamespace{Type: ociTypes[name]})
		}
	}
	w.lackIf(!s.Namespaces.Mnt.IsNew(), "the host's mount namespace: a container always has its own")
	w.lackIf(s.Namespaces.User == sandbox.HostNamespace && w.plan.Unprivileged, "no user namespace: runtimes of who is not root need one")
	for _, m := range w.plan.UIDMap {
		w.Linux.UIDMappings = append(w.Linux.UIDMappings, ociMapping{m.Inside, m.Outside, m.Count})
	}
	for _, m := range w.plan.GIDMap {
		w.Linux.GIDMappings = append(w.Linux.GIDMappings, ociMapping{m.Inside, m.Outside, m.Count})
	}
	if t := s.Time; t != (sandbox.TimeOffsets{}) {
		w.Linux.TimeOffsets = map[string]ociOffset{"monotonic": {Secs: t.Monotonic}, "boottime": {Secs: t.Boottime}}
	}
}

func (w *ociWriter) resources() {
	l := &w.spec.Limits
	if l.Empty() {
		return
	}
	r := &ociResources{}
	w.Linux.Resources = r
	if l.Memory != nil {
		r.Memory = &ociMemory{Limit: new(int64(*l.Memory))} // Max is -1 here too
	}
	switch {
	case l.Swap == nil:
	case *l.Swap == limit.Max && r.Memory != nil:
		r.Memory.Swap = new(int64(-1))
	case r.Memory == nil || *l.Memory == limit.Max:
		w.lack("a limit of swap without one of memory")
	default:
		r.Memory.Swap = new(int64(*l.Memory + *l.Swap))
	}
	if l.CPUs != nil || l.Weight != nil || l.CPUSet != "" || l.MemSet != "" {
		r.CPU = &ociCPU{CPUs: l.CPUSet, Mems: l.MemSet}
		if l.CPUs != nil {
			r.CPU.Quota, r.CPU.Period = new(quota(*l.CPUs)), new(uint64(period))
		}
		if l.Weight != nil {
			r.CPU.Shares = new(limit.Shares(*l.Weight))
		}
	}
	if l.PIDs != nil {
		r.Pids = &ociPids{int64(*l.PIDs)}
	}
	if len(l.IO) > 0 {
		r.BlockIO = w.throttles(l.IO)
	}
}

func (w *ociWriter) throttles(list []limit.IO) *ociBlockIO {
	b := &ociBlockIO{}
	for i := range list {
		major, minor, ok := deviceNumbers(list[i].Device)
		if !ok {
			w.lack("an I/O limit of %s, which is no disk here", shell.Quote(list[i].Device))
			continue
		}
		for j, r := range list[i].Rates() {
			if r.Value > 0 {
				to := [4]*[]ociThrottle{&b.ReadBPS, &b.WriteBPS, &b.ReadIOPS, &b.WriteIOPS}[j]
				*to = append(*to, ociThrottle{major, minor, uint64(r.Value)})
			}
		}
	}
	return b
}
