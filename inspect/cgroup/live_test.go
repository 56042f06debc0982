package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/reading"
)

// here finds this machine's hierarchies and what a process is a member of.
func here(t testing.TB, pid string) (*Hierarchies, *Membership) {
	t.Helper()
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	h, err := Discover(mountinfo, "")
	if err != nil {
		t.Fatal(err)
	}
	if h.Mode() == None {
		t.Skip("needs a cgroup file system, and none is mounted")
	}
	text, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	return h, member(string(text))
}

// Every hierarchy in /proc/self/cgroup that is mounted here must be found, and hold this process.
func TestLiveOwnMembership(t *testing.T) {
	h, m := here(t, "self")
	found := 0
	for _, line := range m.Lines {
		controllers := line.Controllers
		if len(controllers) == 0 {
			controllers = []string{""}
		}
		for _, c := range controllers {
			dir, ok := h.Dir(m, c)
			if !ok {
				t.Logf("%q is not to be seen here", c)
				continue
			}
			found++
			procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
			if err == nil && !strings.Contains("\n"+string(procs), fmt.Sprintf("\n%d\n", os.Getpid())) {
				t.Errorf("%s does not hold this process", dir)
			}
		}
	}
	if found == 0 {
		t.Error("no hierarchy holds this process")
	}
	// The use of this cgroup changes too fast for a comparison; what is set does not.
	checkAgainstFiles(t, h, m, "MemoryLimit", "CPUQuota", "CPUPeriod", "CPUWeight", "PIDsLimit", "Frozen")
}

// checkAgainstFiles compares fields of Usage with what their shell commands print, again until both agree, because use
// changes in between.
func checkAgainstFiles(t *testing.T, h *Hierarchies, m *Membership, names ...string) {
	t.Helper()
	for _, name := range names {
		file, key := h.SourceOf(m, name)
		if file == "" || name == "MemoryWorking" || name == "SwapLimit" || name == "CPUs" || key == "rbytes=" || key == "wbytes=" { // computed
			continue
		}
		eventually(t, func() error {
			printed, err := exec.Command("sh", "-c", Command(file, key)).Output()
			field := fieldOf(h.Usage(m), name)
			if !field.(interface{ OK() bool }).OK() {
				if err == nil && len(printed) > 0 {
					return fmt.Errorf("%s is %v, but %s prints %q", name, field, Command(file, key), printed)
				}
				return nil
			}
			if got, want := kernelText(field), strings.TrimSpace(string(printed)); !alike(name, key, got, want) {
				return fmt.Errorf("%s is %s, but %s prints %q", name, got, Command(file, key), want)
			}
			return nil
		})
	}
}

// kernelText writes a known reading as the kernel would.
func kernelText(field any) string {
	switch f := field.(type) {
	case reading.Of[uint64]:
		return strconv.FormatUint(f.Value, 10)
	case reading.Of[Limit]:
		if f.Value.Unlimited {
			return "max"
		}
		return strconv.FormatUint(f.Value.Value, 10)
	case reading.Of[bool]:
		if f.Value {
			return "1"
		}
		return "0"
	case reading.Of[Pressure]:
		return fmt.Sprintf("some avg10=%.2f avg60=%.2f avg300=%.2f", f.Value.Some[0], f.Value.Some[1], f.Value.Some[2])
	}
	return fmt.Sprint(field)
}

func alike(name, key, got, printed string) bool {
	switch printed {
	case "-1", "9223372036854771712":
		printed = "max"
	case "FROZEN":
		printed = "1"
	case "THAWED", "FREEZING":
		printed = "0"
	}
	if (name == "CPUTime" && key == "") || key == "throttled_time" { // nanoseconds
		printed = strings.TrimSuffix(printed, printed[max(len(printed)-3, 0):])
		if printed == "" {
			printed = "0"
		}
	}
	return got == printed || strings.HasPrefix(printed, "some ") && strings.HasPrefix(printed, got)
}

// eventually tries until there is no error, for ten seconds.
func eventually(t testing.TB, try func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	t.Error(err)
}

// cage is a cgroup of the test's own in some hierarchies, below this process's.
type cage map[string]string // controller to directory

func cageName() string { return fmt.Sprintf("cutaway-test-%d", os.Getpid()) }

// newCage makes the cgroups that this process may make and removes them at the end.
func newCage(t testing.TB, h *Hierarchies, m *Membership, controllers ...string) cage {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes cgroups")
	}
	c := cage{}
	for _, controller := range controllers {
		own, ok := h.Dir(m, controller)
		if !ok {
			continue
		}
		dir := filepath.Join(own, cageName())
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			if errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) {
				t.Skipf("needs cgroups that can be written: %v", err)
			}
			t.Fatal(err)
		}
		c[controller] = dir
		t.Cleanup(func() { remove(t, dir) })
	}
	return c
}

// remove waits for the last process of a cgroup to be reaped: until then rmdir gives EBUSY.
func remove(t testing.TB, dir string) {
	t.Helper()
	eventually(t, func() error {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// write writes a file of the cage's cgroup for a controller, if there is one with such a file.
func (c cage) write(t testing.TB, controller, file, text string) bool {
	t.Helper()
	path := filepath.Join(c[controller], file)
	if _, err := os.Stat(path); c[controller] == "" || err != nil {
		return false
	}
	if err := os.WriteFile(path, []byte(text), 0); err != nil {
		t.Fatal(err)
	}
	return true
}

// run starts a process in the cage and ends it before the cage goes.
func (c cage) run(t testing.TB) (pid string) {
	t.Helper()
	cmd := exec.Command("sleep", "300")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	pid = strconv.Itoa(cmd.Process.Pid)
	for controller := range c {
		if !c.write(t, controller, "cgroup.procs", pid) {
			t.Fatalf("%s has no cgroup.procs", c[controller])
		}
	}
	return pid
}

func TestLiveUsage(t *testing.T) {
	h, self := here(t, "self")
	c := newCage(t, h, self, "memory", "cpu", "cpuacct", "pids", "freezer", "name=systemd", "")
	memory := c.write(t, "memory", "memory.limit_in_bytes", "67108864") || c.write(t, "memory", "memory.max", "67108864")
	cpu := c.write(t, "cpu", "cpu.cfs_quota_us", "20000") || c.write(t, "cpu", "cpu.max", "20000 100000")
	pids := c.write(t, "pids", "pids.max", "7")
	h, m := here(t, c.run(t))

	u := h.Usage(m)
	if !strings.HasSuffix(u.Path, "/"+cageName()) {
		t.Errorf("the process stands at %q, not in %s", u.Path, cageName())
	}
	checkAgainstFiles(t, h, m, readings()...)
	if memory {
		checkBinding(t, u.EffectiveMemory, 64<<20, u.Path)
	}
	if cpu {
		checkBinding(t, u.EffectiveCPU, 200, "")
	}
	if pids {
		checkBinding(t, u.EffectivePIDs, 7, "")
		if u.PIDs.OK() && u.PIDs.Value != 1 {
			t.Errorf("%d processes, want 1", u.PIDs.Value)
		}
	}
	if !memory && !cpu && !pids {
		t.Log("no controller can be limited here: only what v2's core keeps was compared")
	}
	for _, e := range h.Entries(m) {
		if _, err := os.ReadFile(e.File); (err == nil) != e.Raw.OK() {
			t.Errorf("%s is %v, but cat says %v", e.File, e.Raw.How, err)
		}
	}
}

func checkBinding(t *testing.T, e Effective, limit uint64, path string) {
	t.Helper()
	if e.Limit.Value.Unlimited || !e.Limit.OK() || e.Limit.Value.Value > limit {
		t.Errorf("effective limit %+v, want at most %d", e, limit)
	}
	if path != "" && e.Limit.Value.Value == limit && e.Path != path {
		t.Errorf("%q binds, want %q", e.Path, path)
	}
	if text, err := os.ReadFile(e.File); err != nil || len(text) == 0 {
		t.Errorf("%q: %v", e.File, err)
	}
}

// A limit on a parent binds the child that has none.
func TestLiveEffectiveLimitOfParent(t *testing.T) {
	h, self := here(t, "self")
	c := newCage(t, h, self, "memory", "pids")
	if !c.write(t, "memory", "memory.limit_in_bytes", "67108864") || !c.write(t, "pids", "pids.max", "9") {
		t.Skip("needs the memory and pids hierarchies of cgroup v1")
	}
	inner := cage{}
	for controller, dir := range c {
		inner[controller] = filepath.Join(dir, "inner")
		if err := os.Mkdir(inner[controller], 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { remove(t, inner[controller]) })
	}
	h, m := here(t, inner.run(t))
	u := h.Usage(m)
	if !u.MemoryLimit.Value.Unlimited || !u.PIDsLimit.Value.Unlimited {
		t.Errorf("its own limits are %+v and %+v, want none", u.MemoryLimit, u.PIDsLimit)
	}
	parent := filepath.Dir(m.Path())
	want := Effective{Limit: limited(64 << 20), Path: parent, File: filepath.Join(c["memory"], "memory.limit_in_bytes")}
	if diff := cmp.Diff(want, u.EffectiveMemory); diff != "" {
		t.Errorf("memory (-want +got):\n%s", diff)
	}
	if u.EffectivePIDs.Limit != limited(9) || u.EffectivePIDs.File != filepath.Join(c["pids"], "pids.max") {
		t.Errorf("pids: %+v", u.EffectivePIDs)
	}
}

func TestLiveFreezeAndRemoval(t *testing.T) {
	h, self := here(t, "self")
	c := newCage(t, h, self, "freezer")
	pid := c.run(t)
	h, m := here(t, pid)
	freeze := func(v1, v2 string, want bool) {
		t.Helper()
		if !c.write(t, "freezer", "freezer.state", v1) && !c.write(t, "freezer", "cgroup.freeze", v2) {
			t.Skip("needs a kernel that freezes cgroups")
		}
		eventually(t, func() error {
			if u := h.Usage(m); u.Frozen != known(want) {
				return fmt.Errorf("Frozen = %+v of %q, want %v", u.Frozen, u.Path, want)
			}
			return nil
		})
	}
	freeze("FROZEN", "1", true)
	freeze("THAWED", "0", false)

	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(n, &status, 0, nil); err != nil {
		t.Fatal(err)
	}
	remove(t, c["freezer"])
	if u := h.Usage(m); u.Frozen.State != reading.Gone {
		t.Errorf("after the cgroup's end Frozen is %v, want gone", u.Frozen.How)
	}
}

func TestNoDescriptorsLeft(t *testing.T) {
	h, m := here(t, "self")
	outside := member("0::/../a\n4:memory:/nowhere\n")
	count := func() int {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(fds)
	}
	h.Usage(m)
	before := count()
	for range 20 {
		h.Usage(m)
		h.Usage(outside)
		h.Entries(m)
		h.Entries(outside)
		here(t, "self")
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
