package check

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
)

// Try ends all that it starts, and says something of everything.
func TestTryLeavesNothing(t *testing.T) {
	livetest.NeedRoot(t) // others may not be able to try anything
	m, err := Probe()
	if err != nil {
		t.Fatal(err)
	}
	m.Try(context.Background())                      // what Go itself keeps open
	before, offspring := descriptors(t), children(t) // other tests' daemons
	mounts := m.Mounts
	for range 5 {
		for _, f := range m.Try(context.Background()) {
			if f.Name == "" || f.Value == "" || f.Health != Fine && f.Reason+f.Advice == "" {
				t.Errorf("says too little: %+v", f)
			}
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("descriptors: %d before, %d after", before, after)
	}
	now, err := Probe()
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"/", "/proc", "/sys", m.plainDir()} { // others may mount elsewhere meanwhile
		if a, b := over(mounts, place), over(now.Mounts, place); a != b {
			t.Errorf("mounts on %s: %d before, %d after", place, a, b)
		}
	}
	for _, pid := range children(t) {
		if !slices.Contains(offspring, pid) {
			t.Errorf("the child %s is left", pid)
		}
	}
}

// children are the PIDs of this process's children, by every thread.
func children(t *testing.T) (pids []string) {
	t.Helper()
	threads, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(threads) == 0 {
		t.Fatal("no thread can be looked at: ", err)
	}
	for _, file := range threads {
		if list, err := os.ReadFile(file); err == nil {
			pids = append(pids, strings.Fields(string(list))...)
		}
	}
	return pids
}

func over(mounts []proc.Mount, place string) (n int) {
	for i := range mounts {
		if mounts[i].MountPoint == place {
			n++
		}
	}
	return n
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestTryStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m, err := Probe()
	if err != nil {
		t.Fatal(err)
	}
	if f := m.tryUser(ctx); f.OK() {
		t.Errorf("a user namespace was made after the context's end: %+v", f)
	}
}

func BenchmarkProbe(b *testing.B) {
	for b.Loop() {
		if _, err := Probe(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefusals(b *testing.B) {
	m, err := Probe()
	if err != nil {
		b.Fatal(err)
	}
	n := isolated()
	for b.Loop() {
		m.Refusals(n)
	}
}

func BenchmarkTry(b *testing.B) {
	m, err := Probe()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		m.Try(context.Background())
	}
}
