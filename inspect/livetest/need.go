package livetest

import (
	"os"
	"os/exec"
	"testing"
)

// mustRun turns skips into failures.
var mustRun = os.Getenv("CUTAWAY_MUST_RUN") == "1"

// Skip skips the test for a reason, or fails it where it must run (CUTAWAY_MUST_RUN=1).
func Skip(t testing.TB, reason string) {
	t.Helper()
	if mustRun {
		t.Fatalf("must run, but %s", reason)
	}
	t.Skip(reason)
}

// NeedRoot skips the test unless it runs as root.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// NeedTools skips the test when one of the programs is not installed.
func NeedTools(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			Skip(t, name+" is not installed")
		}
	}
}
