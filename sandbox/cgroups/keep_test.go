package cgroups

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
	"cutaway/sandbox/limit"
)

// A limit stays when the controller is to be turned off above the group, as systemd does.
func TestControllersAreKeptOn(t *testing.T) {
	livetest.NeedRoot(t)
	m, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	top, ok := m.Hierarchies.Place(m.Own, "")
	for ok && top.Dir != top.Mount {
		top = above(top)
	}
	if !ok || !slices.Contains(top.Controllers, "pids") {
		t.Skip("needs cgroup v2 with the pids controller")
	}
	own := child(top, testName())
	if err := os.Mkdir(own.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(own.Dir); err != nil {
			t.Error(err)
		}
	})
	m.Own = &cgroup.Membership{Lines: []proc.CgroupLine{{Path: own.Path}}}
	g, err := m.Create(fmt.Sprintf("cutaway-%d-1-%d", os.Getpid(), count.Add(1)), &limit.Set{PIDs: amount(16)})
	if err != nil {
		t.Fatal(err)
	}
	err = os.WriteFile(filepath.Join(own.Dir, "cgroup.subtree_control"), []byte("-pids"), 0)
	if !errors.Is(err, unix.EBUSY) || file(t, g, "pids", "pids.max") != "16" {
		t.Errorf("the controller was turned off: %v", err)
	}
	if err := g.Remove(context.Background()); err != nil {
		t.Error(err)
	}
}
