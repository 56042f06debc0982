package tui

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"

	"cutaway/inspect"
	"cutaway/inspect/fault"
	"cutaway/inspect/proc"
)

// breakingScreen is a screen of this machine that panics where the name of a saved script says: in Update, in a command, or in a
// goroutine that is nobody's.
func breakingScreen(o Options) error {
	s, err := inspect.NewScanner(o.Inspect)
	if err != nil {
		return err
	}
	d, err := inspect.NewDetailReader(o.Inspect, s.Cgroups())
	if err != nil {
		return err
	}
	broken := &breakingScanner{scanner: s}
	a := newApp(context.Background(), o, readKernel(o.Inspect), broken, d)
	a.hands.save = func(path, _ string, _ os.FileMode) (string, error) {
		switch {
		case strings.HasSuffix(path, "update"):
			panic("update broke")
		case strings.HasSuffix(path, "command"):
			broken.now.Store(true)
		case strings.HasSuffix(path, "goroutine"):
			fault.Go(func() { panic("goroutine broke") })
		}
		return path, nil
	}
	return a.runProgram(program(a, o))
}

type breakingScanner struct {
	scanner
	now atomic.Bool
}

func (b *breakingScanner) Scan(ctx context.Context) (*inspect.Snapshot, error) {
	if b.now.Load() {
		panic("command broke")
	}
	return b.scanner.Scan(ctx)
}

// openShell starts a screen with a sandbox whose shell is typed into.
func openShell(t *testing.T, mode string) (*terminal, *term.State) {
	t.Helper()
	v := start(t, 120, 36, shellChild(t, mode))
	before := v.modesBefore()
	v.launchShell()
	return v, before
}

func shellChild(t *testing.T, mode string) *exec.Cmd {
	return child(mode, "XDG_STATE_HOME="+t.TempDir(), "SHELL=/bin/sh", "PS1=")
}

// launchShell launches an isolated shell in a screen that has just begun.
func (v *terminal) launchShell() {
	v.t.Helper()
	v.shows("▾ host")
	v.send("5")
	v.shows("isolated shell")
	v.until("the machine's answer", func() bool {
		s := v.screen()
		if strings.Contains(s, "e enter") { // the last line is the tree's yet, and some above it, which has its own "refused"
			return false
		}
		if strings.Contains(s, "refused") {
			v.t.Skip("this user has not the rights to launch an isolated shell here")
		}
		return strings.Contains(s, "this machine allows it")
	})
	v.send("\r")
	v.shows("^] leave")
	v.send("echo up$((40+2))\r")
	v.shows("up42")
}

// seen is what a process was when it was seen.
type seen struct {
	pid   int
	start uint64
}

// descendants are the processes below one, as they are now.
func descendants(t *testing.T, root int) []seen {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	kids := map[int][]seen{}
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if s, ok := statOf(pid); ok {
			kids[s.PPID] = append(kids[s.PPID], seen{pid, s.StartTime})
		}
	}
	list := kids[root]
	for i := 0; i < len(list); i++ {
		list = append(list, kids[list[i].pid]...)
	}
	return list
}

func statOf(pid int) (s proc.Stat, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return s, err == nil && proc.ParseStat(b, &s) == nil
}

// gone waits until none of some processes lives, and no cgroup of a launcher is there.
func gone(t *testing.T, launcher int, list []seen) {
	t.Helper()
	if len(list) == 0 {
		t.Fatal("no process of the sandbox was seen")
	}
	deadline := time.Now().Add(waitFor)
	for {
		left := ""
		for _, p := range list {
			if s, ok := statOf(p.pid); ok && s.StartTime == p.start && s.State != 'Z' {
				left += fmt.Sprintf(" PID %d %q", p.pid, s.Comm)
			}
		}
		left += strings.Join(cgroupsOf(launcher), " ")
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %s", left)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// cgroupsOf are the cgroups that a launcher made and that are there.
func cgroupsOf(launcher int) (list []string) {
	prefix := fmt.Sprintf("cutaway-%d-", launcher)
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil
		case strings.HasPrefix(d.Name(), prefix):
			list = append(list, path)
		}
		return nil
	})
	return list
}

func TestProgramShell(t *testing.T) {
	v, before := openShell(t, "real")
	list := descendants(t, v.cmd.Process.Pid)
	v.send("stty size\r")
	v.shows("32 61")
	v.mu.Lock()
	v.emu.Resize(90, 20)
	v.mu.Unlock()
	if err := pty.Setsize(v.pty, &pty.Winsize{Rows: 20, Cols: 90}); err != nil {
		t.Fatal(err)
	}
	v.until("the narrow screen", func() bool { return !strings.Contains(v.screen(), "what the kernel says") })
	v.send("clear; stty size\r")
	v.shows("17 90")
	v.send("\x1d") // ^]
	v.shows("type")
	v.send("1")
	v.shows("▾ host")
	v.send("5")
	v.shows("17 90")
	v.send("\rsleep 1; echo late$((1+1))\r")
	v.send("\x1d1")
	v.shows("▾ host")
	v.send("5")
	v.shows("late2")
	v.send("q")
	v.shows("still run")
	v.send("y")
	if code := v.ends(before); code != 0 {
		t.Errorf("exit code %d", code)
	}
	gone(t, v.cmd.Process.Pid, list)
}

func TestProgramSignalsWithShell(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			v, before := openShell(t, "real")
			list := descendants(t, v.cmd.Process.Pid)
			v.send("half a li")
			if err := v.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			v.ends(before)
			gone(t, v.cmd.Process.Pid, list)
		})
	}
}

func TestProgramKilledWithShell(t *testing.T) {
	v, _ := openShell(t, "real")
	list := descendants(t, v.cmd.Process.Pid)
	v.send("sleep 1000 & sleep 1001 & echo two$((1+1))\r")
	v.shows("two2")
	list = append(list, descendants(t, v.cmd.Process.Pid)...)
	if err := v.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = v.cmd.Wait()
	gone(t, v.cmd.Process.Pid, list)
}

// Left in the moment of a launch, nothing of it stays either.
func TestProgramLeftWhileStarting(t *testing.T) {
	for range 5 {
		v, before := openShell(t, "real")
		v.send("\x1dN")
		v.shows("this machine allows it")
		list := descendants(t, v.cmd.Process.Pid)
		v.send("\r")
		if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		v.ends(before)
		gone(t, v.cmd.Process.Pid, list)
	}
}

func TestProgramPanicsWithShell(t *testing.T) {
	for _, where := range []string{"update", "command", "goroutine"} {
		t.Run(where, func(t *testing.T) {
			v, before := openShell(t, "breaking")
			list := descendants(t, v.cmd.Process.Pid)
			v.send("\x1dN")
			v.shows("this machine allows it")
			v.until("a script", func() bool { return strings.Contains(v.screen(), "set -eu") })
			v.send("w\x15" + where + "\r") // ^U
			if code := v.ends(before); code == 0 {
				t.Error("exit code 0 after a panic")
			}
			v.until("its trace", func() bool { return strings.Contains(v.output(), where+" broke") })
			out := v.output()
			if strings.LastIndex(out, "goroutine ") < strings.LastIndex(out, "\x1b[?1049l") {
				t.Error("the trace was written before the alternate screen was left")
			}
			gone(t, v.cmd.Process.Pid, list)
		})
	}
}

func TestProgramSuspendsWithShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash, for its job control")
	}
	cmd := shellChild(t, "real")
	cmd.Env = append(cmd.Env, "PS1=ready> ")
	cmd.Path, cmd.Args = bash, []string{"bash", "--norc", "--noprofile", "-i"}
	v := start(t, 120, 36, cmd)
	v.shows("ready>")
	v.send("PS1= " + os.Args[0] + "\r")
	v.launchShell()
	list := descendants(t, v.cmd.Process.Pid)
	v.send("\x1d\x1a")
	v.shows("Stopped")
	v.send("fg\r")
	v.shows("up42")
	v.send("\recho again$((1+1))\r")
	v.shows("again2")
	v.send("\x1dq")
	v.shows("still run")
	v.send("y")
	v.until("the shell's prompt", func() bool { return !v.alt() })
	v.send("exit\r")
	v.ends(v.modesBefore())
	gone(t, v.cmd.Process.Pid, list)
}
