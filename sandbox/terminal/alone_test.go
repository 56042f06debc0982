package terminal

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// alone is a launcher on a terminal that it has for itself.
type alone struct {
	person
	caller *os.File
	cmd    *exec.Cmd
}

func startAlone(t *testing.T, as *syscall.Credential, command ...string) *alone {
	t.Helper()
	theirs, caller, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := caller.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	l := &alone{person: person{t: t, file: theirs}, caller: caller}
	l.cmd = exec.Command("/proc/self/exe", command...) // every user may execute that
	l.cmd.Env = append(os.Environ(), launcherRole+"=relay")
	l.cmd.Stdin, l.cmd.Stdout, l.cmd.Stderr = caller, caller, caller
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Credential: as}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = l.cmd.Process.Kill() // the terminal of the command goes with it
		_ = l.cmd.Wait()
		theirs.Close()
		caller.Close()
	})
	return l
}

// A launcher without a shell's job control around it, which would mend the terminal after it.
func TestEndBySignalWhileOutputIsStuck(t *testing.T) {
	l := startAlone(t, nil, "yes")
	before := termios(t, l.caller)
	l.waitsForRaw(true)
	l.waits("a full terminal", func() bool { // nobody reads: the launcher cannot write
		n, err := with(l.file, func(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCINQ) })
		return err == nil && n >= 4095
	})
	if err := l.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	l.waitsForRaw(false)
	l.watch() // it says why it ends
	if status := statusOf(l.cmd.Wait()); status != 128+int(unix.SIGTERM) {
		t.Errorf("status %d", status)
	}
	if after := termios(t, l.caller); after != before {
		t.Errorf("the terminal is not as it was:\n%+v\n%+v", before, after)
	}
}

// Nobody could continue a launcher that leads its session: SIGTSTP does not stop it.
func TestNoStopWithoutShell(t *testing.T) {
	l := startAlone(t, nil, "sh", "-i")
	l.watch()
	l.sees("in$ ")
	for i := range 3 {
		if err := l.cmd.Process.Signal(unix.SIGTSTP); err != nil {
			t.Fatal(err)
		}
		l.types("echo $((40+" + strconv.Itoa(i) + "))\r")
		l.sees(strconv.Itoa(40+i) + "\r\n")
	}
	l.types("exit 4\r")
	if status := statusOf(l.cmd.Wait()); status != 4 {
		t.Errorf("status %d", status)
	}
}

// After su the terminal is another user's, and cannot be opened anew.
func TestTerminalOfAnotherUser(t *testing.T) {
	livetest.NeedRoot(t)
	l := startAlone(t, &syscall.Credential{Uid: 65534, Gid: 65534}, "sh", "-i")
	before := termios(t, l.caller)
	l.watch()
	l.sees("in$ ")
	l.waitsForRaw(true)
	l.types("echo $((40+2)); seq 1 20000\r")
	l.sees("42")
	l.sees("\r\n20000\r\n")
	l.types("exit 4\r")
	if status := statusOf(l.cmd.Wait()); status != 4 {
		t.Errorf("status %d", status)
	}
	if after := termios(t, l.caller); after != before {
		t.Errorf("the terminal is not as it was:\n%+v\n%+v", before, after)
	}
}
