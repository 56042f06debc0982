package cgroups

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/livetest"
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
	time.Sleep(time.Hour)
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

// command prepares a program that runs in the group.
func command(g *Group, argv ...string) *exec.Cmd {
	return livetest.InCgroup(g.Tasks(), g.Dir(), argv...)
}

// start starts a program in the group and returns when it is there.

func start(t testing.TB, g *Group, argv ...string) *exec.Cmd {
	t.Helper()
	cmd := command(g, argv...)
	t.Cleanup(func() {
		if cmd.Process == nil {
			return
		}
		_ = cmd.Process.Kill()
		_ = g.Thaw(context.Background())
		_ = cmd.Wait()
	})
	livetest.StartInCgroup(t, cmd, argv...)
	return cmd
}

// file reads a file of the group's.

// version picks a word by the hierarchy that has a controller.

// A new group is below the caller's own cgroup in every v1 hierarchy, so that the caller's limits hold for it.

// swapOf is a limit for swap where this kernel accounts for it.

// cpuTime is a process's time in nanoseconds (proc_pid_schedstat).

// What starts processes all the time cannot outrun the sweep of v1.

// What takes the name of a group that was removed is not touched.

// onV2 makes a group in the v2 hierarchy alone, which every machine has that has one, whether v1 has the controllers or not.
