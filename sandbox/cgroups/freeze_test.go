package cgroups

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/limit"
)

func TestFreezeAndThaw(t *testing.T) {
	g := create(t, limit.Set{})
	cmd := start(t, g, "sh", "-c", "while :; do :; done")
	ctx := context.Background()
	for range 3 {
		if err := g.Freeze(ctx); err != nil {
			t.Fatal(err)
		}
		isFrozen(t, g)
		// v2 counts a task as frozen a moment before it leaves its processor (kernel/cgroup/freezer.c).
		before := ""
		livetest.WaitFor(t, "it to stand still", func() bool {
			last := before
			before = cpuTime(t, cmd.Process.Pid)
			return last == before
		})
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

func cpuTime(t testing.TB, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// isFrozen waits: on v2 a signal wakes a frozen task for a moment, in which its cgroup is not frozen.
func isFrozen(t testing.TB, g *Group) {
	t.Helper()
	livetest.WaitFor(t, "the group to be frozen", func() bool {
		frozen, err := g.Frozen()
		return frozen && err == nil
	})
}
