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

// The engines, as Container.Engine names them: what made the container.
const (
	Docker     = "docker"
	Containerd = "containerd"
	Kubernetes = "kubernetes" // a pod's container that containerd made for the kubelet, or that cannot be told further
	CRIO       = "cri-o"
	Podman     = "podman"
	LXC        = "lxc"
	Nspawn     = "systemd-nspawn"
	Bubblewrap = "bubblewrap"
	Firejail   = "firejail"
	Flatpak    = "flatpak"
	Snap       = "snap"
	Runc       = "runc"
	Crun       = "crun"
	Unshare    = "unshare" // unshare(1), or a program that calls unshare(2) or clone(2) by itself
	Chroot     = "chroot"
	Cutaway    = "cutaway" // our own sandboxes
	Unknown    = "unknown" // a container id in a cgroup path, and nothing that tells whose it is
)

// Container is a group of processes that is one container (or sandbox) with what is known of it.
type Container struct {
	// Key is the container's identity over time. It is made of ids, not of engine or name, because those may become
	// known later. The keys of containers that another container or a user made begin with that one's key, so that
	// nobody can pass for a container of someone else.
	Key      string
	Engine   string // one of the constants
	ID       string // the engine's id, "" when it has none
	Name     string // the engine's name, else a short id, else the first process's name
	Image    string // "" when unknown
	Runtime  string // "runc", "crun", … when known
	Rootless bool   // a user other than root made it
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
