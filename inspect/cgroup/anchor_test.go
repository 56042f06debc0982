package cgroup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	for name, mount := range map[string]string{
		"its root mounted":     "mount -t " + fsType + " " + options + " none " + own,
		"its root not mounted": "mount --rbind " + own + " " + own, // so that it is a mount, but of no cgroup
	} {
		t.Run(name, func(t *testing.T) {
			script := "echo $$ > " + c["memory"] + "/cgroup.procs && exec unshare --cgroup --mount sh -c '" +
				mount + " && exec " + os.Args[0] + " -test.run=^TestLiveCgroupNamespace$ -test.v'"
			cmd := exec.Command("sh", "-c", script)
			cmd.Env = append(os.Environ(), inside+"="+own)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("in a cgroup namespace: %v\n%s", err, out)
			}
		})
	}
}

func checkCgroupNamespace(t *testing.T, own string) {
	h, m := here(t, "self")
	dir, ok := h.Dir(m, "memory")
	procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if !ok || err != nil || !strings.Contains("\n"+string(procs), fmt.Sprintf("\n%d\n", os.Getpid())) {
		t.Errorf("own directory %q, %v, does not hold this process: %v", dir, ok, err)
	}
	_, init := here(t, "1")
	if _, ok := h.Dir(init, "memory"); !ok {
		t.Errorf("the directory of process 1 is not found: %+v", init.Lines)
	}
	if u := h.Usage(m); u.EffectiveMemory.Above || !u.MemoryUsage.OK() {
		t.Errorf("use %+v, effective limit %+v", u.MemoryUsage, u.EffectiveMemory)
	}
	if _, err := os.Stat(filepath.Join(own, "cgroup.procs")); err == nil {
		checkNamespaceMountAlone(t, own, fsTypeOf(h), m, init)
	}
}

// checkNamespaceMountAlone: with the namespace's own mount only, what stands above is not to be seen.
func checkNamespaceMountAlone(t *testing.T, own, fsType string, m, init *Membership) {
	inside, err := Discover([]byte(mountinfoOf("none "+own+" "+fsType+" rw,memory")), "")
	if err != nil {
		t.Fatal(err)
	}
	u := inside.Usage(m)
	if !u.MemoryUsage.OK() || (fsType == "cgroup2" && !u.EffectiveMemory.Above) {
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
