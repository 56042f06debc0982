package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"cutaway/inspect"
)

// childEnv makes the test binary open the screen instead of running tests.
const childEnv = "CUTAWAY_TEST_SCREEN"

func TestMain(m *testing.M) {
	mode := os.Getenv(childEnv)
	if mode == "" {
		os.Exit(m.Run())
	}
	err := runChild(mode)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runChild(mode string) error {
	o := Options{Color: "auto", Mouse: true, Interval: 200 * time.Millisecond}
	switch mode {
	case "panic":
		a := newApp(context.Background(), o, kernel{}, panicAfterFirst{}, fakeDetails{})
		return a.runProgram(program(a, o))
	case "panic in update":
		a := newApp(context.Background(), o, kernel{}, panicAfterFirst{}, fakeDetails{})
		a.feed.scanner = nil
		return a.runProgram(program(a, o))
	case "fixture":
		s := newMachine().snapshot(1)
		a := newApp(context.Background(), o, kernel{last: 40}, &fakeScanner{snaps: []*inspect.Snapshot{s}}, fakeDetails{})
		ctl := newFakeControl()
		a.limits.ctl = ctl
		err := a.runProgram(program(a, o))
		fmt.Printf("done: %q\n", ctl.calls)
		return err
	case "breaking":
		return breakingScreen(o)
	}
	return Run(o)
}

// panicAfterFirst panics in the goroutine of the second scan, when the screen stands.
type panicAfterFirst struct{}

func (panicAfterFirst) First(context.Context) (*inspect.Snapshot, error) {
	return newMachine().snapshot(1), nil
}

func (panicAfterFirst) Scan(context.Context) (*inspect.Snapshot, error) { panic("the scan broke") }

// terminal is a program on a virtual terminal.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	pty  *os.File
	tty  *os.File // the program's side, to look at its modes
	done chan struct{}

	mu  sync.Mutex
	emu *vt.Emulator
	raw bytes.Buffer
}

const waitFor = 20 * time.Second

// start runs a command on a terminal of its own.
func start(t *testing.T, w, h int, cmd *exec.Cmd) *terminal {
	t.Helper()
	p, tty, err := pty.Open()
	if err != nil {
		t.Skipf("needs a pseudo terminal: %v", err)
	}
	if err := pty.Setsize(p, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := &terminal{t: t, cmd: cmd, pty: p, tty: tty, emu: vt.NewEmulator(w, h), done: make(chan struct{})}
	go v.read()
	go func() { _, _ = io.Copy(p, v.emu) }() // what the terminal answers
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = tty.Close()
		_ = p.Close()
		_ = v.emu.InputPipe().(io.Closer).Close() // ends the goroutine above; Close is not for two goroutines
	})
	return v
}

func (v *terminal) read() {
	buf := make([]byte, 16<<10)
	for {
		n, err := v.pty.Read(buf)
		v.mu.Lock()
		v.raw.Write(buf[:n])
		_, _ = v.emu.Write(buf[:n])
		v.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (v *terminal) screen() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.emu.String()
}

func (v *terminal) alt() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.emu.IsAltScreen()
}

func (v *terminal) output() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.raw.String()
}

// until polls a condition up to a deadline.
func (v *terminal) until(what string, ok func() bool) {
	v.t.Helper()
	deadline := time.Now().Add(waitFor)
	for !ok() {
		if time.Now().After(deadline) {
			v.t.Fatalf("%s did not happen; the screen is:\n%s", what, v.screen())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (v *terminal) shows(text string) {
	v.t.Helper()
	v.until(fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(v.screen(), text) })
}

func (v *terminal) send(s string) {
	v.t.Helper()
	if _, err := io.WriteString(v.pty, s); err != nil {
		v.t.Fatal(err)
	}
}

// ends waits for the program, and checks that it left the terminal as it found it.
func (v *terminal) ends(before *term.State) int {
	v.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- v.cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(waitFor):
		v.t.Fatalf("the program does not end; the screen is:\n%s", v.screen())
	}
	v.restored(before)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func (v *terminal) restored(before *term.State) {
	v.t.Helper()
	v.until("leaving the alternate screen", func() bool { return !v.alt() })
	for _, mode := range []struct{ on, off string }{
		{"\x1b[?1049h", "\x1b[?1049l"}, // alternate screen
		{"\x1b[?25l", "\x1b[?25h"},     // cursor
		{"\x1b[?1002h", "\x1b[?1002l"}, // mouse
		{"\x1b[?2004h", "\x1b[?2004l"}, // bracketed paste
	} {
		v.until(fmt.Sprintf("%q after %q", mode.off, mode.on), func() bool {
			out := v.output()
			return strings.LastIndex(out, mode.off) >= strings.LastIndex(out, mode.on)
		})
	}
	if after := v.modes(); *after != *before {
		v.t.Errorf("the terminal's modes were %+v and are %+v", before, after)
	}
}

func (v *terminal) modes() *term.State {
	v.t.Helper()
	s, err := term.GetState(v.tty.Fd())
	if err != nil {
		v.t.Fatal(err)
	}
	return s
}

// child is the command that opens the screen.
func child(mode string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+mode, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "NO_COLOR=", "COLORTERM=")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// open starts the screen and waits for it to stand.
func open(t *testing.T, mode string, env ...string) (*terminal, *term.State) {
	t.Helper()
	cmd := child(mode, env...)
	v := start(t, 100, 30, cmd)
	before := v.modesBefore()
	v.shows("redis-server")
	return v, before
}

// modesBefore are those of a fresh terminal, whatever the program has done to this one by now.
func (v *terminal) modesBefore() *term.State {
	v.t.Helper()
	p, tty, err := pty.Open()
	if err != nil {
		v.t.Fatal(err)
	}
	defer p.Close()
	defer tty.Close()
	s, err := term.GetState(tty.Fd())
	if err != nil {
		v.t.Fatal(err)
	}
	return s
}

func TestProgramQuits(t *testing.T) {
	v, before := open(t, "fixture")
	v.send("q")
	if code := v.ends(before); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestProgramReadsThisMachine(t *testing.T) {
	v := start(t, 100, 30, child("real"))
	v.shows("▾ host")
	v.send("/" + filepath.Base(os.Args[0])[:6])
	v.shows("hidden")
	v.send("\x1b")
	v.until("clearing the filter", func() bool { return !strings.Contains(v.screen(), "hidden") })
	v.send("d")
	v.shows("decode a capability mask")
	v.send("\x1b")
	v.until("closing the decoder", func() bool { return !strings.Contains(v.screen(), "decode a capability mask") })
	v.send("q")
	v.ends(v.modesBefore())
}

// The clock that takes limits back runs by itself, and every way out takes back what waits.
func TestProgramRevertsLimits(t *testing.T) {
	for _, end := range []func(*terminal){
		func(v *terminal) { v.send("qq") },
		func(v *terminal) { _ = v.cmd.Process.Signal(syscall.SIGHUP) },
	} {
		v, before := open(t, "fixture")
		v.send("#4242l")
		v.shows("limits of redis-server (PID 4242)")
		v.send("64M\r")
		v.shows("keep? reverting in 14 s")
		end(v)
		v.ends(before)
		v.until("the words of what was done", func() bool { // the last of the output comes after the end
			return strings.Contains(v.output(), `done: ["apply --memory=64M to redis-server (PID 4242)" "revert batch234"]`)
		})
	}
}

func TestProgramEndsOnSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			v, before := open(t, "fixture")
			if err := v.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if v.ends(before); !strings.Contains(v.output(), "ended by SIG") {
				v.shows("ended by SIG") // what the program's error says, which the command line makes a status of
			}
		})
	}
}

// A panic leaves the terminal usable, and its trace on the screen that is seen then.
func TestProgramPanics(t *testing.T) {
	for mode, want := range map[string]string{"panic": "the scan broke", "panic in update": "nil pointer"} {
		t.Run(mode, func(t *testing.T) {
			v := start(t, 100, 60, child(mode))
			if code := v.ends(v.modesBefore()); code == 0 {
				t.Error("exit code 0 after a panic")
			}
			v.shows(want)
			out := v.output()
			if strings.Index(out, "goroutine ") < strings.LastIndex(out, "\x1b[?1049l") {
				t.Error("the trace was written before the alternate screen was left")
			}
		})
	}
}

func TestProgramSuspends(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash, for its job control")
	}
	cmd := child("fixture", "PS1=ready> ")
	cmd.Path, cmd.Args = bash, []string{"bash", "--norc", "--noprofile", "-i"}
	v := start(t, 100, 30, cmd)
	v.shows("ready>")
	v.send(os.Args[0] + "\r")
	v.shows("redis-server")
	v.send("\x1a")
	v.shows("Stopped")
	if v.alt() {
		t.Error("the alternate screen is still there after ^Z")
	}
	v.send("fg\r")
	v.shows("redis-server")
	v.send("jjj")
	v.send("q")
	v.until("the shell's prompt", func() bool { return !v.alt() })
	v.send("exit\r")
	v.ends(v.modesBefore())
}

// Without a shell that could bring it back, ^Z does not stop the screen for ever.
func TestProgramDoesNotSuspendAlone(t *testing.T) {
	v, before := open(t, "fixture")
	v.send("\x1a")
	v.shows("no shell with job control")
	v.send("q")
	v.ends(before)
}

func TestProgramResizes(t *testing.T) {
	v, before := open(t, "fixture")
	resize := func(w, h int) {
		v.mu.Lock()
		v.emu.Resize(w, h)
		v.mu.Unlock()
		if err := pty.Setsize(v.pty, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
			t.Fatal(err)
		}
	}
	resize(20, 5)
	v.shows("need 40x8")
	resize(140, 40)
	v.shows("Overview")
	resize(1, 1)
	resize(80, 24)
	v.shows("redis-server")
	v.send("q")
	v.ends(before)
}

func TestProgramWithoutColour(t *testing.T) {
	v, before := open(t, "fixture", "NO_COLOR=1")
	v.send("q")
	v.ends(before)
	for _, colour := range []string{"\x1b[36m", "\x1b[94m", "\x1b[32m", ";36m", "38;5", "48;2"} {
		if strings.Contains(v.output(), colour) {
			t.Errorf("%q in the output though NO_COLOR is set", colour)
		}
	}
}

func TestProgramInASCII(t *testing.T) {
	v, before := open(t, "fixture", "LC_ALL=C")
	for i, r := range v.screen() {
		if r >= 0x80 {
			t.Fatalf("character %q at %d in the locale C:\n%s", r, i, v.screen())
		}
	}
	v.send("q")
	v.ends(before)
}

func TestProgramRefuses(t *testing.T) {
	v := start(t, 100, 30, child("real", "TERM=dumb"))
	if code := v.ends(v.modesBefore()); code != 1 {
		t.Errorf("exit code %d with TERM=dumb", code)
	}
	v.shows("TERM is dumb")

	out, err := child("real").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not a terminal") {
		t.Errorf("with a pipe for its output it says %q, %v", out, err)
	}
}
