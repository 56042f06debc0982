package cgroup

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cutaway/inspect/proc"
)

const (
	dockerID = "397f67197f60b9e571f6c4d517242ab98f9892d4f304936663cfe6b360732ac9"
	dockerV1 = "/docker/" + dockerID
	dockerV2 = "/system.slice/docker-0a4e9c8fd27f287cad08e530df57bfda4d684bc779e51b90df3608cd2567f92d.scope"
)

// files are a directory tree: path to text.
type files map[string]string

func (f files) write(t testing.TB, dir string) {
	t.Helper()
	for name, text := range f {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// with returns the files with more of them, all below a directory.
func (f files) with(dir string, more files) files {
	all := files{}
	for name, text := range f {
		all[name] = text
	}
	for name, text := range more {
		all[filepath.Join(dir, name)] = text
	}
	return all
}

func sample(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sampleFiles are a sample's files whose names begin with one of the controllers'.
func sampleFiles(t testing.TB, name string, controllers ...string) files {
	t.Helper()
	found := files{}
	for _, c := range controllers {
		paths, err := filepath.Glob(filepath.Join("testdata", name, c+".*"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no files of %s in %s: %v", c, name, err)
		}
		for _, path := range paths {
			found[filepath.Base(path)] = sample(t, filepath.Join(name, filepath.Base(path)))
		}
	}
	return found
}

// machine writes the files into a directory and finds hierarchies there, by a mountinfo whose /sys/fs/cgroup it becomes.
func machine(t testing.TB, mountinfo string, f files) (*Hierarchies, string) {
	t.Helper()
	dir := t.TempDir()
	f.write(t, dir)
	h, err := Discover([]byte(strings.ReplaceAll(mountinfo, "/sys/fs/cgroup", dir)), "")
	if err != nil {
		t.Fatal(err)
	}
	return h, dir
}

// dockerOnV1 is the machine of the sample docker-db as its host sees it.
func dockerOnV1(t testing.TB) files {
	t.Helper()
	f := files{}
	for _, c := range []string{"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "pids"} {
		f = f.with(c, files{"cgroup.sane_behavior": "0\n", "cgroup.procs": "1\n"})
		f = f.with(filepath.Join(c, dockerV1), sampleFiles(t, "docker-db", c))
	}
	f = f.with("blkio", files{"cgroup.procs": "1\n"}).with("unified", files{"cgroup.procs": "1\n"}) // without the container
	f[filepath.Join("cpuset", dockerV1, "cpuset.effective_cpus")] = "0-1\n"
	f["memory/docker/memory.limit_in_bytes"] = "9223372036854771712\n"
	f["memory/memory.limit_in_bytes"] = "9223372036854771712\n"
	f["cpu/docker/cpu.cfs_quota_us"] = "-1\n"
	f["cpu/cpu.cfs_quota_us"] = "-1\n"
	f["pids/docker/pids.max"] = "max\n"
	return f
}

// dockerOnV2 is the machine of the sample vm-docker-web as its host sees it.
func dockerOnV2(t testing.TB) files {
	t.Helper()
	f := files{"cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n", "cgroup.procs": "1\n"}
	f = f.with("system.slice", files{"memory.max": "max\n", "cpu.max": "max 100000\n", "pids.max": "max\n", "cgroup.events": "populated 1\nfrozen 0\n"})
	return f.with(dockerV2, sampleFiles(t, "vm-docker-web", "cgroup", "cpu", "cpuset", "io", "memory", "pids"))
}

// member makes a membership of the text of /proc/PID/cgroup.
func member(text string) *Membership {
	lines, err := proc.ParseCgroup([]byte(text))
	if err != nil {
		panic(err)
	}
	return &Membership{Lines: lines}
}

// mountinfoOf turns lines of /proc/mounts into mountinfo.
func mountinfoOf(mounts string) string {
	var b bytes.Buffer
	for i, line := range strings.Split(strings.TrimSpace(mounts), "\n") {
		w := strings.Fields(line)
		b.WriteString(strconv.Itoa(i+2) + " 1 0:" + strconv.Itoa(i+20) + " / " + w[1] + " rw - " + w[2] + " " + w[0] + " " + w[3] + "\n")
	}
	return b.String()
}
