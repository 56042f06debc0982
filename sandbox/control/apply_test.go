package control

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/livetest"
	"cutaway/sandbox/limit"
)

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
