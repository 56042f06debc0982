package tui

import (
	"context"
	"os"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"

	"cutaway/inspect"
	"cutaway/inspect/reading"
	"cutaway/sandbox"
)

// fakeShell is a session's sandbox without processes: the test writes what its terminal shows, and ends it.
type fakeShell struct {
	tty    *os.File // the program's side
	done   chan struct{}
	once   sync.Once
	status sandbox.Status
	err    error
}

// newFakeShell makes one, and what a launch would return of it.
func newFakeShell(t testing.TB, pid int) (*fakeShell, *boxed) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Skipf("needs a pseudo terminal: %v", err)
	}
	if _, err := term.MakeRaw(tty.Fd()); err != nil { // what is typed is not echoed
		t.Fatal(err)
	}
	f := &fakeShell{tty: tty, done: make(chan struct{})}
	t.Cleanup(func() { f.end(sandbox.Status{}, nil); master.Close() })
	return f, &boxed{PID: pid, Terminal: master, life: f}
}

func (f *fakeShell) Wait() (sandbox.Status, error) {
	<-f.done
	return f.status, f.err
}

func (f *fakeShell) Done() <-chan struct{} { return f.done }

func (f *fakeShell) Kill() { f.end(sandbox.Status{Signal: syscall.SIGKILL}, nil) }

// end ends the program.
func (f *fakeShell) end(s sandbox.Status, err error) {
	f.once.Do(func() {
		f.status, f.err = s, err
		f.tty.Close()
		close(f.done)
	})
}

func (f *fakeShell) write(t testing.TB, s string) {
	t.Helper()
	if _, err := f.tty.WriteString(s); err != nil {
		t.Fatal(err)
	}
}

// typed is what was typed into it, once there is as much.
func (f *fakeShell) typed(t testing.TB, want string) {
	t.Helper()
	if err := f.tty.SetReadDeadline(time.Now().Add(waitFor)); err != nil {
		t.Logf("reading without a deadline: %v", err)
	}
	got := make([]byte, 0, len(want))
	for len(got) < len(want) {
		b := make([]byte, len(want)-len(got))
		n, err := f.tty.Read(b)
		if err != nil {
			t.Fatalf("%q was typed, want %q: %v", got, want, err)
		}
		got = append(got, b[:n]...)
	}
	if string(got) != want {
		t.Errorf("%q was typed, want %q", got, want)
	}
}

// boxDetails are those of the fake machine, with the mounts of the box.
type boxDetails struct {
	t testing.TB
	b *box
}

func (d boxDetails) ReadParts(ctx context.Context, s *inspect.Snapshot, id inspect.ID, parts inspect.Part) (*inspect.Detail, error) {
	detail, err := fakeDetails{}.ReadParts(ctx, s, id, parts)
	detail.Mounts = reading.Value(mountsOf(d.t, d.b.mountinfo))
	detail.Raw["mountinfo"] = reading.Value(d.b.mountinfo)
	return detail, err
}

// bench is a screen with shells that the test writes to.
type bench struct {
	*driver
	box    *box
	shells []*fakeShell
	clock  time.Time

	// launch is what becomes of the next launch; nil starts a shell.
	launch func(*order, context.Context, sandbox.Options) (*boxed, error, error)
	mu     sync.Mutex
}

// testBench is a screen of a machine in which the box is, whose first process is that of every shell. The scripts are those of
// cutaway run.
func testBench(t testing.TB, w, h int) *bench {
	t.Helper()
	t.Setenv("SHELL", "/bin/sh")
	t.Chdir("/") // some presets begin where cutaway is
	b := &bench{box: newBox(), clock: time.Unix(1_700_000_000, 0)}
	var snaps []*inspect.Snapshot
	for seq := range uint64(6) {
		snaps = append(snaps, b.box.tick(seq+1))
	}
	b.driver = testApp(t, w, h, snaps...)
	b.waits, b.machine = make(chan tea.Msg, 1<<12), true
	b.answerForm()
	b.app.feed.details = boxDetails{t, b.box}
	b.app.now = func() time.Time { return b.clock }
	b.app.hands.start = func(o *order, ctx context.Context, opts sandbox.Options) (*boxed, error, error) {
		b.mu.Lock()
		launch := b.launch
		b.mu.Unlock()
		if launch != nil {
			return launch(o, ctx, opts)
		}
		f, box := newFakeShell(t, b.box.first)
		b.mu.Lock()
		b.shells = append(b.shells, f)
		b.mu.Unlock()
		return box, nil, nil
	}
	s := b.app.sandboxScreen()
	s.script.tab, s.byHand.tab = 4, 4 // cutaway run: the others' words hold places of the machine
	t.Cleanup(func() {
		for _, s := range b.app.sessions.list {
			s.up.cancel()
		}
	})
	return b
}

// becomes says what becomes of launches from now on.
func (b *bench) becomes(launch func(*order, context.Context, sandbox.Options) (*boxed, error, error)) {
	b.mu.Lock()
	b.launch = launch
	b.mu.Unlock()
}

// until gives the App what comes of the commands that wait, one after the other, until something holds.
func (b *bench) until(what string, ok func() bool) {
	b.t.Helper()
	deadline := time.After(waitFor / 4)
	for !ok() {
		select {
		case msg := <-b.waits:
			b.send(msg)
		case <-deadline:
			b.t.Fatalf("%s did not happen; the screen is:\n%s", what, b.screen())
		}
	}
}

func (b *bench) shows(text string) {
	b.t.Helper()
	b.until("showing "+text, func() bool { return strings.Contains(b.screen(), text) })
}

// session is the one that is shown.
func (b *bench) session() *session { return b.app.sandboxScreen().session }

// starts launches what the menu is on, and waits until it runs.
func (b *bench) starts(key string) *fakeShell {
	b.t.Helper()
	b.press(key)
	b.until("a shell that runs", func() bool { x := b.session(); return x != nil && x.state == running })
	b.tick() // a snapshot that has its processes
	return b.shells[len(b.shells)-1]
}

// says has a shell write something, and waits for the last of it to be seen.
func (b *bench) says(f *fakeShell, text, last string) {
	b.t.Helper()
	f.write(b.t, text)
	b.shows(last)
}

// isWaiting tells a command made by waiting.
func isWaiting(cmd tea.Cmd) bool { return reflect.ValueOf(cmd).Pointer() == waitingPointer }

var waitingPointer = reflect.ValueOf(waiting(nil)).Pointer()

// drag marks with the mouse.
func (d *driver) drag(x, y, toX, toY int) {
	d.click(x, y)
	d.send(tea.MouseMotionMsg{X: toX, Y: toY, Button: tea.MouseLeft})
	d.send(tea.MouseReleaseMsg{X: toX, Y: toY, Button: tea.MouseLeft})
}
