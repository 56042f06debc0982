package sandbox

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/sandbox/limit"
)

func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		script string
		want   int
	}{
		{"exit 0", 0},
		{"exit 7", 7},
		{"kill -TERM $$", 128 + 15},
		{"kill -KILL $$", 128 + 9},
	} {
		for _, init := range []bool{true, false} {
			s := isolated(c.script)
			s.Init = init
			want := c.want
			if !init && strings.HasPrefix(c.script, "kill") {
				want = 0 // the first process of a PID namespace is spared by its own signals (pid_namespaces(7))
			}
			if r := run(t, s, Options{}); r.status.ExitCode() != want {
				t.Errorf("%q with init %v: %d, want %d", c.script, init, r.status.ExitCode(), want)
			}
		}
	}
}

func TestCommandThatCannotRun(t *testing.T) {
	for _, c := range []struct {
		command string
		want    int
	}{
		{"no-such-command", 127},
		{"/no/such/command", 127},
		{"/etc/passwd", 126},
		{"/etc", 126},
	} {
		for _, init := range []bool{true, false} {
			s := isolated("")
			s.Init = init
			s.Command = []string{c.command}
			_, err := try(t, s, Options{})
			if err == nil || ExitCode(err) != c.want || !strings.Contains(err.Error(), c.command) {
				t.Errorf("%s with init %v: %d (%v), want %d", c.command, init, ExitCode(err), err, c.want)
			}
		}
	}
}

func TestStagesInOrder(t *testing.T) {
	var got []Stage
	s := isolated("true")
	s.Rlimits = []Rlimit{{Name: "nofile", Soft: 100, Hard: 100}}
	run(t, s, Options{Before: func(at Stage, pid int) error {
		if at != StageClone && syscall.Kill(pid, 0) != nil {
			t.Errorf("at %s there is no process %d", at, pid)
		}
		got = append(got, at)
		return nil
	}})
	want := []Stage{
		StageClone, StageMaps, StageCgroup, StageMounts, StageProc, StageBinds, StageRoot, StageHostname, StageNetwork, StageRlimits,
		StageCapabilities, StageNoNewPrivs, StageSeccomp, StageExec,
	}
	if !slices.Equal(got, want) {
		t.Errorf("stages %v\nwant   %v", got, want)
	}
}

// A launch that is stopped at any stage leaves no process.
func TestStopAtEachStage(t *testing.T) {
	stop := errors.New("enough")
	for _, at := range []Stage{StageClone, StageMaps, StageMounts, StageRoot, StageSeccomp, StageExec} {
		first := 0
		_, err := try(t, isolated("echo ran"), Options{Before: func(now Stage, pid int) error {
			first = max(first, pid)
			if now == at {
				return stop
			}
			return nil
		}})
		if !errors.Is(err, stop) {
			t.Errorf("stopped at %s: %v", at, err)
		}
		if first != 0 && syscall.Kill(first, 0) == nil {
			t.Errorf("stopped at %s: process %d is still there", at, first)
		}
	}
}

// Each namespace that is new differs from ours, each that is the host's is ours.
func TestNamespacesOneByOne(t *testing.T) {
	names := []string{"mnt", "net", "pid", "ipc", "uts", "user", "cgroup", "time"}
	ours := map[string]string{}
	for _, name := range names {
		ours[name], _ = os.Readlink("/proc/self/ns/" + name)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s := &Spec{
				Version: Version, Dir: "/", Init: true, Terminal: TerminalNever, Root: Root{Kind: RootKeep, Switch: PivotRoot},
				Command: []string{"/bin/sh", "-c", "for n in mnt net pid ipc uts user cgroup time; do readlink /proc/self/ns/$n; done"},
				Proc:    ProcKeep, Sys: SysKeep, Dev: DevKeep, Capabilities: []string{"all"}, Seccomp: SeccompOff,
				Namespaces: Namespaces{Mnt: HostNamespace, Net: HostNamespace, PID: HostNamespace, IPC: HostNamespace, UTS: HostNamespace, User: HostNamespace, Cgroup: HostNamespace, Time: HostNamespace},
			}
			*s.Namespaces.Of(name) = NewNamespace
			if os.Geteuid() != 0 {
				s.Namespaces.User = NewNamespace
			}
			r := run(t, s, Options{})
			got := lines(r.out)
			if len(got) != len(names) {
				t.Fatalf("%q %q", r.out, r.errOut)
			}
			for i, n := range names {
				isNew := n == name || n == "user" && os.Geteuid() != 0
				if (got[i] != ours[n]) != isNew {
					t.Errorf("%s inside is %s, ours %s", n, got[i], ours[n])
				}
			}
		})
	}
}

func TestRoots(t *testing.T) {
	root := busyboxRoot(t)
	look := "ls /; touch /etc/x && echo wrote; ls /.. | wc -l; cat /proc/self/uid_map"
	for name, change := range map[string]func(*Spec){
		"dir":          func(s *Spec) { s.Root = Root{Kind: RootDir, Path: root, Switch: PivotRoot} },
		"dir writable": func(s *Spec) { s.Root = Root{Kind: RootDir, Path: root, Switch: PivotRoot, Writable: true} },
		"dir chroot":   func(s *Spec) { s.Root = Root{Kind: RootDir, Path: root, Switch: Chroot} },
	} {
		t.Run(name, func(t *testing.T) {
			s := isolated(look)
			change(s)
			s.Mounts = nil
			s.Command[0] = "/bin/sh"
			r := run(t, s, Options{})
			if !strings.HasPrefix(r.out, "bin\ndev\netc\nproc\nroot\nsys\ntmp\n") {
				t.Errorf("the root holds %q", r.out)
			}
			_, err := os.Stat(filepath.Join(root, "etc/x"))
			if wrote := err == nil; wrote != s.Root.Writable || wrote != strings.Contains(r.out, "wrote") {
				t.Errorf("wrote %v into a root that is writable: %v", wrote, s.Root.Writable)
			}
			os.Remove(filepath.Join(root, "etc/x"))
		})
	}
}

// An overlay takes writes and the host sees none of them.
func TestOverlayIsThrownAway(t *testing.T) {
	needRoot(t)
	s := isolated("echo new >/etc/cutaway-overlay-test && cat /etc/cutaway-overlay-test; rm /bin/ls && ! ls 2>/dev/null && echo removed")
	s.Root = Root{Kind: RootOverlay, Switch: PivotRoot}
	s.Namespaces.User = HostNamespace
	s.Mounts = nil
	s.Capabilities = []string{"all"}
	r := run(t, s, Options{})
	if r.out != "new\nremoved\n" {
		t.Errorf("inside: %q %q", r.out, r.errOut)
	}
	if _, err := os.Stat("/etc/cutaway-overlay-test"); err == nil {
		t.Error("the host has the file")
	}
	if _, err := exec.LookPath("ls"); err != nil {
		t.Error("the host lost ls")
	}
}

func TestBindsAndTmpfs(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := isolated("cat /tmp/ro/f; touch /tmp/ro/x; touch /tmp/rw/y; cat /tmp/file; df -k /tmp/new | tail -1 | tr -s ' ' | cut -d' ' -f1,2")
	s.Mounts = append(
		s.Mounts,
		Mount{Kind: BindRO, Source: dir, Target: "/tmp/ro"},
		Mount{Kind: BindRW, Source: dir, Target: "/tmp/rw"},
		Mount{Kind: BindRO, Source: filepath.Join(dir, "f"), Target: "/tmp/file"},
		Mount{Kind: TmpFS, Target: "/tmp/new", Size: 1 << 20},
	)
	r := run(t, s, Options{})
	if r.out != "hello\nhello\ntmpfs 1024\n" || !strings.Contains(r.errOut, "Read-only") {
		t.Errorf("inside: %q %q", r.out, r.errOut)
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("a read-only bind was written")
	}
	info, err := os.Stat(filepath.Join(dir, "y"))
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()) {
		t.Errorf("the file written through a bind: %v %+v", err, info)
	}
}

func TestSignalsReachTheCommand(t *testing.T) {
	needNamespaces(t)
	for _, init := range []bool{true, false} {
		s := isolated("trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
		s.Init = init
		exe, err := child()
		if err != nil {
			t.Fatal(err)
		}
		r, w, _ := os.Pipe()
		box, err := Start(context.Background(), s, Options{Stdout: w, Exe: exe})
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		if n, _ := r.Read(b); string(b[:n]) != "ready\n" {
			t.Errorf("said %q", b[:n])
		}
		if err := box.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if status, err := box.Wait(); status.Code != 3 || err != nil {
			t.Errorf("with init %v: %+v %v", init, status, err)
		}
		r.Close()
	}
}

// Processes that the command leaves behind end with it, with a PID namespace or without.
func TestNothingIsLeftBehind(t *testing.T) {
	needNamespaces(t)
	for _, pid := range []Source{NewNamespace, HostNamespace} {
		mark := "cutaway-left-" + string(pid) + "-" + time.Now().Format("150405.000000")
		s := isolated("sh -c 'exec 0</dev/null; " + `while :; do sleep 0.1; : ` + mark + "; done' & (sh -c 'while :; do sleep 0.1; : " + mark + "; done' &) ; echo started")
		s.Namespaces.PID = pid
		if pid == HostNamespace {
			s.Proc = ProcKeep
		}
		exe, err := child()
		if err != nil {
			t.Fatal(err)
		}
		box, err := Start(context.Background(), s, Options{Exe: exe})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := box.Wait(); err != nil {
			t.Error(err)
		}
		if left := withMark(mark); len(left) > 0 {
			t.Errorf("PID namespace %s: processes %v are left", pid, left)
		}
	}
}

// withMark lists the processes whose command line holds a mark.
func withMark(mark string) []string {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []string
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), mark) {
			found = append(found, f)
		}
	}
	return found
}

func TestLimits(t *testing.T) {
	needRoot(t)
	amount := func(n int64) *limit.Amount { a := limit.Amount(n); return &a }
	half := 0.5
	for _, c := range []struct {
		name   string
		set    limit.Set
		script string
		code   int
	}{
		{"memory", limit.Set{Memory: amount(64 << 20)}, "head -c 200M /dev/zero | tail >/dev/null; exit $?", 137},
		{"pids", limit.Set{PIDs: amount(16)}, "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 5 & done", -1},
		{"cpus", limit.Set{CPUs: &half}, "exit 3", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := isolated(c.script)
			s.Limits = c.set
			r := run(t, s, Options{})
			if c.code >= 0 && r.status.ExitCode() != c.code {
				t.Errorf("ended with %v: %s%s", r.status, r.out, r.errOut)
			}
			if c.name == "pids" && !strings.Contains(strings.ToLower(r.out+r.errOut), "fork") { // in the words of dash, or of bash
				t.Errorf("forks did not fail: %q %q", r.out, r.errOut)
			}
			left, _ := filepath.Glob("/sys/fs/cgroup/*/cutaway-" + strconv.Itoa(os.Getpid()) + "-*")
			if len(left) > 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// A tar is unpacked once; what is written goes to memory and never to the cache.
func TestTarRoot(t *testing.T) {
	needNamespaces(t)
	root := busyboxRoot(t)
	archive := filepath.Join(t.TempDir(), "root.tar")
	if out, err := exec.Command("tar", "--numeric-owner", "--owner=0", "--group=0", "-C", root, "-cf", archive, ".").CombinedOutput(); err != nil {
		t.Fatalf("tar: %v %s", err, out)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for range 2 {
		s := isolated("cat /etc/x; echo new >/etc/x && cat /etc/x; ls -ln /bin/busybox | tr -s ' ' | cut -d' ' -f3")
		s.Root = Root{Kind: RootTar, Path: archive, Switch: PivotRoot}
		s.Mounts = nil
		r := run(t, s, Options{})
		if r.out != "new\n0\n" {
			t.Errorf("inside: %q %q", r.out, r.errOut)
		}
	}
}
