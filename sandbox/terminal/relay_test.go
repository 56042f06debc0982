package terminal

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// stage is a caller's terminal with a person at it, and a shell on a terminal of its own behind a Relay.
type stage struct {
	t      *testing.T
	person *os.File // what the person types into and sees
	caller *os.File // the caller's end, its stdin and stdout
	inner  *os.File // the master of the shell's terminal
	mu     sync.Mutex
	seen   bytes.Buffer
	done   chan error
	cancel context.CancelFunc
}

func newStage(t *testing.T, command ...string) *stage {
	t.Helper()
	person, caller, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(person, &pty.Winsize{Rows: 30, Cols: 91}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "PS1=$ ", "TERM=dumb", "HISTFILE=")
	inner, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, person: person, caller: caller, inner: inner, done: make(chan error, 1)}
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := person.Read(b)
			s.mu.Lock()
			s.seen.Write(b[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() { s.done <- Relay(ctx, inner, caller, caller) }()
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		cancel()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		cancel()
		person.Close()
		caller.Close()
		inner.Close()
	})
	return s
}

func (s *stage) types(text string) {
	s.t.Helper()
	if _, err := s.person.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

func (s *stage) sees(text string) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(s.screen(), text) {
		if time.Now().After(deadline) {
			s.t.Fatalf("does not show %q:\n%s", text, s.screen())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *stage) ends() {
	s.t.Helper()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the relay does not end:\n%s", s.screen())
	}
}

func termios(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

func TestTypingAndEnd(t *testing.T) {
	person, caller, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	before := termios(t, caller)
	person.Close()
	caller.Close()

	s := newStage(t, "sh", "-i")
	s.sees("$ ")
	s.types("echo $((6*7))\r")
	s.sees("42")
	s.types("exit\r")
	s.ends()
	if after := termios(t, s.caller); after != before {
		t.Errorf("the terminal is not as it was:\n%+v\n%+v", before, after)
	}
}

func TestSize(t *testing.T) {
	s := newStage(t, "sh", "-i")
	s.sees("$ ")
	s.types("stty size\r")
	s.sees("30 91")
	if err := pty.Setsize(s.person, &pty.Winsize{Rows: 17, Cols: 63}); err != nil {
		t.Fatal(err)
	}
	// The kernel signals the terminal's foreground group, which this test is not in.
	if err := unix.Kill(os.Getpid(), unix.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		size, err := pty.GetsizeFull(s.inner)
		if err == nil && size.Rows == 17 && size.Cols == 63 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the inner terminal has %+v, %v", size, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.types("exit\r")
	s.ends()
}

func TestJobControl(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs bash")
	}
	s := newStage(t, "bash", "--norc", "--noprofile", "-i")
	s.sees("$ ")
	s.types("echo a$((40+2)); sleep 1000\r")
	s.sees("a42") // typed too early, ^C would throw the line away
	s.types("\x03")
	s.sees("^C")
	s.types("echo b$((40+2)); sleep 1001\r")
	s.sees("b42")
	s.types("\x1a")
	s.sees("Stopped")
	s.types("jobs\r")
	s.sees("sleep 1001")
	s.types("kill %1\r")
	s.types("echo still-$((40+2))\r")
	s.sees("still-42")
	s.types("exit\r")
	s.ends()
}

// Nothing of much output is lost, not even when the command ends right after it.
func TestAllOutput(t *testing.T) {
	s := newStage(t, "sh", "-c", "seq 1 300000")
	s.ends()
	s.sees("299999\r\n300000\r\n") // the person's reader may lag behind the relay
	if n := strings.Count(s.screen(), "\n"); n != 300000 {
		t.Errorf("%d lines arrived", n)
	}
}

// Much typing while the command does not read blocks nothing, and what was not taken is no error.
func TestTypingIntoNothing(t *testing.T) {
	s := newStage(t, "sh", "-c", "stty -icanon -echo; echo ready; sleep 0.2; echo done")
	s.sees("ready")
	for range 3 { // a terminal holds 4096 bytes that nobody reads
		s.types(strings.Repeat("x", 1200))
	}
	s.sees("done")
	s.ends()
}
