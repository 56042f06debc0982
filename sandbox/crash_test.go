package sandbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/sandbox/limit"
)

// launcher is this test binary as a launcher that is killed: it launches a sandbox and says what there is to look for.
func launcher() int {
	s := isolated("exec sleep 1000")
	mode := os.Getenv("CUTAWAY_LAUNCHER")
	s.Init = mode == "init"
	if orphan, ok := strings.CutPrefix(mode, "orphan "); ok {
		preset, _ := PresetNamed("nocaps")
		*s, _ = preset.Spec(nil)
		s.Command = []string{"/bin/sh", "-c", "setsid sleep " + orphan + " & sleep " + orphan}
	} else if os.Geteuid() == 0 {
		pids := limit.Amount(100)
		s.Limits.PIDs = &pids
	}
	box, err := Start(context.Background(), s, Options{Exe: os.Getenv("CUTAWAY_CHILD")})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for hired := box.group == nil; !hired; time.Sleep(time.Millisecond) {
		box.cleaning.Lock()
		hired = box.janitor != nil
		box.cleaning.Unlock()
	}
	fmt.Println(box.PID, strings.Join(box.Cgroups(), " "))
	_, _ = box.Wait()
	return 0
}

// kill -9 of the launcher leaves nothing: no process, no mount on the host, no cgroup.
func TestKilledLauncherLeavesNothing(t *testing.T) {
	needNamespaces(t)
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"init", "bare"} {
		t.Run(mode, func(t *testing.T) {
			mounts, _ := os.ReadFile("/proc/self/mounts")
			self, _ := os.Executable()
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), "CUTAWAY_LAUNCHER="+mode, "CUTAWAY_CHILD="+exe)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			fields := strings.Fields(line)
			pid, numErr := strconv.Atoi(strings.Join(fields[:min(1, len(fields))], ""))
			if err != nil || numErr != nil {
				t.Fatalf("the launcher said %q: %v", line, err)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			within(t, "the sandbox's first process is gone", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH })
			for _, dir := range fields[1:] {
				within(t, dir+" is gone", func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) })
			}
			if os.Geteuid() == 0 && len(fields) < 2 {
				t.Error("it had no cgroup: nothing was shown")
			}
			if after, _ := os.ReadFile("/proc/self/mounts"); string(after) != string(mounts) {
				t.Error("the host's mounts changed")
			}
		})
	}
}

// Without a PID namespace and without a cgroup, too, nothing lives on: not even what left the command's session.
func TestKilledLauncherLeavesNoOrphan(t *testing.T) {
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	number := strconv.Itoa(os.Getpid() + 1e6) // of seconds; nobody else sleeps as long
	sleepers := func() (pids []int) {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range files {
			if line, _ := os.ReadFile(file); string(line) == "sleep\x00"+number+"\x00" {
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
				pids = append(pids, pid)
			}
		}
		return pids
	}
	t.Cleanup(func() {
		for _, pid := range sleepers() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	self, _ := os.Executable()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "CUTAWAY_LAUNCHER=orphan "+number, "CUTAWAY_CHILD="+exe)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, "two processes run", func() bool { return len(sleepers()) == 2 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	within(t, "both are gone", func() bool { return len(sleepers()) == 0 })
}

// within polls until a condition holds.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Many launches, some of which fail, leak no descriptor, process, thread, mount or cgroup.
func TestManyLaunchesLeakNothing(t *testing.T) {
	needNamespaces(t)
	launches := 1000
	if testing.Short() {
		launches = 50
	}
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	one := func(i int) {
		s := isolated("")
		s.Command = []string{"/bin/true"}
		if i%10 == 3 {
			s.Command = []string{"/no/such/command"}
		}
		if os.Geteuid() == 0 && i%2 == 0 {
			pids := limit.Amount(100)
			s.Limits.PIDs = &pids
		}
		box, err := Start(context.Background(), s, Options{Exe: exe})
		if (err != nil) != (i%10 == 3) {
			t.Fatalf("launch %d: %v", i, err)
		}
		if err != nil {
			return
		}
		if status, err := box.Wait(); status.ExitCode() != 0 || err != nil {
			t.Fatalf("launch %d: %+v %v", i, status, err)
		}
	}
	for i := range 20 { // what the runtime makes once
		one(i)
	}
	before := census()
	for i := range launches {
		one(i)
	}
	after := census()
	for what, n := range before {
		slack := 0
		if what == "threads" {
			slack = 4
		}
		if after[what] > n+slack {
			t.Errorf("%s: %d before, %d after %d launches", what, n, after[what], launches)
		}
	}
}

// census counts what a launch may leak.
func census() map[string]int {
	count := func(pattern string) int {
		found, _ := filepath.Glob(pattern)
		return len(found)
	}
	mounts, _ := os.ReadFile("/proc/self/mounts")
	kids := 0
	for _, thread := range must(filepath.Glob("/proc/self/task/*/children")) {
		b, _ := os.ReadFile(thread)
		kids += len(strings.Fields(string(b)))
	}
	return map[string]int{
		"descriptors": count("/proc/self/fd/*"),
		"threads":     count("/proc/self/task/*"),
		"children":    kids,
		"mounts":      strings.Count(string(mounts), "\n"),
		"cgroups":     count(fmt.Sprintf("/sys/fs/cgroup/*/cutaway-%d-*", os.Getpid())),
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
