package export

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/limit"
	"cutaway/sandbox/shell"
)

// runWriter writes a command line of cutaway run: a preset, and flags for what is otherwise in the Spec.
type runWriter struct {
	lacks
	line
	spec *sandbox.Spec
	base sandbox.Spec // the preset, or what is left of it after the flags before
}

// CutawayRun is the `cutaway run` that launches the Spec.
func CutawayRun(s *sandbox.Spec) (Script, error) {
	if err := s.Validate(); err != nil {
		return Script{}, err
	}
	preset, ok := sandbox.PresetNamed(s.Preset)
	if !ok {
		preset = sandbox.Presets()[0]
	}
	w := &runWriter{spec: s}
	w.base, _ = preset.Spec(nil)
	w.add("cutaway", "run")
	w.addIf(preset.Name != "isolated", "--preset="+preset.Name)
	w.namespaces()
	w.root()
	w.mounts()
	w.rights()
	w.limits()
	w.variables()
	w.process()
	w.add(append([]string{"--"}, s.Command...)...)
	return Script{Text: w.comments() + w.String() + "\n", Missing: w.missing}, nil
}

// flag adds --NAME=VALUE where the Spec differs from the preset.
func (w *runWriter) flag(differs bool, name, value string) { w.addIf(differs, "--"+name+"="+value) }

// toggle adds --NAME or --NAME=false where the Spec differs from the preset.
func (w *runWriter) toggle(name string, is, was bool) {
	if is != was {
		w.addIf(is, "--"+name)
		w.addIf(!is, "--"+name+"=false")
	}
}

// orHost is the source, with its name for the empty one.
func orHost(source sandbox.Source) sandbox.Source {
	if source == "" {
		return sandbox.HostNamespace
	}
	return source
}

// sourceFlags are the names of the flags that differ from those of the types.
var sourceFlags = map[string]string{"user": "userns", "cgroup": "cgroupns", "time": "timens"}

func (w *runWriter) namespaces() {
	s, b := w.spec, &w.base
	for _, name := range sandbox.NamespaceTypes {
		flag, ok := sourceFlags[name]
		if !ok {
			flag = name
		}
		source := orHost(*s.Namespaces.Of(name))
		w.flag(source != orHost(*b.Namespaces.Of(name)), flag, string(source))
	}
	for _, m := range s.UIDMap {
		w.add(fmt.Sprintf("--uid-map=%d:%d:%d", m.Inside, m.Outside, m.Count))
	}
	for _, m := range s.GIDMap {
		w.add(fmt.Sprintf("--gid-map=%d:%d:%d", m.Inside, m.Outside, m.Count))
	}
	w.flag(s.Hostname != b.Hostname, "hostname", s.Hostname)
	if s.Namespaces.Net.IsNew() {
		w.toggle("loopback", s.Network.Loopback, b.Network.Loopback)
	} else {
		w.addIf(s.Network.Loopback, "--loopback")
	}
	if v := s.Network.Veth; v != nil {
		value := v.Host + "," + v.Inside
		if !v.Gateway {
			value += ",no-gateway"
		}
		w.add("--veth=" + value)
	}
	w.flag(s.Time.Monotonic != 0, "monotonic", strconv.FormatInt(s.Time.Monotonic, 10))
	w.flag(s.Time.Boottime != 0, "boottime", strconv.FormatInt(s.Time.Boottime, 10))
}

func (w *runWriter) root() {
	r, b := &w.spec.Root, &w.base.Root
	if r.Kind != b.Kind || r.Path != b.Path {
		value := string(r.Kind)
		if r.Path != "" {
			value += ":" + r.Path
		}
		w.add("--root=" + value)
		b.Writable = b.Writable && r.Kind == sandbox.RootDir
		if r.Kind != sandbox.RootHost {
			b.Tmp = nil
		}
		if r.Kind != sandbox.RootHost && r.Kind != sandbox.RootOverlay {
			b.Hide = nil
		}
		if r.Kind == sandbox.RootKeep {
			b.Switch = sandbox.PivotRoot
		}
	}
	w.flag(r.Ref != "", "image-ref", r.Ref)
	w.toggle("writable", r.Writable, b.Writable)
	w.toggle("chroot", r.Switch == sandbox.Chroot, b.Switch == sandbox.Chroot)
	w.paths("tmp", r.Tmp, b.Tmp)
	w.paths("hide", r.Hide, b.Hide)
}

// paths adds what a list has more than the preset's, or all of it where it has less.
func (w *runWriter) paths(name string, is, was []string) {
	if len(is) < len(was) || !slices.Equal(is[:len(was)], was) {
		w.add("--" + name + "=none")
		was = nil
	}
	for _, p := range is[len(was):] {
		w.add("--" + name + "=" + p)
	}
}

func (w *runWriter) mounts() {
	s, b := w.spec, &w.base
	w.flag(s.Proc != b.Proc, "proc-mount", string(s.Proc))
	w.flag(s.Sys != b.Sys, "sys-mount", string(s.Sys))
	w.flag(s.Dev != b.Dev, "dev-mount", string(s.Dev))
	was := len(b.Mounts)
	if len(s.Mounts) < was || !slices.Equal(s.Mounts[:was], b.Mounts) {
		w.add("--no-mounts")
		was = 0
	}
	for _, m := range s.Mounts[was:] {
		w.mount(&m)
	}
}

func (w *runWriter) mount(m *sandbox.Mount) {
	if strings.Contains(m.Source, ":") || strings.Contains(m.Target, ":") && m.Kind != sandbox.MQueue && m.Kind != sandbox.CgroupFS {
		w.lack("the mount on %s, for its colon: run --spec FILE, with the form json", shell.Quote(m.Target))
		return
	}
	value := m.Source + ":" + m.Target
	if m.Source == m.Target {
		value = m.Source
	}
	switch m.Kind {
	case sandbox.BindRO:
		w.addIf(!m.Dev, "--ro-bind="+value)
		w.addIf(m.Dev, "--dev-bind="+m.Source+":"+m.Target+":ro")
	case sandbox.BindRW:
		w.addIf(!m.Dev, "--bind="+value)
		w.addIf(m.Dev, "--dev-bind="+value)
	case sandbox.TmpFS:
		if m.Size > 0 {
			w.add("--tmpfs=" + m.Target + ":" + limit.Amount(m.Size).Bytes())
		} else {
			w.add("--tmpfs=" + m.Target)
		}
	case sandbox.MQueue:
		w.add("--mqueue=" + m.Target)
	case sandbox.CgroupFS:
		w.add("--cgroupfs=" + m.Target)
	}
}

func (w *runWriter) rights() {
	s, b := w.spec, &w.base
	keep, all := s.Kept()
	was, wasAll := b.Kept()
	switch {
	case all:
		w.addIf(!wasAll, "--cap-keep=all")
	case keep == 0:
		w.addIf(was != 0, "--cap-keep=none")
	default:
		w.flag(keep != was, "cap-keep", strings.Join(keep.Short(), ","))
	}
	w.toggle("no-new-privs", s.NoNewPrivs, b.NoNewPrivs)
	w.flag(s.Seccomp != b.Seccomp, "seccomp", string(s.Seccomp))
	if s.Landlock != nil {
		for _, p := range s.Landlock.Read {
			w.add("--landlock-ro=" + p)
		}
		for _, p := range s.Landlock.Write {
			w.add("--landlock-rw=" + p)
		}
	}
	for _, r := range s.Rlimits {
		w.add("--rlimit=" + r.Name + "=" + rlimitValue(r.Soft) + ":" + rlimitValue(r.Hard))
	}
}

// limits adds the limits that the preset has not. A limit that the Spec has not takes all of the preset's away.
func (w *runWriter) limits() {
	is, was := bounded(&w.spec.Limits), bounded(&w.base.Limits)
	names := func(flags []string) (list []string) {
		for _, f := range flags {
			name, _, _ := strings.Cut(f, "=")
			list = append(list, name)
		}
		return list
	}
	for _, name := range names(was) {
		if !slices.Contains(names(is), name) {
			w.add("--no-limits")
			was = nil
			break
		}
	}
	for _, f := range is {
		w.addIf(!slices.Contains(was, f), f)
	}
	w.toggle("own-cgroup", w.spec.Cgroup, w.base.Cgroup)
}

// bounded are the flags of limits that limit something: a new cgroup has no others.
func bounded(l *limit.Set) (flags []string) {
	for _, f := range l.Flags() {
		if !strings.HasSuffix(f, "=max") || strings.HasPrefix(f, "--io=") {
			flags = append(flags, f)
		}
	}
	return flags
}

func (w *runWriter) variables() {
	is, was := w.spec.Env, w.base.Env
	lost := len(is.Keep) < len(was.Keep) || !slices.Equal(is.Keep[:len(was.Keep)], was.Keep)
	for name := range was.Set {
		_, still := is.Set[name]
		lost = lost || !still
	}
	if lost {
		w.add("--clear-env")
		was = sandbox.Env{}
	}
	for _, name := range is.Keep[len(was.Keep):] {
		w.add("--env=" + name)
	}
	added := is.Keep[len(was.Keep):]
	for _, name := range slices.Sorted(maps.Keys(is.Set)) {
		value, same := was.Set[name]
		w.flag(!same || value != is.Set[name] || slices.Contains(added, name), "env", name+"="+is.Set[name])
	}
}

func (w *runWriter) process() {
	s, b := w.spec, &w.base
	w.flag(s.Dir != b.Dir || s.Root.Kind == sandbox.RootKeep, "workdir", s.Dir)
	w.flag(s.User.UID != 0 || s.User.GID != 0, "user", fmt.Sprintf("%d:%d", s.User.UID, s.User.GID))
	for _, g := range s.User.Groups {
		w.add("--group-add=" + strconv.FormatUint(uint64(g), 10))
	}
	w.addIf(s.Init && !b.Init, "--init")
	w.addIf(!s.Init && b.Init, "--no-init")
	w.flag(s.Terminal != b.Terminal, "terminal", string(s.Terminal))
}
