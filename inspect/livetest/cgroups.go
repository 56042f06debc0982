package livetest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// hierarchy is one mounted cgroup file system.
type hierarchy struct {
	mount   string
	v2      bool
	options []string // of a v1 super block: controllers and name=
}

// hierarchies finds the cgroup file systems in this process's mountinfo; it is the bench's own small reader, so that no
// test compares cutaway with itself.
func hierarchies() []hierarchy {
	text, _ := os.ReadFile("/proc/self/mountinfo")
	var list []hierarchy
	for line := range strings.Lines(string(text)) {
		mount, super, ok := strings.Cut(line, " - ")
		fields, tail := strings.Fields(mount), strings.Fields(super)
		if !ok || len(fields) < 5 || len(tail) < 3 || (tail[0] != "cgroup" && tail[0] != "cgroup2") {
			continue
		}
		list = append(list, hierarchy{mount: fields[4], v2: tail[0] == "cgroup2", options: strings.Split(tail[2], ",")})
	}
	return list
}

// tracker is the hierarchy in which every process of the bench is: v2, or else any v1 one that needs no set-up.
func tracker() (hierarchy, bool) {
	list := hierarchies()
	for _, wanted := range []func(hierarchy) bool{
		func(h hierarchy) bool { return h.v2 },
		func(h hierarchy) bool { return slices.Contains(h.options, "name=systemd") },
		func(h hierarchy) bool { return slices.Contains(h.options, "pids") },
	} {
		if i := slices.IndexFunc(list, wanted); i >= 0 {
			return list[i], true
		}
	}
	return hierarchy{}, false
}

// makeCgroup makes the cgroup for the bench's own processes and returns its cgroup.procs.
func (b *bench) makeCgroup() (string, error) {
	h, ok := tracker()
	if !ok {
		return "", errors.New("no cgroup file system is mounted")
	}
	dir := filepath.Join(h.mount, b.name, "machine")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return filepath.Join(dir, "cgroup.procs"), nil
}

// CgroupFile is the path of a file of a cgroup, for a test that reads what the kernel says. The controller is "" for
// v2, or a v1 controller. It is "" when no such hierarchy is mounted.
func CgroupFile(controller, cgroup, file string) string {
	for _, h := range hierarchies() {
		if (controller == "" && h.v2) || (controller != "" && slices.Contains(h.options, controller)) {
			return filepath.Join(h.mount, cgroup, file)
		}
	}
	return ""
}

// CgroupMembers lists the processes in a cgroup, ascending, as the kernel lists them where the bench tracks its own.
func CgroupMembers(t testing.TB, cgroup string) []int {
	t.Helper()
	h, ok := tracker()
	if !ok {
		t.Fatal("no cgroup file system is mounted")
	}
	pids := cgroupProcs(filepath.Join(h.mount, cgroup))
	slices.Sort(pids)
	return pids
}

// LimitMemory writes a memory limit in bytes into a cgroup, which must be one of the bench's.
func LimitMemory(t testing.TB, cgroup string, limit int) {
	t.Helper()
	b := useBench(t)
	if !strings.HasPrefix(cgroup, "/"+b.name+"/") {
		t.Fatalf("%s is none of the bench's cgroups", cgroup)
	}
	file := CgroupFile("memory", cgroup, "memory.limit_in_bytes")
	if file == "" {
		file = CgroupFile("", cgroup, "memory.max")
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(limit)), 0); err != nil {
		t.Fatal(err)
	}
}
