package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run the real command line, and processes with names to fear.
func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){
		"cutaway": func() { os.Exit(Main(os.Args[1:])) },
		"renamed": renamed,
	})
}

// renamed takes the name that its first argument spells (with Go's escapes), makes the file that its second argument
// names, and waits for a signal to end.
func renamed() {
	name, err := strconv.Unquote(`"` + os.Args[1] + `"`)
	if err == nil {
		err = os.WriteFile("/proc/self/comm", []byte(name), 0) // of the whole process, see proc_pid_comm(5)
	}
	if err == nil {
		err = os.WriteFile(os.Args[2], nil, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt)
	<-end
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "C.UTF-8")
			env.Setenv("LC_ALL", "")
			env.Setenv("TERM", "xterm")
			env.Setenv("NO_COLOR", "")
			env.Setenv("PARENT", strconv.Itoa(os.Getpid()))
			saved, err := filepath.Abs(savedFile)
			if err != nil {
				return err
			}
			env.Setenv("SNAP", saved)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"waitfor": waitFor,
			"oneline": oneLine,
		},
		RequireExplicitExec: true,
	})
}

// exits runs a command and holds that it ends with a status: exits 2 cutaway ps --nonsense.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("ended with %d, want %d", got, want)
	}
}

// waitFor waits until a file is there.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor FILE")
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s did not appear", args[0])
}

// oneLine holds that stdout or stderr has exactly one line.
func oneLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: oneline stdout|stderr")
	}
	lines := 0
	for _, c := range ts.ReadFile(args[0]) {
		if c == '\n' {
			lines++
		}
	}
	if lines != 1 {
		ts.Fatalf("%s has %d lines", args[0], lines)
	}
}

// TestInterrupted holds that Ctrl-C ends a command by its signal, which a shell reports as 130. The command is caught
// while it waits for a pipe that nobody empties.
func TestInterrupted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const small = 4096
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, w.Fd(), 1031 /* F_SETPIPE_SZ */, small); errno != 0 {
		t.Fatal(errno)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "man")
	cmd.Args[0] = "cutaway"
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := r.Read(make([]byte, 1)); err != nil { // it is writing now, and will not get to the end
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v", cmd.ProcessState)
	}
}
