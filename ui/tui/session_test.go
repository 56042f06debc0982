package tui

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/fault"
	"cutaway/sandbox"
	"cutaway/sandbox/rootfs"
)

// A launch that answers nothing is stopped by X, and tried again by enter.
func TestStopWhileStarting(t *testing.T) {
	b := testBench(t, 120, 36)
	b.becomes(waitsForEver)
	b.press("5", "enter")
	b.has("starting", "X stops it")
	b.press("X")
	b.has("stopping")
	b.until("the end of the launch", func() bool { return b.session().over() })
	b.has("did not start", "you stopped it")
	b.becomes(nil)
	b.press("enter")
	b.until("a shell that runs", func() bool { return b.session().state == running })
	if n := len(b.app.sessions.list); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// A launch that ends in the moment it is stopped is ended as a sandbox.
func TestStopTooLate(t *testing.T) {
	b := testBench(t, 120, 36)
	goOn := make(chan struct{})
	f, box := newFakeShell(t, b.box.first)
	b.becomes(func(*order, context.Context, sandbox.Options) (*boxed, error, error) { <-goOn; return box, nil, nil })
	b.press("5", "enter", "X")
	close(goOn)
	b.until("the end", func() bool { return b.session().over() })
	select {
	case <-f.Done():
	default:
		t.Error("the sandbox runs on")
	}
}

// How far the unpacking of a root is comes from the launch to the pane.
func TestUnpackingIsShown(t *testing.T) {
	b := testBench(t, 80, 24)
	b.becomes(func(o *order, ctx context.Context, opts sandbox.Options) (*boxed, error, error) {
		opts.Progress(rootfs.Progress{What: rootfs.Unpacking, Done: 2, Total: 5, Entries: 1234})
		return waitsForEver(o, ctx, opts)
	})
	b.press("5", "enter")
	b.shows("unpacking 40%, 1,234 entries")
	b.press("X")
	b.until("the end of the launch", func() bool { return b.session().over() })
	b.hasNot("unpacking")
}

// What a session's past still has to say is not heeded once it was started again.
func TestOldMessages(t *testing.T) {
	b := testBench(t, 120, 36)
	b.press("5")
	b.starts("enter").end(sandbox.Status{Code: 7}, nil)
	b.until("the end", func() bool { return b.session().over() })
	b.press("enter")
	b.until("the second run", func() bool { return b.session().state == running })
	x := b.session()
	for _, old := range []tea.Msg{
		wrote{x, 1}, over{x, 1, sandbox.Status{Code: 9}, errors.New("old")}, stepped{x, 1, courseReport()}, unpacking{x, 1, rootfs.Progress{What: "old"}},
	} {
		b.send(old)
	}
	if x.state != running || x.run != 2 || x.unpacked.What != "" {
		t.Errorf("in run %d it is %v, unpacking %q", x.run, x.state, x.unpacked.What)
	}
}

// A report of a stage that the screen hears of after the failure does not bring the launch back to life.
func TestStepAfterFailure(t *testing.T) {
	b := testBench(t, 120, 36)
	b.becomes(waitsForEver)
	b.press("5", "S")
	b.course(3)
	x := b.session()
	b.send(launched{s: x, run: x.run, err: errors.New("it broke")})
	b.send(stepped{x, x.run, courseReport()})
	if v := x.staged.launch; v.state != launchFailed || v.err == nil {
		t.Errorf("the launch is in state %v with error %v", v.state, v.err)
	}
}

func courseReport() stepReport {
	return stepReport{plan: coursePlan(), number: 4, pid: 8809, waits: true}
}

// A launch does not go on while nothing may be changed, and can be stopped.
func TestSteppingReadOnly(t *testing.T) {
	b := testBench(t, 120, 36)
	b.becomes(waitsForEver)
	b.press("5", "S")
	b.course(3)
	b.press("R", "n")
	b.has("read-only")
	if v := b.session().staged.launch; v.state != launchWaits {
		t.Error("n lets the launch go on though nothing may be changed")
	}
	b.press("X")
	b.until("the end of the launch", func() bool { return b.session().over() })
}

// Output is seen again after another screen was shown meanwhile.
func TestOutputAfterAnotherScreen(t *testing.T) {
	b := testBench(t, 120, 36)
	b.press("5")
	f := b.starts("enter")
	b.press("ctrl+]", "1")
	f.write(t, "first\r\n")
	b.until("the output", func() bool { return !b.app.sessions.list[0].waiting })
	b.press("5")
	b.shows("first")
	b.says(f, "second\r\n", "second")
}

// Who leaves while a launch is under way waits for it, and ends what came of it. One that has not begun never does.
func TestLeavingWaitsForLaunches(t *testing.T) {
	up := newStartup(t.Context())
	f, box := newFakeShell(t, 1)
	began := make(chan struct{})
	go func() {
		_, _, _ = up.do(func(ctx context.Context) (*boxed, error, error) {
			close(began)
			<-ctx.Done()
			return box, nil, nil // too late to notice
		})
	}()
	<-began
	late := newStartup(t.Context())
	a := &App{sessions: sessions{list: []*session{{up: up}, {up: late}}}}
	a.endSessions()
	select {
	case <-f.Done():
	default:
		t.Error("the sandbox runs on")
	}
	if _, _, err := late.do(func(context.Context) (*boxed, error, error) { t.Error("it is launched"); return nil, nil, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// A process that is gone by the time that the dialog is confirmed is not entered, nor is another with its PID.
func TestEnterAnotherProcess(t *testing.T) {
	o := order{entry: &sandbox.Entry{PID: os.Getppid(), Start: 1, Terminal: sandbox.TerminalAlways}}
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	box, _, err := o.start(t.Context(), sandbox.Options{})
	if err == nil {
		box.Kill()
		t.Fatal("another process is entered")
	}
}

// Fifty real shells leave nothing behind.
func TestShellsLeaveNothing(t *testing.T) {
	b := testBench(t, 120, 36)
	b.app.hands.start = (*order).start
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	b.press("5")
	cycle := func() {
		b.press("enter")
		b.until("a shell, or none", func() bool { return b.session().state != starting })
		if x := b.session(); x.state == failed {
			t.Skipf("needs the rights to launch an isolated shell: %v", x.err)
		}
		b.session().end()
		b.until("the end", func() bool { return b.session().over() })
		b.press("D")
	}
	cycle() // what is made once
	count := func() (goroutines, files, children int) {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return runtime.NumGoroutine(), len(entries), len(descendants(t, os.Getpid()))
	}
	settle := func(g, f, c int) (string, bool) {
		g2, f2, c2 := count()
		left := strings.Join(cgroupsOf(os.Getpid()), " ")
		return left, g2 <= g && f2 <= f && c2 <= c && left == ""
	}
	g, f, c := count()
	for range 50 {
		cycle()
	}
	deadline := time.Now().Add(waitFor)
	for {
		left, ok := settle(g, f, c)
		if ok {
			return
		}
		if time.Now().After(deadline) {
			g2, f2, c2 := count()
			t.Fatalf("goroutines %d, were %d; descriptors %d, were %d; children %d, were %d; cgroups: %s", g2, g, f2, f, c2, c, left)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A panic in a goroutine that is nobody's is told to the screen, which ends with its trace.
func TestCrashFromAnywhere(t *testing.T) {
	b := testBench(t, 80, 24)
	heard := make(chan crash, 1)
	release := fault.Handle(func(v any, stack []byte) { heard <- crash{v, stack} })
	defer release()
	fault.Go(func() { panic("first") })
	b.send(<-heard)
	b.send(crash{value: "second"})
	if b.app.crash == nil || b.app.crash.value != "first" {
		t.Errorf("the cause is %v", b.app.crash)
	}
}

// Keys go to the shell that is typed into, but for those that leave it; once more they are typed.
func TestTypingReachesTheShell(t *testing.T) {
	b := testBench(t, 120, 36)
	b.press("5")
	f := b.starts("enter")
	b.typed("q1")
	b.press("enter", "up", "ctrl+c", "ctrl+]", "tab", "ctrl+]")
	b.send(tea.PasteMsg{Content: "a\nb\x1b[31m"})
	f.typed(t, "q1\r\x1b[A\x03\x1da\rb[31m")
}
