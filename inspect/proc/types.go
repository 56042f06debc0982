package proc

import "cutaway/inspect/reading"

// NSKind is one of the eight kinds of namespace, in the order of the fingerprint "mnpiuUct".
type NSKind uint8

// The kinds of namespace, see namespaces(7).
const (
	Mnt NSKind = iota
	Net
	PID
	IPC
	UTS
	User
	Cgroup
	Time
	NSKinds = 8
)

// NSLink is one of the ten links in /proc/PID/ns: the eight kinds and the two for children.
type NSLink = uint8

// The two links beyond the kinds; a kind is also the index of its own link.
const (
	PIDForChildren  NSLink = 8
	TimeForChildren NSLink = 9
	NSLinks                = 10
)

// Namespaces holds where the ten links of /proc/PID/ns point: inode numbers on nsfs, of which a kernel has one instance
// (fs/nsfs.c), so the device number is one for all and kept beside the snapshot.
type Namespaces struct {
	Ino [NSLinks]uint64      // 0 when not known
	How [NSLinks]reading.How // one state for each link
}

// CgroupLine is one line of /proc/PID/cgroup, see cgroups(7).
type CgroupLine struct {
	Hierarchy   int      // 0 for v2
	Controllers []string // v1 controllers, or "name=systemd"; empty for v2
	Path        string   // as the reader's cgroup namespace shows it; may begin with "/.."; empty only when Deleted
	Deleted     bool     // the kernel appended " (deleted)"
}

// Stat is what the tree needs of /proc/PID/stat, see proc_pid_stat(5). Times are clock ticks (USER_HZ, 100 a second).
type Stat struct {
	PID, PPID    int
	Comm         []byte // aliases the parsed buffer
	State        byte
	TTY          int
	Flags        uint32 // PF_* of include/linux/sched.h
	UTime, STime uint64
	Threads      int
	StartTime    uint64 // after boot
	RSSPages     uint64
	Processor    int
}

// Status is what the tree needs of /proc/PID/status, see proc_pid_status(5).
// A line that this kernel does not print leaves its reading Absent.
type Status struct {
	Umask          reading.Of[uint32]
	Tgid           int
	TracerPID      int
	UID, GID       [4]uint32 // real, effective, saved, filesystem
	Groups         []uint32
	NSpid          []int // the PID in every PID namespace, outermost visible first
	Kthread        reading.Of[bool]
	SigPending     uint64 // of the main thread
	ShdPending     uint64
	SigBlocked     uint64
	SigIgnored     uint64
	SigCaught      uint64
	CapInh         uint64
	CapPrm         uint64
	CapEff         uint64
	CapBnd         reading.Of[uint64]
	CapAmb         reading.Of[uint64] // since Linux 4.3
	NoNewPrivs     reading.Of[bool]   // since Linux 4.10
	Seccomp        reading.Of[uint8]  // 0 off, 1 strict, 2 filter
	SeccompFilters reading.Of[uint32] // since Linux 5.9
	VMSwap         reading.Of[uint64] // bytes; kernel threads have none
	VMHWM          reading.Of[uint64] // bytes, peak resident size
}

// IDMapping is one line of /proc/PID/uid_map or gid_map, see user_namespaces(7).
type IDMapping struct {
	Inside, Outside, Count uint32
}

// Mount is one line of /proc/PID/mountinfo, see proc_pid_mountinfo(5). Octal escapes are undone, except in SuperOptions.
type Mount struct {
	ID, Parent   int
	Major, Minor uint32
	Root         string // within the file system; ends with "//deleted" when it was removed
	MountPoint   string
	Options      string   // per mount
	Propagation  []string // "shared:N", "master:N", "propagate_from:N", "unbindable"; empty is private
	FSType       string
	Source       string
	SuperOptions string // as the kernel escapes them, because an escaped comma is part of a value; see SuperOption
}
