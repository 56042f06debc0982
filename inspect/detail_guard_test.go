package inspect

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/reading"
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
	g := newGuard()
	g.deadline = 20 * time.Millisecond
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
		return err == unix.EBADF || len(g.slots) == 0
	})
}

func TestStuckReadsAreBounded(t *testing.T) {
	g := newGuard()
	g.deadline = 5 * time.Millisecond
	dir := ownDir(t)
	defer dir.release()
	release := make(chan struct{})
	defer close(release)
	var started atomic.Int32
	for i := range 3 * maxAsides {
		_, err := readAside(context.Background(), g, ID{PID: i}, dir, "environ", func(*procDir) (int, error) {
			started.Add(1)
			<-release
			return 0, nil
		})()
		if how := reading.FromError(err); how != late {
			t.Errorf("read %d: %v", i, how)
		}
	}
	if n := started.Load(); n > maxAsides {
		t.Errorf("%d reads are stuck at once", n)
	}
}

func TestAPanickingParserIsAFailedReading(t *testing.T) {
	dir := ownDir(t)
	defer dir.release()
	_, err := readAside(context.Background(), newGuard(), ID{}, dir, "io", func(*procDir) (int, error) {
		var none []int
		return none[1], nil
	})()
	if how := reading.FromError(err); how.State != reading.Failed {
		t.Errorf("%v", how)
	}
}

// A result that is there counts, even when it was fetched late because others were waited for.
func TestALateQuestionGetsAnEarlyAnswer(t *testing.T) {
	g := newGuard()
	g.deadline = time.Millisecond
	dir := ownDir(t)
	defer dir.release()
	wait := readAside(context.Background(), g, ID{}, dir, "io", func(*procDir) (int, error) { return 7, nil })
	eventually(t, "the read is done", func() bool { return len(g.slots) == 0 })
	asked := time.Now()
	eventually(t, "the deadline is over", func() bool { return time.Since(asked) > 2*g.deadline })
	if n, err := wait(); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
