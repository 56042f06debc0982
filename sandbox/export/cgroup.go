package export

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

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

// machine is where the caller stands in the hierarchies of cgroups.
type machine interface {
	// place is the caller's cgroup for a controller.
	place(controller string) (cgroup.Place, bool)
	// parent is where on v2 a cgroup with some controllers can be made, and which of them are to be turned on there.
	parent(controllers []string) (at cgroup.Place, off []string, err error)
}

// machineOf finds it; tests have their own.
var machineOf = func() (machine, error) {
	m, err := cgroups.ThisMachine()
	return thisMachine{m}, err
}

type thisMachine struct{ *cgroups.Machine }

func (m thisMachine) place(controller string) (cgroup.Place, bool) {
	return m.Hierarchies.Place(m.Own, controller)
}

func (m thisMachine) parent(controllers []string) (cgroup.Place, []string, error) {
	return m.Parent(controllers)
}

// setting is a file of a cgroup and what is written to it.
type setting struct{ controller, file, value string }

// noRight tells of a script that fails at once: what was asked for is not left out.
const noRight = "limits of %s: you may make no cgroup that has them, and the script fails (cutaway doctor says what to change)"

// groupOf is the Spec's cgroup; empty without one. A limit that no hierarchy here keeps is lacking.
func groupOf(s *sandbox.Spec, l *lacks) (g group, err error) {
	if !s.Cgroup && s.Limits.Empty() {
		return g, nil
	}
	m, err := machineOf()
	if err != nil {
		return g, err
	}
	limits := s.Limits
	limits.IO = numbered(limits.IO, l)
	var onV2 []string
	for _, controller := range controllersOf(&limits) {
		p, ok := m.place(controller)
		switch {
		case !ok:
			l.lackIf(!limits.Empty(), "limits of %s: no cgroup hierarchy here has that controller", controller)
		case p.V2:
			onV2 = append(onV2, controller)
		default:
			g.addV1(&limits, controller, p, l)
		}
	}
	if len(onV2) == 0 {
		return g, nil
	}
	if limits.Empty() {
		onV2 = nil // what only shows use is no reason to leave the caller's own cgroup
	}
	parent, off, err := m.parent(onV2)
	l.lackIf(err != nil, noRight, strings.Join(onV2, ", "))
	g.addV2(&limits, onV2, parent, off)
	return g, nil
}

// controllersOf are those that a set of limits needs; without limits, those that show what is used.
func controllersOf(l *limit.Set) (list []string) {
	for _, c := range []struct {
		name string
		is   bool
	}{
		{"memory", l.Memory != nil || l.Swap != nil || l.Empty()},
		{"pids", l.PIDs != nil || l.Empty()},
		{"cpu", l.CPUs != nil || l.Weight != nil},
		{"io", len(l.IO) > 0},
		{"cpuset", l.CPUSet != "" || l.MemSet != ""},
	} {
		if c.is {
			list = append(list, c.name)
		}
	}
	return list
}

// numbered are limits of disks by their numbers, as the kernel wants them. What is no disk here is lacking.
func numbered(list []limit.IO, l *lacks) (known []limit.IO) {
	for _, io := range list {
		major, minor, ok := deviceNumbers(io.Device)
		if !ok {
			l.lack("an I/O limit of %s, which is no disk here", shell.Quote(io.Device))
			continue
		}
		io.Device = fmt.Sprintf("%d:%d", major, minor)
		known = append(known, io)
	}
	return known
}

// makeIn makes the directory in a cgroup, once.
func (g *group) makeIn(p cgroup.Place) (dir string) {
	dir = shell.Quote(filepath.Clean(p.Dir)) + `/"cutaway-$$"`
	if !slices.Contains(g.dirs, dir) {
		g.dirs = append(g.dirs, dir)
		g.make = append(g.make, "mkdir "+dir)
	}
	return dir
}

func (g *group) set(dir, controller string, list []setting) {
	for _, s := range list {
		if s.controller == controller {
			g.make = append(g.make, "echo "+shell.Quote(s.value)+" > "+dir+"/"+s.file)
		}
	}
}

// mayWrite tells whether the caller may make something in a directory; tests have their own.
var mayWrite = func(dir string) bool { return unix.Access(dir, unix.W_OK) == nil }

func (g *group) addV1(limits *limit.Set, controller string, p cgroup.Place, l *lacks) {
	l.lackIf(!mayWrite(p.Dir), noRight, controller)
	dir := g.makeIn(p)
	if controller == "cpuset" { // an empty one takes no process
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			g.make = append(g.make, "cat "+shell.Quote(p.Dir+"/"+file)+" > "+dir+"/"+file)
		}
	}
	g.set(dir, controller, settingsV1(limits, l))
}

func (g *group) addV2(limits *limit.Set, controllers []string, parent cgroup.Place, off []string) {
	if len(off) > 0 {
		g.make = append(g.make, "echo +"+strings.Join(off, " +")+" > "+shell.Quote(parent.Dir+"/cgroup.subtree_control"))
	}
	dir := g.makeIn(parent)
	for _, controller := range controllers {
		g.set(dir, controller, settingsV2(limits))
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

func settingsV1(l *limit.Set, lacking *lacks) (list []setting) {
	add := func(controller, file, value string) { list = append(list, setting{controller, file, value}) }
	if l.Memory != nil {
		add("memory", "memory.limit_in_bytes", numberV1(*l.Memory))
	}
	switch { // memory and swap together
	case l.Swap == nil || *l.Swap == limit.Max:
	case l.Memory == nil || *l.Memory == limit.Max:
		lacking.lack("a limit of swap without one of memory: cgroup v1 has one for both together")
	default:
		add("memory", "memory.memsw.limit_in_bytes", numberV1(*l.Memory+*l.Swap))
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
