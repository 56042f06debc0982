package cgroup

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A container with a cgroup namespace of its own that was given the host's cgroups as well.
func TestAnchor(t *testing.T) {
	dir := t.TempDir()
	files{
		"cgroup.controllers": "memory pids\n", "cgroup.procs": "", "user.slice/pids.current": "1\n",
		"system.slice/ssh.service/pids.current": "3\n", "system.slice/docker-x.scope/pids.current": "2\n",
		"system.slice/docker-x.scope/sub/pids.current": "4\n", "system.slice/memory.max": "4096\n",
	}.write(t, dir)
	own := filepath.Join(dir, "system.slice/docker-x.scope")
	h, err := Discover([]byte("2 1 0:25 / "+own+" rw - cgroup2 c rw\n3 1 0:25 /../.. "+dir+" rw - cgroup2 c rw\n"), dir)
	if err != nil {
		t.Fatal(err)
	}
	for cgroup, want := range map[string]string{
		"/": "system.slice/docker-x.scope", "/sub": "system.slice/docker-x.scope/sub", "/..": "system.slice",
		"/../ssh.service": "system.slice/ssh.service", "/../..": ".", "/../../user.slice": "user.slice",
		"/../../..": "", "/../../../etc": "", "/sub/../../../../etc": "",
	} {
		got, ok := h.Dir(member("0::"+cgroup+"\n"), "pids")
		if want != "" {
			want = filepath.Join(dir, want)
		}
		if got != want || ok != (want != "") {
			t.Errorf("Dir(%q) = %q, %v, want %q", cgroup, got, ok, want)
		}
	}
	u := h.Usage(member("0::/sub\n"))
	want := Effective{Limit: limited(4096), Path: "/..", File: filepath.Join(dir, "system.slice/memory.max")}
	if diff := cmp.Diff(want, u.EffectiveMemory); diff != "" {
		t.Errorf("effective memory (-want +got):\n%s", diff)
	}
}

func TestAbove(t *testing.T) {
	for cgroup, want := range map[string]string{
		"/a/b": "/a", "/a": "/", "/": "/..", "/..": "/../..", "/../a": "/..", "/..a": "/",
	} {
		if got := above(cgroup); got != want {
			t.Errorf("above(%q) = %q, want %q", cgroup, got, want)
		}
	}
}

// In a new cgroup namespace the kernel itself writes the paths and roots that the tests above make up.
func TestLiveCgroupNamespace(t *testing.T) {
	const inside = "CUTAWAY_TEST_CGROUP_NAMESPACE"
	if own := os.Getenv(inside); own != "" {
		checkCgroupNamespace(t, own)
		return
	}
	h, self := here(t, "self")
	_, init := here(t, "1")
	if _, ok := h.Dir(init, "memory"); !ok || h.Usage(self).EffectiveMemory.Above {
		t.Skip("needs a memory hierarchy that is mounted from its root")
	}
	c := newCage(t, h, self, "memory")
	if _, err := exec.LookPath("unshare"); err != nil {
		t.Skip("needs unshare (util-linux)")
	}
	fsType, options := "cgroup", "-o memory"
	if h.Mode() == V2 {
		fsType, options = "cgroup2", ""
	}
	own := t.TempDir()
	script := "echo $$ > " + c["memory"] + "/cgroup.procs && exec unshare --cgroup --mount sh -c '" +
		"mount -t " + fsType + " " + options + " none " + own + " && exec " + os.Args[0] + " -test.run=^" + t.Name() + "$ -test.v'"
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), inside+"="+own)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("in a cgroup namespace: %v\n%s", err, out)
	}
}

func checkCgroupNamespace(t *testing.T, own string) {
	h, m := here(t, "self")
	dir, ok := h.Dir(m, "memory")
	if !ok || dir == own || !os.SameFile(stat(t, dir), stat(t, own)) {
		t.Errorf("own directory %q, %v, want the one above the namespace that is the same as %q", dir, ok, own)
	}
	_, init := here(t, "1")
	if dir, ok := h.Dir(init, "memory"); !ok {
		t.Errorf("%q of process 1 is not found: %+v", dir, init.Lines)
	}
	if u := h.Usage(m); u.EffectiveMemory.Above || !u.MemoryUsage.OK() {
		t.Errorf("use %+v, effective limit %+v", u.MemoryUsage, u.EffectiveMemory)
	}

	// With the namespace's own mount alone, what stands above is not to be seen.
	inside, err := Discover([]byte(mountinfoOf("none "+own+" "+fsTypeOf(h)+" rw,memory")), "")
	if err != nil {
		t.Fatal(err)
	}
	u := inside.Usage(m)
	if !u.MemoryUsage.OK() || (h.Mode() == V2 && !u.EffectiveMemory.Above) {
		t.Errorf("inside: use %+v, effective limit %+v", u.MemoryUsage, u.EffectiveMemory)
	}
	if _, ok := inside.Dir(init, "memory"); ok {
		t.Error("inside: process 1 is to be seen")
	}
}

func fsTypeOf(h *Hierarchies) string {
	if h.Mode() == V2 {
		return "cgroup2"
	}
	return "cgroup"
}

func stat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}
