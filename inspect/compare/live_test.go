package compare

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/inside"
	"cutaway/inspect/livetest"
	"cutaway/inspect/reading"
)

func TestMain(m *testing.M) { os.Exit(livetest.Main(m)) }

// eye looks at this machine as cutaway does.
type eye struct {
	scanner *inspect.Scanner
	reader  *inspect.DetailReader
}

func newEye(t testing.TB) *eye {
	t.Helper()
	s, err := inspect.NewScanner(inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r, err := inspect.NewDetailReader(inspect.Options{}, s.Cgroups())
	if err != nil {
		t.Fatal(err)
	}
	return &eye{s, r}
}

func (e *eye) scan(t testing.TB) *inspect.Snapshot {
	t.Helper()
	snapshot, err := e.scanner.Scan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// side looks at a process, with the container that it stands for.
func (e *eye) side(t testing.TB, s *inspect.Snapshot, pid int) *Side {
	t.Helper()
	p := s.ByPID(pid)
	if p == nil {
		t.Fatalf("process %d is not there", pid)
	}
	side, err := Look(context.Background(), s, e.reader, inside.Read, p, p.Container)
	if err != nil {
		t.Fatal(err)
	}
	return side
}

// right is the text of the right side of each row of a group, by key, and why for those that are unknown.
func right(groups []Group, name string) map[string]string {
	values := map[string]string{}
	for i := range groups {
		for j := range groups[i].Rows {
			r := &groups[i].Rows[j]
			switch {
			case groups[i].Name != name || r.Right == nil:
			case r.Right.How.OK():
				values[r.Key] = r.Right.Text
			default:
				values[r.Key] = "(" + r.Right.How.String() + ")"
			}
		}
	}
	return values
}

// innermost is the PID of a process in its own PID namespace.
func innermost(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "NSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	f := strings.Fields(line)
	n, err := strconv.Atoi(f[len(f)-1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// agrees holds what the comparison says of a process against what is said inside.
func agrees(t *testing.T, pid int, run func(argv ...string) *exec.Cmd) []Group {
	t.Helper()
	e := newEye(t)
	in := innermost(t, pid)
	s := e.scan(t)
	side := e.side(t, s, pid)
	groups := Compare(e.side(t, s, os.Getpid()), side)
	if Differ(Compare(side, side)) {
		t.Error("it differs from itself")
	}
	if again := Compare(e.side(t, s, pid), e.side(t, s, pid)); Differ(again) {
		t.Errorf("two looks at it differ: %s", differences(again))
	}
	a := ask(t, in, run)
	checkKernel(t, groups, a, pid, in)
	checkFiles(t, groups, a)
	checkNetwork(t, groups, a)
	return groups
}

// differences lists the rows that differ.
func differences(groups []Group) string {
	var b strings.Builder
	for i := range groups {
		for j := range groups[i].Rows {
			if r := &groups[i].Rows[j]; r.State != Same {
				fmt.Fprintf(&b, "%s/%s %s\n", groups[i].Name, r.Key, rowText(r))
			}
		}
	}
	return b.String()
}

// execIn runs programs as `docker exec` does.
func execIn(e *livetest.Engine, c *livetest.Container) func(...string) *exec.Cmd {
	return func(argv ...string) *exec.Cmd { return e.Exec(c, argv...) }
}

// nsenterIn runs programs with nsenter(1), with the container's root.
func nsenterIn(t *testing.T, pid int) func(...string) *exec.Cmd {
	t.Helper()
	livetest.NeedTools(t, "nsenter")
	return func(argv ...string) *exec.Cmd {
		return exec.Command("nsenter", append([]string{"--target", strconv.Itoa(pid), "--all", "--root", "--wd", "--"}, argv...)...)
	}
}

// hostToolsIn runs the host's programs in a container's namespaces but that of mounts, with a proc file system of its PID namespace.
func hostToolsIn(t *testing.T, pid int) func(...string) *exec.Cmd {
	t.Helper()
	livetest.NeedTools(t, "nsenter", "unshare", "mount")
	return func(argv ...string) *exec.Cmd {
		return exec.Command("nsenter", append([]string{
			"--target", strconv.Itoa(pid), "--uts", "--ipc", "--net", "--pid", "--cgroup", "--",
			"unshare", "--mount", "sh", "-c", `mount -t proc proc /proc && exec "$@"`, "sh",
		}, argv...)...)
	}
}

// wants holds rows against what was asked of the engine.
func wants(t *testing.T, groups []Group, rows map[string]string) {
	t.Helper()
	for key, want := range rows {
		name, k, _ := strings.Cut(key, "/")
		if got := right(groups, name)[k]; !strings.Contains(got, want) {
			t.Errorf("%s is %q, not %q", key, got, want)
		}
	}
}

func TestLiveDocker(t *testing.T) {
	e := livetest.Docker(t)
	for name, c := range map[string]struct {
		flags []string
		rows  map[string]string
	}{
		"default":  {nil, map[string]string{"capabilities/CapEff": "00000000a80425fb", "confinement/seccomp": "filter", "root/mount": "overlay overlay writable"}},
		"host net": {[]string{"--net=host"}, nil},
		"host pid": {[]string{"--pid=host"}, nil},
		"much allowed": {
			[]string{"--cap-add=ALL", "--security-opt", "seccomp=unconfined", "--user", "1000:1000"},
			map[string]string{"confinement/seccomp": "off", "identity/uid": "1000", "capabilities/CapEff": "0000000000000000"},
		},
		"read-only": {[]string{"--read-only"}, map[string]string{"root/mount": "overlay overlay read-only"}},
		"settings": {
			[]string{"--sysctl", "net.ipv4.ip_unprivileged_port_start=77", "--hostname", "inside", "--domainname", "example", "--ulimit", "nofile=100:200", "-e", "GIVEN=it is", "--memory", "64m", "--pids-limit", "50"},
			map[string]string{
				"sysctls/net.ipv4.ip_unprivileged_port_start": "77", "names/hostname": "inside", "names/domainname": "example",
				"rlimits/Max open files": "100 up to 200 files", "environment/GIVEN": "it is", "cgroup/MemoryLimit": "64M", "cgroup/PIDsLimit": "50",
			},
		},
		"shm": {[]string{"--shm-size", "1m", "--tmpfs", "/extra", "--cgroupns=private"}, map[string]string{"mounts//extra": "tmpfs tmpfs"}},
	} {
		t.Run(name, func(t *testing.T) {
			box := e.Run(t, c.flags...)
			wants(t, agrees(t, box.PID, execIn(e, box)), c.rows)
		})
	}
}

// With --userns-remap root of the container is somebody else outside.
func TestLiveDockerRemapped(t *testing.T) {
	e := livetest.DockerRemapped(t)
	box := e.Run(t)
	root := fmt.Sprintf("0 inside, %d outside", livetest.RemapFirst)
	wants(t, agrees(t, box.PID, execIn(e, box)), map[string]string{
		"identity/uid": root, "identity/gid": root, "identity/uid_map": fmt.Sprintf("0→%d +65536", livetest.RemapFirst),
	})
}

// A container in another's network has its addresses and what it listens at, and its own names and files.
func TestLiveDockerSharedNetwork(t *testing.T) {
	e := livetest.Docker(t)
	first := e.RunCommand(t, nil, "/bin/httpd", "-f", "-p", "8080", "-h", "/www")
	second := e.Run(t, "--net=container:"+first.ID)
	agrees(t, second.PID, execIn(e, second))
	eye := newEye(t)
	for deadline := time.Now().Add(livetest.Patience); ; {
		s := eye.scan(t)
		groups := Compare(eye.side(t, s, first.PID), eye.side(t, s, second.PID))
		rows := map[string]State{}
		for i := range groups {
			for j := range groups[i].Rows {
				rows[groups[i].Name+"/"+groups[i].Rows[j].Key] = groups[i].Rows[j].State
			}
		}
		if rows["network/tcp6 [::]:8080"]+rows["network/tcp 0.0.0.0:8080"] == Same && rows["namespaces/net"] == Same && rows["namespaces/pid"] == Different {
			if _, there := right(groups, "network")["tcp6 [::]:8080"]; there {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v", right(groups, "network"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestLivePodman(t *testing.T) {
	e := livetest.Podman(t)
	box := e.Run(t, "--hostname", "pod")
	wants(t, agrees(t, box.PID, execIn(e, box)), map[string]string{"names/hostname": "pod"})
}

// The ids of a container with a user namespace are told on both sides of it.
func TestLivePodmanUserNamespace(t *testing.T) {
	e := livetest.Podman(t)
	box := e.Run(t, "--uidmap", "0:100000:65536", "--gidmap", "0:200000:65536")
	wants(t, agrees(t, box.PID, execIn(e, box)), map[string]string{
		"identity/uid": "0 inside, 100000 outside", "identity/gid": "0 inside, 200000 outside", "identity/uid_map": "0→100000 +65536",
		"sysctls/user.max_user_namespaces": "(not read)",
	})
}

func TestLivePodmanRootless(t *testing.T) {
	e := livetest.PodmanRootless(t)
	box := e.Run(t)
	wants(t, agrees(t, box.PID, execIn(e, box)), map[string]string{"identity/uid": "0 inside, 4711 outside"})
}

func TestLiveLXC(t *testing.T) {
	box := livetest.LXC(t, "compared")
	wants(t, agrees(t, box.PID, hostToolsIn(t, box.PID)), map[string]string{"names/hostname": "compared"})
}

func TestLiveBwrap(t *testing.T) {
	box := livetest.Bwrap(t, "--unshare-all", "--hostname", "wrapped")
	if os.Geteuid() == 0 {
		wants(t, agrees(t, box.PID, nsenterIn(t, box.PID)), map[string]string{"names/hostname": "wrapped"})
		return
	}
	refused(t, box.PID)
}

// In a time namespace the machine is up for longer.
func TestLiveTime(t *testing.T) {
	livetest.NeedRoot(t)
	box := livetest.Unshare(t, "--time", "--boottime", "1000000", "--monotonic", "2000", "--fork", "--pid", "--mount-proc")
	wants(t, agrees(t, box.PID, nsenterIn(t, box.PID)), map[string]string{"time/boottime": "277h46m40s", "time/monotonic": "33m20s"})
}

// As a normal user: what has to be entered says that it is refused, and is not what stands on the host; what can be read is read.
func TestLiveUnshareAsANormalUser(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs a normal user, without the rights of root")
	}
	if exec.Command("unshare", "-Ur", "true").Run() != nil {
		livetest.Skip(t, "needs the right to make user namespaces")
	}
	refused(t, livetest.Unshare(t, "--user", "--map-root-user", "--uts", "--net", "--ipc", "--pid", "--fork").PID)
}

func refused(t *testing.T, pid int) {
	t.Helper()
	e := newEye(t)
	s := e.scan(t)
	groups := Compare(e.side(t, s, os.Getpid()), e.side(t, s, pid))
	how := reading.How{State: reading.Denied, Errno: uint16(syscall.EPERM)}
	for _, key := range []string{"names/hostname", "names/domainname", "network/interfaces", "sysctls/net.ipv4.ip_forward", "sysctls/kernel.shmmax"} {
		name, k, _ := strings.Cut(key, "/")
		if r := find(t, groups, name, k); r.State != Unknown || r.Right.How != how || r.Right.Text != "" {
			t.Errorf("%s: %s", key, rowText(r))
		}
	}
	for _, key := range []string{"namespaces/net", "identity/uid", "root/mount", "mounts//", "environment/PATH", "users/user 0"} {
		name, k, _ := strings.Cut(key, "/")
		if r := find(t, groups, name, k); r.State == Unknown || r.State == OnlyLeft {
			t.Errorf("%s: %s", key, rowText(r))
		}
	}
}

// BenchmarkLive is what the screen does each second at 2,100 processes.
func BenchmarkLive(b *testing.B) {
	livetest.Many(b, 2000, 20)
	e := newEye(b)
	s := e.scan(b)
	for range 20 {
		s = e.scan(b)
	}
	var other int
	for i := range s.Procs {
		if p := &s.Procs[i]; p.Comm == "sleep" && p.Facts.NS != nil && p.Facts.NS.Ino[0] != s.ByPID(os.Getpid()).Facts.NS.Ino[0] {
			other = p.PID
		}
	}
	b.Run("look", func(b *testing.B) {
		for b.Loop() {
			e.side(b, s, other)
		}
	})
	l, r := e.side(b, s, os.Getpid()), e.side(b, s, other)
	b.Run("compare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Compare(l, r)
		}
	})
}
