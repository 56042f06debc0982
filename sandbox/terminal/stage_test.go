package terminal

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// person sits at a terminal: types, and remembers all that was shown.
type person struct {
	t    *testing.T
	file *os.File // the master
	mu   sync.Mutex
	seen bytes.Buffer
}

// watch reads what is shown from now on.
func (p *person) watch() {
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := p.file.Read(b)
			p.mu.Lock()
			p.seen.Write(b[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
}

func (p *person) types(text string) {
	p.t.Helper()
	if _, err := p.file.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.String()
}

// sees waits until a text was shown.
func (p *person) sees(text string) {
	p.t.Helper()
	p.waits(text, func() bool { return strings.Contains(p.screen(), text) })
}

// waits waits for a condition, and shows the screen when it does not come.
func (p *person) waits(what string, condition func() bool) {
	p.t.Helper()
	defer func() {
		if p.t.Failed() {
			s := p.screen()
			p.t.Logf("the screen: %q", s[max(0, len(s)-2000):])
		}
	}()
	livetest.WaitFor(p.t, what, condition)
}

// waitsForRaw waits until the person's terminal is in raw mode, or is not: of a master, TCGETS tells the other end's mode.
func (p *person) waitsForRaw(raw bool) {
	p.t.Helper()
	p.waits("raw mode to be "+strconv.FormatBool(raw), func() bool { return LeftRaw(p.file) == raw })
}

func (p *person) resize(rows, cols uint16) {
	p.t.Helper()
	if err := pty.Setsize(p.file, &pty.Winsize{Rows: rows, Cols: cols}); err != nil {
		p.t.Fatal(err)
	}
}

// stage is a caller's terminal with a person at it, and a command on a terminal of its own behind a Relay in this process.
type stage struct {
	person
	caller *os.File // the caller's end, its stdin and stdout
	inner  *os.File // the master of the command's terminal
	cmd    *exec.Cmd
	gone   chan struct{} // closed when the command has ended
	done   chan error    // what Relay returned
	cancel context.CancelFunc
}

// newStage starts a command and a Relay to it. The person does not look yet.
func newStage(t *testing.T, command ...string) *stage {
	t.Helper()
	theirs, caller, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{person: person{t: t, file: theirs}, caller: caller, done: make(chan error, 1), gone: make(chan struct{})}
	caller.Fd() // makes it block, as a shell's
	s.resize(30, 91)
	s.cmd = exec.Command(command[0], command[1:]...)
	s.cmd.Env = shellEnv("in$ ")
	if s.inner, err = pty.Start(s.cmd); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() { s.done <- Relay(ctx, s.inner, caller, caller) }()
	go func() {
		_ = s.cmd.Wait()
		close(s.gone)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		_ = s.cmd.Process.Kill()
		<-s.gone
		cancel()
		theirs.Close()
		caller.Close()
		s.inner.Close()
	})
	return s
}

// shellEnv makes shells plain; the prompt is made when it is shown, so that it cannot be mistaken for the line that sets it.
func shellEnv(prompt string) []string {
	return append(os.Environ(), "PS1="+prompt, "TERM=dumb", "HISTFILE=", "LC_ALL=C", "ENV=", "BASH_SILENCE_DEPRECATION_WARNING=1")
}

// watched is a stage whose person looks.
func watched(t *testing.T, command ...string) *stage {
	t.Helper()
	s := newStage(t, command...)
	s.watch()
	return s
}

// runs waits until a program is in the foreground inside: before that a key like ^C would be the shell's.
func (s *stage) runs(program string) {
	s.t.Helper()
	s.waits(program+" in the foreground", func() bool { return foregroundProgram(s.inner) == program })
}

// foregroundProgram is the name of the process that leads a terminal's foreground group.
func foregroundProgram(master *os.File) string {
	group, err := with(master, func(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCGPGRP) })
	if err != nil {
		return err.Error()
	}
	return comm(group)
}

func comm(pid int) string {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return strings.TrimSpace(string(b))
}

// ends waits for Relay's end.
func (s *stage) ends() error {
	s.t.Helper()
	var err error
	s.waits("the end of Relay", func() bool {
		select {
		case err = <-s.done:
			return true
		default:
			return false
		}
	})
	return err
}

func (s *stage) endsWell() {
	s.t.Helper()
	if err := s.ends(); err != nil {
		s.t.Fatal(err)
	}
}

func termios(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	var m *unix.Termios
	_, err := with(f, func(fd int) (_ int, err error) {
		m, err = unix.IoctlGetTermios(fd, unix.TCGETS)
		return 0, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return *m
}
