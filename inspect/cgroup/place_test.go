package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestPlaces(t *testing.T) {
	const mounts = "2 1 0:25 / /sys/fs/cgroup/memory rw - cgroup c rw,memory\n" +
		"3 1 0:26 /docker/x /sys/fs/cgroup/cpu rw - cgroup c rw,cpu,cpuacct\n" +
		"4 1 0:27 / /sys/fs/cgroup/unified rw - cgroup2 c rw\n"
	h, dir := machine(t, mounts, files{
		"unified/cgroup.controllers": "io hugetlb\n", "unified/cgroup.procs": "1\n", "memory/release_agent": "\n", "cpu/cgroup.procs": "\n",
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	m := member("4:memory:/a\n8:cpu,cpuacct:/docker/x/y\n9:pids:/\n0::/b/c\n")
	want := []Place{
		{Dir: in("memory/a"), Mount: in("memory"), Path: "/a", Controllers: []string{"memory"}, Top: true},
		{Dir: in("cpu/y"), Mount: in("cpu"), Path: "/docker/x/y", Controllers: []string{"cpu", "cpuacct"}},
		{Dir: in("unified/b/c"), Mount: in("unified"), Path: "/b/c", Controllers: []string{"io", "hugetlb"}, V2: true, Top: true},
	}
	if d := cmp.Diff(want, h.Places(m)); d != "" {
		t.Error(d)
	}
	for controller, i := range map[string]int{"memory": 0, "cpuacct": 1, "": 2, "io": 2} {
		if got, ok := h.Place(m, controller); !ok || !cmp.Equal(got, want[i]) {
			t.Errorf("Place(%q) = %+v, %v", controller, got, ok)
		}
	}
	for _, controller := range []string{"pids", "name=systemd"} {
		if got, ok := h.Place(m, controller); ok {
			t.Errorf("Place(%q) = %+v", controller, got)
		}
	}
}

func TestPlaceOpen(t *testing.T) {
	dir := t.TempDir()
	files{"a/b/cgroup.procs": "", "secret/x": ""}.write(t, dir)
	if err := os.Symlink(filepath.Join(dir, "secret"), filepath.Join(dir, "a", "link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"a": nil, "a/b": nil, "": nil, "a/c": unix.ENOENT, "a/link": unix.ELOOP, "a/link/x": unix.ELOOP, "a/b/cgroup.procs": unix.ENOTDIR,
	} {
		fd, err := Place{Dir: filepath.Join(dir, name), Mount: dir}.Open()
		if !errors.Is(err, want) && !(errors.Is(want, unix.ELOOP) && errors.Is(err, unix.ENOTDIR)) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
		if err == nil {
			unix.Close(fd)
		}
	}
	if _, err := (Place{Dir: filepath.Dir(dir), Mount: dir}).Open(); err == nil {
		t.Error("opened above the mount")
	}
}
