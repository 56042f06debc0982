package tui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/livetest"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/cgroups/cgrouptest"
	"cutaway/sandbox/limit"
)

// liveTarget is a program in a cgroup of its own, selected on a screen over the real machine.
func liveTarget(t *testing.T, argv ...string) (*driver, *cgroups.Group, int) {
	t.Helper()
	livetest.NeedRoot(t)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("LANG", "C.UTF-8")
	memory, pids := limit.Amount(256<<20), limit.Amount(500)
	g, cmd := cgrouptest.Alone(t, limit.Set{Memory: &memory, PIDs: &pids}, argv...)
	return liveScreen(t, cmd.Process.Pid), g, cmd.Process.Pid
}

func liveScreen(t *testing.T, pid int) *driver {
	t.Helper()
	o := Options{Interval: time.Second}
	s, err := inspect.NewScanner(o.Inspect)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d := &driver{t: t, app: newApp(context.Background(), o, kernel{last: 40}, s, fakeDetails{})}
	d.run(d.app.pull())
	d.size(120, 36)
	d.tick()
	d.press("#")
	d.press(strings.Split(strconv.Itoa(pid), "")...)
	d.press("enter")
	return d
}

// inFile reads a file of the group.
func inFile(t *testing.T, g *cgroups.Group, controller, v1, v2 string) string {
	t.Helper()
	place, ok := g.Place(controller)
	if !ok {
		t.Fatalf("no controller %s", controller)
	}
	name := v1
	if place.V2 {
		name = v2
	}
	text, err := os.ReadFile(filepath.Join(place.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestLiveLimitsOnScreen(t *testing.T) {
	d, g, pid := liveTarget(t, "sleep", "600")
	want := func(bytes, pids string) {
		t.Helper()
		if got := inFile(t, g, "memory", "memory.limit_in_bytes", "memory.max"); got != bytes {
			t.Errorf("memory is limited to %s, want %s; the screen is:\n%s", got, bytes, d.screen())
		}
		if got := inFile(t, g, "pids", "pids.max", "pids.max"); got != pids {
			t.Errorf("pids are limited to %s, want %s", got, pids)
		}
	}
	d.press("l")
	d.has(fmt.Sprintf("limits of sleep (PID %d)", pid), "256M  itself")
	d.typed("64M")
	d.has("256M → 64M")
	want("268435456", "500")
	d.press("down", "down", "down")
	d.typed("77")
	d.press("enter")
	d.has("keep? reverting in 15 s", "64M  itself")
	want("67108864", "77")

	for range keepTime - 1 {
		d.beat()
	}
	want("67108864", "77")
	d.beat()
	d.has("reverted: its limits are as before", "256M  itself")
	want("268435456", "500")

	d.typed("max")
	d.press("enter", "k")
	d.has("kept; u takes it back")
	want("268435456", "max")
	d.press("u")
	d.has("Take back the change of sleep")
	d.press("y")
	want("268435456", "500")

	d.typed("9")
	d.press("enter", "q")
	want("268435456", "9")
	if err := d.app.limits.close(); err != nil { // the way out
		t.Error(err)
	}
	want("268435456", "500")

	d.press("@")
	d.has("undone limit", "ok     undo")
	d.press("G", "u")
	d.has("it was taken back already")
}

// What was written by others meanwhile is not reverted over.
func TestLiveLimitsChangedByOthers(t *testing.T) {
	d, g, _ := liveTarget(t, "sleep", "600")
	d.press("l", "down", "down", "down")
	d.typed("77")
	d.press("enter")
	place, _ := g.Place("pids")
	file := filepath.Join(place.Dir, "pids.max")
	if err := os.WriteFile(file, []byte("88"), 0); err != nil {
		t.Fatal(err)
	}
	for range keepTime {
		d.beat()
	}
	d.hasWords("it was changed meanwhile", "tries again")
	if got := inFile(t, g, "pids", "pids.max", "pids.max"); got != "88" {
		t.Errorf("pids are limited to %s", got)
	}
	d.press("k")
	d.hasWords("the limits of sleep", "are kept")
}

func TestLiveActionsOnScreen(t *testing.T) {
	d, g, pid := liveTarget(t, "sh", "-c", "sleep 600 & sleep 600 & wait")
	frozen := func(want bool) {
		t.Helper()
		livetest.WaitFor(t, fmt.Sprintf("frozen to be %v", want), func() bool { is, err := g.Frozen(); return err == nil && is == want })
	}
	livetest.WaitFor(t, "the processes", func() bool { pids, err := g.PIDs(); return err == nil && len(pids) == 3 })
	target := fmt.Sprintf("sh (PID %d)", pid)
	d.press("x")
	d.has("stops 3 processes until thaw")
	d.press("enter")
	d.hasWords("Freeze all 3 processes of the cgroup of "+target+"?", "2 of them are not what was named.")
	d.press("y")
	d.has("frozen: " + target)
	frozen(true)
	d.press("x", "enter", "y")
	d.has("runs again: " + target)
	frozen(false)

	d.press("x", "up")
	d.typed("WINCH")
	d.press("enter", "y")
	d.has("sent SIGWINCH to " + target)

	d.press("x", "down", "enter", "enter")
	if pids, err := g.PIDs(); err != nil || len(pids) != 3 {
		t.Errorf("after No there are %d processes, %v", len(pids), err)
	}
	d.press("enter", "y")
	d.has("killed: " + target + ", 3 processes")
	livetest.WaitFor(t, "all to have ended", func() bool { pids, err := g.PIDs(); return err == nil && len(pids) == 0 })
	d.press("@")
	d.has("kill   "+target, "freeze "+target, "kill -s WINCH "+strconv.Itoa(pid))
}

// Cutaway's own cgroup and its caller's are not touched.
func TestLiveProtectedOnScreen(t *testing.T) {
	livetest.NeedRoot(t)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	d := liveScreen(t, os.Getppid())
	d.press("l")
	d.has("can be looked at only")
	d.press("esc", "x", "enter")
	d.has("refused")
}
