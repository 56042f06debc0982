package cgroups

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
	"cutaway/sandbox/limit"
)

// hogEnv makes the test binary use that many MiB of memory, and wait.
const hogEnv = "CUTAWAY_CGROUPS_HOG"

func TestMain(m *testing.M) {
	n, err := strconv.Atoi(os.Getenv(hogEnv))
	if err != nil {
		os.Exit(m.Run())
	}
	memory := make([]byte, n<<20)
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	fmt.Println("has it")
	select {}
}

var count atomic.Int32

// testName is a name for a cgroup of this test binary.
func testName() string {
	return fmt.Sprintf("cutaway-test-%d-%d", os.Getpid(), count.Add(1))
}

func amount(n int64) *limit.Amount { a := limit.Amount(n); return &a }

// create makes a group that is killed and removed at the test's end.
func create(t testing.TB, set limit.Set) *Group {
	t.Helper()
	m, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	if m.Hierarchies.Mode() == cgroup.None {
		livetest.Skip(t, "needs cgroups")
	}
	g, err := m.Create(testName(), &set)
	if err != nil && os.Geteuid() != 0 {
		t.Skipf("needs root, or a cgroup of the user's own: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if len(g.folders) == 0 {
			return
		}
		if err := g.Kill(context.Background()); err != nil {
			t.Error(err)
		}
		if err := g.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// command prepares a program that runs in the group, the way a sandbox's first process gets there.
func command(g *Group, argv ...string) *exec.Cmd {
	var join strings.Builder
	for i := range g.Tasks() {
		fmt.Fprintf(&join, "echo 0 >&%d && exec %d>&- && ", 3+i, 3+i)
	}
	cmd := exec.Command("sh", append([]string{"-c", join.String() + `exec "$@"`, "sh"}, argv...)...)
	cmd.ExtraFiles = g.Tasks()
	if dir := g.Dir(); dir != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	}
	return cmd
}

// start starts a program in the group and returns when it is there.
func start(t testing.TB, g *Group, argv ...string) *exec.Cmd {
	t.Helper()
	cmd := command(g, argv...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = g.Thaw(context.Background())
		_ = cmd.Wait()
	})
	livetest.WaitFor(t, "the program to be in its cgroup", func() bool {
		args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
		return err != nil || strings.HasPrefix(string(args), strings.Join(argv, "\x00"))
	})
	return cmd
}

// file reads a file of the group's.
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

// version picks a word by the hierarchy that has a controller.
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
	t.Logf("in %v %s", g.Paths(), g.Where)
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

// A new group is below the caller's own cgroup in every v1 hierarchy, so that the caller's limits hold for it.
func TestGroupIsBelowTheCaller(t *testing.T) {
	g := create(t, limit.Set{PIDs: amount(100)})
	for _, f := range g.folders {
		controller := ""
		if !f.V2 {
			controller = f.Controllers[0]
		}
		own, _ := g.machine.Hierarchies.Place(g.machine.Own, controller)
		if filepath.Dir(f.Dir) != own.Dir && g.Where == "" {
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

// swapOf is a limit for swap where this kernel accounts for it.
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

func TestFreezeAndThaw(t *testing.T) {
	g := create(t, limit.Set{})
	cmd := start(t, g, "sh", "-c", "while :; do :; done")
	ctx := context.Background()
	for range 3 {
		if err := g.Freeze(ctx); err != nil {
			t.Fatal(err)
		}
		if frozen, err := g.Frozen(); !frozen || err != nil {
			t.Errorf("frozen: %v, %v", frozen, err)
		}
		before := cpuTime(t, cmd.Process.Pid)
		time.Sleep(30 * time.Millisecond) // a process that runs would have used some by now
		if after := cpuTime(t, cmd.Process.Pid); after != before {
			t.Errorf("it used %s, then %s", before, after)
		}
		if err := g.Thaw(ctx); err != nil {
			t.Fatal(err)
		}
		livetest.WaitFor(t, "it to run again", func() bool { return cpuTime(t, cmd.Process.Pid) != before })
	}
}

// cpuTime is a process's time in nanoseconds (proc_pid_schedstat).
func cpuTime(t testing.TB, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func TestKill(t *testing.T) {
	for name, frozen := range map[string]bool{"running": false, "frozen": true} {
		t.Run(name, func(t *testing.T) {
			g := create(t, limit.Set{PIDs: amount(1000)})
			// A tree that leaves its parents, and one cgroup more below.
			cmd := start(t, g, "sh", "-c", "for i in $(seq 20); do (setsid sleep 60 &) ; done; exec sleep 60")
			livetest.WaitFor(t, "the processes", func() bool { p, err := g.PIDs(); return err == nil && len(p) >= 21 })
			for _, f := range g.folders {
				if err := os.Mkdir(filepath.Join(f.Dir, "below"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if frozen {
				if err := g.Freeze(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			if err := g.Kill(context.Background()); err != nil {
				t.Fatal(err)
			}
			if pids, err := g.PIDs(); len(pids) > 0 || err != nil {
				t.Errorf("left are %v, %v", pids, err)
			}
			_ = cmd.Wait()
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
				t.Errorf("ended by %v", cmd.ProcessState)
			}
			if err := g.Remove(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// What starts processes all the time cannot outrun the sweep of v1.
func TestKillForkers(t *testing.T) {
	g := create(t, limit.Set{PIDs: amount(2000)})
	start(t, g, "sh", "-c", "while :; do (sleep 0.1 & sleep 0.1 &); done")
	start(t, g, "sh", "-c", "while :; do (sleep 0.1 & sleep 0.1 &); done")
	livetest.WaitFor(t, "many processes", func() bool { p, err := g.PIDs(); return err == nil && len(p) > 20 })
	if err := g.Kill(context.Background()); err != nil {
		t.Fatal(err)
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

func TestSweep(t *testing.T) {
	livetest.NeedRoot(t)
	m, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	// The owner is this process's PID with another start time: a PID that was used again.
	dead := fmt.Sprintf("cutaway-%d-%d-%d", os.Getpid(), 1, count.Add(1))
	held := fmt.Sprintf("cutaway-%d-%d-%d", os.Getpid(), 1, count.Add(1))
	var groups []*Group
	for _, name := range []string{dead, held} {
		g, err := m.Create(name, &limit.Set{PIDs: amount(50)})
		if err != nil {
			t.Fatal(err)
		}
		groups = append(groups, g)
	}
	orphan, kept := groups[0], groups[1]
	t.Cleanup(func() {
		if err := kept.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	cmd := start(t, orphan, "sleep", "60")
	paths := orphan.Paths()
	orphan.Close() // as the launcher's end does
	swept, err := m.Sweep(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(swept, " "), dead) || strings.Contains(strings.Join(swept, " "), held) {
		t.Errorf("swept %v, want %s and not %s", swept, dead, held)
	}
	for _, dir := range paths {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", dir)
		}
	}
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != unix.SIGKILL {
		t.Errorf("what was left ended by %v", cmd.ProcessState)
	}
}

func TestOwnerOf(t *testing.T) {
	for name, want := range map[string]bool{
		"cutaway-12-345-1": true, "cutaway-12-345": false, "cutaway-test-12-3": false, "cutaway-0-1-1": false,
		"cutaway-12-345-1-": false, "sbx-12-345-1": false, "cutaway--1-1": false, "cutaway-12-345--1": false,
	} {
		if _, _, ok := ownerOf(name); ok != want {
			t.Errorf("ownerOf(%q) is %v", name, ok)
		}
	}
	if alive(1<<22-1, 1) {
		t.Error("a PID that there is not is alive")
	}
}

// What takes the name of a group that was removed is not touched.
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

// onV2 makes a group in the v2 hierarchy alone, which every machine has that has one, whether v1 has the controllers or not.
func onV2(t *testing.T) *Group {
	t.Helper()
	livetest.NeedRoot(t)
	m, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	m.Own.Lines = slices.DeleteFunc(m.Own.Lines, func(l proc.CgroupLine) bool { return l.Hierarchy != 0 })
	if _, ok := m.Hierarchies.Place(m.Own, ""); !ok {
		livetest.Skip(t, "needs a v2 hierarchy")
	}
	g, err := m.Create(testName(), &limit.Set{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Kill(context.Background()); err != nil {
			t.Error(err)
		}
		if err := g.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

func TestV2FreezeAndKill(t *testing.T) {
	g := onV2(t)
	if g.Dir() == nil || len(g.Tasks()) > 0 {
		t.Fatalf("made %v", g.Paths())
	}
	ctx := context.Background()
	cmd := start(t, g, "sh", "-c", "for i in $(seq 20); do (setsid sleep 60 &) ; done; exec sleep 60")
	livetest.WaitFor(t, "the processes", func() bool { p, err := g.PIDs(); return err == nil && len(p) >= 21 })
	if err := os.Mkdir(filepath.Join(g.Paths()[0], "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := g.Freeze(ctx); err != nil {
		t.Fatal(err)
	}
	if frozen, err := g.Frozen(); !frozen || err != nil {
		t.Errorf("frozen %v, %v", frozen, err)
	}
	if err := g.Thaw(ctx); err != nil {
		t.Fatal(err)
	}
	if err := g.Freeze(ctx); err != nil {
		t.Fatal(err)
	}
	if line := g.KillLine(func(s string) string { return s }); line != "echo 1 > "+g.Paths()[0]+"/cgroup.kill" {
		t.Errorf("kills by %q", line)
	}
	if err := g.Kill(ctx); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("ended by %v", cmd.ProcessState)
	}
}
