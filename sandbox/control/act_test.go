package control

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/limit"
)

func TestFreezeThawKillSignal(t *testing.T) {
	target := sleeper(t, limit.Set{})
	ctx := context.Background()
	if _, err := target.Freeze(ctx); err != nil {
		t.Fatal(err)
	}
	livetest.WaitFor(t, "it to be frozen", func() bool { frozen, err := target.Frozen(); return frozen && err == nil })
	if _, err := target.Thaw(ctx); err != nil {
		t.Fatal(err)
	}
	if e, err := target.Thaw(ctx); err != nil || e.Old != e.New {
		t.Errorf("thawed again: was %q, %v", e.Old, err)
	}
	if e, err := target.Signal(syscall.SIGWINCH); err != nil || e.Shell != "kill -s WINCH "+strconv.Itoa(target.PID) {
		t.Errorf("%q, %v", e.Shell, err)
	}
	n, _, err := target.KillAll(ctx)
	if n != 1 || err != nil {
		t.Errorf("killed %d, %v", n, err)
	}
	entries, _, err := journal.Read(journal.Filter{})
	if err != nil || len(entries) != 5 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i, action := range []string{"freeze", "thaw", "thaw", "signal", "kill"} {
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
