package sandbox

import "cutaway/sandbox/limit"

// Version is the version of Spec's JSON. A Spec with a newer one is refused.
const Version = 1

// Spec says everything about a sandbox. Its JSON is what `cutaway run --print json` writes and `--spec FILE` reads; a field
// that is missing there has the value that Default gives it. docs/sandbox.md describes every field.
type Spec struct {
	Version int    `json:"version"`
	Preset  string `json:"preset,omitempty"` // the preset that it was made from; tells nothing about what was changed since

	Command  []string `json:"command"`  // looked up in the sandbox's own PATH and root
	Dir      string   `json:"dir"`      // working directory inside, absolute
	Env      Env      `json:"env"`      // the command's environment
	User     User     `json:"user"`     // who the command runs as, as inside sees it
	Init     bool     `json:"init"`     // a tiny init is PID 1, reaps and forwards signals; else the command itself
	Terminal Terminal `json:"terminal"` // whether the command gets a terminal of its own
	Hostname string   `json:"hostname"` // of a new uts namespace; "" keeps the host's

	Namespaces Namespaces  `json:"namespaces"`
	UIDMap     []IDMapping `json:"uid_map,omitempty"` // of a new user namespace; empty lets cutaway choose, never host root
	GIDMap     []IDMapping `json:"gid_map,omitempty"`

	Root    Root    `json:"root"`
	Mounts  []Mount `json:"mounts,omitempty"` // in this order, after the root and /proc, /sys and /dev
	Proc    Proc    `json:"proc"`
	Sys     Sys     `json:"sys"`
	Dev     Dev     `json:"dev"`
	Network Network `json:"network"`

	Capabilities []string    `json:"capabilities"` // kept in all but the ambient set: kernel names, or "all"; none when empty
	NoNewPrivs   bool        `json:"no_new_privs"`
	Seccomp      Seccomp     `json:"seccomp"`
	Landlock     *Landlock   `json:"landlock,omitempty"`
	Rlimits      []Rlimit    `json:"rlimits,omitempty"`
	Limits       limit.Set   `json:"limits"` // of the sandbox's own cgroup; none makes no cgroup, unless Cgroup asks
	Cgroup       bool        `json:"cgroup"` // a cgroup of its own even without limits
	Time         TimeOffsets `json:"time"`   // of a new time namespace
}

// IDMapping maps Count ids from Inside of the user namespace to Outside of it, as a line of /proc/PID/uid_map.
type IDMapping struct {
	Inside  uint32 `json:"inside"`
	Outside uint32 `json:"outside"`
	Count   uint32 `json:"count"`
}

// RootKind says what the sandbox's root directory is made from.
type RootKind string

// The kinds of root.
const (
	RootKeep    RootKind = "keep"    // no new root: the mounts as they are, in a mount namespace of its own or not
	RootHost    RootKind = "host"    // the host's root read-only, with temporary writable places
	RootOverlay RootKind = "overlay" // the host's root, writable: writes go to memory and are thrown away
	RootDir     RootKind = "dir"     // a directory
	RootTar     RootKind = "tar"     // a tar (.tar, .gz, .zst) as `docker export` writes it, unpacked into the cache
	RootImage   RootKind = "image"   // an OCI layout (directory or tar), or a `docker save` archive, unpacked into the cache
)

// Switch is how the new root is entered.
type Switch string

// The ways to enter a new root.
const (
	PivotRoot Switch = "pivot_root" // the old root is gone: pivot_root(2)
	Chroot    Switch = "chroot"     // the old root stays mounted, and root can leave: chroot(2). To see the difference.
)

// Root is the sandbox's root directory.
type Root struct {
	Kind     RootKind `json:"kind"`
	Path     string   `json:"path,omitempty"`     // for dir, tar and image: absolute
	Ref      string   `json:"ref,omitempty"`      // for image: which of several manifests (a tag); "" when there is one
	Writable bool     `json:"writable,omitempty"` // for dir: writes go to the directory itself. tar, image: to a throw-away overlay
	Switch   Switch   `json:"switch"`
	Tmp      []string `json:"tmp,omitempty"`  // for host: directories replaced by an empty tmpfs that can be written
	Hide     []string `json:"hide,omitempty"` // for host and overlay: paths covered by something empty; missing ones are left out
}

// MountKind says what is mounted.
type MountKind string

// The kinds of mounts.
const (
	BindRO   MountKind = "bind-ro"
	BindRW   MountKind = "bind-rw"
	TmpFS    MountKind = "tmpfs"
	MQueue   MountKind = "mqueue"   // POSIX message queues of the sandbox's ipc namespace
	CgroupFS MountKind = "cgroupfs" // the cgroup hierarchies as the sandbox's cgroup namespace shows them, read-only
)

// Mount is one mount at Target inside the root. Binds are recursive, nosuid and nodev unless Dev says otherwise.
type Mount struct {
	Kind   MountKind `json:"kind"`
	Source string    `json:"source,omitempty"` // of binds: an absolute path on the host
	Target string    `json:"target"`           // absolute, inside; no symbolic link is followed out of the root
	Size   int64     `json:"size,omitempty"`   // of tmpfs, bytes; 0 is the kernel's default (half of memory)
	Dev    bool      `json:"dev,omitempty"`    // of binds: device files work
}

// Proc is what /proc inside is.
type Proc string

// The kinds of /proc.
const (
	ProcNew      Proc = "new"      // of the sandbox's PID namespace, with dangerous files masked and /proc/sys read-only
	ProcUnmasked Proc = "unmasked" // the same without masks, as `unshare --mount-proc` makes it
	ProcKeep     Proc = "keep"     // what the root has there
)

// Sys is what /sys inside is.
type Sys string

// The kinds of /sys.
const (
	SysNew   Sys = "new"   // read-only, of the sandbox's network namespace: needs a new one
	SysKeep  Sys = "keep"  // what the root has there
	SysEmpty Sys = "empty" // an empty read-only directory
)

// Dev is what /dev inside is.
type Dev string

// The kinds of /dev.
const (
	DevMinimal Dev = "minimal" // null zero full random urandom tty, devpts of its own, shm
	DevKeep    Dev = "keep"    // what the root has there
)

// Network is what a new network namespace holds. Namespaces.Net says whether there is one.
type Network struct {
	Loopback bool  `json:"loopback"`       // lo is up
	Veth     *Veth `json:"veth,omitempty"` // a pair of interfaces to the host; needs root
}

// Veth is a pair of virtual Ethernet interfaces between the host and the sandbox (veth(4)).
type Veth struct {
	Host    string `json:"host"`              // address of the host's end with prefix, such as 10.77.0.1/30
	Inside  string `json:"inside"`            // address of the sandbox's end, eth0
	Gateway bool   `json:"gateway,omitempty"` // a default route to the host's end; forwarding is the host's own affair
}

// Seccomp names a filter of system calls.
type Seccomp string

// The filters.
const (
	SeccompDocker Seccomp = "docker" // what Docker's default profile allows
	SeccompStrict Seccomp = "strict" // less: no new namespaces, no mounts, no ptrace, no sockets but local and IP ones
	SeccompOff    Seccomp = "off"
)

// Landlock is a second layer over paths (landlock(7)): what is not named here cannot be reached.
type Landlock struct {
	Read  []string `json:"read,omitempty"`  // read and execute below these
	Write []string `json:"write,omitempty"` // everything below these
}

// Rlimit is a resource limit, see getrlimit(2). "unlimited" is -1.
type Rlimit struct {
	Name string `json:"name"` // as in `prlimit --help`: nofile, nproc, core, ...
	Soft int64  `json:"soft"`
	Hard int64  `json:"hard"`
}

// Terminal says whether the command gets a terminal.
type Terminal string

// The ways to give a terminal.
const (
	TerminalAuto   Terminal = "auto"   // one of its own when the caller's standard input and output are terminals
	TerminalAlways Terminal = "always" // one of its own
	TerminalNever  Terminal = "never"  // the caller's files as they are, in a new session
)

// Env is the command's environment: what is named of the caller's, then what is set.
type Env struct {
	Keep []string          `json:"keep,omitempty"` // variables that are taken over from the caller: names, or beginnings such as "LC_*"; "*" is all
	Set  map[string]string `json:"set,omitempty"`
}

// User is who the command runs as.
type User struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups,omitempty"`
}

// TimeOffsets are the offsets of a new time namespace in seconds, see time_namespaces(7).
type TimeOffsets struct {
	Monotonic int64 `json:"monotonic,omitempty"`
	Boottime  int64 `json:"boottime,omitempty"`
}
