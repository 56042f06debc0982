package inspect

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cutaway/inspect/livetest"
)

// stageEnv counts the steps that a copy of the test binary has behind it.
const stageEnv = "CUTAWAY_TEST_STAGE"

// step leads a test to where it is to run: a copy of the test binary starts as attr says, and then does what is left.
type step struct {
	attr syscall.SysProcAttr
	then func() error // in the copy, before the next step; may be nil
}

// elsewhere runs the body of a test in a copy of the test binary, at the end of some steps: in other namespaces, as
// another user. Whatever the copy reports, the test reports.
func elsewhere(t *testing.T, body func(t *testing.T), steps ...step) {
	t.Helper()
	done, _ := strconv.Atoi(os.Getenv(stageEnv))
	if done > 0 {
		if then := steps[done-1].then; then != nil {
			if err := then(); err != nil {
				t.Skip("needs the right to: " + err.Error())
			}
		}
	}
	if done == len(steps) {
		body(t)
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run="+pattern(t.Name()), "-test.v", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), stageEnv+"="+strconv.Itoa(done+1))
	cmd.SysProcAttr = &steps[done].attr
	out, err := cmd.CombinedOutput()
	switch text := string(out); {
	case err != nil && cmd.ProcessState == nil:
		livetest.Skip(t, "needs the right to make namespaces: "+err.Error())
	case err != nil:
		t.Fatalf("%v:\n%s", err, text)
	case strings.Contains(text, "--- SKIP: "+t.Name()+" ("):
		livetest.Skip(t, text)
	case !strings.Contains(text, "--- PASS: "+t.Name()+" ("):
		t.Fatalf("the test did not run there:\n%s", text)
	}
}

// needRoot skips a test that starts without root; the copies of the test binary may have left it behind.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getenv(stageEnv) == "" {
		livetest.NeedRoot(t)
	}
}

// pattern finds a test by its name alone.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// nobody is a user without any right.
const nobody = 65534

func asNobody() syscall.SysProcAttr {
	return syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// asUser runs the body of a test without the rights of root.
func asUser(t *testing.T, body func(t *testing.T)) {
	t.Helper()
	if os.Getuid() != 0 {
		body(t)
		return
	}
	elsewhere(t, body, step{attr: asNobody()})
}
