package inspect

import (
	"time"

	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// Detail is tier 3: what is read of the selected process only, on demand and with a deadline.
type Detail struct {
	ID          ID // a detail whose ID is no longer the selection's is stale
	Taken       time.Time
	Environ     reading.Of[[]proc.EnvVar]
	Mounts      reading.Of[[]proc.Mount]
	Limits      reading.Of[[]proc.ResourceLimit]
	Files       reading.Of[[]OpenFile]
	OOMScoreAdj reading.Of[int]
	OOMScore    reading.Of[int]
	TimeOffsets reading.Of[[]proc.TimeOffset]
	Interfaces  reading.Of[[]proc.Interface]
	Listening   reading.Of[[]proc.Socket]
	Maps        IDMaps
	Namespaces  [proc.NSLinks]NamespaceDetail
	Cgroup      *cgroup.Usage
	CgroupFiles []cgroup.Entry
	CapsOver    reading.Of[caps.Set]          // effective set as it counts over the owner of its user namespace
	Raw         map[string]reading.Of[string] // raw text by file name below /proc/PID: "status", "cgroup", "attr/current", …
}

// OpenFile is one descriptor of a process.
type OpenFile struct {
	FD     int
	Kind   string // "regular", "directory", "socket", "pipe", "device", "anon_inode:[eventpoll]", …
	Target string // as the link says; for a socket its address when known
	Flags  reading.Of[string]
}

// NamespaceDetail is what the ns ioctls tell of a namespace (ioctl_ns(2)).
type NamespaceDetail struct {
	Ino      reading.Of[uint64]
	Owner    reading.Of[uint64] // inode of the owning user namespace (NS_GET_USERNS); EPERM: outside of our view, or none
	Parent   reading.Of[uint64] // inode of the parent, for pid and user (NS_GET_PARENT)
	OwnerUID reading.Of[uint32] // uid of the creator, for user (NS_GET_OWNER_UID)
}
