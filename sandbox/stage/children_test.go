package stage

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A child is found while signals come, as they do when others of the sandbox end.
func TestChildrenAmongSignals(t *testing.T) {
	sleep := exec.Command("sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
	}()
	tasks, err := syscall.Open("/proc/self/task", oPath|syscall.O_DIRECTORY|cloexec, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(tasks)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var done atomic.Bool
	ended := make(chan struct{})
	go func(tid int) {
		defer close(ended)
		for !done.Load() {
			_ = unix.Tgkill(os.Getpid(), tid, unix.SIGURG) // which Go takes for nothing
		}
	}(unix.Gettid())
	defer func() { done.Store(true); <-ended }()
	c := &child{tasks: tasks}
	for i := range 20_000 {
		if found := c.children(); !slices.Contains(found, sleep.Process.Pid) {
			t.Fatalf("look %d found %v, not %d", i, found, sleep.Process.Pid)
		}
	}
}
