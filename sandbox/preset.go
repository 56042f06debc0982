package sandbox

import (
	"slices"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/sandbox/check"
	"cutaway/sandbox/limit"
)

// Preset is a sandbox that people know, as a beginning.
type Preset struct {
	Name     string
	Title    string
	Sentence string // what it is
	Warning  string // what it does not separate, in one plain line; "" when it isolates
	NeedsDir bool   // it has no root of its own to begin with: --root must name one
	Target   bool   // it needs a container or process to share with
	change   func(*Spec)
}

// Default is the Spec of the preset isolated, for a command that is still to be named.
func Default() Spec {
	memory, pids, cpus := limit.Amount(512<<20), limit.Amount(256), 1.0
	return Spec{
		Version: Version, Preset: "isolated", Command: []string{"/bin/sh"}, Dir: "/", Init: true, Terminal: TerminalAuto, Hostname: "sandbox",
		Env: Env{
			Keep: []string{"TERM", "COLORTERM", "LANG", "LC_*", "NO_COLOR", "TZ"},
			Set:  map[string]string{"PATH": defaultPath, "HOME": "/root"},
		},
		Namespaces: Namespaces{
			Mnt: NewNamespace, Net: NewNamespace, PID: NewNamespace, IPC: NewNamespace,
			UTS: NewNamespace, User: NewNamespace, Cgroup: NewNamespace, Time: NewNamespace,
		},
		Root: Root{
			Kind: RootHost, Switch: PivotRoot,
			Tmp:  []string{"/tmp", "/var/tmp", "/run", "/home", "/root"},
			Hide: []string{"/etc/shadow", "/etc/gshadow", "/etc/ssh", "/boot", "/var/lib/docker", "/var/lib/containers", "/var/log"},
		},
		Proc: ProcNew, Sys: SysNew, Dev: DevMinimal, Network: Network{Loopback: true},
		NoNewPrivs: true, Seccomp: SeccompDocker,
		Limits: limit.Set{Memory: &memory, PIDs: &pids, CPUs: &cpus},
	}
}

// bare is a process as any other: what the presets that separate one thing begin with.
func bare(s *Spec) {
	*s = Spec{
		Version: Version, Command: s.Command, Dir: "/", Terminal: TerminalAuto,
		Env: Env{Keep: []string{"*"}},
		Namespaces: Namespaces{
			Mnt: HostNamespace, Net: HostNamespace, PID: HostNamespace, IPC: HostNamespace,
			UTS: HostNamespace, User: HostNamespace, Cgroup: HostNamespace, Time: HostNamespace,
		},
		Root: Root{Kind: RootKeep, Switch: PivotRoot},
		Proc: ProcKeep, Sys: SysKeep, Dev: DevKeep,
		Capabilities: []string{"all"}, Seccomp: SeccompOff,
	}
}

// Presets are the presets in the order of the menu.
func Presets() []Preset {
	return []Preset{
		{
			Name: "isolated", Title: "isolated shell", change: func(*Spec) {},
			Sentence: "Everything on: all namespaces, ids mapped, the host's files read-only, no capabilities, no network, limits.",
		},
		{
			Name: "docker", Title: "like Docker's default",
			Sentence: "Docker's 14 capabilities, seccomp profile and masked /proc; root inside is root outside, as there.",
			change: func(s *Spec) {
				s.Namespaces.User, s.Namespaces.Time = HostNamespace, HostNamespace
				s.NoNewPrivs = false
				s.Capabilities = dockerCapabilities()
				s.Limits = limit.Set{}
				s.Cgroup = true
			},
		},
		{
			Name: "pid", Title: "only a PID namespace",
			Sentence: "The course's `unshare --fork --pid --mount-proc`: the command is PID 1 and sees its own processes alone.",
			Warning:  "Only the list of processes is separate: files, network and rights are the host's.",
			change: func(s *Spec) {
				bare(s)
				s.Namespaces.PID, s.Namespaces.Mnt = NewNamespace, NewNamespace
				s.Proc = ProcUnmasked
			},
		},
		{
			Name: "chroot", Title: "only chroot", NeedsDir: true,
			Sentence: "Another root directory and nothing else, to see how little that is.",
			Warning:  "Only the root directory differs, and root can leave it: processes, network and rights are the host's.",
			change: func(s *Spec) {
				bare(s)
				s.Root = Root{Kind: RootDir, Switch: Chroot}
				s.Env = Env{Keep: []string{"TERM", "LANG"}, Set: map[string]string{"PATH": defaultPath, "HOME": "/root"}}
				s.Init = true
			},
		},
		{
			Name: "cgroup", Title: "only a cgroup",
			Sentence: "64 MiB of memory and half a processor, and nothing else.",
			Warning:  "Only what it may use is limited: files, processes, network and rights are the host's.",
			change: func(s *Spec) {
				bare(s)
				memory, cpus := limit.Amount(64<<20), 0.5
				s.Limits = limit.Set{Memory: &memory, CPUs: &cpus}
				s.Init = true
			},
		},
		{
			Name: "nocaps", Title: "no capabilities",
			Sentence: "The host as it is, for a root that may nothing: no capability in any set, and none to be gained.",
			Warning:  "Only rights are taken away: files that root owns, processes and network are the host's.",
			change: func(s *Spec) {
				bare(s)
				s.Capabilities = nil
				s.NoNewPrivs = true
				s.Init = true
			},
		},
		{
			Name: "sharenet", Title: "share the network of …", Target: true,
			Sentence: "Isolated, but in the network namespace of a container or process, as `docker run --net container:`.",
			Warning:  "The network is that of the target, with all that listens there.",
			change: func(s *Spec) {
				s.Namespaces.User, s.Namespaces.Time = HostNamespace, HostNamespace // a new one has no rights over a network joined
				s.Sys = SysEmpty
				s.Network = Network{}
			},
		},
		{
			Name: "rootless", Title: "rootless",
			Sentence: "What a user without rights gets, a user namespace first, without limits; the same for root.",
			change: func(s *Spec) {
				s.Limits = limit.Set{}
				s.Namespaces.Cgroup = HostNamespace
				s.Seccomp = SeccompDocker
			},
		},
	}
}

func dockerCapabilities() []string {
	var list []string
	for _, c := range caps.DockerDefault.Caps() {
		list = append(list, c.String())
	}
	return list
}

// PresetNamed finds a preset by its name.
func PresetNamed(name string) (Preset, bool) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// Spec is the preset's Spec on a machine. What the machine refuses of what a preset has by default is left out, and the
// notes say so; m may be nil, which leaves nothing out.
func (p Preset) Spec(m *check.Machine) (s Spec, notes []string) {
	s = Default()
	p.change(&s)
	s.Preset = p.Name
	if m == nil {
		return s, nil
	}
	return s, s.fit(m)
}

// fit leaves out of a default what the machine refuses: limits first of all, which a user without rights cannot set where
// no cgroup is delegated.
func (s *Spec) fit(m *check.Machine) (notes []string) {
	if s.Namespaces.User == HostNamespace && !m.Root() && s.Namespaces.Mnt.IsNew() {
		s.Namespaces.User = NewNamespace
		notes = append(notes, "as you are not root, a user namespace is made too")
		s.Capabilities = nil
	}
	refused := func(change func(*Spec)) bool {
		with, without := *s, *s
		change(&without)
		return count(m.Refusals(with.Need())) > count(m.Refusals(without.Need()))
	}
	if !s.Limits.Empty() && refused(func(s *Spec) { s.Limits = limit.Set{}; s.Cgroup = false }) {
		s.Limits, s.Cgroup = limit.Set{}, false
		notes = append(notes, "no limits: this user may not make cgroups here (cutaway doctor says what to change)")
	}
	if s.Cgroup && refused(func(s *Spec) { s.Cgroup = false }) {
		s.Cgroup = false
	}
	for _, kind := range []proc.NSKind{proc.Time, proc.Cgroup} {
		source := s.Namespaces.Of(kind.String())
		if source.IsNew() && refused(func(s *Spec) { *s.Namespaces.Of(kind.String()) = HostNamespace }) {
			*source = HostNamespace
			notes = append(notes, "no "+kind.String()+" namespace of its own: this kernel has none")
		}
	}
	return notes
}

func count(findings []check.Finding) (n int) {
	for _, f := range findings {
		if f.Health == check.Refused {
			n++
		}
	}
	return n
}

// PresetNames are the names for a list of choices.
func PresetNames() []string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return slices.Clip(names)
}
