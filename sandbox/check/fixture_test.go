package check

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cutaway/sandbox/check/calls"
)

// fixture is a machine in files. Its zero value is a Debian 12 with cgroup v2 and systemd, on which the user alice runs
// cutaway in a login session.
type fixture struct {
	root     bool
	caps     uint64            // effective and permitted; of root all when 0
	status   map[string]string // lines of /proc/self/status
	files    map[string]string // beside the standard ones; "" takes a standard one away
	helper   string            // how newuidmap has its rights: "setuid" unless told: "caps", "none", "-" is not installed
	answers  map[string]syscall.Errno
	landlock *Landlock
	readOnly bool     // the cgroups
	writable []string // by alice: paths below /sys/fs/cgroup
}

const allCaps = 1<<41 - 1

const everyID = "         0          0 4294967295\n"

var standardFiles = map[string]string{
	"/etc/passwd":                                                      "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n",
	"/etc/subuid":                                                      "alice:100000:65536\n",
	"/etc/subgid":                                                      "alice:100000:65536\n",
	"/proc/self/uid_map":                                               everyID,
	"/proc/self/gid_map":                                               everyID,
	"/proc/self/setgroups":                                             "allow\n",
	"/proc/self/cgroup":                                                "0::/user.slice/user-1000.slice/session-2.scope\n",
	"/proc/self/attr/apparmor/current":                                 "unconfined\n",
	"/proc/self/mountinfo":                                             hostMounts,
	"/proc/sys/kernel/osrelease":                                       "6.1.0-18-amd64\n",
	"/proc/filesystems":                                                "nodev\tproc\n\text4\nnodev\toverlay\n",
	"/proc/sys/user/max_user_namespaces":                               "63423\n",
	"/proc/sys/user/max_net_namespaces":                                "63423\n",
	"/sys/fs/cgroup/cgroup.controllers":                                "cpuset cpu io memory pids\n",
	"/sys/fs/cgroup/cgroup.subtree_control":                            "cpu memory pids\n",
	"/sys/fs/cgroup/cgroup.procs":                                      "2\n",
	"/sys/fs/cgroup/user.slice/cgroup.controllers":                     "cpu memory pids\n",
	"/sys/fs/cgroup/user.slice/cgroup.subtree_control":                 "memory pids\n",
	"/sys/fs/cgroup/user.slice/cgroup.events":                          "populated 1\n",
	"/sys/fs/cgroup/user.slice/cgroup.procs":                           "",
	"/sys/fs/cgroup/user.slice/user-1000.slice/cgroup.controllers":     "memory pids\n",
	"/sys/fs/cgroup/user.slice/user-1000.slice/cgroup.subtree_control": "memory pids\n",
	"/sys/fs/cgroup/user.slice/user-1000.slice/cgroup.events":          "populated 1\n",
	"/sys/fs/cgroup/user.slice/user-1000.slice/cgroup.procs":           "",
	"/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/cgroup.controllers":     "memory pids\n",
	"/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/cgroup.subtree_control": "",
	"/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/cgroup.events":          "populated 1\n",
	"/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/cgroup.procs":           "4242\n",
}

const hostMounts = `21 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
22 21 0:19 / /proc rw,nosuid,nodev,noexec,relatime shared:2 - proc proc rw
23 21 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:3 - sysfs sysfs rw
25 23 0:6 / /sys/kernel/security rw,nosuid,nodev,noexec,relatime shared:4 - securityfs securityfs rw
30 23 0:25 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:5 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
31 23 0:26 / /sys/fs/pstore rw,nosuid,nodev,noexec,relatime shared:6 - pstore pstore rw
33 22 0:28 / /proc/sys/fs/binfmt_misc rw,relatime shared:13 - autofs systemd-1 rw,fd=30
92 33 0:36 / /proc/sys/fs/binfmt_misc rw,nosuid,nodev,noexec,relatime shared:49 - binfmt_misc binfmt_misc rw
40 21 0:40 / /home rw,nosuid,nodev,noexec,relatime shared:50 - ext4 /dev/home rw
`

// dockerMounts is /proc/self/mountinfo in a container of Docker on a machine with cgroup v2.
const dockerMounts = `205 176 0:39 / / rw,relatime master:91 - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
206 205 0:42 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
207 205 0:43 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64
209 205 0:45 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
210 209 0:25 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
177 206 0:42 /bus /proc/bus ro,nosuid,nodev,noexec,relatime - proc proc rw
178 206 0:42 /fs /proc/fs ro,nosuid,nodev,noexec,relatime - proc proc rw
180 206 0:42 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw
182 206 0:47 / /proc/acpi ro,relatime - tmpfs tmpfs ro,inode64
183 206 0:43 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64
186 209 0:48 / /sys/firmware ro,relatime - tmpfs tmpfs ro,inode64
`

const dockerCaps = 0xa80425fb

// docker is a container of Docker's as it is by default; root runs cutaway in it.
func docker() fixture {
	return fixture{
		root: true, caps: dockerCaps, readOnly: true,
		status: map[string]string{"Seccomp": "2"},
		files: map[string]string{
			"/.dockerenv": "\n", "/proc/self/mountinfo": dockerMounts, "/proc/self/cgroup": "0::/\n", "/etc/subuid": "", "/etc/subgid": "",
			"/proc/self/attr/apparmor/current": "docker-default (enforce)\n", "/sys/fs/cgroup/cgroup.events": "populated 1\n",
		},
		helper: "-",
		answers: map[string]syscall.Errno{
			"clone": syscall.EPERM, "unshare": syscall.EPERM, "setns": syscall.EPERM, "mount": syscall.EPERM, "pivot_root": syscall.EPERM,
			"clone3": syscall.ENOSYS, "open_tree": syscall.EPERM, "move_mount": syscall.EPERM, "fsopen": syscall.EPERM, "mount_setattr": syscall.EPERM,
		},
	}
}

// statusText is /proc/self/status.
func (f *fixture) statusText() string {
	id, caps := "1000", f.caps
	if f.root {
		id = "0"
		if caps == 0 {
			caps = allCaps
		}
	}
	ids := strings.Repeat("\t"+id, 4)
	mask := fmt.Sprintf("\t%016x", caps)
	zero := "\t0000000000000000"
	lines := map[string]string{
		"Name": "\tcutaway", "Tgid": "\t4242", "Uid": ids, "Gid": ids, "NSpid": "\t4242",
		"SigPnd": zero, "ShdPnd": zero, "SigBlk": zero, "SigIgn": zero, "SigCgt": zero,
		"CapInh": zero, "CapPrm": mask, "CapEff": mask, "CapBnd": "\t000001ffffffffff", "CapAmb": zero, "NoNewPrivs": "\t0", "Seccomp": "\t0",
	}
	for name, value := range f.status {
		lines[name] = "\t" + value
	}
	var b strings.Builder
	for name, value := range lines {
		if value != "\t-" {
			fmt.Fprintf(&b, "%s:%s\n", name, value)
		}
	}
	return b.String()
}

// build writes the files and reads them as a machine.
func (f *fixture) build(t *testing.T) *Machine {
	t.Helper()
	dir := t.TempDir()
	files := maps.Clone(standardFiles)
	for _, kind := range []string{"mnt", "net", "pid", "ipc", "uts", "user", "cgroup", "time"} {
		files["/proc/self/ns/"+kind] = kind
	}
	files["/proc/self/status"] = f.statusText()
	for path, text := range f.files {
		if files[path] = text; text == "" {
			delete(files, path)
		}
	}
	for path, text := range files {
		file := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/usr/local/bin/cutaway", filepath.Join(dir, "proc/self/exe")); err != nil {
		t.Fatal(err)
	}
	m, err := read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if f.helper != "-" && m.User != "" { // a test cannot make a program set-user-ID root
		m.NewUIDMap = m.judge("/usr/bin/newuidmap", f.helper == "" || f.helper == "setuid", f.helper == "caps")
		m.NewGIDMap = m.judge("/usr/bin/newgidmap", f.helper == "" || f.helper == "setuid", f.helper == "caps")
	}
	m.writable = f.access(filepath.Join(dir, "sys/fs/cgroup"))
	m.take(f.answer())
	if f.landlock != nil {
		m.Landlock = *f.landlock
	}
	return m
}

// access stands for the permissions of the cgroups' files.
func (f *fixture) access(top string) func(string) error {
	return func(path string) error {
		if f.readOnly {
			return syscall.EROFS
		}
		if f.root {
			return nil
		}
		for _, dir := range f.writable {
			if strings.HasPrefix(path, filepath.Join(top, dir)) {
				return nil
			}
		}
		return syscall.EACCES
	}
}

func (f *fixture) answer() calls.Answers {
	a := calls.Answers{Landlock: 4}
	for i := range calls.List {
		errno, ok := f.answers[calls.List[i].Name]
		if !ok {
			errno = syscall.EINVAL
		}
		if errno == deadly {
			return a
		}
		a.Errnos = append(a.Errnos, errno)
	}
	return a
}

// deadly stands for a filter that ends who makes the call.
const deadly = syscall.Errno(0xdead)
