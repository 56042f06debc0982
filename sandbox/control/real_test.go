package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/livetest"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/limit"
)

// helperEnv makes the test binary try to change its own shell's cgroup, and print what came of it.
const helperEnv = "CUTAWAY_CONTROL_HELPER"

// hogEnv makes it use that many MiB of memory, and wait.
const hogEnv = "CUTAWAY_CONTROL_HOG"

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(hogEnv)); err == nil {
		memory := make([]byte, n<<20)
		for i := 0; i < len(memory); i += os.Getpagesize() {
			memory[i] = 1
		}
		select {}
	}
	if os.Getenv(helperEnv) == "" {
		os.Exit(m.Run())
	}
	t, err := Pin(os.Getppid(), 0, Name{Title: "shell"})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ctx := context.Background()
	_, limitErr := t.Plan(limit.Set{PIDs: amount(500)})
	_, freezeErr := t.Freeze(ctx)
	_, _, killErr := t.KillAll(ctx)
	for _, err := range []error{limitErr, freezeErr, killErr} {
		fmt.Println(errors.Is(err, ErrProtected), err)
	}
	os.Exit(0)
}

var count atomic.Int32

func amount(n int64) *limit.Amount { a := limit.Amount(n); return &a }

// alone makes a cgroup with a program in it, and a journal of the test's own.
func alone(t testing.TB, set limit.Set, argv ...string) (*cgroups.Group, *exec.Cmd) {
	t.Helper()
	if dir := os.Getenv("XDG_STATE_HOME"); !strings.HasPrefix(dir, os.TempDir()) {
		t.Setenv("XDG_STATE_HOME", t.TempDir())
	}
	if set.PIDs == nil {
		set.PIDs = amount(1000)
	}
	g, err := cgroups.Create(fmt.Sprintf("cutaway-test-%d-%d", os.Getpid(), count.Add(1)), &set)
	if err != nil && os.Geteuid() != 0 {
		t.Skipf("needs root, or a cgroup of the user's own: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var join strings.Builder
	for i := range g.Tasks() {
		fmt.Fprintf(&join, "echo 0 >&%d && exec %d>&- && ", 3+i, 3+i)
	}
	cmd := exec.Command("sh", append([]string{"-c", join.String() + `exec "$@"`, "sh"}, argv...)...)
	cmd.ExtraFiles = g.Tasks()
	if dir := g.Dir(); dir != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	}
	t.Cleanup(func() {
		if err := g.Kill(context.Background()); err != nil {
			t.Error(err)
		}
		if cmd.Process != nil {
			_ = cmd.Wait()
		}
		if err := g.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if len(argv) == 0 {
		return g, cmd
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	livetest.WaitFor(t, "the program to be in its cgroup", func() bool {
		args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
		return err != nil || strings.HasPrefix(string(args), strings.Join(argv, "\x00"))
	})
	return g, cmd
}

func pin(t testing.TB, pid int) *Target {
	t.Helper()
	target, err := Pin(pid, 0, Name{Title: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

// sleeper is a target in a cgroup of its own.
func sleeper(t testing.TB, set limit.Set) *Target {
	t.Helper()
	_, cmd := alone(t, set, "sleep", "600")
	return pin(t, cmd.Process.Pid)
}

// values reads what the plan's files hold now.
func values(t testing.TB, p *Plan) string {
	t.Helper()
	var all []string
	for _, w := range p.Writes {
		text, err := os.ReadFile(w.File)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, filepath.Base(w.File)+"="+strings.TrimSpace(string(text)))
	}
	return strings.Join(all, " ")
}

func plan(t testing.TB, target *Target, set limit.Set) *Plan {
	t.Helper()
	p, err := target.Plan(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range p.Writes {
		t.Logf("%s: %s -> %s: %s (hurts: %v)", filepath.Base(w.File), w.Old, w.New, w.What, w.Hurts)
	}
	return p
}

func apply(t testing.TB, p *Plan) ([]Result, string) {
	t.Helper()
	results, batch, err := p.Apply()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Entry.Unwritten != nil {
			t.Error(r.Entry.Unwritten)
		}
	}
	return results, batch
}

func TestLimitsAndUndo(t *testing.T) {
	all := 0.0
	target := sleeper(t, limit.Set{Memory: amount(64 << 20), CPUs: &all})
	cpus := 0.5
	set := limit.Set{Memory: amount(32<<20 + 1), PIDs: amount(20), CPUs: &cpus}
	p := plan(t, target, set)
	before := values(t, p)
	results, batch := apply(t, p)
	after := values(t, p)
	if before == after || !strings.Contains(after, "33554432") || !strings.Contains(after, "50000") || !strings.Contains(after, "pids.max=20") {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	for _, r := range results {
		if r.Rounded != (r.Limit == "memory") {
			t.Errorf("%s: wrote %s, is %s, rounded %v", r.File, r.New, r.Now, r.Rounded)
		}
	}
	if p := plan(t, target, set); len(p.Writes) != 0 || len(p.Same) != 3 {
		t.Errorf("the same again: %+v", p)
	}
	entries, _, err := journal.Read(journal.Filter{Batch: batch})
	if err != nil || len(entries) != len(results) {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		if e.Shell != "echo "+e.New+" > "+e.File && e.Shell != "echo '"+e.New+"' > "+e.File || e.Undo == nil {
			t.Errorf("%+v", e)
		}
	}

	u, err := PlanUndo("", false)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	apply(t, u)
	if now := values(t, p); now != before {
		t.Errorf("undone is %s\nbefore was %s", now, before)
	}
	if _, err := PlanUndo("", false); !errors.Is(err, ErrNothing) {
		t.Errorf("undone twice: %v", err)
	}
	if _, err := PlanUndo(batch, false); !errors.Is(err, ErrNothing) {
		t.Errorf("undone twice by ID: %v", err)
	}
	if _, err := PlanUndo("nonsense", false); !errors.Is(err, ErrNothing) {
		t.Errorf("undone what was not: %v", err)
	}
}

func TestUndoOfWhatChanged(t *testing.T) {
	target := sleeper(t, limit.Set{})
	p := plan(t, target, limit.Set{PIDs: amount(20)})
	_, batch := apply(t, p)
	file := p.Writes[0].File
	if err := os.WriteFile(file, []byte("30"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := PlanUndo(batch, false); !errors.Is(err, ErrChanged) {
		t.Errorf("undid another's change: %v", err)
	}
	u, err := PlanUndo(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if len(u.Warnings) == 0 {
		t.Error("no warning")
	}
	apply(t, u)
	if now := values(t, p); now != "pids.max=1000" {
		t.Errorf("undone is %s", now)
	}
}

func TestUndoOfAnotherCgroup(t *testing.T) {
	target := sleeper(t, limit.Set{})
	p := plan(t, target, limit.Set{PIDs: amount(20)})
	apply(t, p)
	dir := filepath.Dir(p.Writes[0].File)
	if _, _, err := target.KillAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	livetest.WaitFor(t, "the cgroup to be removed", func() bool { return syscall.Rmdir(dir) == nil })
	if _, err := PlanUndo("", false); err == nil {
		t.Error("undid in a cgroup that is not there")
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := PlanUndo("", true); !errors.Is(err, ErrGone) {
		t.Errorf("undid in another cgroup: %v", err)
	}
}

// A journal that names other files than those of cgroups has no effect, whoever wrote it.
func TestUndoOfHostileJournal(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	victim := filepath.Join(t.TempDir(), "pids.max")
	if err := os.WriteFile(victim, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	boot, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Dir(victim), &st); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		victim, "/etc/passwd", "/sys/fs/cgroup/../../../etc/passwd", "/sys/fs/cgroup/cgroup.procs", "passwd", "", "/", "/sys/fs/cgroup/pids/../../../../" + victim,
	} {
		if _, err := journal.Do(journal.Change{
			Action: "limit", Target: "t", File: file, Old: "old", New: "new", Undo: &journal.Undo{Limit: "pids", Inode: st.Ino, Boot: boot},
		}, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if p, err := PlanUndo("", true); err == nil {
			t.Errorf("%s: %+v", file, p)
			p.Close()
		}
	}
	if text, _ := os.ReadFile(victim); string(text) != "new" {
		t.Error("the file was written")
	}
}

// When one write fails, those before it are taken back.
func TestApplyTakesBack(t *testing.T) {
	target := sleeper(t, limit.Set{CPUSet: "0"})
	p := plan(t, target, limit.Set{PIDs: amount(20), CPUSet: "9999"})
	before := values(t, p)
	_, batch, err := p.Apply()
	if err == nil || !strings.Contains(err.Error(), "nothing was changed") || !strings.Contains(err.Error(), "cpuset.cpus") {
		t.Errorf("got %v", err)
	}
	if now := values(t, p); now != before {
		t.Errorf("now    %s\nbefore %s", now, before)
	}
	if _, err := PlanUndo(batch, false); !errors.Is(err, ErrNothing) {
		t.Errorf("what was taken back can be undone: %v", err)
	}
}

func TestPlanIsStale(t *testing.T) {
	target := sleeper(t, limit.Set{})
	p := plan(t, target, limit.Set{PIDs: amount(20)})
	if err := os.WriteFile(p.Writes[0].File, []byte("30"), 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Apply(); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
}

// Memory and swap go up and down together, in an order that v1 takes.
func TestMemoryAndSwap(t *testing.T) {
	target := sleeper(t, limit.Set{Memory: amount(64 << 20)})
	if _, err := target.Plan(limit.Set{Swap: amount(0)}); err != nil {
		livetest.Skip(t, "needs an account of swap: "+err.Error())
	}
	for _, step := range []struct{ memory, swap *limit.Amount }{
		{nil, amount(0)},
		{amount(128 << 20), amount(32 << 20)},
		{amount(32 << 20), amount(0)},
		{amount(256 << 20), nil},
		{amount(16 << 20), nil},
		{nil, amount(1 << 30)},
		{amount(-1), nil},
		{amount(64 << 20), amount(64 << 20)},
		{amount(2 << 30), amount(-1)},
		{amount(20 << 20), amount(0)},
		{amount(-1), amount(-1)},
	} {
		p := plan(t, target, limit.Set{Memory: step.memory, Swap: step.swap})
		apply(t, p)
		use := target.Usage()
		if step.memory != nil && !same(use.MemoryLimit.Value, *step.memory) {
			t.Errorf("memory %s: is %+v", *step.memory, use.MemoryLimit)
		}
		if step.swap != nil && !same(use.SwapLimit.Value, *step.swap) {
			t.Errorf("swap %s: is %+v", *step.swap, use.SwapLimit)
		}
	}
	// What was done is undone step by step.
	for range 9 {
		u, err := PlanUndo("", false)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, u)
		u.Close()
	}
}

func same(l cgroup.Limit, a limit.Amount) bool {
	return l.Unlimited == (a == limit.Max) && (l.Unlimited || l.Value == uint64(a))
}

// On v1 swap alone cannot be limited without memory.
func TestSwapNeedsMemoryOnV1(t *testing.T) {
	target := sleeper(t, limit.Set{})
	place, ok := target.group.Place("memory")
	if !ok || place.V2 {
		t.Skip("needs v1's memory controller")
	}
	if _, err := target.Plan(limit.Set{Swap: amount(1 << 20)}); err == nil || !strings.Contains(err.Error(), "limit memory too") {
		t.Errorf("got %v", err)
	}
}

// hog is a target that uses that much memory.
func hog(t testing.TB, mebibytes int) *Target {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(hogEnv, strconv.Itoa(mebibytes))
	_, cmd := alone(t, limit.Set{Memory: amount(512 << 20)}, self)
	target := pin(t, cmd.Process.Pid)
	livetest.WaitFor(t, "the memory to be used", func() bool {
		use := target.Usage()
		return use.MemoryUsage.OK() && use.MemoryUsage.Value > uint64(mebibytes)<<20
	})
	return target
}

// Lowering memory below what is in use is refused by v1, and kills on v2: as the plan's words say.
func TestMemoryBelowUse(t *testing.T) {
	target := hog(t, 60)
	p := plan(t, target, limit.Set{Memory: amount(20 << 20)})
	if !p.Hurts() {
		t.Error("it does not hurt")
	}
	place, _ := target.group.Place("memory")
	_, _, err := p.Apply()
	if place.V2 {
		if err != nil || !strings.Contains(p.Writes[0].What, "kill") {
			t.Errorf("%v: %s", err, p.Writes[0].What)
		}
		livetest.WaitFor(t, "a kill", func() bool { u := target.Usage(); return u.OOMKills.OK() && u.OOMKills.Value > 0 })
		return
	}
	if swapIsOn() {
		t.Skip("with swap the kernel may reclaim that much")
	}
	if !errors.Is(err, unix.EBUSY) || !strings.Contains(p.Writes[0].What, "EBUSY") || !strings.Contains(err.Error(), "more than this is in use") {
		t.Errorf("got %v: %s", err, p.Writes[0].What)
	}
	if use := target.Usage(); use.MemoryLimit.Value.Value != 512<<20 {
		t.Errorf("the limit is %+v", use.MemoryLimit)
	}
}

func swapIsOn() bool {
	text, _ := os.ReadFile("/proc/swaps")
	return strings.Count(string(text), "\n") > 1
}

func TestPIDsBelowUse(t *testing.T) {
	_, cmd := alone(t, limit.Set{}, "sh", "-c", "sleep 600 & sleep 600 & sleep 600 & wait")
	target := pin(t, cmd.Process.Pid)
	livetest.WaitFor(t, "the processes", func() bool { p, err := target.PIDs(); return err == nil && len(p) == 4 })
	p := plan(t, target, limit.Set{PIDs: amount(2)})
	if !p.Hurts() || len(p.Warnings) == 0 || !strings.Contains(p.Warnings[0], "4 processes") {
		t.Errorf("hurts %v, warnings %v", p.Hurts(), p.Warnings)
	}
	if p := plan(t, target, limit.Set{PIDs: amount(10)}); p.Hurts() {
		t.Error("it hurts")
	}
}

func TestFreezeThawKillSignal(t *testing.T) {
	target := sleeper(t, limit.Set{})
	ctx := context.Background()
	if _, err := target.Freeze(ctx); err != nil {
		t.Fatal(err)
	}
	if frozen, err := target.Frozen(); !frozen || err != nil {
		t.Errorf("frozen %v, %v", frozen, err)
	}
	if _, err := target.Thaw(ctx); err != nil {
		t.Fatal(err)
	}
	if e, err := target.Signal(syscall.SIGWINCH); err != nil || e.Shell != "kill -s WINCH "+strconv.Itoa(target.PID) {
		t.Errorf("%q, %v", e.Shell, err)
	}
	n, _, err := target.KillAll(ctx)
	if n != 1 || err != nil {
		t.Errorf("killed %d, %v", n, err)
	}
	entries, _, err := journal.Read(journal.Filter{})
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i, action := range []string{"freeze", "thaw", "signal", "kill"} {
		if entries[i].Action != action || entries[i].Shell == "" || !entries[i].OK() {
			t.Errorf("%+v", entries[i])
		}
	}
}

func TestGone(t *testing.T) {
	_, cmd := alone(t, limit.Set{}, "sleep", "600")
	target := pin(t, cmd.Process.Pid)
	if _, err := target.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if _, err := target.Signal(syscall.SIGTERM); !errors.Is(err, ErrGone) {
		t.Errorf("signal: %v", err)
	}
	if _, err := target.Plan(limit.Set{PIDs: amount(5)}); !errors.Is(err, ErrGone) {
		t.Errorf("plan: %v", err)
	}
	if _, err := Pin(target.PID, target.Start, Name{Title: "x"}); !errors.Is(err, ErrGone) {
		t.Errorf("pin: %v", err)
	}
	self, err := readStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Pin(os.Getpid(), self.StartTime+1, Name{Title: "x"}); !errors.Is(err, ErrGone) {
		t.Errorf("another process by the same PID: %v", err)
	}
}

// Nothing is done to what cutaway runs in, from, or above.
func TestProtected(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	ctx := context.Background()
	for _, pid := range []int{os.Getpid(), os.Getppid(), 1} {
		target := pin(t, pid)
		_, limitErr := target.Plan(limit.Set{PIDs: amount(100000)})
		_, freezeErr := target.Freeze(ctx)
		_, _, killErr := target.KillAll(ctx)
		for _, err := range []error{limitErr, freezeErr, killErr} {
			if !errors.Is(err, ErrProtected) && !errors.Is(err, cgroups.ErrShared) {
				t.Errorf("PID %d: %v", pid, err)
			}
		}
	}
	if _, err := pin(t, 1).Signal(syscall.SIGWINCH); !errors.Is(err, ErrProtected) {
		t.Errorf("a signal to PID 1: %v", err)
	}
	if entries, _, err := journal.Read(journal.Filter{}); len(entries) > 0 || err != nil {
		t.Errorf("%d entries of what was refused, %v", len(entries), err)
	}
}

// A cutaway that runs in a cgroup of its own does nothing to it either.
func TestProtectedInOwnCgroup(t *testing.T) {
	_, cmd := alone(t, limit.Set{})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = append(cmd.Args, "sh", "-c", helperEnv+"=1 "+self+"; true")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count("\n"+string(out), "\ntrue ") != 3 {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

func TestParseSignal(t *testing.T) {
	for text, want := range map[string]syscall.Signal{
		"TERM": 15, "SIGTERM": 15, "term": 15, "15": 15, "KILL": 9, "RTMIN": 34, "RTMIN+3": 37, "sigrtmin+1": 35, "64": 64, "33": 33,
	} {
		if got, err := ParseSignal(text); got != want || err != nil {
			t.Errorf("ParseSignal(%q) = %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "65", "-1", "SIG", "NONSENSE", "SIG33", "TERM "} {
		if got, err := ParseSignal(text); err == nil {
			t.Errorf("ParseSignal(%q) = %d", text, got)
		}
	}
}
