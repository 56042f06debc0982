package control

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/limit"
)

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

// What was just applied is undone without a journal too, once.
func TestUndoWithoutJournal(t *testing.T) {
	target := sleeper(t, limit.Set{})
	t.Setenv("XDG_STATE_HOME", "/proc/nowhere")
	p := plan(t, target, limit.Set{PIDs: amount(20)})
	results, batch, err := p.Apply()
	if err != nil || results[0].Entry.Unwritten == nil {
		t.Fatalf("%v, and the journal was written", err)
	}
	if _, err := PlanUndo(batch, false); err == nil {
		t.Error("there is a journal")
	}
	u, err := UndoOf(results)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if _, _, err := u.Apply(); err != nil {
		t.Fatal(err)
	}
	if now := values(t, p); now != "pids.max=1000" {
		t.Errorf("undone is %s", now)
	}
	if _, err := UndoOf(results); !errors.Is(err, ErrChanged) {
		t.Errorf("undone twice: %v", err)
	}
	if _, err := UndoOf(nil); !errors.Is(err, ErrNothing) {
		t.Errorf("undid nothing: %v", err)
	}
}
