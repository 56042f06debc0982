package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutaway/inspect/reading"
)

// entry finds one entry by name.
func entry(t *testing.T, entries []Entry, name string) Entry {
	t.Helper()
	for _, e := range entries {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no entry %q", name)
	return Entry{}
}

// checkEntries holds that each entry is what its file says.
func checkEntries(t *testing.T, entries []Entry, dir string) {
	t.Helper()
	for _, e := range entries {
		if !strings.HasPrefix(e.File, dir+"/") {
			t.Errorf("%s is in %s", e.Name, e.File)
		}
		text, err := os.ReadFile(e.File)
		if (err == nil) != e.Raw.OK() {
			t.Errorf("%s: %v, but %v", e.Name, e.Raw.How, err)
		}
		if !strings.Contains(string(text), e.Raw.Value) {
			t.Errorf("%s: %q is not in %s", e.Name, e.Raw.Value, e.File)
		}
	}
}

func TestEntriesV2(t *testing.T) {
	h, dir := machine(t, sample(t, "vm-apparmor-host/mountinfo"), dockerOnV2(t))
	files{"io.stat": "259:0 rbytes=1 wbytes=2\n8:0 rbytes=3 wbytes=4\n"}.write(t, filepath.Join(dir, dockerV2))
	entries := h.Entries(member(sample(t, "vm-docker-web/cgroup")))
	checkEntries(t, entries, dir)
	for name, want := range map[string]string{
		"memory.max": "67108864", "memory.stat inactive_file": "0", "memory.stat kernel_stack": "16384", "memory.events oom_kill": "0",
		"cpu.max": "50000 100000", "cpu.stat usage_usec": "339253", "cpu.pressure some": "avg10=0.28 avg60=0.19 avg300=0.05 total=172098",
		"io.stat 259:0": "rbytes=1 wbytes=2", "io.stat 8:0": "rbytes=3 wbytes=4", "cpuset.cpus.effective": "0-1",
		"cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc", "cgroup.events populated": "1", "pids.max": "50",
	} {
		if e := entry(t, entries, name); e.Raw != known(want) {
			t.Errorf("%s = %q (%v), want %q", name, e.Raw.Value, e.Raw.How, want)
		}
	}
	for _, name := range []string{"memory.swap.max", "cgroup.type", "io.max", "pids.peak"} { // not among the sample's files
		if e := entry(t, entries, name); e.Raw.State != reading.Absent {
			t.Errorf("%s is %v, want absent", name, e.Raw.How)
		}
	}
}

func TestEntriesV1(t *testing.T) {
	h, dir := machine(t, sample(t, "host-shell/mountinfo"), dockerOnV1(t))
	m := member(sample(t, "docker-db/cgroup"))
	entries := h.Entries(m)
	checkEntries(t, entries, dir)
	for name, want := range map[string]string{
		"memory.limit_in_bytes": "134217728", "memory.stat total_rss": "2772992", "cpu.cfs_quota_us": "50000", "cpu.shares": "1024",
		"cpuacct.usage": "119240373", "pids.max": "64", "cpuset.cpus": "0-1", "freezer.state": "THAWED", "cpu.stat nr_periods": "144",
		"devices.list": strings.TrimSuffix(sample(t, "docker-db/devices.list"), "\n"),
	} {
		if e := entry(t, entries, name); e.Raw != known(want) {
			t.Errorf("%s = %q (%v), want %q", name, e.Raw.Value, e.Raw.How, want)
		}
	}
	if e := entry(t, entries, "blkio.throttle.io_serviced"); e.Raw.State != reading.Gone {
		t.Errorf("blkio has no such cgroup: %v, want gone", e.Raw.How)
	}

	// The listings must not leave out what Usage shows.
	listed := map[string]bool{}
	for _, e := range entries {
		listed[e.File] = true
	}
	for _, name := range readings() {
		if file, _ := h.SourceOf(m, name); file != "" && !listed[file] {
			t.Errorf("%s of %s is not listed", file, name)
		}
	}
}

func TestEntriesHostile(t *testing.T) {
	h, dir := machine(t, "2 1 0:25 / /sys/fs/cgroup rw - cgroup2 c rw\n", files{
		"cgroup.controllers": "memory\n", "a/memory.stat": "\n\nkey\n \x00\x1b[31m\nlast", "a/memory.current": "\x1b]0;x\x07", "secret": "s",
	})
	if err := os.Symlink("../secret", filepath.Join(dir, "a/memory.max")); err != nil {
		t.Fatal(err)
	}
	entries := h.Entries(member("0::/a\n"))
	if e := entry(t, entries, "memory.current"); e.Raw != known("\x1b]0;x\x07") {
		t.Errorf("raw text is %q: changing it is for who shows it", e.Raw.Value)
	}
	if e := entry(t, entries, "memory.max"); e.Raw.OK() {
		t.Errorf("followed a link: %q", e.Raw.Value)
	}
	if entries := h.Entries(member("0::/../a\n")); len(entries) != 0 {
		t.Errorf("entries from outside of the namespace: %+v", entries)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(sample(f, "docker-db/memory.stat"))
	f.Add("8:0 rbytes=1 wbytes=2\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range split(Entry{Name: "memory.stat", Raw: reading.Value(text)}) {
			if !strings.Contains(text, e.Raw.Value) {
				t.Errorf("%q has no %q", text, e.Raw.Value)
			}
		}
	})
}
