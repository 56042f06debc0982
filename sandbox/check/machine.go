package check

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/inspect/users"
)

// Machine is what decides what a launcher may do: the kernel, its settings, and who asks. It does not change after it was
// read, and many goroutines may ask it at once.
type Machine struct {
	Kernel string      // the release, "6.1.0-18-amd64"; "" when it cannot be read
	Self   proc.Status // of the process that asks: ids, capability sets, no_new_privs, seccomp
	User   string      // its name in /etc/passwd; its number when it has none; "" when it may map ids without help
	Label  security.Label
	UIDs   []proc.IDMapping // of its user namespace; nil on a kernel that has none
	GIDs   []proc.IDMapping

	Setgroups bool   // its user namespace allows setgroups(2)
	Chrooted  bool   // its root directory is not its mount namespace's, as far as mountinfo tells
	Engine    string // whose container it seems to run in, for the wording of advice alone: "Docker", "Podman" or ""

	Namespaces [proc.NSKinds]bool               // what kinds this kernel has
	Max        [proc.NSKinds]reading.Of[uint64] // user.max_KIND_namespaces: how many may be below its user namespace
	Clone      reading.Of[string]               // kernel.unprivileged_userns_clone (Debian)
	AppArmor   reading.Of[string]               // kernel.apparmor_restrict_unprivileged_userns (Ubuntu)
	Enforcing  reading.Of[bool]                 // SELinux refuses, not only logs

	Mounts      []proc.Mount
	FileSystems []string // the kernel's types, as far as their modules are loaded
	Program     string   // the path of cutaway itself

	SubUIDs, SubGIDs     Range  // of a user who may not map others without help
	NewUIDMap, NewGIDMap Helper // the help

	Calls    Calls
	Landlock Landlock
	Rlimits  map[int]unix.Rlimit // by RLIMIT_*; nil for a copy

	Cgroup cgroup.Membership // of the process that asks

	root        string
	mountinfo   []byte
	hierarchies func() *cgroup.Hierarchies // found when first asked for
	writable    func(path string) error    // access(2) with the effective ids; nil is yes
}

// Range is a range of ids that a user may map beside their own (subuid(5)).
type Range struct{ Start, Count uint32 }

// Probe reads the machine that this process runs on. The error says that /proc is not there or not ours: nothing can be
// launched then.
func Probe() (*Machine, error) {
	m, err := read("")
	if err != nil {
		return nil, err
	}
	m.ask()
	return m, nil
}

// read reads the files below a root directory; "" is the live one.
func read(root string) (*Machine, error) {
	m := &Machine{root: root, writable: func(path string) error {
		return unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS)
	}}
	b, err := m.file("/proc/self/status")
	if err == nil {
		err = proc.ParseStatus(b, &m.Self)
	}
	if err != nil {
		return nil, fmt.Errorf("reading /proc/self/status, of which a launch needs the ids and capabilities (mount -t proc proc /proc): %w", err)
	}
	m.readIdentity()
	m.readKernel()
	m.readMounts()
	if !m.Can(capSetuid) || !m.Can(capSetgid) {
		m.readGrants()
	}
	m.readCgroups()
	return m, nil
}

// mostOfAFile is how much of a file is read: mountinfo of some ten thousand mounts.
const mostOfAFile = 8 << 20

// file reads a file of the machine. It does without package os, whose poller costs as much as the file.
func (m *Machine) file(path string) ([]byte, error) {
	fd, err := unix.Open(m.root+path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: m.root + path, Err: err}
	}
	defer unix.Close(fd)
	b := make([]byte, 0, 512) // nearly all are smaller
	for len(b) < mostOfAFile {
		if len(b) == cap(b) {
			b = slices.Grow(b, cap(b))
		}
		n, err := unix.Read(fd, b[len(b):cap(b)])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, &os.PathError{Op: "read", Path: m.root + path, Err: err}
		case n <= 0:
			return b, nil
		default:
			b = b[:len(b)+n]
		}
	}
	return b, nil
}

// text reads a file of one line.
func (m *Machine) text(path string) reading.Of[string] {
	b, err := m.file(path)
	if err != nil {
		return reading.Error[string](err)
	}
	return reading.Value(strings.TrimRight(string(b), "\n\x00"))
}

func (m *Machine) exists(path string) bool {
	_, err := os.Lstat(m.root + path)
	return err == nil
}

func (m *Machine) readIdentity() {
	m.UIDs = m.idMap("/proc/self/uid_map")
	m.GIDs = m.idMap("/proc/self/gid_map")
	m.Setgroups = m.text("/proc/self/setgroups").Value != "deny"
	m.readLabel()
	for _, mark := range []struct{ file, engine string }{{"/run/.containerenv", "Podman"}, {"/.dockerenv", "Docker"}} {
		if m.exists(mark.file) {
			m.Engine = mark.engine
			break
		}
	}
}

// idMap reads a map. One that was not written yet is empty, and nil says that there is none.
func (m *Machine) idMap(path string) []proc.IDMapping {
	b, err := m.file(path)
	if err != nil {
		return nil
	}
	maps, _ := proc.ParseIDMap(b)
	return append([]proc.IDMapping{}, maps...)
}

// readGrants reads what a user needs who may not map ranges of ids by themselves.
func (m *Machine) readGrants() {
	number := strconv.FormatUint(uint64(m.UID()), 10)
	m.User = number
	if name, ok := users.Open(m.root).User(m.UID()); ok {
		m.User = name
	}
	m.SubUIDs = m.granted("/etc/subuid", number)
	m.SubGIDs = m.granted("/etc/subgid", number)
	m.NewUIDMap = m.helper("newuidmap", caps.Of(capSetuid))
	m.NewGIDMap = m.helper("newgidmap", caps.Of(capSetgid))
}

// granted is the user's first range. newgidmap(1) looks for the user too, not for the group.
func (m *Machine) granted(file, number string) Range {
	start, count := users.Granted(m.root+file, m.User, number)
	return Range{start, count}
}

func (m *Machine) readLabel() {
	for _, place := range []struct {
		file     string
		apparmor bool
	}{{"/proc/self/attr/apparmor/current", true}, {"/proc/self/attr/current", false}} {
		if b, err := m.file(place.file); err == nil && len(b) > 0 {
			m.Label = security.ParseLabel(b, place.apparmor)
			break
		}
	}
	m.Enforcing = security.SELinuxEnforcing(m.root + "/sys")
}

func (m *Machine) readKernel() {
	m.Kernel = m.text("/proc/sys/kernel/osrelease").Value
	for kind := range proc.NSKind(proc.NSKinds) {
		m.Namespaces[kind] = m.exists("/proc/self/ns/" + kind.String())
		m.Max[kind] = m.number(maxNamespaces(kind))
	}
	m.Clone = m.text("/proc/sys/kernel/unprivileged_userns_clone")
	m.AppArmor = m.text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
	if b, err := m.file("/proc/filesystems"); err == nil {
		for line := range strings.Lines(string(b)) {
			if fields := strings.Fields(line); len(fields) > 0 {
				m.FileSystems = append(m.FileSystems, fields[len(fields)-1])
			}
		}
	}
}

// maxNamespaces is the path of a sysctl of namespaces(7), "The /proc/sys/user directory".
func maxNamespaces(kind proc.NSKind) string {
	return "/proc/sys/user/max_" + kind.String() + "_namespaces"
}

func (m *Machine) number(path string) reading.Of[uint64] {
	t := m.text(path)
	if !t.OK() {
		return reading.Of[uint64]{How: t.How}
	}
	n, err := strconv.ParseUint(t.Value, 10, 64)
	if err != nil {
		return reading.Missing[uint64](reading.Failed)
	}
	return reading.Value(n)
}

func (m *Machine) readMounts() {
	if b, err := m.file("/proc/self/mountinfo"); err == nil {
		m.mountinfo = b
		m.Mounts, _ = proc.ParseMountinfo(b) // the mounts before a line that is not understood serve too
		m.Chrooted = len(m.Mounts) > 0 && m.mountAt("/") == nil
	}
	m.Program, _ = os.Readlink(m.root + "/proc/self/exe")
}

// readCgroups reads where the process stands. The hierarchies cost more than all the rest, and few launches need them.
func (m *Machine) readCgroups() {
	if b, err := m.file("/proc/self/cgroup"); err == nil {
		m.Cgroup.Lines, _ = proc.ParseCgroup(b)
	}
	m.hierarchies = sync.OnceValue(func() *cgroup.Hierarchies {
		at := ""
		if m.root != "" {
			at = filepath.Join(m.root, "sys/fs/cgroup")
		}
		found, err := cgroup.Discover(m.mountinfo, at)
		if err != nil {
			found, _ = cgroup.Discover(nil, "") // none
		}
		return found
	})
}

// Hierarchies are the cgroup hierarchies that are mounted here. They are looked for when first asked for.
func (m *Machine) Hierarchies() *cgroup.Hierarchies { return m.hierarchies() }

// UID is the effective user id, as the user namespace of the process has it.
func (m *Machine) UID() uint32 { return m.Self.UID[1] }

// GID is the effective group id.
func (m *Machine) GID() uint32 { return m.Self.GID[1] }

// Root tells whether the process is root in its user namespace, which need not be the host's.
func (m *Machine) Root() bool { return m.UID() == 0 }

// Initial tells whether the process is in the host's first user namespace: it alone maps every id to itself; a child that
// does the same cannot be told from it (user_namespaces(7)).
func (m *Machine) Initial() bool {
	const everyID = 1<<32 - 1
	return m.UIDs == nil || len(m.UIDs) == 1 && m.UIDs[0] == (proc.IDMapping{Count: everyID})
}

// The capabilities that steps of a launch need over the caller's user namespace (capabilities(7)).
const (
	capSetgid    caps.Cap = unix.CAP_SETGID
	capSetuid    caps.Cap = unix.CAP_SETUID
	capNetAdmin  caps.Cap = unix.CAP_NET_ADMIN
	capSysChroot caps.Cap = unix.CAP_SYS_CHROOT
	capSysAdmin  caps.Cap = unix.CAP_SYS_ADMIN
	capResource  caps.Cap = unix.CAP_SYS_RESOURCE
	capSetPCap   caps.Cap = unix.CAP_SETPCAP
	capSetfcap   caps.Cap = unix.CAP_SETFCAP
)

// Can tells whether a capability is effective.
func (m *Machine) Can(c caps.Cap) bool { return caps.Set(m.Self.CapEff).Has(c) }

// NoNewPrivs tells whether nothing that the process executes gains rights: set-user-ID programs do not work.
func (m *Machine) NoNewPrivs() bool { return m.Self.NoNewPrivs.OK() && m.Self.NoNewPrivs.Value }

// Filtered tells whether a seccomp filter stands between the process and the kernel.
func (m *Machine) Filtered() bool {
	return m.Self.Seccomp.OK() && m.Self.Seccomp.Value == security.SeccompFilter
}
