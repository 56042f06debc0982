package livetest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// bench is what all helpers of one test binary share: a directory, cgroups and a mark, all of the same name, by which
// the janitor finds what to clean.
type bench struct {
	dir      string // holds all files
	name     string // base name of dir, name of the cgroup, value of markEnv
	procs    string // cgroup.procs of the cgroup for the bench's own processes, "" when it has none
	noCgroup error  // why it has none
	janitor  *exec.Cmd
	alive    io.Closer // the janitor cleans up when this closes
}

// markEnv is in the environment of everything that the bench starts, see procsOf.
const markEnv = "CUTAWAY_LIVETEST"

// Mark is a variable of the environment: what has it ends with the test binary, even when that is killed.
func Mark(t testing.TB) string {
	t.Helper()
	return markEnv + "=" + useBench(t).name
}

var (
	theBench = sync.OnceValues(newBench)
	started  atomic.Pointer[bench] // for Main: the bench, when a test used it
)

func useBench(t testing.TB) *bench {
	t.Helper()
	b, err := theBench()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newBench() (*bench, error) {
	dir, err := os.MkdirTemp("", fmt.Sprintf("cutaway-test-%d-", os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("make the bench's directory: %w", err)
	}
	// Rootless engines run as another user below it.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the bench's directory to other users: %w", err)
	}
	b := &bench{dir: dir, name: filepath.Base(dir)}
	if err := b.startJanitor(); err != nil {
		return nil, err
	}
	// Without rights to cgroups the mark alone finds what to clean, and there are no engines to run.
	b.procs, b.noCgroup = b.makeCgroup()
	started.Store(b)
	return b, nil
}

// startJanitor runs this binary once more as the janitor. Its standard input is a pipe that only this process holds
// open, so that it learns of our end, however we end. It keeps our standard error: `go test` waits for that to close,
// and so for the cleaning.
func (b *bench) startJanitor() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the test binary for the janitor: %w", err)
	}
	b.janitor = exec.Command(self)
	b.janitor.Env = []string{janitorEnv + "=" + b.dir}
	b.janitor.Stderr = os.Stderr
	b.janitor.Dir = "/"
	b.janitor.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C must not end the janitor
	if b.alive, err = b.janitor.StdinPipe(); err != nil {
		return fmt.Errorf("make the janitor's pipe: %w", err)
	}
	if err := b.janitor.Start(); err != nil {
		return fmt.Errorf("start the janitor: %w", err)
	}
	return nil
}

// Main runs a package's tests and then waits until the bench is clean; use it as
//
//	func TestMain(m *testing.M) { os.Exit(livetest.Main(m)) }
//
// It fails when something could not be removed. Without it the bench is cleaned all the same, but nobody is told.
func Main(m *testing.M) int {
	code := m.Run()
	b := started.Load()
	if b == nil {
		return code
	}
	b.alive.Close()
	if err := b.janitor.Wait(); err != nil {
		fmt.Fprintln(os.Stderr, "livetest: the janitor:", err)
		return max(code, 1)
	}
	return code
}

// path is a path below the bench's directory.
func (b *bench) path(parts ...string) string {
	return filepath.Join(append([]string{b.dir}, parts...)...)
}
