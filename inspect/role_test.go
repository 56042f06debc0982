package inspect

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// roleEnv makes this test binary play a process of a certain kind instead of running tests.
const roleEnv = "CUTAWAY_TEST_ROLE"

// roles are the kinds of process. Each says that it is ready and then stays until its standard input is closed, so that
// none outlives the tests.
var roles = map[string]func(){
	"plain":     stay,
	"named":     playNamed,
	"retitled":  playRetitled,
	"private":   playPrivate,
	"headless":  playHeadless,
	"vforking":  playVforking,
	"contained": playContained,
}

// Roles start here, since only an init function is sure to run in the process's main thread.
func init() {
	if play, ok := roles[os.Getenv(roleEnv)]; ok {
		runtime.LockOSThread()
		runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
		play()
		os.Exit(0)
	}
}

func ready() { os.Stdout.WriteString("ready\n") }

func untilClosed() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func stay() {
	ready()
	untilClosed()
}

// hostileName has what breaks a careless parser, and what draws over a careless screen.
const hostileName = ") R 1 (\x1b[2J\n"

func playNamed() {
	name := append([]byte(hostileName), 0)
	unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
	stay()
}

const newTitle = "retitled: serving \x1b]0;you\a"

// playRetitled writes over its arguments, as setproctitle(3bsd) does; the Go runtime's strings are the kernel's memory.
func playRetitled() {
	own := unsafe.Slice(unsafe.StringData(os.Args[0]), len(os.Args[0])+1+len(os.Args[1]))
	clear(own[copy(own, newTitle):])
	stay()
}

// playPrivate is not dumpable, so that only root may look into it (PR_SET_DUMPABLE(2const)).
func playPrivate() {
	unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	stay()
}

// playHeadless ends its main thread while others run on (pthread_exit(3), "Notes").
func playHeadless() {
	go untilClosed()
	ready()
	syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
}

// playVforking waits for a child that has its memory and never runs another program (vfork(2)). It never comes back from
// there: the child has used its stack.
func playVforking() {
	go untilClosed()
	ready()
	stopInVfork()
}

//go:norace
//go:nosplit
func stopInVfork() {
	child, _, _ := syscall.RawSyscall6(syscall.SYS_CLONE, unix.CLONE_VM|unix.CLONE_VFORK|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if child == 0 {
		syscall.RawSyscall(syscall.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
		for {
			syscall.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
		}
	}
}

// playContained has a proc file system of its own PID namespace, and no cgroups, in namespaces that it was started with.
func playContained() {
	for _, err := range []error{
		mountProc(""), unix.Mount("cutaway-test", "/sys/fs/cgroup", "tmpfs", 0, ""),
	} {
		if err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
	}
	stay()
}

// mountProc mounts a proc file system with options at /proc, for this mount namespace alone.
func mountProc(options string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, options); err != nil {
		return fmt.Errorf("mount proc with %q: %w", options, err)
	}
	return nil
}

// role starts a process of a kind and waits until it says that it is ready. It ends with the test.
func role(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	return roleIn(t, nil, name, args...)
}

// roleIn does the same with other namespaces, another user, ….
func roleIn(t *testing.T, attr *syscall.SysProcAttr, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = []string{roleEnv + "=" + name}
	cmd.SysProcAttr = attr
	return begin(t, cmd)
}

func begin(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%s is not ready: %q, %v", strings.Join(cmd.Env, " "), line, err)
	}
	return cmd
}

// scanUntil scans until a condition holds, and fails the test when it does not in time.
func scanUntil(t *testing.T, s *Scanner, what string, holds func(*Snapshot) bool) *Snapshot {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		snap := scan(t, s)
		if holds(snap) {
			return snap
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
