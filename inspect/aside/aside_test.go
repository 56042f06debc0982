package aside

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func nothing() {}

func TestStuckReadsAreBounded(t *testing.T) {
	const most = 8
	g := New[int](most, 5*time.Millisecond)
	release := make(chan struct{})
	var started, released atomic.Int32
	for i := range 3 * most {
		_, err := Start(context.Background(), g, i, func() (int, error) {
			started.Add(1)
			<-release
			return 0, nil
		}, func() { released.Add(1) })()
		if err != ErrLate {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if n := started.Load(); n > most || n == 0 {
		t.Errorf("%d reads are stuck at once", n)
	}
	close(release)
	eventually(t, "no read is stuck, and each has given back what it held", func() bool { return g.Busy() == 0 && released.Load() == 3*most })
}

// What waits for its turn behind stuck ones, and what somebody else broke off, has not hung itself.
func TestOnlyWhatHungIsRemembered(t *testing.T) {
	g := New[string](1, 5*time.Millisecond)
	release := make(chan struct{})
	defer close(release)
	hang := func() (int, error) { <-release; return 0, nil }
	ctx, cancel := context.WithCancel(context.Background())
	broken := Start(ctx, g, "broken off", hang, nothing)
	eventually(t, "the read has begun", func() bool { return g.Busy() == 1 })
	cancel()
	if _, err := broken(); err != ErrLate || g.Avoids("broken off") {
		t.Errorf("broken off: %v, avoided %t", err, g.Avoids("broken off"))
	}
	if _, err := Start(context.Background(), g, "behind", hang, nothing)(); err != ErrLate || g.Avoids("behind") {
		t.Errorf("behind: %v, avoided %t", err, g.Avoids("behind"))
	}
}

// What hung is tried again later, and another read is not held for it.
func TestWhatHungIsLeftAlone(t *testing.T) {
	g := New[string](2, 5*time.Millisecond)
	release := make(chan struct{})
	var started, released atomic.Int32
	hang := func() (int, error) { started.Add(1); <-release; return 0, nil }
	for range 2 {
		if _, err := Start(context.Background(), g, "root", hang, func() { released.Add(1) })(); err != ErrLate {
			t.Errorf("a hanging read gives %v", err)
		}
	}
	if n := started.Load(); n != 1 {
		t.Errorf("it was tried %d times", n)
	}
	if n, err := Start(context.Background(), g, "other", func() (int, error) { return 42, nil }, nothing)(); n != 42 || err != nil {
		t.Errorf("another read: %d, %v", n, err)
	}
	g.hung["root"] = time.Now().Add(-2 * hangMemory)
	if g.Avoids("root") || len(g.hung) != 0 {
		t.Error("what hung long ago is still avoided")
	}
	close(release)
	eventually(t, "both gave back what they held", func() bool { return released.Load() == 2 })
}

func TestAPanickingParserIsAFailedReading(t *testing.T) {
	_, err := Start(context.Background(), New[string](1, time.Minute), "io", func() (int, error) {
		var none []int
		return none[1], nil
	}, nothing)()
	if !errors.Is(err, ErrPanic) {
		t.Errorf("%v", err)
	}
}

// A result that is there counts, even when it was fetched late because others were waited for.
func TestALateQuestionGetsAnEarlyAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var done atomic.Bool
	wait := Start(ctx, New[string](1, time.Minute), "io", func() (int, error) { return 7, nil }, func() { done.Store(true) })
	eventually(t, "the read is done", done.Load)
	cancel()
	if n, err := wait(); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// What does not answer is given up.
func TestInTime(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	if _, err := InTime(time.Millisecond, func() (int, error) { <-hang; return 1, nil }); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("it returned %v", err)
	}
	if n, err := InTime(time.Minute, func() (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("it returned %d, %v", n, err)
	}
}
