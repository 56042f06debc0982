package sandbox

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// What is done on a thread of its own never changes the first one's namespaces, even when it is the one that is free.
func TestOnOwnThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range 100 {
		on := make(chan int)
		onOwnThread(func() {
			defer runtime.UnlockOSThread()
			on <- unix.Gettid()
		})
		if tid := <-on; tid == unix.Getpid() || tid == unix.Gettid() {
			t.Fatalf("on thread %d of process %d, as the test is on %d", tid, unix.Getpid(), unix.Gettid())
		}
	}
}
