package cgroups

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/limit"
)

func TestSweep(t *testing.T) {
	livetest.NeedRoot(t)
	m, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	// The owner is this process's PID with another start time: a PID that was used again.
	dead := fmt.Sprintf("cutaway-%d-%d-%d", os.Getpid(), 1, count.Add(1))
	held := fmt.Sprintf("cutaway-%d-%d-%d", os.Getpid(), 1, count.Add(1))
	var groups []*Group
	for _, name := range []string{dead, held} {
		g, err := m.Create(name, &limit.Set{PIDs: amount(50)})
		if err != nil {
			t.Fatal(err)
		}
		groups = append(groups, g)
	}
	orphan, kept := groups[0], groups[1]
	t.Cleanup(func() {
		if err := kept.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	cmd := start(t, orphan, "sleep", "60")
	paths := orphan.Paths()
	orphan.Close() // as the launcher's end does
	swept, err := m.Sweep(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(swept, " "), dead) || strings.Contains(strings.Join(swept, " "), held) {
		t.Errorf("swept %v, want %s and not %s", swept, dead, held)
	}
	for _, dir := range paths {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", dir)
		}
	}
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != unix.SIGKILL {
		t.Errorf("what was left ended by %v", cmd.ProcessState)
	}
}

func TestOwnerOf(t *testing.T) {
	for name, want := range map[string]bool{
		"cutaway-12-345-1": true, "cutaway-12-345-1-keep": true, "cutaway-12-345-keep": false, "cutaway-12-345": false, "cutaway-test-12-3": false, "cutaway-0-1-1": false,
		"cutaway-12-345-1-": false, "sbx-12-345-1": false, "cutaway--1-1": false, "cutaway-12-345--1": false,
	} {
		if _, _, ok := ownerOf(name); ok != want {
			t.Errorf("ownerOf(%q) is %v", name, ok)
		}
	}
	if alive(1<<22-1, 1) {
		t.Error("a PID that there is not is alive")
	}
}
