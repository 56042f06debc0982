package terminal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

func TestTypingAndEnd(t *testing.T) {
	before := func() unix.Termios {
		theirs, caller, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		defer caller.Close()
		return termios(t, caller)
	}()
	s := watched(t, "sh", "-i")
	s.sees("in$ ")
	if !LeftRaw(s.caller) {
		t.Error("the caller's terminal is not in raw mode")
	}
	s.types("echo $((6*7))\r")
	s.sees("42")
	s.types("exit\r")
	s.endsWell()
	if after := termios(t, s.caller); after != before {
		t.Errorf("the terminal is not as it was:\n%+v\n%+v", before, after)
	}
}

// A mode that no shell sets by itself comes back too.
func TestOddModeComesBack(t *testing.T) {
	theirs, caller, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	defer caller.Close()
	inner, other, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	odd := termios(t, caller)
	odd.Iflag |= unix.ISTRIP | unix.IGNCR
	odd.Cflag |= unix.CSTOPB
	odd.Lflag &^= unix.ECHOE
	odd.Cc[unix.VINTR], odd.Cc[unix.VMIN], odd.Cc[unix.VTIME] = 'q', 7, 3
	if err := unix.IoctlSetTermios(int(caller.Fd()), unix.TCSETS, &odd); err != nil {
		t.Fatal(err)
	}
	odd = termios(t, caller)
	done := make(chan error, 1)
	go func() { done <- Relay(t.Context(), inner, caller, caller) }()
	livetest.WaitFor(t, "raw mode", func() bool { return LeftRaw(caller) })
	other.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if after := termios(t, caller); after != odd {
		t.Errorf("the terminal is not as it was:\n%+v\n%+v", odd, after)
	}
}

func TestSize(t *testing.T) {
	s := watched(t, "sh", "-i")
	s.sees("in$ ")
	s.types("stty size\r")
	s.sees("30 91")
	s.resize(17, 63)
	// The kernel signals the terminal's foreground group, which this test is not in.
	if err := unix.Kill(os.Getpid(), unix.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	s.waits("the new size", func() bool {
		var size *unix.Winsize
		_, err := with(s.inner, func(fd int) (_ int, err error) {
			size, err = unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
			return 0, err
		})
		return err == nil && size.Row == 17 && size.Col == 63
	})
	s.types("stty size\r")
	s.sees("17 63")
	s.types("exit\r")
	s.endsWell()
}

func TestJobControlInside(t *testing.T) {
	livetest.NeedTools(t, "bash")
	s := watched(t, "bash", "--norc", "--noprofile", "-i")
	s.sees("in$ ")
	s.types("sleep 1000\r")
	s.runs("sleep")
	s.types("\x03")
	s.sees("^C")
	s.runs("bash")
	s.types("sleep 1001\r")
	s.runs("sleep")
	s.types("\x1a")
	s.sees("Stopped")
	s.runs("bash")
	s.types("jobs; fg\r")
	s.runs("sleep")
	s.types("\x03")
	s.runs("bash")
	s.types("echo b$?\r")
	s.sees("b130")
	s.types("(ulimit -c 0; exec sleep 1002); echo c$?\r")
	s.runs("sleep")
	s.types("\x1c")
	s.sees("c131") // SIGQUIT
	s.types("exit\r")
	s.endsWell()
}

// Nothing of much output is lost, not even when the command ends right after it, or nobody looks before it has ended.
func TestAllOutput(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run("late="+strconv.FormatBool(late), func(t *testing.T) {
			if late {
				s := newStage(t, "sh", "-c", "seq 1 1000") // fits into the two terminals
				<-s.gone
				s.watch()
				s.endsWell()
				s.sees("\r\n999\r\n1000\r\n")
				return
			}
			s := watched(t, "sh", "-c", "seq 1 300000")
			s.endsWell()
			s.sees("299999\r\n300000\r\n") // the person's reader may lag behind the relay
			if n := strings.Count(s.screen(), "\n"); n != 300000 {
				t.Errorf("%d lines arrived", n)
			}
		})
	}
}

const much = 10 << 20

func random(t *testing.T) []byte {
	t.Helper()
	b := make([]byte, much)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// differ tells where two long byte strings differ first.
func differ(t *testing.T, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("byte %d of %d (want %d) is %#x, want %#x", i, len(got), len(want), got[i], want[i])
		}
	}
	t.Fatalf("%d bytes, want %d", len(got), len(want))
}

func TestMuchOutputUnharmed(t *testing.T) {
	data := random(t)
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := watched(t, "sh", "-c", `stty raw -echo; cat "$0"`, file)
	s.endsWell()
	s.waits("all of it", func() bool { return len(s.screen()) >= len(data) })
	differ(t, []byte(s.screen()), data)
}

func TestMuchInputUnharmed(t *testing.T) {
	data := random(t)
	file := filepath.Join(t.TempDir(), "data")
	s := watched(t, "sh", "-c", `stty raw -echo; echo ready; head -c "$1" >"$0"; echo done`, file, strconv.Itoa(len(data)))
	s.sees("ready")
	s.types(string(data))
	s.sees("done")
	s.endsWell()
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, got, data)
}

// Both ways at once, when neither side waits for the other: a relay that waits in a write would hold both up for ever.
func TestMuchBothWays(t *testing.T) {
	data := random(t)
	s := watched(t, "sh", "-c", `stty raw -echo; echo; exec cat`)
	s.sees("\n")
	s.types(string(data))
	s.waits("all of it", func() bool { return len(s.screen()) > len(data) })
	differ(t, []byte(s.screen())[1:], data)
	s.cancel()
	s.endsWell()
}

// Much typing while the command does not read blocks nothing, and what was not taken is no error.
func TestTypingIntoNothing(t *testing.T) {
	s := watched(t, "sh", "-c", "stty -icanon -echo; echo ready; read x </dev/null; exec sleep 1000")
	s.sees("ready")
	for range 3 { // a terminal holds 4096 bytes that nobody reads
		s.types(strings.Repeat("x", 1200))
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.endsWell()
}

// A ^C reaches the command even while nobody reads what it writes.
func TestInterruptWhileOutputIsStuck(t *testing.T) {
	s := newStage(t, "sh", "-c", "exec yes")
	s.waitsForRaw(true)
	s.waits("a full terminal", func() bool {
		n, err := with(s.file, func(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCINQ) })
		return err == nil && n >= 4095
	})
	s.types("\x03")
	<-s.gone
	s.watch()
	s.endsWell()
	s.sees("^C")
}

// Who keeps the terminal open after the command does not keep the relay, and what was written is shown.
func TestEndOfContext(t *testing.T) {
	for name, keeper := range map[string]string{"silent": "sleep 1000", "loud": "yes"} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "sh", "-c", `trap "" HUP; `+keeper+` & echo bye; exit 0`)
			<-s.gone
			s.watch()
			s.sees("bye")
			s.cancel()
			s.endsWell()
			if LeftRaw(s.caller) {
				t.Error("the terminal is still in raw mode")
			}
		})
	}
}

// What was written before the end of the context is shown, even if somebody only looks afterwards.
func TestEndOfContextWhileOutputIsStuck(t *testing.T) {
	s := newStage(t, "sh", "-c", `trap "" HUP; sleep 1000 & seq 1 5000; exit 0`)
	<-s.gone
	s.cancel()
	s.watch()
	s.endsWell()
	s.sees("\r\n4999\r\n5000\r\n")
}

// The kernel throws away what a line has too much; nobody reads meanwhile, and nothing is echoed.
func TestTypingOfAnEndlessLine(t *testing.T) {
	s := watched(t, "sh", "-c", "stty -echo; echo ready; IFS= read -r x; echo got ${#x}")
	s.sees("ready")
	s.types(strings.Repeat("x", 100_000) + "\r")
	s.sees("got 409")
	s.endsWell()
}

// The person's end closes: the terminal is gone.
func TestHangUp(t *testing.T) {
	s := newStage(t, "sleep", "1000")
	s.waitsForRaw(true)
	s.file.Close()
	var ended *SignalError
	if err := s.ends(); !errors.As(err, &ended) || ended.Signal != unix.SIGHUP {
		t.Errorf("Relay returned %v", err)
	}
}

// The caller's shell shares its open files: their modes are left alone.
func TestOpenFilesAreLeftAlone(t *testing.T) {
	s := watched(t, "sh", "-i")
	s.sees("in$ ")
	flags, err := with(s.caller, func(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0) })
	if err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("the caller's terminal has flags %#o, %v", flags, err)
	}
	s.types("exit\r")
	s.endsWell()
}

// An stdin that is no terminal is typed, with its end.
func TestInputFromPipe(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"lines":             {"one\ntwo\n", "<one\r\n><two\r\n>"},
		"no newline at end": {"one\ntwo", "<one\r\n><two>"},
		"nothing":           {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close()
			shown, stdout, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer shown.Close()
			inner, other, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer inner.Close()
			mode := termios(t, other)
			mode.Lflag &^= unix.ECHO
			if err := unix.IoctlSetTermios(int(other.Fd()), unix.TCSETS, &mode); err != nil {
				t.Fatal(err)
			}
			if _, err := write.WriteString(c.input); err != nil {
				t.Fatal(err)
			}
			write.Close()
			done := make(chan error, 1)
			go func() { done <- Relay(t.Context(), inner, read, stdout) }()
			b := make([]byte, 100)
			for {
				n, err := unix.Read(int(other.Fd()), b)
				if n <= 0 {
					if err != nil {
						t.Error(err)
					}
					break // the end that was typed
				}
				if _, err := other.WriteString("<" + string(b[:n]) + ">"); err != nil {
					t.Fatal(err)
				}
			}
			other.Close()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			stdout.Close()
			if got, err := io.ReadAll(shown); string(got) != c.want {
				t.Errorf("shown is %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// A relay leaves neither goroutines, which would take the next keys, nor descriptors.
func TestNothingIsLeft(t *testing.T) {
	theirs, caller, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	defer caller.Close()
	once := func() {
		inner, other, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer inner.Close()
		other.Close()
		if err := Relay(t.Context(), inner, caller, caller); err != nil {
			t.Fatal(err)
		}
	}
	once() // the runtime's own goroutine for signals stays
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	for range 100 {
		once()
	}
	livetest.WaitFor(t, "all goroutines' end", func() bool { return runtime.NumGoroutine() <= goroutines })
	if n := openDescriptors(t); n > descriptors {
		t.Errorf("%d descriptors, %d before", n, descriptors)
	}
	if _, err := theirs.WriteString("next\n"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	if n, err := caller.Read(b); string(b[:n]) != "next\n" {
		t.Errorf("the next reader gets %q, %v", b[:n], err)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestLeftRaw(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if LeftRaw(null) {
		t.Error("/dev/null is no terminal")
	}
	theirs, caller, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	defer caller.Close()
	if LeftRaw(caller) {
		t.Error("a new terminal is not raw")
	}
	m := &mode{fd: int(caller.Fd())}
	if err := m.setRaw(); err != nil {
		t.Fatal(err)
	}
	if !LeftRaw(caller) {
		t.Error("a raw terminal is raw")
	}
}
