package inspect_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect"
	"cutaway/inspect/engine"
	"cutaway/inspect/livetest"
)

func TestMain(m *testing.M) { os.Exit(livetest.Main(m)) }

// liveScanner reads this machine; engines' state files are those of the bench's machine when root is its Root.
func liveScanner(t *testing.T, root string) *inspect.Scanner {
	t.Helper()
	s, err := inspect.NewScanner(inspect.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func liveScan(t *testing.T, s *inspect.Scanner) *inspect.Snapshot {
	t.Helper()
	snapshot, err := s.Scan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// settles scans until a difference is gone and reports the last one: names come from files that may be read a scan
// later, and a container may still be starting.
func settles(t *testing.T, s *inspect.Scanner, diff func(*inspect.Snapshot) string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		text := diff(liveScan(t, s))
		if text == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("(-want +got):\n%s", text)
			return
		}
	}
}

// seen is the container of a process, or nil.
func seen(s *inspect.Snapshot, pid int) *inspect.Container {
	if p := s.ByPID(pid); p != nil {
		return p.Container
	}
	return nil
}

// identity is what cutaway says of a container that the engine knows too.
type identity struct {
	Engine, ID, Name, Image, Runtime string
	Rootless                         bool
	Pod                              engine.Pod
	Init                             int
}

// agrees checks the identity of a container. An empty image means that the engine keeps none where it can be read.
func agrees(t *testing.T, c *livetest.Container, want identity) {
	t.Helper()
	s := liveScanner(t, livetest.UseMachine(t).Root)
	settles(t, s, func(snapshot *inspect.Snapshot) string {
		got := seen(snapshot, c.PID)
		if got == nil {
			return fmt.Sprintf("- %s, PID %d\n+ no container\n", c.Engine, c.PID)
		}
		if len(got.Evidence) == 0 {
			return "+ a container without evidence\n"
		}
		return cmp.Diff(want, identity{
			got.Engine, got.ID, got.Name, got.Image, got.Runtime, got.Rootless, got.Pod, got.Init,
		})
	})
}

func TestLiveDockerIdentity(t *testing.T) {
	c := livetest.Docker(t).Run(t, "--name", "db")
	agrees(t, c, identity{Engine: "docker", ID: c.ID, Name: "db", Image: "bb:1", Runtime: "runc", Init: c.PID})
}

func TestLivePodmanIdentity(t *testing.T) {
	c := livetest.Podman(t).Run(t, "--name", "pod-one")
	agrees(t, c, identity{
		Engine: "podman", ID: c.ID, Name: "pod-one", Image: "localhost/bb:1", Runtime: "runc", Init: c.PID,
	})
}

func TestLivePodmanRootlessIdentity(t *testing.T) {
	c := livetest.PodmanRootless(t).Run(t, "--name", "rootless")
	agrees(t, c, identity{Engine: "podman", ID: c.ID, Name: "rootless", Runtime: "runc", Rootless: true, Init: c.PID})
}

// TestLivePodIdentity has a pod without an infra container. Podman keeps a pod's name in its database only.
func TestLivePodIdentity(t *testing.T) {
	podman := livetest.Podman(t)
	podman.Command(t, "pod", "create", "--infra=false", "--name", "pair")
	t.Cleanup(func() { podman.Command(t, "pod", "rm", "-f", "pair") })
	c := podman.Run(t, "--pod", "pair", "--name", "member")
	var record struct{ Pod string }
	c.Decode(t, &record)
	agrees(t, c, identity{
		Engine: "podman", ID: c.ID, Name: "member", Image: "localhost/bb:1", Runtime: "runc", Init: c.PID,
		Pod: engine.Pod{UID: record.Pod},
	})
}

func TestLiveContainerdIdentity(t *testing.T) {
	c := livetest.UseContainerd(t, "default").Run(t, "probe", "probes/probe")
	agrees(t, c, identity{Engine: "containerd", ID: "probe", Name: "probe", Runtime: "runc", Init: c.PID})
}

func TestLiveKubernetesIdentity(t *testing.T) {
	id, uid := strings.Repeat("ab", 32), "11111111-2222-3333-4444-555555555555"
	c := livetest.UseContainerd(t, "k8s.io").Pod(t, uid, "web-0", "nginx", id)
	agrees(t, c, identity{
		Engine: "kubernetes", ID: id, Name: "nginx", Image: "docker.io/library/bb:1", Runtime: "runc", Init: c.PID,
		Pod: engine.Pod{UID: uid, Name: "web-0", Namespace: "default", QoS: "Burstable"},
	})
}

func TestLiveRuncIdentity(t *testing.T) {
	c := livetest.Runc(t, "one")
	agrees(t, c, identity{Engine: "runc", ID: "one", Name: "one", Runtime: "runc", Init: c.PID})
}

func TestLiveCrunIdentity(t *testing.T) {
	c := livetest.Crun(t, "two")
	agrees(t, c, identity{Engine: "crun", ID: "two", Name: "two", Runtime: "crun", Init: c.PID})
}

func TestLiveLXCIdentity(t *testing.T) {
	c := livetest.LXC(t, "box")
	agrees(t, c, identity{Engine: "lxc", ID: "box", Name: "box", Init: c.PID})
}

func TestLiveNspawnIdentity(t *testing.T) {
	c := livetest.Nspawn(t, "spawned")
	agrees(t, c, identity{Engine: "systemd-nspawn", ID: "spawned", Name: "spawned", Init: c.PID})
}

func TestLiveUnshareIdentity(t *testing.T) {
	c := livetest.Unshare(t, "--pid", "--fork", "--mount-proc", "--user", "--map-root-user")
	bareIdentity(t, c)
}

func TestLiveBwrapIdentity(t *testing.T) { bareIdentity(t, livetest.Bwrap(t, "--unshare-all")) }

func TestLiveFirejailIdentity(t *testing.T) { bareIdentity(t, livetest.Firejail(t, "--net=none")) }

func TestLiveChrootIdentity(t *testing.T) { bareIdentity(t, livetest.Chroot(t)) }

// bareIdentity checks a container that no engine gave an id or a name. The launcher may stay in it as its first process.
func bareIdentity(t *testing.T, c *livetest.Container) {
	t.Helper()
	settles(t, liveScanner(t, "/"), func(snapshot *inspect.Snapshot) string {
		got := seen(snapshot, c.PID)
		if got == nil {
			return fmt.Sprintf("- %s, PID %d\n+ no container\n", c.Engine, c.PID)
		}
		if !slices.Contains(got.Members, got.Init) {
			return fmt.Sprintf("+ the first process %d is not among %v\n", got.Init, got.Members)
		}
		return cmp.Diff([]string{c.Engine, "", "sleep"}, []string{got.Engine, got.ID, got.Name})
	})
}

// TestLiveMachineIsNoContainer holds the daemons of the bench against us: they have a mount and a network namespace of
// their own as a systemd service with PrivateTmp and PrivateNetwork has them, and are no container for that.
func TestLiveMachineIsNoContainer(t *testing.T) {
	m := livetest.UseMachine(t)
	if got := seen(liveScan(t, liveScanner(t, "/")), m.PID); got != nil {
		t.Errorf("the machine's process %d is taken for the container %s (%v)", m.PID, got.Name, got.Evidence)
	}
}

// TestLiveMembers compares the processes of a container with what the kernel lists in its cgroup.
func TestLiveMembers(t *testing.T) {
	docker := livetest.Docker(t)
	c := docker.RunCommand(t, []string{"--init"}, "/bin/sh", "-c", "/bin/sleep 3601 & /bin/sleep 3602 & wait")
	docker.Command(t, "exec", "-d", c.ID, "/bin/sleep", "3603")
	s := liveScanner(t, docker.Machine.Root)
	settles(t, s, func(snapshot *inspect.Snapshot) string {
		want := livetest.CgroupMembers(t, docker.Machine.Cgroup("docker/"+c.ID))
		if len(want) != 5 {
			return fmt.Sprintf("- init, sh and three sleeps\n+ cgroup.procs: %v\n", want)
		}
		got := seen(snapshot, c.PID)
		if got == nil {
			return "+ no container\n"
		}
		return cmp.Diff(want, got.Members)
	})
}
