package cli

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cutaway/inspect/livetest"
)

// Without a terminal the command has the caller's files themselves.
func TestLivePipes(t *testing.T) {
	cmd := cutaway(t, "run", "--", "cat")
	cmd.Stdin = strings.NewReader("x\n")
	if r := finish(t, cmd); r.out != "x\n" || r.status != 0 {
		t.Errorf("echo x | cutaway run -- cat: %q %q (%d)", r.out, r.err, r.status)
	}
	data := make([]byte, 10<<20)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{nil, {"--no-init"}, {"--preset", "nocaps"}} {
		cmd = cutaway(t, append(append([]string{"run"}, flags...), "--", "cat")...)
		cmd.Stdin = bytes.NewReader(data)
		if r := finish(t, cmd); r.out != string(data) || r.status != 0 {
			t.Errorf("%v: %d bytes came through of %d, the same: %v (%d, %q)", flags, len(r.out), len(data), r.out == string(data), r.status, r.err)
		}
	}
	if r := runs(t, nil, "echo to out; echo to err >&2"); r.out != "to out\n" || withoutNotes(r.err) != "to err\n" {
		t.Errorf("wrote %q and %q", r.out, r.err)
	}
}

// withoutNotes is what a command wrote to stderr, without what cutaway says of a launch, such as that a user may set no limits.
func withoutNotes(stderr string) string {
	var b strings.Builder
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "cutaway: ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// Who stops reading ends the writer by SIGPIPE, as without a sandbox.
func TestLiveClosedPipe(t *testing.T) {
	for _, flags := range [][]string{nil, {"--preset", "nocaps"}} {
		cmd := cutaway(t, append(append([]string{"run"}, flags...), "--", "yes")...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		out.Close()
		if status := statusOf(t, cmd.Wait()); status != 128+int(syscall.SIGPIPE) {
			t.Errorf("%v: ended with %d", flags, status)
		}
	}
}

// A signal to cutaway is the command's, and the status says which one ended it.
func TestLiveSignals(t *testing.T) {
	for _, c := range []struct {
		flags  string
		script string
		signal syscall.Signal
		want   int
		says   string
	}{
		{"", "echo ready; exec sleep 1000", syscall.SIGTERM, 143, ""},
		{"", "echo ready; exec sleep 1000", syscall.SIGINT, 130, ""},
		{"", "echo ready; exec sleep 1000", syscall.SIGHUP, 129, ""},
		{"", "echo ready; exec sleep 1000", syscall.SIGUSR1, 138, ""},
		{"--preset nocaps", "echo ready; exec sleep 1000", syscall.SIGTERM, 143, ""},
		{"--preset nocaps --no-init", "echo ready; exec sleep 1000", syscall.SIGINT, 130, ""},
		{"", "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.01; done", syscall.SIGTERM, 5, "got\n"},
		{"--no-init", "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.01; done", syscall.SIGTERM, 5, "got\n"},
		{"--no-init", "trap 'echo got; exit 6' USR2; echo ready; while :; do sleep 0.01; done", syscall.SIGUSR2, 6, "got\n"},
	} {
		t.Run(c.flags+" "+c.signal.String(), func(t *testing.T) {
			args := append(append([]string{"run"}, strings.Fields(c.flags)...), "--", "sh", "-c", c.script)
			cmd := cutaway(t, args...)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(out)
			if line, err := r.ReadString('\n'); line != "ready\n" {
				t.Fatalf("said %q, %v", line, err)
			}
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if status := statusOf(t, cmd.Wait()); status != c.want || string(rest) != c.says {
				t.Errorf("ended with %d, want %d; said %q, want %q", status, c.want, rest, c.says)
			}
		})
	}
}

// A fork bomb is kept in its bounds, and when cutaway is killed nothing of it is left: no process and no cgroup.
func TestLiveForkBomb(t *testing.T) {
	livetest.NeedRoot(t)
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(end.String(), func(t *testing.T) {
			cmd := cutaway(t, "run", "--pids-limit", "40", "--", "bash", "-c", `trap 'exit 143' TERM; bomb() { sleep 1000 & bomb & bomb; }; echo started; bomb 2>/dev/null; while :; do sleep 0.01; done 2>/dev/null`)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatalf("said %q, %v", line, err)
			}
			first := sandboxOf(t, cmd.Process.Pid)
			namespace := nsLink(first, "pid")
			most := 0
			livetest.WaitFor(t, "the bomb to fill its bounds", func() bool {
				most = max(most, len(inNamespace("pid", namespace)))
				return most >= 15
			})
			livetest.WaitFor(t, "a janitor", func() bool { return hasJanitor(cmd.Process.Pid) })
			dirs := cgroupsOf(t, first)
			if most > 40 {
				t.Errorf("%d processes under a limit of 40", most)
			}
			if err := cmd.Process.Signal(end); err != nil {
				t.Fatal(err)
			}
			if end == syscall.SIGTERM { // the command may be past heeding it
				_ = syscall.Kill(first, syscall.SIGKILL)
			}
			_ = cmd.Wait()
			livetest.WaitFor(t, "all processes to be gone", func() bool { return len(inNamespace("pid", namespace)) == 0 })
			for _, dir := range dirs {
				livetest.WaitFor(t, dir+" to be gone", func() bool { _, err := os.Stat(dir); return errors.Is(err, os.ErrNotExist) })
			}
		})
	}
}

// A daemon that left its session and its parent ends with the command, in every preset that a user can launch.
func TestLiveDaemonsEnd(t *testing.T) {
	for i, flags := range []string{"", "--no-init", "--preset nocaps", "--preset pid", "--preset docker"} {
		t.Run(flags, func(t *testing.T) {
			seconds := strconv.Itoa(2_000_000 + 10*os.Getpid() + i) // nobody else sleeps as long
			r := runs(t, strings.Fields(flags), "setsid -f sleep "+seconds+" </dev/null >/dev/null 2>&1; (setsid sh -c 'sleep "+seconds+" & exec sleep "+seconds+"' </dev/null >/dev/null 2>&1 &); echo started")
			if r.out != "started\n" || r.status != 0 {
				t.Errorf("wrote %q %q (%d)", r.out, r.err, r.status)
			}
			if left := sleeping(seconds); len(left) > 0 {
				t.Errorf("processes %v are left", left)
				for _, pid := range left {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		})
	}
}

// sleeping are the processes that sleep so many seconds.
func sleeping(seconds string) (pids []int) {
	for _, pid := range allPIDs() {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); string(b) == "sleep\x00"+seconds+"\x00" {
			pids = append(pids, pid)
		}
	}
	return pids
}

func allPIDs() (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		pids = append(pids, pid)
	}
	return pids
}

// nsLink is where the link of a process's namespace leads, "" when that cannot be read.
func nsLink(pid int, name string) string {
	link, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, name))
	return link
}

// inNamespace are the processes in a namespace.
func inNamespace(name, link string) (pids []int) {
	for _, pid := range allPIDs() {
		if nsLink(pid, name) == link {
			pids = append(pids, pid)
		}
	}
	return pids
}

// childrenOf are a process's children, of all its threads.
func childrenOf(pid int) (pids []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		b, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(b)) {
			child, _ := strconv.Atoi(word)
			pids = append(pids, child)
		}
	}
	return pids
}

// hasJanitor tells whether a launcher has started what cleans up when it is killed.
func hasJanitor(launcher int) bool {
	return slices.ContainsFunc(childrenOf(launcher), func(pid int) bool {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return strings.HasPrefix(string(b), "cutaway-janitor")
	})
}

// cgroupsOf are the directories of the cgroups of cutaway's own that a process is in.
func cgroupsOf(t *testing.T, pid int) (dirs []string) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if !strings.Contains(parts[2], "cutaway-") {
			continue
		}
		for _, mount := range []string{parts[1], "unified", ""} {
			dir := filepath.Join("/sys/fs/cgroup", mount, parts[2])
			if _, err := os.Stat(dir); err == nil {
				dirs = append(dirs, dir)
				break
			}
		}
	}
	if len(dirs) == 0 {
		t.Fatalf("process %d is in no cgroup of cutaway's:\n%s", pid, b)
	}
	return dirs
}
