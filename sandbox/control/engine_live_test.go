package control

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/limit"
)

// pinContainer pins a container's first process, as `cutaway limits NAME` does.
func pinContainer(t *testing.T, c *livetest.Container) *Target {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	target, err := Pin(c.PID, 0, Name{Title: c.Name, Engine: c.Engine, ID: c.Name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

// inside reads a file of the container's own cgroup as a process in it does.
func inside(t *testing.T, e *livetest.Engine, c *livetest.Container, target *Target, controller, v1, v2 string) string {
	t.Helper()
	place, ok := target.group.Place(controller)
	if !ok {
		t.Fatalf("the container has no cgroup for %s", controller)
	}
	file := filepath.Join("/sys/fs/cgroup", v2)
	if !place.V2 {
		file = filepath.Join("/sys/fs/cgroup", controller, v1)
	}
	return strings.TrimSpace(e.Command(t, "exec", c.ID, "cat", file))
}

func testEngine(t *testing.T, e *livetest.Engine) {
	c := e.Run(t, "--memory=256m", "--memory-swap=256m", "--pids-limit=200", "--cpus=1.5")
	target := pinContainer(t, c)
	memory := func() string {
		return inside(t, e, c, target, "memory", "memory.limit_in_bytes", "memory.max")
	}
	pids := func() string { return inside(t, e, c, target, "pids", "pids.max", "pids.max") }
	if memory() != "268435456" || pids() != "200" {
		t.Fatalf("before: %s bytes, %s processes", memory(), pids())
	}
	cpus := 0.5
	set := limit.Set{Memory: amount(64 << 20), PIDs: amount(50), CPUs: &cpus}
	p := plan(t, target, set)
	if len(p.Warnings) == 0 || !strings.Contains(strings.Join(p.Warnings, "\n"), e.Name+" update ") {
		t.Errorf("warnings: %v", p.Warnings)
	}
	apply(t, p)
	if memory() != "67108864" || pids() != "50" {
		t.Errorf("after: %s bytes, %s processes", memory(), pids())
	}
	use := target.Usage()
	if use.EffectiveCPU.Limit.Value.Value != 500 || use.EffectiveMemory.Limit.Value.Value != 64<<20 {
		t.Errorf("effective: %+v, %+v", use.EffectiveCPU, use.EffectiveMemory)
	}
	if e.Name == "docker" { // podman shows its own record
		if stats := e.Command(t, "stats", "--no-stream", "--format", "{{.MemUsage}}", c.ID); !strings.HasSuffix(stats, "/ 64MiB") {
			t.Errorf("docker stats: %s", stats)
		}
	}
	u, err := PlanUndo("", false)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	apply(t, u)
	if memory() != "268435456" || pids() != "200" {
		t.Errorf("undone: %s bytes, %s processes", memory(), pids())
	}
	testFreezeAndKill(t, e, c, target)
}

func testFreezeAndKill(t *testing.T, e *livetest.Engine, c *livetest.Container, target *Target) {
	t.Helper()
	ctx := context.Background()
	if _, err := target.Freeze(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Thaw(ctx); err != nil {
		t.Fatal(err)
	}
	if out := e.Command(t, "exec", c.ID, "echo", "alive"); out != "alive" {
		t.Errorf("thawed, it says %q", out)
	}
	if n, _, err := target.KillAll(ctx); n == 0 || err != nil {
		t.Errorf("killed %d, %v", n, err)
	}
	livetest.WaitFor(t, e.Name+" to notice", func() bool {
		return e.Command(t, "inspect", "--format", "{{.State.Running}} {{.State.ExitCode}}", c.ID) == "false 137"
	})
}

func TestLiveDocker(t *testing.T) { testEngine(t, livetest.Docker(t)) }

func TestLivePodman(t *testing.T) { testEngine(t, livetest.Podman(t)) }

// The line that a plan prints has Docker change the same limits, in its own record too.
func TestLiveDockerUpdateLine(t *testing.T) {
	e := livetest.Docker(t)
	c := e.Run(t, "--memory=256m", "--memory-swap=512m", "--pids-limit=200")
	target := pinContainer(t, c)
	cpus := 0.25
	p := plan(t, target, limit.Set{Memory: amount(600 << 20), Swap: amount(64 << 20), PIDs: amount(60), CPUs: &cpus, CPUSet: "0"})
	_, line, ok := strings.Cut(strings.Join(p.Warnings, "\n"), "there: docker update ")
	if !ok {
		t.Fatalf("warnings: %v", p.Warnings)
	}
	words, err := exec.Command("sh", "-c", `for w in `+line+`; do printf '%s\n' "$w"; done`).Output()
	if err != nil {
		t.Fatal(err)
	}
	e.Command(t, append([]string{"update"}, strings.Fields(string(words))...)...)
	got := e.Command(t, "inspect", "--format",
		"{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpusetCpus}}", c.ID)
	if want := "629145600 696254464 60 250000000 0"; got != want {
		t.Errorf("docker inspect says %s, want %s, after docker update %s", got, want, line)
	}
	if p := plan(t, target, limit.Set{Memory: amount(600 << 20), Swap: amount(64 << 20), PIDs: amount(60), CPUs: &cpus, CPUSet: "0"}); len(p.Writes) > 0 {
		t.Errorf("docker update did not do all that the plan does: %+v", p.Writes)
	}
}

// A rootless container has no cgroup of its own here: nothing is done to what it shares.
func TestLiveRootless(t *testing.T) {
	e := livetest.PodmanRootless(t)
	c := e.Run(t)
	target := pinContainer(t, c)
	if target.group != nil {
		t.Skip("on cgroup v2 it shares the bench's cgroup, not the root's: whoever asks is told of the others")
	}
	if _, err := target.Plan(limit.Set{PIDs: amount(50)}); err == nil {
		t.Error("limited a cgroup that is shared")
	} else {
		t.Log(err)
	}
}
