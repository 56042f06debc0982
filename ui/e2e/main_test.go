package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"cutaway/inspect/livetest"
)

// folder is for the binary under test and the tests' files; it is made at first use.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "cutaway-e2e-") })

// binary builds cutaway as `make build` does, once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "cutaway")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "cutaway")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := livetest.Main(m)
	if dir, err := folder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}
