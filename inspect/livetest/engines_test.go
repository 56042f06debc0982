package livetest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/livetest"
)

func TestMain(m *testing.M) { os.Exit(livetest.Main(m)) }

// allLinks are the namespaces that every kernel since 5.6 has.
var allLinks = []string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}

// own lists the namespaces of a process that differ from those of another.
func own(t *testing.T, pid, than int) []string {
	t.Helper()
	var list []string
	for _, link := range allLinks {
		if livetest.Namespace(t, pid, link) != livetest.Namespace(t, than, link) {
			list = append(list, link)
		}
	}
	return list
}

func wantOwn(t *testing.T, c *livetest.Container, than int, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, own(t, c.PID, than)); diff != "" {
		t.Errorf("%s: own namespaces (-want +got):\n%s", c.Engine, diff)
	}
}

// wantSleeping checks that the bench names the container's first process and no launcher.
func wantSleeping(t *testing.T, c *livetest.Container) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", c.PID))
	if err != nil {
		t.Fatal(err)
	}
	if name, _, _ := strings.Cut(string(text), "\x00"); filepath.Base(name) != "sleep" {
		t.Errorf("%s: PID %d runs %q, not sleep", c.Engine, c.PID, text)
	}
}

// cgroupPath is the container's path in one line of /proc/PID/cgroup: the first that is below the bench's cgroup.
func cgroupPath(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if _, path, ok := strings.Cut(line, "/cutaway-test-"); ok {
			_, below, _ := strings.Cut(strings.TrimSpace(path), "/")
			return below
		}
	}
	return ""
}

// defaultNamespaces are those that Docker and Podman give a container; on v2 a cgroup namespace is among them.
func defaultNamespaces() []string {
	if livetest.CgroupFile("memory", "/", "") == "" {
		return []string{"cgroup", "ipc", "mnt", "net", "pid", "uts"}
	}
	return []string{"ipc", "mnt", "net", "pid", "uts"}
}

func TestLiveDocker(t *testing.T) {
	docker := livetest.Docker(t)
	db := docker.Run(t, "--name", "db", "--memory", "128m")
	wantSleeping(t, db)
	wantOwn(t, db, docker.Machine.PID, defaultNamespaces()...)
	if got, want := cgroupPath(t, db.PID), "docker/"+db.ID; got != want {
		t.Errorf("cgroup is %q, want %q", got, want)
	}
	var record struct{ HostConfig struct{ Memory int64 } }
	db.Decode(t, &record)
	if record.HostConfig.Memory != 128<<20 {
		t.Errorf("docker inspect says a memory limit of %d", record.HostConfig.Memory)
	}
	web := docker.Run(t, "--name", "web", "--net", "container:db")
	if livetest.Namespace(t, web.PID, "net") != livetest.Namespace(t, db.PID, "net") {
		t.Error("web is not in db's network namespace")
	}
}

func TestLivePodman(t *testing.T) {
	podman := livetest.Podman(t)
	c := podman.Run(t, "--name", "pod-one")
	wantSleeping(t, c)
	wantOwn(t, c, podman.Machine.PID, defaultNamespaces()...)
	if got, want := cgroupPath(t, c.PID), "libpod_parent/libpod-"+c.ID; !strings.HasPrefix(got, want) {
		t.Errorf("cgroup is %q, want %q", got, want)
	}
	if c.Name != "pod-one" {
		t.Errorf("name is %q", c.Name)
	}
}

func TestLivePodmanRootless(t *testing.T) {
	c := livetest.PodmanRootless(t).Run(t, "--name", "rootless")
	wantSleeping(t, c)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/uid_map", c.PID))
	if err != nil {
		t.Fatal(err)
	}
	if first := strings.Fields(string(text)); len(first) < 3 || first[0] != "0" || first[1] == "0" {
		t.Errorf("root inside is root outside: uid_map is %q", text)
	}
}

func TestLiveContainerd(t *testing.T) {
	c := livetest.UseContainerd(t, "default").Run(t, "probe", "probes/probe")
	wantSleeping(t, c)
	var record struct{ ID string }
	c.Decode(t, &record)
	if record.ID != "probe" {
		t.Errorf("ctr container info says the id %q", record.ID)
	}
	if got := cgroupPath(t, c.PID); got != "probes/probe" {
		t.Errorf("cgroup is %q", got)
	}
}

func TestLiveKubernetes(t *testing.T) {
	id := strings.Repeat("ab", 32)
	uid := "11111111-2222-3333-4444-555555555555"
	c := livetest.UseContainerd(t, "k8s.io").Pod(t, uid, "web-0", "nginx", id)
	wantSleeping(t, c)
	if got, want := cgroupPath(t, c.PID), "kubepods/burstable/pod"+uid+"/"+id; got != want {
		t.Errorf("cgroup is %q, want %q", got, want)
	}
}

func TestLiveOCI(t *testing.T) {
	for name, run := range map[string]func(testing.TB, string) *livetest.Container{
		"runc": livetest.Runc, "crun": livetest.Crun,
	} {
		t.Run(name, func(t *testing.T) {
			c := run(t, "one-"+name)
			wantSleeping(t, c)
			if got := cgroupPath(t, c.PID); got != "one-"+name && livetest.CgroupFile("memory", "/", "") == "" {
				t.Errorf("cgroup is %q", got)
			}
			var state struct{ ID, Status string }
			c.Decode(t, &state)
			if state.ID != c.ID || state.Status != "running" {
				t.Errorf("state is %+v", state)
			}
		})
	}
}

func TestLiveLXC(t *testing.T) {
	c := livetest.LXC(t, "box")
	wantSleeping(t, c)
	if got := cgroupPath(t, c.PID); got != "lxc.payload.box" {
		t.Errorf("cgroup is %q", got)
	}
	if text := c.Inspect(t); !strings.Contains(text, "RUNNING") {
		t.Errorf("lxc-info says: %s", text)
	}
}

func TestLiveNspawn(t *testing.T) {
	c := livetest.Nspawn(t, "spawned")
	wantSleeping(t, c)
	wantOwn(t, c, livetest.UseMachine(t).PID, "cgroup", "ipc", "mnt", "net", "pid", "uts")
}

func TestLiveFirejail(t *testing.T) {
	c := livetest.Firejail(t, "--net=none", "--caps.drop=all", "--seccomp")
	wantSleeping(t, c)
	wantOwn(t, c, livetest.UseMachine(t).PID, "ipc", "mnt", "net", "pid", "uts")
}

func TestLiveBwrap(t *testing.T) {
	c := livetest.Bwrap(t, "--unshare-all")
	wantSleeping(t, c)
	wantOwn(t, c, os.Getpid(), "cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
}

func TestLiveUnshare(t *testing.T) {
	t.Run("in a child", func(t *testing.T) {
		flags := []string{"--pid", "--fork", "--mount-proc", "--uts"}
		want := []string{"mnt", "pid", "uts"}
		if os.Geteuid() != 0 {
			flags = append(flags, "--map-root-user")
			want = []string{"mnt", "pid", "user", "uts"}
		}
		c := livetest.Unshare(t, flags...)
		wantSleeping(t, c)
		wantOwn(t, c, os.Getpid(), want...)
	})
	t.Run("itself", func(t *testing.T) {
		c := livetest.Unshare(t, "--user")
		wantSleeping(t, c)
		wantOwn(t, c, os.Getpid(), "user")
	})
}

func TestLiveChroot(t *testing.T) {
	c := livetest.Chroot(t)
	wantSleeping(t, c)
	wantOwn(t, c, os.Getpid())
	root, err := os.Readlink(fmt.Sprintf("/proc/%d/root", c.PID))
	if err != nil {
		t.Fatal(err)
	}
	if root == "/" {
		t.Error("the root is the host's")
	}
}

func TestLiveIPNetns(t *testing.T) {
	inode := livetest.IPNetns(t, "probe")
	wantMemberless(t, inode, "net")
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", livetest.UseMachine(t).PID))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mounts), fmt.Sprintf("net:[%d]", inode)) {
		t.Errorf("no mount of net:[%d] in the machine", inode)
	}
}

func TestLiveHeldByDescriptor(t *testing.T) {
	fd, inode := livetest.HeldByDescriptor(t)
	wantMemberless(t, inode, "uts")
	link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("uts:[%d]", inode); link != want {
		t.Errorf("the descriptor is %q, want %q", link, want)
	}
}

// wantMemberless checks that no process is in a namespace.
func wantMemberless(t *testing.T, inode uint64, kind string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/" + kind)
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, _ := os.Readlink(link); target == fmt.Sprintf("%s:[%d]", kind, inode) {
			t.Errorf("%s is %s", link, target)
		}
	}
}
