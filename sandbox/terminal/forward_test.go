package terminal

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// forwarder is a launcher without a terminal, and what its command writes.
type forwarder struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	lines chan string
}

func startForwarder(t *testing.T, argv ...string) *forwarder {
	t.Helper()
	f := &forwarder{cmd: exec.Command(argv[0], argv[1:]...), lines: make(chan string, 100)}
	f.cmd.Env = append(os.Environ(), launcherRole+"=forward", "launcher="+program)
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if f.input, err = f.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(f.lines)
		for s := bufio.NewScanner(output); s.Scan(); {
			f.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		f.input.Close() // commands of these tests end with their input
		_ = f.cmd.Process.Kill()
		_ = f.cmd.Wait()
	})
	return f
}

// waits for lines, in any order.
func (f *forwarder) waits(t *testing.T, wanted ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, w := range wanted {
		missing[w] = true
	}
	livetest.WaitFor(t, strings.Join(wanted, " and "), func() bool {
		for {
			select {
			case line := <-f.lines:
				first, _, _ := strings.Cut(line, " ")
				delete(missing, first)
			default:
				return len(missing) == 0
			}
		}
	})
}

// pid waits for a line with a word and a PID.
func (f *forwarder) pid(t *testing.T, word string) (pid int) {
	t.Helper()
	livetest.WaitFor(t, word, func() bool {
		select {
		case line := <-f.lines:
			n, _ := fmt.Sscanf(line, word+" %d", &pid)
			return n == 1
		default:
			return false
		}
	})
	return pid
}

// says is a command that says which signals it gets, until its input ends.
const says = `for s in HUP INT QUIT TERM USR1 USR2 ALRM WINCH CONT; do trap "echo $s" $s; done; echo ready; cat <&3 3<&- & exec 3<&-
while kill -0 $! 2>/dev/null; do wait; done`

func TestForward(t *testing.T) {
	livetest.NeedTools(t, "bash")
	f := startForwarder(t, program, "bash", "-c", "exec 3<&0; "+says)
	f.waits(t, "ready", "launcher")
	for name, s := range map[string]syscall.Signal{
		"HUP": unix.SIGHUP, "INT": unix.SIGINT, "QUIT": unix.SIGQUIT, "TERM": unix.SIGTERM, "USR1": unix.SIGUSR1,
		"USR2": unix.SIGUSR2, "ALRM": unix.SIGALRM, "WINCH": unix.SIGWINCH, "CONT": unix.SIGCONT,
	} {
		if err := f.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		f.waits(t, "sent-SIG"+name, name)
	}
}

func TestForwardGivesTheStatus(t *testing.T) {
	f := startForwarder(t, program, "sh", "-c", "echo ready; exec cat")
	f.waits(t, "ready", "launcher")
	if err := f.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := statusOf(f.cmd.Wait()); status != 128+int(unix.SIGTERM) {
		t.Errorf("status %d", status)
	}
}

// A ^Z at the caller's terminal stops both, and both go on together.
func TestForwardStop(t *testing.T) {
	f := startForwarder(t, program, "sh", "-c", "echo ready $$; exec cat")
	launcher := f.cmd.Process.Pid
	command := f.pid(t, "command")
	for range 2 {
		if err := f.cmd.Process.Signal(unix.SIGTSTP); err != nil {
			t.Fatal(err)
		}
		livetest.WaitFor(t, "both to stop", func() bool { return stat(launcher).state == "T" && stat(command).state == "T" })
		if err := f.cmd.Process.Signal(unix.SIGCONT); err != nil {
			t.Fatal(err)
		}
		livetest.WaitFor(t, "both to go on", func() bool { return stat(launcher).state == "S" && stat(command).state == "S" })
	}
	f.input.Close()
	if status := statusOf(f.cmd.Wait()); status != 0 {
		t.Errorf("status %d", status)
	}
}

// A launcher that nobody could continue does not stop, and its command goes on.
func TestForwardNoStopWithoutShell(t *testing.T) {
	f := startForwarder(t, "setsid", "-w", program, "sh", "-c", "echo ready $$; exec cat")
	command := f.pid(t, "command")
	if err := syscall.Kill(stat(command).parent, unix.SIGTSTP); err != nil {
		t.Fatal(err)
	}
	f.waits(t, "sent-SIGSTOP", "sent-SIGCONT")
	livetest.WaitFor(t, "the command to go on", func() bool { return stat(command).state == "S" })
}

// What nohup ignores stays ignored.
func TestForwardUnderNohup(t *testing.T) {
	livetest.NeedTools(t, "nohup", "bash")
	f := startForwarder(t, "nohup", program, "bash", "-c", "echo ready; read x")
	f.waits(t, "ready", "launcher")
	for _, s := range []syscall.Signal{unix.SIGHUP, unix.SIGTERM} {
		if err := f.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if status := statusOf(f.cmd.Wait()); status != 128+int(unix.SIGTERM) {
		t.Errorf("status %d: SIGHUP should be ignored, and SIGTERM forwarded", status)
	}
	for line := range f.lines {
		if line == "sent-SIGHUP" {
			t.Error("SIGHUP was forwarded")
		}
	}
}
