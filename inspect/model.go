package inspect

import (
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// ID is a process's identity: its PID and its start time, because PIDs are used again (proc_pid_stat(5), field 22).
type ID struct {
	PID   int
	Start uint64 // clock ticks after boot
}

// NSID is a namespace's identity: device and inode of its file on nsfs (namespaces(7)).
type NSID struct {
	Dev, Ino uint64
}

// Process is one process at the time of a snapshot. The fields here are read on every tick (tier 0, from
// /proc/PID/stat); Facts change rarely, are read less often and shared between snapshots.
type Process struct {
	ID
	How       reading.How // of /proc/PID/stat; when it is not OK (hidepid), only the PID is known
	PPID      int
	State     byte // R S D Z T t X I, see proc_pid_stat(5)
	Kernel    bool // a kernel thread (PF_KTHREAD)
	New       bool // first seen in this snapshot, and not in the scanner's first
	Threads   int
	Comm      string     // the kernel's name of the process, at most 15 bytes, chosen by the process itself
	CPUTime   uint64     // user and system time, clock ticks
	CPU       float64    // percent of one core since the last tick; negative until two ticks were seen
	RSS       uint64     // resident memory in bytes
	Facts     *Facts     // never nil; Facts.Read is the zero time when tier 1 has not been here yet
	Container *Container // nil when the process is the host's own
}

// Facts is tier 1: what seldom changes in the life of a process. A Facts is never changed once a snapshot holds it.
type Facts struct {
	Read    time.Time
	NS      *proc.Namespaces               // interned: processes with the same namespaces share one
	Cgroup  reading.Of[*cgroup.Membership] // interned likewise
	Status  reading.Of[*proc.Status]
	Label   reading.Of[security.Label]
	Cmdline reading.Of[string] // as the kernel gives it: arguments end with NUL
	Exe     reading.Of[string]
	Cwd     reading.Of[string]
	Root    reading.Of[string]
}

// Container is one container with what the scanner knows of its processes and cgroup.
type Container struct {
	engine.Container
	Procs  []int              // indexes into Snapshot.Procs, by PID
	NS     *proc.Namespaces   // of its first process; never nil
	Cgroup *cgroup.Membership // nil when it has no cgroup of its own
	Usage  *cgroup.Usage      // nil when its cgroup could not be found
	CPU    float64            // percent of one core, over its processes
	RSS    uint64
}

// Namespace is a namespace that some process of the snapshot is in (or has set for its children).
type Namespace struct {
	Kind    proc.NSKind
	ID      NSID
	Members []int // indexes into Snapshot.Procs, by PID
	Letter  byte  // of the fingerprint when several containers share it, else 0
	Host    bool  // the namespace that the reference process of the host view is in
}

// Host is what is true of the machine as a whole.
type Host struct {
	Name       string // this UTS namespace's hostname
	Kernel     string // release
	BootID     string // of this boot (proc_sys_kernel(5), random/boot_id); "" when not known
	CgroupMode cgroup.Mode
	CPUs       int
	Memory     uint64 // bytes
	Boot       time.Time
	UID        int              // effective user of the reader
	InitSeen   bool             // NS is what process 1 (or a kernel thread) is in, else the reader's own
	NS         *proc.Namespaces // the host's namespaces
	NSDev      uint64           // device number of nsfs
}

// Snapshot is one look at the machine. It is immutable: a screen may keep it for as long as it likes.
type Snapshot struct {
	Seq        uint64
	Taken      time.Time
	Took       time.Duration
	Host       Host
	Procs      []Process         // by PID
	Containers []*Container      // in a stable order: by engine's start order, oldest first process first
	Namespaces []*Namespace      // by kind, then inode
	IDMaps     map[uint64]IDMaps // by inode of the user namespace
	Denied     int               // processes of which at least one value was denied
	Pending    int               // processes that tier 1 has not reached yet

	containers map[string]*Container
	namespaces map[nsKey]*Namespace
	shares     []Share
	places     places // where it was read
}

// IDMaps are the maps of a user namespace, read through one of its members.
type IDMaps struct {
	UID, GID  reading.Of[[]proc.IDMapping]
	Setgroups reading.Of[string]
}
