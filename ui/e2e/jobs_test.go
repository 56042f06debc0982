package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// A shell has job control; its end and its status are said, and enter starts it again.
func TestLiveJobControl(t *testing.T) {
	t.Parallel()
	w := open(t, wide, high)
	w.launch("isolated")
	first := w.command("bash")
	w.types("sleep 1000")
	w.keys("Enter")
	sleeping := w.command("sleep")
	w.keys("C-z")
	w.sees("Stopped")
	w.stateBecomes(sleeping, "T")
	if lines, _ := w.run("jobs"); !strings.Contains(strings.Join(lines, "\n"), "Stopped") {
		t.Errorf("jobs says %q", lines)
	}
	w.types("fg")
	w.keys("Enter")
	w.stateBecomes(sleeping, "S")
	w.keys("C-c")
	w.stateBecomes(sleeping, "")
	w.prompt()
	w.types("echo status $?")
	w.keys("Enter")
	w.sees("status 130")

	w.types("exit 3")
	w.keys("Enter")
	w.sees("ended: exit 3")
	w.stateBecomes(first, "")
	w.keys("Enter")
	w.prompt()
	second := w.command("bash")
	if first == second {
		t.Error("the shell that ended is there still")
	}
	w.keys("C-d")
	w.sees("ended: exit 0")
	w.keys("Enter")
	w.prompt()
	if err := syscall.Kill(w.command("bash"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.sees("ended: SIGKILL")
	if left := w.cgroups(); len(left) > 0 {
		t.Errorf("the shell ended, and left %v", left)
	}
}

// stateBecomes waits for a state of a process on the host (proc_pid_stat(5)); "" is that it is gone.
func (w *window) stateBecomes(pid int, state string) {
	w.t.Helper()
	is := ""
	if !poll(func() bool {
		is = ""
		if fields := statFields(pid); len(fields) > 0 && fields[0] != "Z" {
			is = fields[0]
		}
		return is == state
	}) {
		w.t.Fatalf("process %d is in state %q, want %q", pid, is, state)
	}
}
