package cgroups

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/limit"
)

func file(t testing.TB, g *Group, controller, name string) string {
	t.Helper()
	f, err := g.controlled(controller)
	if err != nil {
		t.Fatal(err)
	}
	text, err := f.read(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func version(t testing.TB, g *Group, controller, v1, v2 string) string {
	t.Helper()
	f, err := g.controlled(controller)
	if err != nil {
		t.Fatal(err)
	}
	if f.V2 {
		return v2
	}
	return v1
}

func TestLimitsAreSetAndReadBack(t *testing.T) {
	cpus, weight := 0.5, uint64(50)
	g := create(t, limit.Set{Memory: amount(64 << 20), PIDs: amount(16), CPUs: &cpus, Weight: &weight})
	t.Logf("in %v %s", g.Paths(), g.Escaped)
	for _, c := range []struct{ controller, v1, v2, want1, want2 string }{
		{"memory", "memory.limit_in_bytes", "memory.max", "67108864", "67108864"},
		{"pids", "pids.max", "pids.max", "16", "16"},
		{"cpu", "cpu.cfs_quota_us", "cpu.max", "50000", "50000 100000"},
		{"cpu", "cpu.shares", "cpu.weight", "512", "50"},
	} {
		if got, want := file(t, g, c.controller, version(t, g, c.controller, c.v1, c.v2)), version(t, g, c.controller, c.want1, c.want2); got != want {
			t.Errorf("%s is %q, want %q", version(t, g, c.controller, c.v1, c.v2), got, want)
		}
	}
	paths := g.Paths()
	if err := g.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, dir := range paths {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", dir, err)
		}
	}
}

// A disk's limit is in the file of its hierarchy.
func TestDiskLimit(t *testing.T) {
	disk := ""
	files, _ := filepath.Glob("/sys/block/*/dev")
	for _, f := range files {
		size, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "size"))
		if number, err := os.ReadFile(f); err == nil && strings.TrimSpace(string(size)) != "0" {
			disk = strings.TrimSpace(string(number))
		}
	}
	if disk == "" {
		t.Skip("needs a disk that this kernel has none of")
	}
	g := create(t, limit.Set{IO: []limit.IO{{Device: disk, WriteBPS: 2 << 20}}})
	name := version(t, g, "io", "blkio.throttle.write_bps_device", "io.max")
	want := version(t, g, "io", disk+" 2097152", disk+" rbps=max wbps=2097152 riops=max wiops=max")
	if got := file(t, g, "io", name); got != want {
		t.Errorf("%s is %q, want %q", name, got, want)
	}
}

func TestGroupIsBelowTheCaller(t *testing.T) {
	g := create(t, limit.Set{PIDs: amount(100)})
	for _, f := range g.folders {
		controller := ""
		if !f.V2 {
			controller = f.Controllers[0]
		}
		own, _ := g.machine.Hierarchies.Place(g.machine.Own, controller)
		if parent := filepath.Dir(f.Dir); parent != own.Dir && !(f.V2 && strings.HasPrefix(own.Dir, parent+"/")) {
			t.Errorf("%s is not in %s", f.Dir, own.Dir)
		}
	}
	cmd := start(t, g, "sleep", "60")
	m, err := MembershipOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if dir, holds := g.Holds(m); !holds {
		t.Errorf("%v does not hold %v", g.Paths(), m.Lines)
	} else {
		t.Log(dir)
	}
	if _, holds := g.Holds(g.machine.Own); holds {
		t.Error("the group holds its maker")
	}
	pids, err := g.PIDs()
	if err != nil || len(pids) != 1 || pids[0] != cmd.Process.Pid {
		t.Errorf("PIDs are %v, %v, want %d", pids, err, cmd.Process.Pid)
	}
}

func TestMemoryLimitKills(t *testing.T) {
	g := create(t, limit.Set{Memory: amount(64 << 20), Swap: swapOf(t, 0)})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(g, "env", hogEnv+"=200", self)
	out, _ := cmd.CombinedOutput()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL || len(out) > 0 {
		t.Fatalf("200M in 64M: %v, %s", cmd.ProcessState, out)
	}
	name, key := version(t, g, "memory", "memory.oom_control", "memory.events"), "oom_kill "
	text := file(t, g, "memory", name)
	if !strings.Contains(text, "\n"+key) || strings.Contains(text, "\n"+key+"0") {
		t.Errorf("%s: %q", name, text)
	}
}

func swapOf(t testing.TB, n int64) *limit.Amount {
	t.Helper()
	m, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	place, ok := m.Hierarchies.Place(m.Own, "memory")
	if !ok {
		return nil
	}
	file := filepath.Join(place.Mount, "memory.memsw.limit_in_bytes")
	if place.V2 { // its root has no files of limits
		file = "/proc/swaps"
	}
	if _, err := os.Stat(file); err != nil {
		return nil
	}
	return amount(n)
}

func TestPIDsLimitRefusesForks(t *testing.T) {
	g := create(t, limit.Set{PIDs: amount(16)})
	out, err := command(g, "sh", "-c", "for i in $(seq 40); do sleep 60 >/dev/null 2>&1 & done; wait").CombinedOutput()
	if err == nil || !strings.Contains(strings.ToLower(string(out)), "fork") {
		t.Errorf("%v: %s", err, out)
	}
	if err := g.Kill(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestCPULimitThrottles(t *testing.T) {
	cpus := 0.2
	g := create(t, limit.Set{CPUs: &cpus})
	start(t, g, "sh", "-c", "while :; do :; done")
	livetest.WaitFor(t, "nr_throttled to grow", func() bool {
		for line := range strings.Lines(file(t, g, "cpu", "cpu.stat") + "\n") {
			if key, value, _ := strings.Cut(strings.TrimSpace(line), " "); key == "nr_throttled" {
				n, _ := strconv.Atoi(value)
				return n > 1
			}
		}
		return false
	})
}

func TestCPUSet(t *testing.T) {
	g := create(t, limit.Set{CPUSet: "0"})
	cmd := start(t, g, "sleep", "60")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil || !strings.Contains(string(status), "Cpus_allowed_list:\t0\n") {
		t.Errorf("%v: %s", err, status)
	}
}

func TestCreateFailsClean(t *testing.T) {
	livetest.NeedRoot(t)
	name := testName()
	g, err := Create(name, &limit.Set{PIDs: amount(16), CPUSet: "9999"})
	if err == nil {
		g.Remove(context.Background()) //nolint:errcheck // the test has failed
		t.Fatal("a processor that there is not")
	}
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Path, "cpuset.cpus") || e.Err == nil || e.Advice == "" {
		t.Errorf("the error does not say all: %v", err)
	}
	t.Log(err)
	left, _ := filepath.Glob("/sys/fs/cgroup/*/" + name)
	deeper, _ := filepath.Glob("/sys/fs/cgroup/*/*/*/" + name)
	if len(left)+len(deeper) > 0 {
		t.Errorf("left behind: %v %v", left, deeper)
	}
	for _, bad := range []string{"", "a/b", "..", ".", "/"} {
		if g, err := Create(bad, &limit.Set{}); err == nil {
			g.Remove(context.Background()) //nolint:errcheck // the test has failed
			t.Errorf("%q is no name", bad)
		}
	}
}

func TestCreateAsUser(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs a normal user")
	}
	g, err := Create(testName(), &limit.Set{PIDs: amount(16)})
	if err == nil {
		t.Logf("made in %v", g.Paths())
		if err := g.Remove(context.Background()); err != nil {
			t.Error(err)
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) || e.Advice == "" {
		t.Errorf("no advice: %v", err)
	}
	t.Log(err)
}

func TestHeldOpen(t *testing.T) {
	g := create(t, limit.Set{PIDs: amount(16)})
	settings, err := g.Settings(&limit.Set{PIDs: amount(20)})
	if err != nil {
		t.Fatal(err)
	}
	f, _ := g.controlled("pids")
	if f.V2 {
		t.Skip("on v2 the directory is the group's only one")
	}
	if err := syscall.Rmdir(f.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := settings[0].Write(); err == nil {
		t.Error("wrote into another cgroup")
	}
	if text, _ := os.ReadFile(filepath.Join(f.Dir, "pids.max")); strings.TrimSpace(string(text)) != "max" {
		t.Errorf("the new cgroup has %s", text)
	}
}

func BenchmarkCreate(b *testing.B) {
	livetest.NeedRoot(b)
	cpus := 0.5
	for b.Loop() {
		g, err := Create(testName(), &limit.Set{Memory: amount(64 << 20), PIDs: amount(16), CPUs: &cpus})
		if err != nil {
			b.Fatal(err)
		}
		if err := g.Remove(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
