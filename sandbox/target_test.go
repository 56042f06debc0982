package sandbox

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A command that has ended already is in no cgroup of the target's any more, which says nothing about where it ran.
func TestCompareCgroupOfEnded(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	defer cmd.Wait()
	for range 500 {
		stat, err := os.ReadFile(procDir(cmd.Process.Pid) + "/stat")
		if err == nil && strings.Contains(string(stat), ") Z ") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	of := &target{Entry: &Entry{PID: os.Getpid()}}
	if of.compareCgroup(cmd.Process.Pid); len(of.notes) > 0 {
		t.Error(of.notes)
	}
}
