package sandbox

import (
	"slices"

	"cutaway/inspect/caps"
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

// Presets are the presets in the order of the menu.
func Presets() []Preset {
	return []Preset{
		{
			Name: "isolated", Title: "isolated shell", change: func(*Spec) {},
			Sentence: "Everything on: all namespaces, ids mapped, the host's files read-only, no capabilities, no network, limits.",
		},
		{
			Name: "docker", Title: "like Docker's default", change: likeDocker,
			Sentence: "Docker's 14 capabilities, seccomp profile and masked /proc; root inside is root outside, as there.",
		},
		{
			Name: "pid", Title: "only a PID namespace", change: onlyPID,
			Sentence: "The course's `unshare --fork --pid --mount-proc`: the command is PID 1 and sees its own processes alone.",
			Warning:  "Only the list of processes is separate: files, network and rights are the host's.",
		},
		{
			Name: "chroot", Title: "only chroot", NeedsDir: true, change: onlyChroot,
			Sentence: "Another root directory and nothing else, to see how little that is.",
			Warning:  "Only the root directory differs, and root can leave it: processes, network and rights are the host's.",
		},
		{
			Name: "cgroup", Title: "only a cgroup", change: onlyCgroup,
			Sentence: "64 MiB of memory and half a processor, and nothing else.",
			Warning:  "Only what it may use is limited: files, processes, network and rights are the host's.",
		},
		{
			Name: "nocaps", Title: "no capabilities", change: noCapabilities,
			Sentence: "The host as it is, for a root that may nothing: no capability in any set, and none to be gained.",
			Warning:  "Only rights are taken away: files that the user owns, processes and network are the host's.",
		},
		{
			Name: "sharenet", Title: "share the network of …", Target: true, change: shareNetwork,
			Sentence: "Isolated, but in the network namespace of a container or process, as `docker run --net container:`.",
			Warning:  "The network is that of the target, with all that listens there.",
		},
		{
			Name: "rootless", Title: "rootless", change: rootless,
			Sentence: "Root inside, a user outside: Docker's capabilities over a user namespace, as rootless Podman has it; no limits.",
		},
	}
}

// bare is a process as any other: what the presets that separate one thing begin with.
func bare(s *Spec) {
	*s = Spec{
		Version: Version, Command: s.Command, Dir: "/", Init: true, Terminal: TerminalAuto,
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

func likeDocker(s *Spec) {
	s.Namespaces.User, s.Namespaces.Time = HostNamespace, HostNamespace
	s.NoNewPrivs = false
	s.Capabilities = caps.DockerDefault.Names()
	s.Limits, s.Cgroup = limit.Set{}, true
	s.Mounts = []Mount{{Kind: MQueue, Target: "/dev/mqueue"}, {Kind: CgroupFS, Target: "/sys/fs/cgroup"}}
}

// onlyPID has no init: that the shell itself is PID 1 is what there is to be seen.
func onlyPID(s *Spec) {
	bare(s)
	s.Namespaces.PID, s.Namespaces.Mnt = NewNamespace, NewNamespace
	s.Proc, s.Init = ProcUnmasked, false
}

// onlyChroot writes to the directory itself, as chroot(8) does: without mounts of its own nothing can be kept from that.
func onlyChroot(s *Spec) {
	bare(s)
	s.Root = Root{Kind: RootDir, Writable: true, Switch: Chroot}
	s.Env = Default().Env // the host's PATH and HOME lead nowhere in there
}

func onlyCgroup(s *Spec) {
	bare(s)
	memory, cpus := limit.Amount(64<<20), 0.5
	s.Limits = limit.Set{Memory: &memory, CPUs: &cpus}
}

func noCapabilities(s *Spec) {
	bare(s)
	s.Capabilities, s.NoNewPrivs = nil, true
}

// shareNetwork keeps the user namespace: the network is joined before it is made, and inside there are no rights over it.
// So a new sysfs, which shows the network's interfaces, cannot be mounted. The source is no valid one until the target is
// named.
func shareNetwork(s *Spec) {
	s.Namespaces.Net = "container:"
	s.Sys = SysEmpty
	s.Network = Network{}
}

// rootless is without limits, which take a cgroup that root has handed over.
func rootless(s *Spec) {
	s.Capabilities = caps.DockerDefault.Names()
	s.Limits = limit.Set{}
}

// PresetNamed finds a preset by its name.
func PresetNamed(name string) (Preset, bool) {
	list := Presets()
	i := slices.IndexFunc(list, func(p Preset) bool { return p.Name == name })
	if i < 0 {
		return Preset{}, false
	}
	return list[i], true
}

// PresetNames are the names for a list of choices.
func PresetNames() []string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return names
}

// Spec is the preset's Spec on a machine. What the machine refuses of what a preset has only because it is usual is left
// out, and the notes say so, one sentence each; what separates is never left out. m may be nil, which changes nothing.
func (p Preset) Spec(m *check.Machine) (s Spec, notes []string) {
	s = Default()
	p.change(&s)
	s.Preset = p.Name
	if m == nil {
		return s, nil
	}
	for _, mark := range s.fit(m.Root(), m.Refusals) {
		notes = append(notes, mark.Text)
	}
	return s, notes
}
