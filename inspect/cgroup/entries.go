package cgroup

import (
	"path/filepath"
	"slices"
	"strings"

	"cutaway/inspect/reading"
)

// listing is a group of files that belong together.
type listing struct {
	controller string // as Entry shows it
	kept       string // the controller that decides which hierarchy keeps the files, see Hierarchies.find
	files      []string
}

// Files in Documentation/admin-guide/cgroup-v2.rst. CPU time and pressure need no controller: v2's core keeps them.
var v2Listings = []listing{
	{"memory", "memory", []string{
		"memory.current", "memory.peak", "memory.min", "memory.low", "memory.high", "memory.max", "memory.oom.group",
		"memory.swap.current", "memory.swap.peak", "memory.swap.high", "memory.swap.max", "memory.swap.events",
		"memory.events", "memory.stat",
	}},
	{"memory", "", []string{"memory.pressure"}},
	{"cpu", "cpu", []string{"cpu.max", "cpu.weight"}},
	{"cpu", "cpuacct", []string{"cpu.stat"}},
	{"cpu", "", []string{"cpu.pressure"}},
	{"pids", "pids", []string{"pids.current", "pids.peak", "pids.max", "pids.events"}},
	{"io", "io", []string{"io.max", "io.stat"}},
	{"io", "", []string{"io.pressure"}},
	{"cpuset", "cpuset", []string{"cpuset.cpus.effective", "cpuset.mems.effective"}},
	{"cgroup", "", []string{
		"cgroup.type", "cgroup.controllers", "cgroup.subtree_control", "cgroup.freeze", "cgroup.events", "cgroup.stat",
	}},
}

// Files in Documentation/admin-guide/cgroup-v1.
var v1Listings = []listing{
	{"memory", "memory", []string{
		"memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.limit_in_bytes", "memory.failcnt",
		"memory.memsw.usage_in_bytes", "memory.memsw.max_usage_in_bytes", "memory.memsw.limit_in_bytes",
		"memory.memsw.failcnt", "memory.oom_control", "memory.stat",
	}},
	{"cpu", "cpu", []string{"cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.stat"}},
	{"cpuacct", "cpuacct", []string{"cpuacct.usage", "cpuacct.stat"}},
	{"pids", "pids", []string{"pids.current", "pids.max"}},
	{"blkio", "blkio", []string{
		"blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device", "blkio.throttle.read_iops_device",
		"blkio.throttle.write_iops_device", "blkio.throttle.io_service_bytes", "blkio.throttle.io_serviced",
	}},
	{"cpuset", "cpuset", []string{"cpuset.cpus", "cpuset.mems", "cpuset.effective_cpus", "cpuset.effective_mems"}},
	{"freezer", "freezer", []string{"freezer.state"}},
	{"devices", "devices", []string{"devices.list"}},
}

// keyed are the files whose lines begin with a key of their own; each line becomes an entry.
var keyed = []string{
	"cgroup.events", "cgroup.stat", "cpu.pressure", "cpu.stat", "cpuacct.stat", "io.max", "io.pressure", "io.stat",
	"memory.events", "memory.oom_control", "memory.pressure", "memory.stat", "memory.swap.events", "pids.events",
}

// Entries lists what the kernel keeps about a membership's cgroups, file by file (tier 3), whether it can be read or not.
// Unlike Usage it shows each hierarchy's own cgroup, however far up it is: File says which.
func (h *Hierarchies) Entries(m *Membership) []Entry {
	var entries []Entry
	for version, listings := range [][]listing{v1Listings, v2Listings} {
		for _, l := range listings {
			if tree := h.find(l.kept); tree != nil && tree.version() == version {
				entries = append(entries, tree.entries(m, l)...)
			}
		}
	}
	return entries
}

func (h *hierarchy) entries(m *Membership, l listing) []Entry {
	at, err := h.spot(m)
	if err != nil {
		return nil
	}
	v, err := h.visit(m)
	defer v.leave()
	var entries []Entry
	for _, name := range l.files {
		var text []byte
		fileErr := err
		if err == nil {
			text, fileErr = v.own.read(name, nil)
		}
		e := Entry{Controller: l.controller, Name: name, File: filepath.Join(at.dir(), name)}
		e.Raw = reading.Of[string]{Value: strings.TrimRight(string(text), "\n"), How: howOf(fileErr)}
		entries = append(entries, split(e)...)
	}
	return entries
}

// split makes an entry of each line of a keyed file.
func split(e Entry) []Entry {
	if e.Raw.Value == "" || !slices.Contains(keyed, e.Name) {
		return []Entry{e}
	}
	var lines []Entry
	for line := range strings.SplitSeq(e.Raw.Value, "\n") {
		key, value, _ := strings.Cut(line, " ")
		one := e
		one.Name += " " + key
		one.Raw = reading.Value(value)
		lines = append(lines, one)
	}
	return lines
}
