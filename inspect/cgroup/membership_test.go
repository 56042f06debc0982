package cgroup

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestPath(t *testing.T) {
	tests := []struct{ name, lines, want string }{
		{"v2 only", "0::/system.slice/a.service\n", "/system.slice/a.service"},
		{"v2 root", "0::/\n", "/"},
		{"nothing", "", "/"},
		{"docker on v1", sample(t, "docker-db/cgroup"), dockerV1},
		{"rootless podman: memory alone", sample(t, "podman-rootless-r1/cgroup"), "/user.slice/session-1.scope"},
		{"systemd before memory when equally deep", "3:memory:/a/b\n1:name=systemd:/c/d\n", "/c/d"},
		{"the deepest wins", "5:pids:/a/b/c\n1:name=systemd:/a/b\n0::/a\n", "/a/b/c"},
		{"others count only when the four stay at the root", "4:memory:/\n3:cpu,cpuacct:/a\n0::/\n", "/a"},
		{"others do not count beside the four", "4:memory:/a\n3:cpuset:/x/y/z\n", "/a"},
		{"outside of the namespace", "0::/../../a\n", "/../../a"},
		{"the namespace's parent", "0::/..\n", "/.."},
		{"a colon in a name", "1:name=systemd:/a:b\n", "/a:b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := member(test.lines).Path(); got != test.want {
				t.Errorf("Path() = %q, want %q", got, test.want)
			}
		})
	}
}

func TestRelative(t *testing.T) {
	tests := []struct {
		from, to, want string
		ok             bool
	}{
		{"/", "/", "", true},
		{"/", "/a/b", "a/b", true},
		{"/a", "/a", "", true},
		{"/a", "/a/b", "b", true},
		{"/a", "/ab", "", false},
		{"/a", "/", "", false},
		{"/", "/..", "", false},
		{"/", "/../a", "", false},
		{"/..", "/../a", "a", true},
		{"/..", "/a", "", false},
		{"/..", "/", "", false},
		{"/..", "/../../a", "", false},
		{"/..", "/..a", "", false},
		{"/../..", "/../../a/b", "a/b", true},
		{"/", "/a/../../etc", "", false},
		{"/", "/a//b", "", false},
		{"/", "/a/.", "", false},
		{"/", "a", "", false},
		{"/", "", "", false},
		{"", "", "", true},
	}
	for _, test := range tests {
		if got, ok := relative(test.from, test.to); got != test.want || ok != test.ok {
			t.Errorf("relative(%q, %q) = %q, %v, want %q, %v", test.from, test.to, got, ok, test.want, test.ok)
		}
	}
}

func FuzzRelative(f *testing.F) {
	f.Add("/", "/a/b")
	f.Add("/../..", "/../../a/../..")
	f.Fuzz(func(t *testing.T, from, to string) {
		below, ok := relative(from, to)
		if joined := filepath.Join("/top", below); ok && joined != "/top" && !strings.HasPrefix(joined, "/top/") {
			t.Errorf("relative(%q, %q) = %q leads out", from, to, below)
		}
	})
}

func FuzzWay(f *testing.F) {
	f.Add("/../..", "/a/b", "/../c")
	f.Add("/..", "/a", "/..")
	f.Fuzz(func(t *testing.T, root, anchor, to string) {
		if strings.Contains(anchor, "..") {
			t.Skip("an anchor is found in the file system")
		}
		below, ok := place{root: root, anchor: anchor}.way(to)
		if joined := filepath.Join("/top", below); ok && joined != "/top" && !strings.HasPrefix(joined, "/top/") {
			t.Errorf("from %q, with the namespace at %q, %q is at %q: leads out", root, anchor, to, below)
		}
	})
}

func TestDir(t *testing.T) {
	const mounts = "2 1 0:25 / /sys/fs/cgroup/memory rw - cgroup c rw,memory\n" +
		"3 1 0:26 /docker/x /sys/fs/cgroup/pids rw - cgroup c rw,pids\n" +
		"4 1 0:27 / /sys/fs/cgroup/unified rw - cgroup2 c rw\n"
	h, dir := machine(t, mounts, files{"unified/cgroup.controllers": "io hugetlb\n"})
	tests := []struct {
		lines, controller, want string // want "" is not ok
	}{
		{"4:memory:/a\n", "memory", "memory/a"},
		{"4:memory:/\n", "memory", "memory"},
		{"4:memory:/a b\n", "memory", "memory/a b"},
		{"4:memory:/a (deleted)\n", "memory", "memory/a (deleted)"}, // only v2 marks what was removed
		{"0::/b (deleted)\n", "", ""},
		{"4:memory:/../a\n", "memory", ""},
		{"8:pids:/docker/x/y\n", "pids", "pids/y"},
		{"8:pids:/docker/x\n", "pids", "pids"},
		{"8:pids:/docker/y\n", "pids", ""},
		{"8:pids:/\n", "pids", ""},
		{"0::/b\n", "", "unified/b"},
		{"0::/b\n", "io", "unified/b"},
		{"0::/b\n", "blkio", "unified/b"},
		{"0::/b\n", "hugetlb", "unified/b"},
		{"0::/b\n", "cpuacct", "unified/b"},
		{"0::/b\n", "cpu", ""},
		{"0::/b\n", "memory", ""}, // memory belongs to v1, and this membership has no line for it
		{"0::/b\n", "name=systemd", ""},
	}
	for _, test := range tests {
		got, ok := h.Dir(member(test.lines), test.controller)
		want := ""
		if test.want != "" {
			want = filepath.Join(dir, test.want)
		}
		if got != want || ok != (want != "") {
			t.Errorf("Dir(%q, %q) = %q, %v, want %q", test.lines, test.controller, got, ok, want)
		}
	}
}
