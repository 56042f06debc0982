package cgroup

import (
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// Mode says which kind of hierarchies a machine has.
type Mode uint8

// The modes. In a hybrid the v1 hierarchies hold the controllers and a v2 tree stands beside them.
const (
	None Mode = iota
	V2
	V1
	Hybrid
)

// String is the mode as the status line shows it.
func (m Mode) String() string {
	switch m {
	case V2:
		return "cgroup v2"
	case V1:
		return "cgroup v1"
	case Hybrid:
		return "cgroup hybrid"
	default:
		return "no cgroups"
	}
}

// Membership is where a process stands in every hierarchy: the lines of /proc/PID/cgroup. It is immutable and shared
// between processes with the same lines.
type Membership struct {
	Lines []proc.CgroupLine
}

// Limit is a limit as the kernel keeps it: a number, or unlimited ("max", -1, or v1's largest number).
type Limit struct {
	Value     uint64
	Unlimited bool
}

// Usage is what a tick reads of one cgroup (tier 2). A reading says for itself whether it is known; unlimited is a
// value, missing is another. Sizes are bytes, times are microseconds. SourceOf tells the file of each field.
type Usage struct {
	Path string // the path that stands for the membership

	MemoryUsage   reading.Of[uint64] // memory.current, or memory.usage_in_bytes: page cache included
	MemoryWorking reading.Of[uint64] // usage less inactive_file, what kubelet and docker stats call the working set
	MemoryPeak    reading.Of[uint64]
	MemoryLimit   reading.Of[Limit] // its own
	MemorySwap    reading.Of[uint64]
	SwapLimit     reading.Of[Limit] // v2: memory.swap.max; v1: memsw limit less memory limit
	OOMKills      reading.Of[uint64]

	CPUTime           reading.Of[uint64]
	CPUQuota          reading.Of[Limit] // microseconds in each period
	CPUPeriod         reading.Of[uint64]
	CPUWeight         reading.Of[uint64] // v2 weight 1-10000, or v1 shares: CPUWeightIsShares
	CPUWeightIsShares bool
	CPUs              reading.Of[uint64] // how many the cpuset lets it run on, ancestors considered
	Periods           reading.Of[uint64]
	Throttled         reading.Of[uint64] // periods
	ThrottledTime     reading.Of[uint64]

	PIDs      reading.Of[uint64]
	PIDsLimit reading.Of[Limit]

	IORead    reading.Of[uint64] // bytes, over all devices; v2 only: what v1 counts depends on its throttling rules
	IOWritten reading.Of[uint64]

	Frozen    reading.Of[bool]
	Populated reading.Of[bool]

	MemoryPressure, CPUPressure, IOPressure reading.Of[Pressure]

	EffectiveMemory Effective // the ancestor that binds
	EffectiveCPU    Effective // Limit.Value in thousandths of a core
	EffectivePIDs   Effective
}

// Pressure is a PSI file, see Documentation/accounting/psi.rst: percent of wall time over the last 10, 60, 300 seconds.
type Pressure struct {
	Some, Full [3]float64
}

// Effective is the limit that binds a cgroup: the smallest among its own and its ancestors', the nearest when several
// are as small. It is unlimited when none of them sets a limit.
type Effective struct {
	Limit reading.Of[Limit]
	Path  string // of the cgroup that sets it; "" when none does, or when that cgroup cannot be seen from here
	File  string // the file that holds it
	// Above is true when ancestors cannot be seen from here (a cgroup namespace, a mount of a subtree, files that are
	// denied), so that a smaller limit may stand above. With a limit and no Path, the limit itself stands above: v1's
	// memory.stat tells its size, not its place.
	Above bool
}

// Entry is one file of a cgroup, or one line of a flat-keyed file ("memory.stat inactive_file"), as the Cgroup tab and
// `cutaway inspect` list it.
type Entry struct {
	Controller string // "memory", "cpu", "pids", "io", "cpuset", "cgroup", ...
	Name       string // the kernel's name: "memory.max", "memory.stat inactive_file", "cpu.cfs_quota_us"
	File       string // absolute path
	Raw        reading.Of[string]
}
