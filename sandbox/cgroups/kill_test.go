package cgroups

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
	"cutaway/sandbox/limit"
)

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

func TestKillForkers(t *testing.T) {
	g := create(t, limit.Set{PIDs: amount(2000)})
	start(t, g, "sh", "-c", "while :; do (sleep 0.1 & sleep 0.1 &); done")
	start(t, g, "sh", "-c", "while :; do (sleep 0.1 & sleep 0.1 &); done")
	livetest.WaitFor(t, "many processes", func() bool { p, err := g.PIDs(); return err == nil && len(p) > 20 })
	if err := g.Kill(context.Background()); err != nil {
		t.Fatal(err)
	}
}

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
	isFrozen(t, g)
	if err := g.Thaw(ctx); err != nil {
		t.Fatal(err)
	}
	if err := g.Freeze(ctx); err != nil {
		t.Fatal(err)
	}
	if line := g.KillLine(); line != "echo 1 > "+g.Paths()[0]+"/cgroup.kill" {
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
