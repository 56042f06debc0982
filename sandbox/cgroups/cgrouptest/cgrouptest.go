// Package cgrouptest makes cgroups with a program in them, for tests of other packages.
package cgrouptest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/limit"
)

var count atomic.Int32

// Alone makes a cgroup with a program in it, and a journal of the test's own; both go when the test ends. Without argv the
// command is returned to be completed and started. It skips a user who may not make cgroups.
func Alone(t testing.TB, set limit.Set, argv ...string) (*cgroups.Group, *exec.Cmd) {
	t.Helper()
	if dir := os.Getenv("XDG_STATE_HOME"); !strings.HasPrefix(dir, os.TempDir()) {
		t.Setenv("XDG_STATE_HOME", t.TempDir())
	}
	g, err := cgroups.Create(fmt.Sprintf("cutaway-test-%d-%d", os.Getpid(), count.Add(1)), &set)
	if err != nil && os.Geteuid() != 0 {
		t.Skipf("needs root, or a cgroup of the user's own: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := livetest.InCgroup(g.Tasks(), g.Dir(), argv...)
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
	if len(argv) > 0 {
		livetest.StartInCgroup(t, cmd, argv...)
	}
	return g, cmd
}
