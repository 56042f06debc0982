package cli

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/cgroups/cgrouptest"
	"cutaway/sandbox/limit"
)

// inCgroup starts a program in a cgroup of its own.
func inCgroup(t *testing.T, argv ...string) (pid string, g *cgroups.Group) {
	t.Helper()
	livetest.NeedRoot(t)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("LANG", "C.UTF-8")
	memory, pids := limit.Amount(256<<20), limit.Amount(500)
	g, cmd := cgrouptest.Alone(t, limit.Set{Memory: &memory, PIDs: &pids}, argv...)
	return strconv.Itoa(cmd.Process.Pid), g
}

// run runs this binary as cutaway, without a terminal.
func run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "cutaway"
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), trouble.String(), cmd.ProcessState.ExitCode()
}

func pidsMax(t *testing.T, g *cgroups.Group) string {
	t.Helper()
	place, ok := g.Place("pids")
	if !ok {
		t.Fatal("no pids controller")
	}
	text, err := os.ReadFile(filepath.Join(place.Dir, "pids.max"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestLimitsCommand(t *testing.T) {
	pid, g := inCgroup(t, "sleep", "600")
	out, _, status := run(t, "limits", pid)
	if status != 0 || !strings.Contains(out, "256M  itself") || !strings.Contains(out, "500  itself") {
		t.Errorf("%d: %s", status, out)
	}
	if out, _, status := run(t, "limits", pid, "--pids", "77", "--dry-run"); status != 0 || !strings.Contains(out, "echo 77 > ") || pidsMax(t, g) != "500" {
		t.Errorf("a dry run: %d, %s: %s", status, pidsMax(t, g), out)
	}
	if _, _, status := run(t, "--readonly", "limits", pid, "--pids", "77", "--dry-run"); status != 0 {
		t.Error("--readonly forbids a dry run")
	}
	out, trouble, status := run(t, "limits", pid, "--pids", "77", "--memory", "64M")
	if status != 0 || trouble != "" || pidsMax(t, g) != "77" || !strings.Contains(out, "256M → 64M") {
		t.Errorf("%d, %s: %s%s", status, pidsMax(t, g), out, trouble)
	}
	if out, _, status := run(t, "limits", pid, "--pids", "77"); status != 0 || !strings.Contains(out, "as asked already") {
		t.Errorf("%d: %s", status, out)
	}
	// What can hurt needs --yes where nobody can be asked.
	if _, trouble, status := run(t, "limits", pid, "--pids", "1"); status != 1 || !strings.Contains(trouble, "--yes") || pidsMax(t, g) != "77" {
		t.Errorf("%d, %s: %s", status, pidsMax(t, g), trouble)
	}
	if _, trouble, status := run(t, "limits", pid, "--pids", "1", "--yes"); status != 0 || pidsMax(t, g) != "1" {
		t.Errorf("%d, %s: %s", status, pidsMax(t, g), trouble)
	}
	for _, want := range []string{"77", "500"} {
		if _, trouble, status := run(t, "limits", "--undo"); status != 0 || pidsMax(t, g) != want {
			t.Errorf("undo: %d, %s, want %s: %s", status, pidsMax(t, g), want, trouble)
		}
	}
	if _, trouble, status := run(t, "limits", "--undo"); status != 1 || !strings.Contains(trouble, "nothing to undo") {
		t.Errorf("undo: %d: %s", status, trouble)
	}
}

func TestFreezeThawKillCommands(t *testing.T) {
	pid, g := inCgroup(t, "sh", "-c", "sleep 600 & sleep 600 & wait")
	livetest.WaitFor(t, "the processes", func() bool { p, err := g.PIDs(); return err == nil && len(p) == 3 })
	if _, trouble, status := run(t, "freeze", pid); status != 1 || !strings.Contains(trouble, "all 3 processes") {
		t.Errorf("freeze without --yes: %d: %s", status, trouble)
	}
	if out, trouble, status := run(t, "freeze", pid, "--yes"); status != 0 || !strings.Contains(out, "frozen: sh") {
		t.Errorf("freeze: %d: %s%s", status, out, trouble)
	}
	if frozen, err := g.Frozen(); !frozen || err != nil {
		t.Errorf("frozen %v, %v", frozen, err)
	}
	if out, _, status := run(t, "thaw", pid); status != 0 || !strings.Contains(out, "runs again") {
		t.Errorf("thaw: %d: %s", status, out)
	}
	if frozen, err := g.Frozen(); frozen || err != nil {
		t.Errorf("frozen %v, %v", frozen, err)
	}
	if _, trouble, status := run(t, "kill", pid); status != 1 || !strings.Contains(trouble, "--yes") {
		t.Errorf("kill without --yes: %d: %s", status, trouble)
	}
	if out, trouble, status := run(t, "kill", pid, "-y"); status != 0 || !strings.Contains(out, "3 processes") {
		t.Errorf("kill: %d: %s%s", status, out, trouble)
	}
	if pids, err := g.PIDs(); len(pids) > 0 || err != nil {
		t.Errorf("left are %v, %v", pids, err)
	}
	out, _, _ := run(t, "journal")
	if strings.Count(out, "\n  $ ") != 3 {
		t.Errorf("the journal: %s", out)
	}
}

// On a terminal a person is asked, and anything but yes is no.
func TestConfirms(t *testing.T) {
	pid, g := inCgroup(t, "sleep", "600")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		answer, want string
		status       int
	}{
		{"\n", "500", 1}, {"n\n", "500", 1}, {"what\n", "500", 1}, {"\x04", "500", 1}, {"y\n", "1", 0},
	} {
		cmd := exec.Command(self, "limits", pid, "--pids", "1")
		cmd.Args[0] = "cutaway"
		main, err := pty.Start(cmd)
		if err != nil {
			t.Skipf("no pseudo terminal: %v", err)
		}
		var seen bytes.Buffer
		buf := make([]byte, 4096)
		for !strings.Contains(seen.String(), "[y/N] ") {
			n, err := main.Read(buf)
			seen.Write(buf[:n])
			if err != nil {
				t.Fatalf("%v: %s", err, seen.String())
			}
		}
		if _, err := main.WriteString(c.answer); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(&seen, main) // ends with EIO
		_ = cmd.Wait()
		main.Close()
		if got := cmd.ProcessState.ExitCode(); got != c.status || pidsMax(t, g) != c.want {
			t.Errorf("answered %q: status %d, pids.max %s: %s", c.answer, got, pidsMax(t, g), seen.String())
		}
	}
}

// A Docker container is limited, frozen and killed by its name.
func TestLiveLimitsByName(t *testing.T) {
	e := livetest.Docker(t)
	c := e.Run(t, "--memory=256m", "--memory-swap=256m", "--pids-limit=200")
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("LANG", "C.UTF-8")
	command := func(args ...string) string {
		t.Helper()
		out, trouble, status := run(t, append([]string{"--root", e.Machine.Root}, args...)...)
		if status != 0 {
			t.Errorf("%v: %d: %s%s", args, status, out, trouble)
		}
		return out
	}
	if out := command("limits", c.Name, "--memory", "64M"); !strings.Contains(out, "docker update --memory=67108864 --memory-swap=67108864 "+c.Name) {
		t.Errorf("limits: %s", out)
	}
	if stats := e.Command(t, "stats", "--no-stream", "--format", "{{.MemUsage}}", c.ID); !strings.HasSuffix(stats, "/ 64MiB") {
		t.Errorf("docker stats: %s", stats)
	}
	if out := command("limits", c.ID[:12]); !strings.Contains(out, "64M  itself") {
		t.Errorf("limits: %s", out)
	}
	command("limits", "--undo")
	if out := command("limits", c.Name); !strings.Contains(out, "256M  itself") {
		t.Errorf("limits: %s", out)
	}
	command("freeze", c.Name)
	if out := command("limits", c.Name); !strings.Contains(out, "frozen yes") {
		t.Errorf("frozen: %s", out)
	}
	command("thaw", c.Name)
	command("signal", "-s", "KILL", c.Name)
	livetest.WaitFor(t, "docker to notice", func() bool {
		return e.Command(t, "inspect", "--format", "{{.State.Running}}", c.ID) == "false"
	})
	if out := command("journal", c.Name); strings.Count(out, "\n  $ ") != 7 {
		t.Errorf("the journal: %s", out)
	}
}
