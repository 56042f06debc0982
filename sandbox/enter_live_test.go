package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect/caps"
	"cutaway/inspect/livetest"
)

// entered starts a command that sleeps in a target, and returns its PID on the host.
func entered(t *testing.T, e *Entry) (command int, notes []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	e.Start, e.Terminal = startTime(e.PID), TerminalNever
	if e.Command == nil {
		e.Command = []string{"sleep", "1000"}
	}
	box, err := Enter(ctx, e, Options{Exe: exe, Environ: []string{"PATH=" + os.Getenv("PATH"), "LEAK=yes"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		box.Kill()
		if _, err := box.Wait(); err != nil {
			t.Error(err)
		}
	})
	return box.PID, box.Notes
}

// identity is all that is compared of two processes, a line each.
func identity(t *testing.T, pid int) []string {
	t.Helper()
	var list []string
	add := func(name, value string) { list = append(list, name+" "+value) }
	for _, kind := range NamespaceTypes {
		link, err := os.Readlink(procDir(pid) + "/ns/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		add("ns", link)
	}
	for _, file := range []string{"status", "cgroup", "uid_map", "attr/current", "limits"} {
		b, err := os.ReadFile(procDir(pid) + "/" + file)
		if errors.Is(err, syscall.EINVAL) {
			continue // no security module labels processes
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines(string(b)) {
			name, _, _ := strings.Cut(l, ":")
			if file != "status" || slices.Contains([]string{"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Umask"}, name) {
				add(file, l)
			}
		}
	}
	for _, link := range []string{"root", "cwd"} {
		path, err := os.Readlink(procDir(pid) + "/" + link)
		if err != nil {
			t.Fatal(err)
		}
		add(link, path)
	}
	return list
}

// checkEntered enters a process and compares the two from outside.
func checkEntered(t *testing.T, target int) (notes []string) {
	t.Helper()
	command, notes := entered(t, &Entry{PID: target})
	got, want := identity(t, command), identity(t, target)
	for i := range max(len(got), len(want)) {
		var a, b string
		if i < len(got) {
			a = got[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if a != b {
			t.Errorf("the command has %q, the target %q", a, b)
		}
	}
	livetest.WaitFor(t, "no descriptors but the standard ones, once the loader is done", func() bool {
		files := openFiles(t, command)
		return len(files) == 3 && files["0"] != "" && files["1"] != "" && files["2"] != ""
	})
	if env, _ := os.ReadFile(procDir(command) + "/environ"); bytes.Contains(env, []byte("LEAK=")) {
		t.Error("the caller's environment is there")
	}
	return notes
}

func openFiles(t *testing.T, pid int) map[string]string {
	t.Helper()
	names, err := os.ReadDir(procDir(pid) + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, n := range names {
		files[n.Name()], _ = os.Readlink(filepath.Join(procDir(pid), "fd", n.Name()))
	}
	return files
}

// What enters a container is a process like its first one, of every engine.
func TestLiveEnterDocker(t *testing.T) {
	livetest.NeedRoot(t)
	d := livetest.Docker(t)
	for _, options := range [][]string{
		nil,
		{"--cap-drop=ALL", "--security-opt", "no-new-privileges"},
		{"--user", "1234:1235", "--group-add", "7", "--net=host"},
		{"--security-opt", "seccomp=unconfined", "--ulimit", "nofile=100:200"},
		{"--pid=host", "--workdir", "/tmp"},
		{"--cgroupns=private", "--memory=64m", "--read-only"},
	} {
		t.Run(strings.Join(options, " "), func(t *testing.T) { checkEntered(t, d.Run(t, options...).PID) })
	}
}

func TestLiveEnterPodman(t *testing.T) {
	livetest.NeedRoot(t)
	t.Run("root", func(t *testing.T) { checkEntered(t, livetest.Podman(t).Run(t).PID) })
	t.Run("rootless", func(t *testing.T) {
		e := livetest.PodmanRootless(t)
		for _, options := range [][]string{nil, {"--user", "33:33"}, {"--userns=keep-id"}} {
			t.Run(strings.Join(options, " "), func(t *testing.T) { checkEntered(t, e.Run(t, options...).PID) })
		}
	})
}

func TestLiveEnterOthers(t *testing.T) {
	livetest.NeedRoot(t)
	for name, start := range map[string]func() *livetest.Container{
		"lxc":    func() *livetest.Container { return livetest.LXC(t, "cutaway-enter") },
		"runc":   func() *livetest.Container { return livetest.Runc(t, "cutaway-enter-r") },
		"crun":   func() *livetest.Container { return livetest.Crun(t, "cutaway-enter-c") },
		"nspawn": func() *livetest.Container { return livetest.Nspawn(t, "cutaway-enter-n") },
		"bwrap":  func() *livetest.Container { return livetest.Bwrap(t, "--unshare-all") },
		"chroot": func() *livetest.Container { return livetest.Chroot(t) },
		"unshare": func() *livetest.Container {
			return livetest.Unshare(t, "--time", "--boottime", "1000", "--fork", "--uts")
		},
	} {
		t.Run(name, func(t *testing.T) { checkEntered(t, start().PID) })
	}
}

// A process of the user's own is entered without any right, with a user namespace of its own or without.
func TestEnterOwn(t *testing.T) {
	all := []string{"--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--ipc", "--uts", "--cgroup", "--time", "--mount-proc"}
	for _, flags := range [][]string{all, all[:2], all[:3]} {
		t.Run(fmt.Sprint(len(flags)), func(t *testing.T) { checkEntered(t, livetest.Unshare(t, flags...).PID) })
	}
	if os.Geteuid() != 0 {
		t.Run("no namespaces", func(t *testing.T) {
			sleep := livetest.Unshare(t) // unshare(1) without any
			checkEntered(t, sleep.PID)
		})
	}
}

// A sandbox of our own is entered, whose init nobody inside may look at.
func TestEnterSandbox(t *testing.T) {
	needNamespaces(t)
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	s := isolated("exec sleep 1000")
	box, err := Start(t.Context(), s, Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Kill(); _, _ = box.Wait() })
	var sleep int
	livetest.WaitFor(t, "the command", func() bool {
		for _, pid := range childrenOf(t, box.PID) {
			comm, _ := os.ReadFile(procDir(pid) + "/comm")
			sleep = pid
			return string(comm) == "sleep\n"
		}
		return false
	})
	checkEntered(t, sleep)
}

func childrenOf(t *testing.T, pid int) (pids []int) {
	t.Helper()
	files, _ := filepath.Glob(procDir(pid) + "/task/*/children")
	for _, file := range files {
		b, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(b)) {
			var child int
			if _, err := fmt.Sscan(word, &child); err != nil {
				t.Fatal(err)
			}
			pids = append(pids, child)
		}
	}
	return pids
}

// A process that took the target's PID is not entered.
func TestEnterRefusesAStranger(t *testing.T) {
	_, err := enterAndRun(t, &Entry{PID: os.Getpid(), Start: startTime(os.Getpid()) + 1, Command: []string{"true"}, Terminal: TerminalNever})
	if !errors.Is(err, syscall.ESRCH) {
		t.Errorf("entered, or failed with %v", err)
	}
}

func enterAndRun(t *testing.T, e *Entry) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	out, done := pipe(t)
	box, err := Enter(ctx, e, Options{Stdout: out, Stderr: out, Exe: exe})
	out.Close()
	text := <-done
	if err != nil {
		return text, err
	}
	_, err = box.Wait()
	return text, err
}

// The host's tools see the target's processes, and no mount of theirs reaches the host.
func TestEnterHostTools(t *testing.T) {
	target := livetest.Unshare(t, "--user", "--map-root-user", "--pid", "--fork", "--mount", "--mount-proc", "--net", "setpriv", "--bounding-set", "-sys_ptrace")
	before, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	e := &Entry{PID: target.PID, Start: startTime(target.PID), HostTools: true, Command: []string{"sh", "-c", "cat /proc/1/comm; readlink /proc/self/ns/net; readlink /proc/self/root"}, Terminal: TerminalNever}
	out, err := enterAndRun(t, e)
	if err != nil {
		t.Fatal(err)
	}
	link, err := os.Readlink(procDir(target.PID) + "/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if want := "sleep\n" + link + "\n/\n"; out != want {
		t.Errorf("%q, want %q", out, want)
	}
	after, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the host's mounts are others than before")
	}
}

// The target's environment is for the target's files: what it names (LD_PRELOAD) must not be executed by the host's tools.
func TestEnterKeepsEnvironmentsApart(t *testing.T) {
	target := livetest.Unshare(t, "--user", "--map-root-user", "--pid", "--fork", "--mount", "--mount-proc", "setpriv", "--bounding-set", "-sys_ptrace")
	for _, e := range []*Entry{
		{PID: target.PID, HostTools: true},
		{PID: target.PID, Namespaces: []string{"user", "pid"}},
	} {
		command, _ := entered(t, e)
		env, err := os.ReadFile(procDir(command) + "/environ")
		if err != nil {
			t.Fatal(err)
		}
		if want := "PATH=" + os.Getenv("PATH") + "\x00LEAK=yes\x00"; string(env) != want {
			t.Errorf("the command has %q, want %q", env, want)
		}
	}
}

// A set-user-ID program's environment is its caller's, who must not have it executed with the program's rights.
func TestEnterLeavesOutAStrangersEnvironment(t *testing.T) {
	livetest.NeedRoot(t)
	program, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sleep")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(path, b, 0o755), os.Chown(path, 12345, 12345), os.Chmod(path, 0o755|os.ModeSetuid)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "1000")
	cmd.Env = []string{"LD_PRELOAD=/evil.so"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	command, notes := entered(t, &Entry{PID: cmd.Process.Pid, Env: []string{"PATH=/usr/bin:/bin"}})
	if env, _ := os.ReadFile(procDir(command) + "/environ"); bytes.Contains(env, []byte("evil")) {
		t.Errorf("the command has %q", env)
	}
	if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "more rights") }) {
		t.Errorf("notes: %q", notes)
	}
}

// Who joins a frozen cgroup is frozen: that is refused, not waited for.
func TestLiveEnterPaused(t *testing.T) {
	livetest.NeedRoot(t)
	d := livetest.Docker(t)
	c := d.Run(t)
	d.Command(t, "pause", c.ID)
	defer d.Command(t, "unpause", c.ID)
	_, err := enterAndRun(t, &Entry{PID: c.PID, Start: startTime(c.PID), Command: []string{"true"}, Terminal: TerminalNever})
	if err == nil || !strings.Contains(err.Error(), "frozen") {
		t.Errorf("entered, or failed with %v", err)
	}
}

// Capabilities that count in the target's user namespace alone are not given where they would count on the host.
func TestEnterWithoutItsUserNamespace(t *testing.T) {
	livetest.NeedRoot(t)
	target := livetest.Unshare(t, "--user", "--map-root-user", "--net")
	command, notes := entered(t, &Entry{PID: target.PID, Namespaces: []string{"net"}})
	for _, l := range identity(t, command) {
		if name, value, _ := strings.Cut(l, ":\t"); strings.HasPrefix(name, "status Cap") && value != "0000000000000000" {
			t.Errorf("the command has %s", l)
		}
	}
	if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "no capabilities") }) {
		t.Errorf("notes: %q", notes)
	}
}

// As root a command has all that we have, in a user namespace all that it gives.
func TestEnterAsRoot(t *testing.T) {
	for _, flags := range [][]string{{"--user", "--map-root-user", "--uts"}, {"--uts"}} {
		if os.Geteuid() != 0 && len(flags) == 1 {
			continue // it takes root to enter without a user namespace
		}
		target := livetest.Unshare(t, flags...)
		command, _ := entered(t, &Entry{PID: target.PID, AsRoot: true})
		var effective string
		for _, l := range identity(t, command) {
			if v, ok := strings.CutPrefix(l, "status CapEff:\t"); ok {
				effective = v
			}
		}
		own := ownCapabilities()
		if len(flags) > 1 {
			own = caps.UpTo(lastCap())
		}
		if want := fmt.Sprintf("%016x", uint64(own)); effective != want {
			t.Errorf("%v: effective %s, want %s", flags, effective, want)
		}
	}
}

// A command that is not there is 127, and without a command any shell will do.
func TestEnterCommands(t *testing.T) {
	target := livetest.Unshare(t, "--user", "--map-root-user")
	_, err := enterAndRun(t, &Entry{PID: target.PID, Start: startTime(target.PID), Command: []string{"no-such-command"}, Terminal: TerminalNever})
	if ExitCode(err) != 127 || !strings.Contains(err.Error(), "the target has no such program") {
		t.Errorf("%v", err)
	}
	if _, err := enterAndRun(t, &Entry{PID: target.PID, Start: startTime(target.PID), Terminal: TerminalNever}); err != nil {
		t.Errorf("no shell: %v", err)
	}
}

// The terminal is one of the target's own, where it has some.
func TestLiveEnterTerminal(t *testing.T) {
	livetest.NeedRoot(t)
	c := livetest.Docker(t).Run(t)
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	box, err := Enter(t.Context(), &Entry{PID: c.PID, Start: startTime(c.PID), Command: []string{"tty"}, Terminal: TerminalAlways}, Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	out, _ := io.ReadAll(box.Terminal) // EIO is the end
	if status, err := box.Wait(); err != nil || status.Code != 0 || !strings.HasPrefix(string(out), "/dev/pts/0") {
		t.Errorf("tty said %q, status %v, %v", out, status, err)
	}
}

// When the launcher goes, what it entered goes, also where the init is another's.
func TestLiveEnterEndsWithItsCaller(t *testing.T) {
	livetest.NeedRoot(t)
	c := livetest.Docker(t).Run(t)
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	box, err := Enter(t.Context(), &Entry{PID: c.PID, Start: startTime(c.PID), Command: []string{"sleep", "1000"}, Terminal: TerminalNever}, Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	box.Kill()
	if status, err := box.Wait(); err != nil || status.ExitCode() != 137 {
		t.Errorf("%v, %v", status, err)
	}
	livetest.WaitFor(t, "the command to be gone", func() bool { return syscall.Kill(box.PID, 0) == syscall.ESRCH })
}
