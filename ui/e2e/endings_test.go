package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/limit"
)

// twoShells launches two shells, with something in the background of one.
func (w *window) twoShells() []process {
	w.t.Helper()
	w.launch("isolated")
	w.run("(sleep 1000 &)")
	w.command("sleep")
	w.keys("C-]")
	w.sees("new")
	w.keys("N")
	w.launch("docker")
	w.sees("shell 2", "2 shells")
	below := descendants(w.pid)
	if len(below) < 5 || len(w.cgroups()) == 0 {
		w.t.Errorf("with two shells: processes %v, cgroups %v", below, w.cgroups())
	}
	return below
}

// Quitting asks when shells run, with no as the answer that enter gives.
func TestLiveQuit(t *testing.T) {
	t.Parallel()
	w := open(t, wide, high)
	below := w.twoShells()
	w.keys("C-]")
	w.sees("new")
	w.keys("q")
	w.sees("2 shells still run", "everything in them")
	w.keys("Enter")
	w.until("the question to be gone", func(screen string) bool { return !strings.Contains(screen, "still run") })
	w.keys("q")
	w.sees("2 shells still run")
	w.keys("y")
	if status := w.status(); status != "0" {
		t.Errorf("it exits with %q", status)
	}
	w.leavesNothing(below)
}

// However the screen is ended, what it started ends, and the terminal is as it was where that can be.
func TestLiveSignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			w := openIn(t, home, wide, high)
			below := w.twoShells()
			w.signal(s)
			w.status()
			for _, p := range below {
				if !poll(func() bool { return !p.alive() }) {
					t.Errorf("after %v: process %d %s is left", s, p.pid, comm(p.pid))
				}
			}
			if s == syscall.SIGKILL {
				openIn(t, home, wide, high) // which sweeps the cgroups
			} else if flag := w.tmux("display-message", "-p", "-t", "e2e", "#{alternate_on} #{mouse_any_flag}"); flag != "0 0" {
				t.Errorf("the terminal is left with the alternate screen and the mouse: %s", flag)
			}
			w.leavesNothing(below)
		})
	}
}

// The next start sweeps what was left behind when cutaway was killed, and says so. It runs alone: any start sweeps.
func TestLiveSweep(t *testing.T) {
	w := open(t, wide, high)
	w.launch("isolated")
	w.signal(syscall.SIGKILL)
	if status := w.status(); status != "signal 9" {
		t.Fatalf("it ended with %s", status)
	}
	for attempt := 1; ; attempt++ {
		name := orphan(t, attempt)
		next := openIn(t, w.home, wide, high)
		said := func() bool { return strings.Contains(next.screen(), "swept up what was left of") }
		if !poll(func() bool { return said() || len(cgroupsNamed(name)) == 0 }) {
			t.Fatalf("not swept: %v", cgroupsNamed(name))
		}
		// Whatever starts a sandbox sweeps: another package's test may have been first.
		if !pollFor(3*time.Second, said) && attempt < 5 {
			continue
		}
		next.sees("swept up what was left of", name)
		next.keys("@")
		next.sees("sweep", "rmdir cutaway-", "below the caller's cgroups")
		return
	}
}

// orphan makes a cgroup whose name says that its owner has ended: this process's PID with another start time, as one that
// was used again.
func orphan(t *testing.T, number int) string {
	t.Helper()
	name := fmt.Sprintf("cutaway-%d-%d-%d", os.Getpid(), 1, number)
	pids := limit.Amount(50)
	g, err := cgroups.Create(name, &limit.Set{PIDs: &pids})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left := cgroupsNamed(name); len(left) > 0 {
			t.Errorf("not swept: %v", left)
			_ = g.Remove(context.Background())
		}
	})
	g.Close() // as the launcher's end does
	return name
}
