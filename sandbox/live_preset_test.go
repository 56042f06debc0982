package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cutaway/inspect/caps"
	"cutaway/inspect/livetest"
	"cutaway/sandbox/check"
)

// Each preset is what it says: the command sees it inside, and the system's tools see the same outside, at the same time.
func TestLivePresets(t *testing.T) {
	most := []string{"mnt", "net", "pid", "ipc", "uts", "cgroup"}
	all := slices.Concat(most, []string{"user", "time"})
	for _, c := range []struct {
		preset   string
		root     bool     // only root may have it
		new      []string // the namespaces that are made; for a user the user namespace too, where any right is needed
		userns   bool     // a user gets one
		caps     string   // the effective, permitted and bounding sets; "" is whatever we have
		noNew    string   // NoNewPrivs; "" is as ours
		filtered bool
		hostname string
		alone    bool // ps shows its own processes alone
		look     func(b *watched)
	}{
		{preset: "isolated", new: all, caps: "0000000000000000", noNew: "1", filtered: true, hostname: "sandbox", alone: true, look: isIsolated},
		{preset: "docker", new: most, userns: true, caps: caps.DockerDefault.Hex(), noNew: "0", filtered: true, hostname: "sandbox", alone: true, look: hasMaskedProc},
		{preset: "pid", new: []string{"mnt", "pid"}, userns: true, alone: true, look: isFirstProcess},
		{preset: "chroot", userns: true, look: seesBusybox},
		{preset: "cgroup", root: true, look: isLimited},
		{preset: "nocaps", caps: "0000000000000000", noNew: "1"},
		{
			preset: "sharenet", root: true, new: slices.DeleteFunc(slices.Clone(all), func(n string) bool { return n == "net" }),
			caps: "0000000000000000", noNew: "1", filtered: true, hostname: "sandbox", alone: true,
		},
		{preset: "rootless", new: all, caps: caps.DockerDefault.Hex(), noNew: "1", filtered: true, hostname: "sandbox", alone: true, look: isNobodyOutside},
	} {
		t.Run(c.preset, func(t *testing.T) {
			if c.root {
				needRoot(t)
			}
			s, opts := presetOf(t, c.preset)
			neighbour := joinNeighbour(t, s, &opts)
			b := watch(t, s, "", opts)
			made := c.new
			if os.Geteuid() != 0 && c.userns {
				made = append(slices.Clone(made), "user")
			}
			b.hasNew(made, neighbour)
			b.hasRights(c.caps, c.noNew, c.filtered)
			b.idsAgree()
			if c.hostname == "" {
				c.hostname, _ = os.Hostname()
			}
			b.isCalled(c.hostname)
			if b.sawProc() {
				b.mountsAgree()
				b.cgroupsAgree()
				b.pidsAgree(c.alone)
			}
			if c.look != nil {
				c.look(b)
			}
		})
	}
}

// presetOf is a preset on this machine, with a root of busybox where it needs one.
func presetOf(t *testing.T, name string) (*Spec, Options) {
	t.Helper()
	p, ok := PresetNamed(name)
	if !ok {
		t.Fatalf("there is no preset %s", name)
	}
	m, err := check.Probe()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := p.Spec(m)
	if p.NeedsDir {
		s.Root.Path = busyboxRoot(t)
	}
	return &s, Options{Machine: m}
}

// joinNeighbour names a process in another network namespace where a Spec joins one, and is where that namespace's link
// leads.
func joinNeighbour(t *testing.T, s *Spec, opts *Options) (link string) {
	t.Helper()
	if _, joins := s.Namespaces.Net.Joined(); !joins {
		return ""
	}
	pid := neighbour(t, "net")
	s.Namespaces.Net = Source("process:" + strconv.Itoa(pid))
	opts.Resolve = resolvePID
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// neighbour is a process with new namespaces of some types, which ends with the test.
func neighbour(t *testing.T, types ...string) (pid int) {
	t.Helper()
	needRoot(t)
	livetest.NeedTools(t, "unshare")
	args := []string{"--kill-child"}
	for _, name := range types {
		args = append(args, "--"+name)
		if name == "pid" {
			args = append(args, "--fork")
		}
	}
	cmd := exec.Command("unshare", append(args, "sh", "-c", "echo ready; exec sleep 1000")...)
	if !slices.Contains(types, "pid") {
		cmd.Args = slices.DeleteFunc(cmd.Args, func(a string) bool { return a == "--kill-child" })
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatalf("unshare said nothing: %v", err)
	}
	if slices.Contains(types, "pid") {
		return childOf(t, cmd.Process.Pid)
	}
	return cmd.Process.Pid
}

// resolvePID resolves targets that are PIDs.
func resolvePID(target string) (pid int, start uint64, err error) {
	pid, err = strconv.Atoi(target)
	return pid, startTime(pid), err
}

func isIsolated(b *watched) {
	root := regexp.MustCompile(` / / ro,`)
	if !root.MatchString(b.inside("mounts")) {
		b.t.Errorf("the root is not read-only:\n%s", b.inside("mounts"))
	}
	if got := b.nsenter(b.enterFlags("--net"), "ip", "-brief", "link"); len(lines(got)) != 1 || !strings.HasPrefix(got, "lo ") {
		b.t.Errorf("the network holds %q", got)
	}
	if os.Geteuid() == 0 {
		b.hasLimit("memory", "memory.limit_in_bytes", "memory.max", "536870912")
		b.hasLimit("pids", "pids.max", "pids.max", "256")
	}
	for name := range strings.Lines(b.inside("env")) {
		name, _, _ = strings.Cut(name, "=")
		if !slices.Contains([]string{"PATH", "HOME", "TERM", "COLORTERM", "LANG", "NO_COLOR", "TZ", "PWD", "SHLVL", "_", "OLDPWD"}, name) && !strings.HasPrefix(name, "LC_") {
			b.t.Errorf("the environment has %s", name)
		}
	}
}

func hasMaskedProc(b *watched) {
	for _, path := range []string{"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sys"} {
		if _, err := os.Stat(path); err == nil && !strings.Contains(b.inside("mounts"), " "+path+" ") {
			b.t.Errorf("nothing covers %s", path)
		}
	}
	if ids := field(b.outside("status"), "Uid"); os.Geteuid() == 0 && ids != "0 0 0 0" {
		b.t.Errorf("root inside is %s outside", ids)
	}
}

func isFirstProcess(b *watched) {
	if b.inside("pid") != "1" {
		b.t.Errorf("the command is process %s", b.inside("pid"))
	}
	if strings.Contains(b.inside("mounts"), " /proc/sys ") {
		b.t.Error("something covers /proc/sys")
	}
}

func seesBusybox(b *watched) {
	if got := strings.Fields(b.inside("root")); !slices.Equal(got, []string{"bin", "dev", "etc", "proc", "root", "sys", "tmp"}) {
		b.t.Errorf("the root holds %v", got)
	}
	if got := b.link("root"); got != b.box.spec.Root.Path {
		b.t.Errorf("/proc/%d/root leads to %s", b.pid, got)
	}
}

func isLimited(b *watched) {
	b.hasLimit("memory", "memory.limit_in_bytes", "memory.max", "67108864")
	b.hasLimit("cpu", "cpu.cfs_quota_us", "cpu.max", "50000")
}

// hasLimit holds what the first word of a cgroup file of the sandbox's is, by its name on cgroup v1 and v2.
func (b *watched) hasLimit(controller, v1, v2, want string) {
	b.t.Helper()
	for _, dir := range b.box.Cgroups() {
		for _, name := range []string{v1, v2} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				continue
			}
			if got := strings.Fields(string(text))[0]; got != want {
				b.t.Errorf("%s in %s is %s, want %s", name, dir, got, want)
			}
			return
		}
	}
	b.t.Errorf("no cgroup of %v has the limits of %s", b.box.Cgroups(), controller)
}

// isNobodyOutside holds that root inside is another user outside, without rights there.
func isNobodyOutside(b *watched) {
	if id := strings.Fields(b.inside("id"))[0]; id != "0" {
		b.t.Errorf("the command is user %s inside", id)
	}
	info, err := os.Stat(fmt.Sprintf("/proc/%d", b.pid))
	if err != nil {
		b.t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid == 0 {
		b.t.Error("the command is the host's root")
	}
}
