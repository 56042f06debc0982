package seccomp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// errand is what a child of the test binary does behind a filter.
type errand struct {
	Program []byte // none when empty
	UID     int    // who it is then; 0 stays who started it
	Calls   []try
	Argv    []string // becomes this program after the calls
}

// try is a call with the same arguments that the kernel gets.
type try struct {
	Number uint32
	Args   [6]uint64
}

const errandEnv = "CUTAWAY_SECCOMP_ERRAND"

func TestMain(m *testing.M) {
	if text := os.Getenv(errandEnv); text != "" {
		if err := runErrand(text); err != nil {
			fmt.Fprintln(os.Stderr, "errand:", err)
			os.Exit(99)
		}
		os.Exit(0)
	}
	if os.Getenv(goEnv) != "" {
		os.Exit(goProgram())
	}
	os.Exit(livetest.Main(m))
}

// runErrand prints the errno of each call as JSON, or becomes the program.
func runErrand(text string) error {
	var e errand
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	if err := os.Unsetenv(errandEnv); err != nil {
		return err
	}
	if e.UID != 0 {
		if err := syscall.Setgroups(nil); err != nil {
			return fmt.Errorf("setgroups: %w", err)
		}
		if err := syscall.Setresgid(e.UID, e.UID, e.UID); err != nil {
			return fmt.Errorf("setresgid: %w", err)
		}
		if err := syscall.Setresuid(e.UID, e.UID, e.UID); err != nil {
			return fmt.Errorf("setresuid: %w", err)
		}
	}
	runtime.LockOSThread()
	if len(e.Program) > 0 {
		if err := enter(e.Program); err != nil {
			return err
		}
	}
	if len(e.Argv) > 0 {
		return fmt.Errorf("execve %s: %w", e.Argv[0], syscall.Exec(e.Argv[0], e.Argv, os.Environ()))
	}
	errnos := make([]int, len(e.Calls))
	for i, c := range e.Calls {
		_, _, errno := syscall.RawSyscall6(uintptr(c.Number), uintptr(c.Args[0]), uintptr(c.Args[1]), uintptr(c.Args[2]),
			uintptr(c.Args[3]), uintptr(c.Args[4]), uintptr(c.Args[5]))
		errnos[i] = int(errno)
	}
	return json.NewEncoder(os.Stdout).Encode(errnos)
}

// enter loads a program on all threads, as the launcher does.
func enter(program []byte) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl(PR_SET_NO_NEW_PRIVS): %w", err)
	}
	filter := make([]unix.SockFilter, len(program)/8)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&filter[0])), len(program)), program)
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	r, _, errno := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(filter)
	if errno != 0 || r != 0 {
		return fmt.Errorf("seccomp: %d, %w", r, errno)
	}
	return nil
}

// output is how an errand ended, with the ends of what it printed.
type output struct {
	stdout, stderr string
	err            error // of exec.Cmd's Wait
}

// start prepares an errand's process: in a session of its own, so that no call reaches a terminal.
func start(t testing.TB, e errand, env ...string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Dir = "/"
	cmd.Env = append([]string{errandEnv + "=" + string(text), "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/", "TERM=xterm"}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

func send(t testing.TB, e errand, env ...string) output {
	t.Helper()
	runtime.LockOSThread() // Pdeathsig is the thread's
	defer runtime.UnlockOSThread()
	cmd := start(t, e, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return output{end(stdout.String()), end(stderr.String()), err}
}

// end is the last of what a program printed, for a message that can be read.
func end(text string) string {
	text = strings.TrimSpace(text)
	return text[max(0, len(text)-4000):]
}

// errnos are what an errand's calls end with.
func errnos(t testing.TB, e errand) []syscall.Errno {
	t.Helper()
	out := send(t, e)
	if out.err != nil {
		t.Fatalf("%v: %s", out.err, out.stderr)
	}
	var list []syscall.Errno
	if err := json.Unmarshal([]byte(out.stdout), &list); err != nil || len(list) != len(e.Calls) {
		t.Fatalf("%d calls gave %q: %v", len(e.Calls), out.stdout, err)
	}
	return list
}

// program is a profile's for this machine.
func program(t testing.TB, profile string) []byte {
	t.Helper()
	p, err := Program(profile, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// users are who the tests run as: the user they were started by, and nobody where that is root.
func users() map[string]int {
	if os.Geteuid() != 0 {
		return map[string]int{"self": 0}
	}
	return map[string]int{"root": 0, "nobody": 65534}
}

// signalOf is the signal that ended a process, 0 for none.
func signalOf(err error) syscall.Signal {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return status.Signal()
		}
	}
	return 0
}
