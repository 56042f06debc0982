package export

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"cutaway/inspect/cgroup"
	"cutaway/sandbox"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/limit"
	"cutaway/sandbox/shell"
)

// group is a cgroup with limits, as shell commands.
type group struct {
	make []string // makes its directories and sets the limits
	dirs []string // as words
}

// placeOf finds the caller's cgroup for a controller; tests have their own.
var placeOf = func() (func(controller string) (cgroup.Place, bool), error) {
	m, err := cgroups.ThisMachine()
	if err != nil {
		return nil, err
	}
	return func(controller string) (cgroup.Place, bool) { return m.Hierarchies.Place(m.Own, controller) }, nil
}

// setting is a file of a cgroup and what is written to it.
type setting struct{ controller, file, value string }

// groupOf is the Spec's cgroup; empty without one. A limit that no hierarchy here keeps is lacking.
func groupOf(s *sandbox.Spec, l *lacks) (g group, err error) {
	if !s.Cgroup && s.Limits.Empty() {
		return g, nil
	}
	place, err := placeOf()
	if err != nil {
		return g, err
	}
	var controllers []string
	for _, c := range []struct {
		name string
		is   bool
	}{
		{"memory", s.Limits.Memory != nil || s.Limits.Swap != nil || s.Limits.Empty()},
		{"pids", s.Limits.PIDs != nil || s.Limits.Empty()},
		{"cpu", s.Limits.CPUs != nil || s.Limits.Weight != nil},
		{"io", len(s.Limits.IO) > 0},
		{"cpuset", s.Limits.CPUSet != "" || s.Limits.MemSet != ""},
	} {
		if c.is {
			controllers = append(controllers, c.name)
		}
	}
	for _, controller := range controllers {
		p, ok := place(controller)
		if !ok {
			l.lack("limits of %s: no cgroup hierarchy here has that controller", controller)
			continue
		}
		g.add(s, controller, p)
	}
	return g, nil
}

// add makes the directory in a hierarchy, once, and sets a controller's limits in it.
func (g *group) add(s *sandbox.Spec, controller string, p cgroup.Place) {
	if p.V2 {
		g.make = append(g.make, "echo +"+controller+" > "+shell.Quote(p.Dir+"/cgroup.subtree_control"))
	}
	dir := shell.Quote(filepath.Clean(p.Dir)) + `/"cutaway-$$"`
	if !slices.Contains(g.dirs, dir) {
		g.dirs = append(g.dirs, dir)
		g.make = append(g.make, "mkdir "+dir)
	}
	if controller == "cpuset" && !p.V2 { // an empty one takes no process
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			g.make = append(g.make, "cat "+shell.Quote(p.Dir+"/"+file)+" > "+dir+"/"+file)
		}
	}
	settings := settingsV1
	if p.V2 {
		settings = settingsV2
	}
	for _, set := range settings(&s.Limits) {
		if set.controller == controller {
			g.make = append(g.make, "echo "+shell.Quote(set.value)+" > "+dir+"/"+set.file)
		}
	}
}

const period = 100_000 // of a CPU quota, in microseconds, as a new cgroup has it

func quota(cpus float64) int64 {
	if cpus == 0 {
		return -1
	}
	return int64(math.Round(cpus * period))
}

func settingsV2(l *limit.Set) (list []setting) {
	add := func(controller, file, value string) { list = append(list, setting{controller, file, value}) }
	if l.Memory != nil {
		add("memory", "memory.max", l.Memory.String())
	}
	if l.Swap != nil {
		add("memory", "memory.swap.max", l.Swap.String())
	}
	if l.CPUs != nil {
		value := "max"
		if q := quota(*l.CPUs); q > 0 {
			value = strconv.FormatInt(q, 10)
		}
		add("cpu", "cpu.max", fmt.Sprintf("%s %d", value, period))
	}
	if l.Weight != nil {
		add("cpu", "cpu.weight", strconv.FormatUint(*l.Weight, 10))
	}
	if l.PIDs != nil {
		add("pids", "pids.max", l.PIDs.String())
	}
	for i := range l.IO {
		line := l.IO[i].Device
		for _, r := range l.IO[i].Rates() {
			if r.Value != 0 {
				line += " " + r.Key + "=" + r.Value.String()
			}
		}
		add("io", "io.max", line)
	}
	return append(list, cpusets(l)...)
}

func settingsV1(l *limit.Set) (list []setting) {
	add := func(controller, file, value string) { list = append(list, setting{controller, file, value}) }
	if l.Memory != nil {
		add("memory", "memory.limit_in_bytes", numberV1(*l.Memory))
	}
	if l.Swap != nil && l.Memory != nil { // memory and swap together
		both := limit.Max
		if *l.Swap != limit.Max && *l.Memory != limit.Max {
			both = *l.Memory + *l.Swap
		}
		add("memory", "memory.memsw.limit_in_bytes", numberV1(both))
	}
	if l.CPUs != nil {
		add("cpu", "cpu.cfs_quota_us", strconv.FormatInt(quota(*l.CPUs), 10))
	}
	if l.Weight != nil {
		add("cpu", "cpu.shares", strconv.FormatUint(limit.Shares(*l.Weight), 10))
	}
	if l.PIDs != nil {
		add("pids", "pids.max", l.PIDs.String())
	}
	throttles := [4]string{"read_bps", "write_bps", "read_iops", "write_iops"}
	for i := range l.IO {
		for j, r := range l.IO[i].Rates() {
			if r.Value > 0 {
				add("io", "blkio.throttle."+throttles[j]+"_device", l.IO[i].Device+" "+r.Value.String())
			}
		}
	}
	return append(list, cpusets(l)...)
}

func numberV1(a limit.Amount) string {
	if a == limit.Max {
		return "-1"
	}
	return a.String()
}

func cpusets(l *limit.Set) (list []setting) {
	if l.CPUSet != "" {
		list = append(list, setting{"cpuset", "cpuset.cpus", l.CPUSet})
	}
	if l.MemSet != "" {
		list = append(list, setting{"cpuset", "cpuset.mems", l.MemSet})
	}
	return list
}
