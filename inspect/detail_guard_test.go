package inspect

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/aside"
)

func ownDir(t *testing.T) *procDir {
	t.Helper()
	dir, err := openProcDir("/proc", os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAHangingReadIsGivenUpAndRemembered(t *testing.T) {
	g := aside.New[hang](maxAsides, 20*time.Millisecond)
	dir := ownDir(t)
	fd := dir.fd
	release := make(chan struct{})
	var started atomic.Int32
	hangs := func(dir *procDir) (int, error) {
		started.Add(1)
		<-release
		_, _, err := dir.read("stat", maxSmall) // the directory must still be open
		if err != nil {
			t.Errorf("after the hang: %v", err)
		}
		return 1, nil
	}
	for range 2 {
		if _, err := readAside(context.Background(), g, ID{PID: 1}, dir, "environ", hangs)(); !errors.Is(err, unix.ETIMEDOUT) {
			t.Errorf("a hanging read gives %v", err)
		}
	}
	if n := started.Load(); n != 1 {
		t.Errorf("the hanging file was tried %d times", n)
	}
	other := func(*procDir) (int, error) { return 42, nil }
	if n, err := readAside(context.Background(), g, ID{PID: 1}, dir, "cmdline", other)(); n != 42 || err != nil {
		t.Errorf("another file of the process: %d, %v", n, err)
	}
	dir.release()
	close(release)
	eventually(t, "the directory is closed", func() bool {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		return err == unix.EBADF || g.Busy() == 0
	})
}
