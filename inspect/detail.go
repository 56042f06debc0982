package inspect

import (
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// Detail is tier 3: what is read of the selected process only, on demand and with a deadline. All of it is of one process,
// the one of ID.
type Detail struct {
	ID          ID // a detail whose ID is no longer the selection's is stale
	Taken       time.Time
	Cmdline     reading.Of[string] // whole, as the kernel gives it: arguments end with NUL
	Environ     reading.Of[[]proc.EnvVar]
	Mounts      reading.Of[[]proc.Mount]
	Limits      reading.Of[[]proc.ResourceLimit]
	Files       reading.Of[[]OpenFile] // by descriptor
	OOMScoreAdj reading.Of[int]        // -1000 to 1000
	OOMScore    reading.Of[int]        // 0 to 2000
	TimeOffsets reading.Of[[]proc.TimeOffset]
	Threads     reading.Of[[]Thread] // by TID, the main thread among them
	IO          reading.Of[IO]
	CPUWait     reading.Of[time.Duration]    // how long its main thread was ready and waited for a CPU (schedstat)
	Interfaces  reading.Of[[]proc.Interface] // of its network namespace, by name
	Listening   reading.Of[[]Listener]       // in its network namespace
	Maps        IDMaps
	Namespaces  [proc.NSLinks]NamespaceDetail
	Cgroup      *cgroup.Usage  // nil when its cgroup is not known
	CgroupFiles []cgroup.Entry // of the same
	// Raw is the text of the small files below /proc/PID by name: "status", "cgroup", "attr/current", … and of mountinfo.
	// The environment is not among them, because it is kept in one place only.
	Raw map[string]reading.Of[string]
	// Cut names the files that are longer than what was read of them: "environ", "mountinfo", "fd", "net/tcp", …
	Cut []string
}

// OpenFile is one descriptor of a process.
type OpenFile struct {
	FD     int
	Kind   FileKind
	Target string // as the link below /proc/PID/fd says
	Link   proc.FDLink
	Info   reading.Of[proc.FDInfo] // position, flags (proc.FDFlagNames), and what else /proc/PID/fdinfo tells
	About  string                  // what the target does not say: a socket's address and state, a pidfd's process; "" when nothing
}

// FileKind is what an open file is, in one word.
type FileKind string

// The kinds of open file. What is open by a path needs a look at the file itself, which a dead file system may not
// answer: such a file stays UnknownFile. The others are the kinds of proc.FDKind: "anon_inode", "namespace", "memfd", ….
const (
	UnknownFile   FileKind = "file"
	RegularFile   FileKind = "regular"
	DirectoryFile FileKind = "directory"
	DeviceFile             = FileKind(proc.FDDevice)
	PipeFile               = FileKind(proc.FDPipe) // named ones too
	SocketFile             = FileKind(proc.FDSocket)
)

// Listener is a socket that waits for connections or datagrams.
type Listener struct {
	proc.Socket
	FD int // the process's own descriptor of it, or -1 when another process of the network namespace has it
}

// Own tells whether the process itself holds the socket.
func (l *Listener) Own() bool { return l.FD >= 0 }

// IO is what a process has read and written, in bytes; see proc_pid_io(5).
type IO struct {
	ReadChars, WriteChars uint64 // through read(2), write(2) and their like, from anything
	ReadBytes, WriteBytes uint64 // that reached the storage layer
}

// NamespaceDetail is what the ns ioctls tell of a namespace (ioctl_ns(2)).
type NamespaceDetail struct {
	Ino      reading.Of[uint64]
	Owner    reading.Of[uint64] // inode of the owning user namespace (NS_GET_USERNS); EPERM: outside of our view, or none
	Parent   reading.Of[uint64] // inode of the parent, for pid and user (NS_GET_PARENT)
	OwnerUID reading.Of[uint32] // uid of the creator, for user (NS_GET_OWNER_UID)
}
