package sandbox

import (
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

	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
)

// sleeper is a process of the host's that ends with the test.
func sleeper(t *testing.T, change func(*exec.Cmd)) int {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if change != nil {
		change(cmd)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// A process of the host's is one without anything of its own.
func TestLikePlainProcess(t *testing.T) {
	dir := t.TempDir()
	pid := sleeper(t, func(c *exec.Cmd) {
		c.Dir, c.Env = dir, []string{"PATH=/usr/bin:/bin", "COLOUR=blue", "DB_PASSWORD=hunter2", "URL=http://a:hunter2@b/", "=odd", "BAD=\xff"}
	})
	l := likeOf(t, pid, machineOf(t))
	want := Preset{change: func(s *Spec) { bare(s) }}
	s, _ := want.Spec(nil)
	s.Preset = ""
	if os.Geteuid() != 0 {
		s.User = User{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	}
	if diff := differences(t, &s, &l.Spec); diff != nil {
		t.Errorf("it has %q, marks %q", diff, l.marks())
	}
	if !slices.Equal(l.Spec.Command, []string{"sleep", "1000"}) || l.Spec.Dir != dir {
		t.Errorf("command %q in %s", l.Spec.Command, l.Spec.Dir)
	}
	if env := l.Spec.Env.Set; len(env) != 2 || env["COLOUR"] != "blue" {
		t.Errorf("environment %q", env)
	}
	if !l.marked("env.set", true, "DB_PASSWORD, URL") || !l.marked("env.set", true, "no variables") {
		t.Errorf("marks %q", l.marks())
	}
	needNamespaces(t)
	relaunch(t, l)
}

func TestLikeEndedProcess(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid, start := cmd.Process.Pid, startTime(cmd.Process.Pid)
	if _, err := Like(pid, start+1, nil); !errors.Is(err, syscall.ESRCH) || !strings.Contains(err.Error(), "another's") {
		t.Errorf("another process of that PID: %v", err)
	}
	_ = cmd.Process.Kill()
	livetest.WaitFor(t, "the process is a zombie", func() bool { return isEnded(pid) })
	if _, err := Like(pid, start, nil); !errors.Is(err, syscall.ESRCH) || !strings.Contains(err.Error(), "ended") {
		t.Errorf("a zombie: %v", err)
	}
	_ = cmd.Wait()
	if _, err := Like(pid, start, nil); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a process that is gone: %v", err)
	}
}

// One that ends while it is read is an error, whenever that is, and never half of a Spec.
func TestLikeEndsOnTheWay(t *testing.T) {
	ended := 0
	for i := range 40 {
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pid, start := cmd.Process.Pid, startTime(cmd.Process.Pid)
		timer := time.AfterFunc(time.Duration(i)*100*time.Microsecond, func() { _ = cmd.Process.Kill() })
		l, err := Like(pid, start, nil)
		timer.Stop()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		switch {
		case err == nil && l.Spec.Validate() != nil:
			t.Errorf("an invalid Spec: %v", l.Spec.Validate())
		case err != nil && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, os.ErrNotExist):
			t.Errorf("the error does not say that it ended: %v", err)
		case err != nil:
			ended++
		}
	}
	if ended == 0 {
		t.Error("not one ended on the way")
	}
}

func TestLikeKernelThread(t *testing.T) {
	livetest.NeedRoot(t)
	if comm, err := os.ReadFile("/proc/2/comm"); err != nil || strings.TrimSpace(string(comm)) != "kthreadd" {
		t.Skip("needs the rights to see the kernel's threads")
	}
	if _, err := Like(2, startTime(2), nil); err == nil || !strings.Contains(err.Error(), "kernel") {
		t.Errorf("a kernel's thread: %v", err)
	}
}

// Namespaces of unshare(1), with its clocks.
func TestLiveLikeOfUnshare(t *testing.T) {
	livetest.NeedRoot(t)
	c := livetest.Unshare(t, "--fork", "--pid", "--mount", "--mount-proc", "--uts", "--net", "--time", "--boottime", "1000", "--monotonic", "50")
	s := likeOf(t, c.PID, machineOf(t)).Spec
	n := Namespaces{
		Mnt: NewNamespace, Net: NewNamespace, PID: NewNamespace, IPC: HostNamespace,
		UTS: NewNamespace, User: HostNamespace, Cgroup: HostNamespace, Time: NewNamespace,
	}
	if s.Namespaces != n || s.Time != (TimeOffsets{Monotonic: 50, Boottime: 1000}) {
		t.Errorf("namespaces %+v, time %+v", s.Namespaces, s.Time)
	}
	if s.Root.Kind != RootKeep || s.Proc != ProcUnmasked || s.Network.Loopback || s.Init {
		t.Errorf("root %+v, proc %s, network %+v, init %v", s.Root, s.Proc, s.Network, s.Init)
	}
}

// What nobody may look at is marked, and nothing is made up of it.
func TestLikeOfAnotherUser(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs a normal user: as root nothing is denied")
	}
	const init = 1
	if _, err := os.Readlink("/proc/1/ns/mnt"); err == nil {
		t.Skip("needs a process without the rights to look at it")
	}
	l := likeOf(t, init, machineOf(t))
	for _, field := range []string{"namespaces", "root", "env", "dir"} {
		if !slices.ContainsFunc(l.Marks, func(m Mark) bool { return strings.HasPrefix(m.Field, field) && !m.Known }) {
			t.Errorf("%s is taken for known: %q", field, l.marks())
		}
	}
}

// hostile starts a shell as root of namespaces of its own, which says when it is ready.
func hostile(t *testing.T, script string, env ...string) int {
	t.Helper()
	needNamespaces(t)
	livetest.NeedTools(t, "unshare", "mount", "bash")
	ready := filepath.Join(t.TempDir(), "ready")
	cmd := exec.Command("unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "bash", "-c", script+"\ntouch $READY; exec sleep 1000")
	cmd.Env = append(append(os.Environ(), "READY="+ready), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	livetest.WaitFor(t, "the process is ready", func() bool {
		_, err := os.Stat(ready)
		comm, _ := os.ReadFile(procDir(cmd.Process.Pid) + "/comm")
		return err == nil && string(comm) == "sleep\n"
	})
	return cmd.Process.Pid
}

// A process that does what it can to confuse or to choke its reader.
func TestLikeHostile(t *testing.T) {
	script := `
mount -t tmpfs none /mnt
mkdir "/mnt/a b" $'/mnt/new\nline' $'/mnt/\xff' '/mnt/back\slash' /mnt/link /mnt/x /mnt/deep
for d in /mnt/*; do mount -t tmpfs -o size=64k none "$d"; done
ln -s /etc /mnt/x/etc
mkdir /mnt/deep/a; mount --bind /mnt/deep/a /mnt/link
for i in $(seq 300); do mkdir /mnt/x/$i; mount -t tmpfs -o size=4k none /mnt/x/$i; done
`
	big := strings.Repeat("x", 100<<10)
	var env []string
	for i := range 10 {
		env = append(env, "BIG"+strconv.Itoa(i)+"="+big)
	}
	pid := hostile(t, script, append(env, "LD_PRELOAD=\n\x1b[2J")...)
	begun := time.Now()
	l := likeOf(t, pid, nil)
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	targets := map[string]bool{}
	for _, m := range l.Spec.Mounts {
		targets[m.Target] = true
	}
	for _, name := range []string{"/mnt/a b", "/mnt/new\nline", `/mnt/back\slash`} {
		if !targets[name] {
			t.Errorf("%q is not among the mounts, marks %q", name, l.marks())
		}
	}
	if targets["/mnt/\xff"] || len(l.Spec.Mounts) > maxMounts {
		t.Errorf("%d mounts, among them one that JSON cannot hold: %v", len(l.Spec.Mounts), targets["/mnt/\xff"])
	}
	if !l.marked("mounts", true, "names") || !l.marked("mounts", true, "last") {
		t.Errorf("marks %q", l.marks())
	}
	if text := strings.Join(l.marks(), ""); len(text) > 10000 {
		t.Errorf("the marks are %d bytes long", len(text))
	}
	if again, err := Parse(strings.NewReader(string(l.Spec.JSON()))); err != nil || string(again.JSON()) != string(l.Spec.JSON()) {
		t.Errorf("its JSON does not say it all: %v", err)
	}
	for _, m := range l.Spec.Mounts {
		if m.Kind == BindRW && strings.HasPrefix(m.Source, "/mnt") {
			t.Errorf("a place of the process's own is taken for the host's: %+v", m)
		}
	}
}

// A directory of the host's that is mounted inside is found by its path; one that the process could replace by a link is not.
func TestLikeBinds(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"rw/sub", "ro"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	pid := hostile(t, `
mount --bind "$DIR/rw" /mnt
mount --bind "$DIR/rw/sub" /opt
mount --bind "$DIR/rw/sub" /home
mount --bind "$DIR/ro" /srv; mount -o remount,bind,ro /srv`, "DIR="+dir)
	l := likeOf(t, pid, nil)
	want := []Mount{{Kind: BindRW, Source: dir + "/rw", Target: "/mnt"}, {Kind: BindRO, Source: dir + "/ro", Target: "/srv"}}
	if !slices.Equal(l.Spec.Mounts, want) {
		t.Errorf("mounts %+v, want %+v, marks %q", l.Spec.Mounts, want, l.marks())
	}
	if !l.marked("mounts", true, "/home, /opt, which are from places") {
		t.Errorf("marks %q", l.marks())
	}
}

func TestPlacesFind(t *testing.T) {
	mounts := []proc.Mount{
		{MountPoint: "/", Root: "/", Major: 8},
		{MountPoint: "/data", Root: "/srv/data", Major: 8},
		{MountPoint: "/other", Root: "/", Major: 9},
	}
	p := placesOf(mounts)
	for _, c := range []struct {
		root  string
		major uint32
		want  []string
	}{
		{"/", 8, []string{"/"}},
		{"/srv/data/x", 8, []string{"/data/x", "/srv/data/x"}},
		{"/srv/database", 8, []string{"/srv/database"}},
		{"/x", 9, []string{"/other/x"}},
		{"/x", 10, nil},
		{"/srv/gone//deleted", 8, []string{"/srv/gone/deleted"}}, // which is not that file: it is compared
	} {
		if got := p.find(&proc.Mount{Root: c.root, Major: c.major}); !slices.Equal(got, c.want) {
			t.Errorf("%s of %d is at %q, want %q", c.root, c.major, got, c.want)
		}
	}
}
