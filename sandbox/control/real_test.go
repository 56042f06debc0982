package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/cgroups/cgrouptest"
	"cutaway/sandbox/limit"
)

// helperEnv makes the test binary try to change its own shell's cgroup, and print what came of it.

const helperEnv = "CUTAWAY_CONTROL_HELPER"

// hogEnv makes it use that many MiB of memory, and wait.

const hogEnv = "CUTAWAY_CONTROL_HOG"

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(hogEnv)); err == nil {
		memory := make([]byte, n<<20)
		for i := 0; i < len(memory); i += os.Getpagesize() {
			memory[i] = 1
		}
		time.Sleep(time.Hour)
	}
	if os.Getenv(helperEnv) == "" {
		os.Exit(m.Run())
	}
	t, err := Pin(os.Getppid(), 0, Name{Title: "shell"})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ctx := context.Background()
	_, limitErr := t.Plan(limit.Set{PIDs: amount(500)})
	_, freezeErr := t.Freeze(ctx)
	_, _, killErr := t.KillAll(ctx)
	for _, err := range []error{limitErr, freezeErr, killErr} {
		fmt.Println(errors.Is(err, ErrProtected), err)
	}
	os.Exit(0)
}

func amount(n int64) *limit.Amount { a := limit.Amount(n); return &a }

// alone makes a cgroup with a program in it, and a limit of processes.
func alone(t testing.TB, set limit.Set, argv ...string) (*cgroups.Group, *exec.Cmd) {
	t.Helper()
	if set.PIDs == nil {
		set.PIDs = amount(1000)
	}
	return cgrouptest.Alone(t, set, argv...)
}

func pin(t testing.TB, pid int) *Target {
	t.Helper()
	target, err := Pin(pid, 0, Name{Title: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

// sleeper is a target in a cgroup of its own.

func sleeper(t testing.TB, set limit.Set) *Target {
	t.Helper()
	_, cmd := alone(t, set, "sleep", "600")
	return pin(t, cmd.Process.Pid)
}

// values reads what the plan's files hold now.

func values(t testing.TB, p *Plan) string {
	t.Helper()
	var all []string
	for _, w := range p.Writes {
		text, err := os.ReadFile(w.File)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, filepath.Base(w.File)+"="+strings.TrimSpace(string(text)))
	}
	return strings.Join(all, " ")
}

func plan(t testing.TB, target *Target, set limit.Set) *Plan {
	t.Helper()
	p, err := target.Plan(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range p.Writes {
		t.Logf("%s: %s -> %s: %s (hurts: %v)", filepath.Base(w.File), w.Old, w.New, w.What, w.Hurts)
	}
	return p
}

func apply(t testing.TB, p *Plan) ([]Result, string) {
	t.Helper()
	results, batch, err := p.Apply()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Entry.Unwritten != nil {
			t.Error(r.Entry.Unwritten)
		}
	}
	return results, batch
}

// A journal that names other files than those of cgroups has no effect, whoever wrote it.

// When one write fails, those before it are taken back.

// Memory and swap go up and down together, in an order that v1 takes.

// On v1 swap alone cannot be limited without memory.

// hog is a target that uses that much memory.

// Lowering memory below what is in use is refused by v1, and kills on v2: as the plan's words say.

// Nothing is done to what cutaway runs in, from, or above.

// A cutaway that runs in a cgroup of its own does nothing to it either.
