package engine

import (
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
)

// Process is what detection needs of one process.
type Process struct {
	PID, PPID int
	Start     uint64 // clock ticks after boot: PID and Start are its identity
	Comm      string
	Cmdline   string // arguments end with NUL
	Exe, Root string // link targets, "" when unknown
	UID       uint32 // effective
	Kernel    bool
	Zombie    bool
	NSpid     []int
	NS        *proc.Namespaces   // nil when not read yet
	Cgroup    *cgroup.Membership // nil when not read yet
}

// Container is a group of processes that is one container (or sandbox) with what is known of it.
type Container struct {
	Key      string // stable identity over time: engine and id, or "ns:" with the init process's identity
	Engine   string // "docker", "containerd", "kubernetes", "cri-o", "podman", "lxc", "systemd-nspawn", "bubblewrap", "firejail", "flatpak", "snap", "runc", "crun", "unshare", "chroot", "cutaway"
	ID       string // the engine's id, "" when it has none
	Name     string // the engine's name, else a short id, else the first process's name
	Image    string // "" when unknown
	Runtime  string // "runc", "crun", … when known
	Rootless bool
	Pod      Pod    // zero when in none
	Parent   string // Key of the container around it, "" when none (Docker in Docker, kind)
	Init     int    // PID of its first process
	Members  []int  // PIDs, ascending
	Evidence []Evidence
}

// Pod is a Kubernetes or Podman pod.
type Pod struct {
	UID, Name, Namespace string
	QoS                  string // "Guaranteed", "Burstable", "BestEffort", "" for Podman
}

// Evidence is one reason for calling processes a container.
type Evidence struct {
	Source string // a file such as "/proc/4242/cgroup", or "parent", "namespaces", …
	Text   string // what was seen there
}
