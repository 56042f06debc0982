package cli

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// seat is a person at a terminal, whose screen holds all that was written to it.
type seat struct {
	t    *testing.T
	cmd  *exec.Cmd
	file *os.File // the person's end
	done chan struct{}
	err  error // of cmd, once done is closed

	mu    sync.Mutex
	shown strings.Builder
}

// sit starts a program on a terminal of its own.
func sit(t *testing.T, cmd *exec.Cmd) *seat {
	t.Helper()
	blocking, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 91})
	if err != nil {
		t.Fatal(err)
	}
	file := pollable(t, blocking)
	s := &seat{t: t, cmd: cmd, file: file, done: make(chan struct{})}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b := make([]byte, 4096)
		for {
			n, err := file.Read(b)
			s.mu.Lock()
			s.shown.Write(b[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() {
		defer close(s.done)
		s.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-s.done
		file.Close()
		<-read
	})
	return s
}

// pollable is the same file for reads that Close ends.
func pollable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

// control calls a function with the descriptor of the person's end.
func (s *seat) control(call func(fd int) error) {
	s.t.Helper()
	raw, err := s.file.SyscallConn()
	if err != nil {
		s.t.Fatal(err)
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = call(int(fd)) })
	if err := errors.Join(err, inner); err != nil {
		s.t.Fatal(err)
	}
}

func (s *seat) screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

func (s *seat) types(text string) {
	s.t.Helper()
	if _, err := s.file.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// answers types a line and waits until the screen holds more of an answer than before, which the line itself must not hold.
func (s *seat) answers(line, answer string) {
	s.t.Helper()
	before := strings.Count(s.screen(), answer)
	s.types(line)
	s.sees(answer, before)
}

// sees waits until the screen holds a text more often than so many times.
func (s *seat) sees(text string, times int) {
	s.t.Helper()
	defer func() {
		if s.t.Failed() {
			s.t.Logf("the screen:\n%q", s.screen())
		}
	}()
	livetest.WaitFor(s.t, text, func() bool { return strings.Count(s.screen(), text) > times })
}

// ends waits for the program's end and returns its status.
func (s *seat) ends() int {
	s.t.Helper()
	livetest.WaitFor(s.t, "the end of "+s.cmd.Path, func() bool {
		select {
		case <-s.done:
			return true
		default:
			return false
		}
	})
	return statusOf(s.t, s.err)
}

// insideShell is a shell in a sandbox on a terminal, with a prompt of its own.
func insideShell(t *testing.T, flags ...string) *seat {
	t.Helper()
	livetest.NeedTools(t, "bash", "stty")
	s := sit(t, cutaway(t, append(append([]string{"run", "-e", "PS1=in$ "}, flags...), "--", "bash", "--norc", "--noprofile", "-i")...))
	s.sees("in$ ", 0)
	return s
}

func TestLiveTerminal(t *testing.T) {
	s := insideShell(t)
	notes := strings.Count(s.screen(), "cutaway:") // of the launch
	s.answers("tty\r", "/dev/pts/0\r\n")
	s.answers("stty size\r", "30 91\r\n")
	s.control(func(fd int) error { return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 31, Col: 92}) })
	livetest.WaitFor(t, "the new size inside", func() bool {
		before := strings.Count(s.screen(), "in$ ")
		s.types("stty size\r")
		s.sees("in$ ", before)
		return strings.Contains(s.screen(), "31 92\r\n")
	})
	// It says when it is in the foreground: before that a key is the shell's. It forks nothing: a stop between vfork(2) and exec never ends.
	s.answers(`sh -c 'trap "echo go$((40+3))" CONT; echo go$((40+2)); while :; do :; done'`+"\r", "go42\r\n")
	s.answers("\x1a", "Stopped")
	s.answers("jobs\r", "[1]+  Stopped")
	s.answers("fg\r", "go43\r\n")
	s.answers("\x03", "in$ ")
	s.answers("echo status=$?\r", "status=130\r\n")
	s.types("exit 7\r")
	if status := s.ends(); status != 7 {
		t.Errorf("ended with %d, want 7", status)
	}
	if n := strings.Count(s.screen(), "cutaway:"); n != notes {
		t.Errorf("cutaway complained: %q", s.screen())
	}
}

// The statuses with a terminal are those without one.
func TestLiveTerminalStatus(t *testing.T) {
	for script, want := range map[string]int{"exit 3": 3, "kill -TERM $$": 143, "kill -KILL $$": 137} {
		if got := sit(t, cutaway(t, "run", "--", "sh", "-c", script)).ends(); got != want {
			t.Errorf("%s: %d, want %d", script, got, want)
		}
	}
	s := sit(t, cutaway(t, "run", "--", "no-such-command"))
	if got := s.ends(); got != 127 {
		t.Errorf("a command that is not there: %d (%q)", got, s.screen())
	}
}

// A signal from outside ends cutaway with its sandbox, and leaves the terminal as it was.
func TestLiveTerminalEnds(t *testing.T) {
	for name, end := range map[string]func(*seat) error{
		"SIGTERM": func(s *seat) error { return s.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(s *seat) error { return s.cmd.Process.Signal(syscall.SIGHUP) },
		"SIGINT":  func(s *seat) error { return s.cmd.Process.Signal(syscall.SIGINT) },
		"SIGQUIT": func(s *seat) error { return s.cmd.Process.Signal(syscall.SIGQUIT) },
	} {
		t.Run(name, func(t *testing.T) {
			inner, other, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			before, err := unix.IoctlGetTermios(int(other.Fd()), unix.TCGETS)
			other.Close()
			inner.Close()
			if err != nil {
				t.Fatal(err)
			}
			s := insideShell(t)
			first := sandboxOf(t, s.cmd.Process.Pid)
			if err := end(s); err != nil {
				t.Fatal(err)
			}
			want := map[string]int{"SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130, "SIGQUIT": 131}[name]
			if status := s.ends(); status != want {
				t.Errorf("ended with %d, want %d", status, want)
			}
			livetest.WaitFor(t, "the sandbox to be gone", func() bool { return syscall.Kill(first, 0) == syscall.ESRCH })
			s.control(func(fd int) error {
				after, err := unix.IoctlGetTermios(fd, unix.TCGETS)
				if err == nil && *after != *before {
					t.Errorf("the terminal is %+v, was %+v", after, before)
				}
				return err
			})
		})
	}
}

// A terminal that goes away takes the sandbox with it.
func TestLiveTerminalGoesAway(t *testing.T) {
	s := insideShell(t)
	first := sandboxOf(t, s.cmd.Process.Pid)
	s.file.Close()
	if status := s.ends(); status != 129 {
		t.Errorf("ended with %d, want 129", status)
	}
	livetest.WaitFor(t, "the sandbox to be gone", func() bool { return syscall.Kill(first, 0) == syscall.ESRCH })
}

// sandboxOf is the first process of the sandbox that a cutaway launched.
func sandboxOf(t *testing.T, launcher int) (pid int) {
	t.Helper()
	for _, child := range childrenOf(launcher) {
		if nsLink(child, "pid") != nsLink(launcher, "pid") {
			return child
		}
	}
	t.Fatalf("%d has launched nothing", launcher)
	return 0
}

// A program inside that pushes input into its terminal reaches its own, not the caller's: what the caller's shell reads
// next is what the person typed (CVE-2017-5226).
func TestLiveTerminalInjection(t *testing.T) {
	livetest.NeedTools(t, "perl", "bash")
	if b, err := os.ReadFile("/proc/sys/dev/tty/legacy_tiocsti"); err == nil && strings.TrimSpace(string(b)) == "0" {
		t.Skip("this kernel lets nobody push input (dev.tty.legacy_tiocsti)")
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	const inject = `my $n = 0; for (split //, "echo evil\$((1+1))\n") { ioctl($ARGV[0] ? STDOUT : STDIN, 0x5412, $_) and $n++ } print "pushed=$n.\n"`
	for _, c := range []struct {
		name, flags string
		pushed      string
	}{
		{"a terminal of its own", "--seccomp off", "pushed=18."},
		{"filtered", "--seccomp docker", "pushed=0."},
		{"the caller's terminal", "--seccomp off --terminal never", "pushed=0."},
		{"the caller's terminal, filtered", "--preset pid --seccomp docker --terminal never", "pushed=0."},
	} {
		t.Run(c.name, func(t *testing.T) {
			needSandboxes(t)
			shell := exec.Command("bash", "--norc", "--noprofile", "-i")
			shell.Env = []string{"PS1=out$ ", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TERM=xterm", "INJECT=" + inject, "CUTAWAY=" + path}
			shell.Dir = "/"
			s := sit(t, shell)
			s.sees("out$ ", 0)
			before := strings.Count(s.screen(), "out$ ")
			s.answers(`"$CUTAWAY" run `+c.flags+` -- perl -e "$INJECT"`+"\r", c.pushed)
			s.sees("out$ ", before) // what is typed before is the sandbox's
			s.answers("echo next=$?\r", "next=0\r\n")
			if strings.Contains(s.screen(), "evil2") {
				t.Errorf("the caller's shell read what was pushed: %q", s.screen())
			}
			s.types("exit\r")
			s.ends()
		})
	}
}

// A launcher in a shell's job control: stopped from outside it leaves the terminal to the shell, and goes on with it.
func TestLiveTerminalStopsInShell(t *testing.T) {
	livetest.NeedTools(t, "bash", "stty")
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	needSandboxes(t)
	shell := exec.Command("bash", "--norc", "--noprofile", "-i")
	shell.Env = []string{"PS1=out$ ", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TERM=dumb", "CUTAWAY=" + path}
	shell.Dir = "/"
	s := sit(t, shell)
	s.sees("out$ ", 0)
	s.answers(`"$CUTAWAY" run -e 'PS1=in$ ' -- bash --norc --noprofile -i`+"\r", "\nin$ ")
	launcher := 0
	for _, child := range childrenOf(shell.Process.Pid) {
		launcher = child
	}
	before := strings.Count(s.screen(), "out$ ")
	if err := syscall.Kill(launcher, syscall.SIGTSTP); err != nil {
		t.Fatal(err)
	}
	s.sees("out$ ", before)
	s.answers("jobs\r", "Stopped")
	s.answers("fg\r", "run -e")
	s.answers("echo in$((40+2))\r", "in42\r\n")
	s.answers("exit 5\r", "out$ ") // what is typed before is the sandbox's
	s.answers("echo status=$?\r", "status=5\r\n")
	s.types("exit\r")
	if status := s.ends(); status != 0 {
		t.Errorf("the shell ended with %d", status)
	}
}
