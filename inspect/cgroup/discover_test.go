package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen is a hierarchy as tests compare it: controllers, and root@directory of its places.
type seen struct {
	Controllers string
	Places      []string
}

func seenIn(h *Hierarchies, dir string) []seen {
	var all []seen
	for _, t := range h.list {
		s := seen{Controllers: strings.Join(t.controllers, ",")}
		if t.v2 {
			s.Controllers = "v2:" + s.Controllers
		}
		for _, p := range t.places {
			at, _ := filepath.Rel(dir, p.dir)
			if p.top {
				at += " (top)"
			}
			s.Places = append(s.Places, p.root+" at "+at)
		}
		all = append(all, s)
	}
	return all
}

func TestDiscover(t *testing.T) {
	top := files{"cgroup.sane_behavior": "0\n"}
	tests := []struct {
		name      string
		mountinfo string
		files     files
		mode      Mode
		want      []seen
	}{
		{
			"v2 host", sample(t, "vm-apparmor-host/mountinfo"), dockerOnV2(t), V2,
			[]seen{{"v2:cpuset,cpu,io,memory,hugetlb,pids,rdma,misc", []string{"/ at . (top)"}}},
		},
		{
			"v2 container", sample(t, "vm-docker-web/mountinfo"), sampleFiles(t, "vm-docker-web", "cgroup"), V2,
			[]seen{{"v2:cpuset,cpu,io,memory,hugetlb,pids,rdma,misc", []string{dockerV2 + " at ."}}},
		},
		{
			"own cgroup namespace on v2", "2 1 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
			files{"cgroup.controllers": "memory\n", "cgroup.events": "populated 1\n", "cgroup.procs": ""},
			V2,
			[]seen{{"v2:memory", []string{"/ at ."}}},
		},
		{
			"v1 with joined controllers, a name and options",
			mountinfoOf("cgroup /sys/fs/cgroup/cc cgroup rw,seclabel,cpu,cpuacct\ncgroup /sys/fs/cgroup/e cgroup rw,xattr,release_agent=/usr/bin/memory,name=elogind\n"),
			files{}.with("cc", top), V1,
			[]seen{{"cpu,cpuacct", []string{"/ at cc (top)"}}, {"name=elogind", []string{"/ at e"}}},
		},
		{
			"the same hierarchies mounted again, in part and from above",
			"2 1 0:25 /docker/x /sys/fs/cgroup/part rw - cgroup c rw,memory\n3 1 0:25 /.. /sys/fs/cgroup/up rw - cgroup c rw,memory\n4 1 0:25 / /sys/fs/cgroup/own rw - cgroup c rw,memory\n",
			files{}.with("up", top), V1,
			[]seen{{"memory", []string{"/.. at up (top)", "/ at own", "/docker/x at part"}}},
		},
		{
			"v2 with a named v1 hierarchy is v2",
			mountinfoOf("c /sys/fs/cgroup cgroup2 rw\nc /sys/fs/cgroup/systemd cgroup rw,name=systemd\n"), nil, V2,
			[]seen{{"name=systemd", []string{"/ at systemd"}}, {"v2:", []string{"/ at ."}}},
		},
		{"none", "1 0 254:0 / / rw - ext4 /dev/vda rw\n", nil, None, nil},
		{"no mountinfo", "", nil, None, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, dir := machine(t, test.mountinfo, test.files)
			if h.Mode() != test.mode {
				t.Errorf("mode %v, want %v", h.Mode(), test.mode)
			}
			if diff := cmp.Diff(test.want, seenIn(h, dir)); diff != "" {
				t.Errorf("hierarchies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiscoverHybrid(t *testing.T) {
	h, dir := machine(t, mountinfoOf(sample(t, "vm-hybrid-v1/mounts")), nil)
	if h.Mode() != Hybrid {
		t.Errorf("mode %v, want hybrid", h.Mode())
	}
	if len(h.list) != 14 {
		t.Errorf("%d hierarchies, want 13 of v1 and 1 of v2", len(h.list))
	}
	m := member(sample(t, "vm-hybrid-v1/cgroup"))
	const session = "/user.slice/user-0.slice/session-1.scope"
	for controller, want := range map[string]string{
		"cpu": "cpu,cpuacct" + session, "cpuacct": "cpu,cpuacct" + session, "memory": "memory" + session,
		"pids": "pids" + session, "blkio": "blkio", "io": "blkio", "devices": "devices/user.slice",
		"name=systemd": "systemd" + session, "": "unified" + session,
	} {
		if got, ok := h.Dir(m, controller); !ok || got != filepath.Join(dir, want) {
			t.Errorf("Dir(%q) = %q, %v, want %q", controller, got, ok, want)
		}
	}
	if m.Path() != session {
		t.Errorf("Path() = %q, want %q", m.Path(), session)
	}
}

func TestDiscoverBelowRoot(t *testing.T) {
	v2 := files{"cgroup.controllers": "memory pids\n", "cgroup.procs": ""}
	v1 := files{"cgroup.procs": "", "cgroup.sane_behavior": "0\n"}
	tests := []struct {
		name  string
		files files
		mode  Mode
		want  []seen
	}{
		{"v2", v2, V2, []seen{{"v2:memory,pids", []string{"/ at . (top)"}}}},
		{
			"hybrid", files{}.with("cpu,cpuacct", v1).with("systemd", v1).with("unified", v2).with("notes", files{"a": ""}), Hybrid,
			[]seen{{"cpu,cpuacct", []string{"/ at cpu,cpuacct (top)"}}, {"name=systemd", []string{"/ at systemd (top)"}}, {"v2:memory,pids", []string{"/ at unified (top)"}}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.files.write(t, dir)
			if err := os.Symlink("cpu,cpuacct", filepath.Join(dir, "cpu")); err != nil {
				t.Fatal(err)
			}
			link := filepath.Join(t.TempDir(), "cgroup")
			if err := os.Symlink(dir, link); err != nil {
				t.Fatal(err)
			}
			h, err := Discover([]byte(sample(t, "host-shell/mountinfo")), link)
			if err != nil {
				t.Fatal(err)
			}
			if h.Mode() != test.mode {
				t.Errorf("mode %v, want %v", h.Mode(), test.mode)
			}
			if diff := cmp.Diff(test.want, seenIn(h, dir)); diff != "" {
				t.Errorf("hierarchies (-want +got):\n%s", diff)
			}
		})
	}
}

// A host's cgroups mounted in a container keep their super options, which tell more than names of directories.
func TestDiscoverBelowRootByMounts(t *testing.T) {
	dir := t.TempDir()
	text := "2 1 0:25 / /sys/fs/cgroup/memory rw - cgroup c rw,memory\n" +
		"3 1 0:25 /../.. " + dir + "/mem rw - cgroup c rw,memory\n4 1 0:26 / " + dir + "er rw - cgroup2 c rw\n"
	h, err := Discover([]byte(text), dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]seen{{"memory", []string{"/../.. at mem"}}}, seenIn(h, dir)); diff != "" {
		t.Errorf("hierarchies (-want +got):\n%s", diff)
	}
}

func TestDiscoverBadRoot(t *testing.T) {
	empty := t.TempDir()
	file := filepath.Join(empty, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for root, want := range map[string]string{
		empty:                           "holds no cgroups: give the directory",
		file:                            "is not a directory",
		filepath.Join(empty, "nowhere"): "no such file",
	} {
		if _, err := Discover(nil, root); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Discover(%q): %v, want an error with %q", root, err, want)
		}
	}
}
