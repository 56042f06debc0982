package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// need returns the path of a program, or skips the test.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("needs %s", program)
	}
	return path
}

// inNamespaces runs a shell script in namespaces of its own, as root over a new user namespace, and returns what it
// prints.
func inNamespaces(t *testing.T, script string, options ...string) []byte {
	t.Helper()
	unshare := need(t, "unshare")
	if out, err := exec.Command(unshare, append(options, "-r", "true")...).CombinedOutput(); err != nil {
		t.Skipf("needs user namespaces: unshare %v: %v: %s", options, err, out)
	}
	cmd := exec.Command(unshare, append(options, "-r", "sh", "-ec", script)...)
	cmd.Dir = t.TempDir()
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the script in namespaces: %v", err)
	}
	return out
}

// startSleeper starts a process whose comm is the given name and that sleeps until the test ends.
func startSleeper(t *testing.T, comm string, env ...string) int {
	t.Helper()
	link := filepath.Join(t.TempDir(), comm)
	if err := os.Symlink(need(t, "sleep"), link); err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: link, Args: []string{"sleep", "1000"}, Env: env}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	pid := cmd.Process.Pid
	poll(t, fmt.Sprintf("process %d sleeps", pid), func() bool {
		var s Stat
		return ParseStat(readProc(t, pid, "stat"), &s) == nil && s.State == 'S' && string(s.Comm) != "exe"
	})
	return pid
}

// readProc reads a file of a process that must be there.
func readProc(t *testing.T, pid int, name string) []byte {
	t.Helper()
	return readFile(t, fmt.Sprintf("/proc/%d/%s", pid, name))
}

// poll waits for a condition.
func poll(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
