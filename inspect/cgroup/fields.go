package cgroup

import (
	"cutaway/inspect/reading"
)

// The tables say where the kernel keeps each field of Usage; see Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/*.
// Rows of one file stand together, so that it is read once; a row may use what the rows above it have set.

// v2Fields name as controllers "cpuacct" and "freezer" what v2's core does without one, so that a hybrid takes it from v1
// where v1 has it; "" is v2's alone.
var v2Fields = []field{
	{"MemoryUsage", "memory", "memory.current", "", number(func(u *Usage) *uint64Reading { return &u.MemoryUsage })},
	{"MemoryWorking", "memory", "memory.stat", "inactive_file", setWorking},
	{"MemoryPeak", "memory", "memory.peak", "", number(func(u *Usage) *uint64Reading { return &u.MemoryPeak })},
	{"MemoryLimit", "memory", "memory.max", "", limit(func(u *Usage) *limitReading { return &u.MemoryLimit })},
	{"MemorySwap", "memory", "memory.swap.current", "", number(func(u *Usage) *uint64Reading { return &u.MemorySwap })},
	{"SwapLimit", "memory", "memory.swap.max", "", limit(func(u *Usage) *limitReading { return &u.SwapLimit })},
	{"OOMKills", "memory", "memory.events", "oom_kill", number(func(u *Usage) *uint64Reading { return &u.OOMKills })},
	{"PIDs", "pids", "pids.current", "", number(func(u *Usage) *uint64Reading { return &u.PIDs })},
	{"PIDsLimit", "pids", "pids.max", "", limit(func(u *Usage) *limitReading { return &u.PIDsLimit })},
	{"CPUQuota", "cpu", "cpu.max", "$1", limit(func(u *Usage) *limitReading { return &u.CPUQuota })},
	{"CPUPeriod", "cpu", "cpu.max", "$2", number(func(u *Usage) *uint64Reading { return &u.CPUPeriod })},
	{"CPUWeight", "cpu", "cpu.weight", "", number(func(u *Usage) *uint64Reading { return &u.CPUWeight })},
	{"Periods", "cpu", "cpu.stat", "nr_periods", number(func(u *Usage) *uint64Reading { return &u.Periods })},
	{"Throttled", "cpu", "cpu.stat", "nr_throttled", number(func(u *Usage) *uint64Reading { return &u.Throttled })},
	{"ThrottledTime", "cpu", "cpu.stat", "throttled_usec", number(func(u *Usage) *uint64Reading { return &u.ThrottledTime })},
	{"CPUTime", "cpuacct", "cpu.stat", "usage_usec", number(func(u *Usage) *uint64Reading { return &u.CPUTime })},
	{"CPUs", "cpuset", "cpuset.cpus.effective", "", cpus(func(u *Usage) *uint64Reading { return &u.CPUs })},
	{"IORead", "io", "io.stat", "rbytes=", sum("rbytes=", func(u *Usage) *uint64Reading { return &u.IORead })},
	{"IOWritten", "io", "io.stat", "wbytes=", sum("wbytes=", func(u *Usage) *uint64Reading { return &u.IOWritten })},
	{"Frozen", "freezer", "cgroup.events", "frozen", flag(func(u *Usage) *boolReading { return &u.Frozen })},
	{"Populated", "", "cgroup.events", "populated", flag(func(u *Usage) *boolReading { return &u.Populated })},
	{"MemoryPressure", "", "memory.pressure", "", pressure(func(u *Usage) *pressureReading { return &u.MemoryPressure })},
	{"CPUPressure", "", "cpu.pressure", "", pressure(func(u *Usage) *pressureReading { return &u.CPUPressure })},
	{"IOPressure", "", "io.pressure", "", pressure(func(u *Usage) *pressureReading { return &u.IOPressure })},
}

// v1Fields have no pressure and no populated, which v1 does not keep, and no I/O: since Linux 6.10 blkio.throttle counts
// nothing until a throttling rule is set (blk_throtl_activated in block/blk-throttle.h), and 0 would be wrong.
var v1Fields = []field{
	{"MemoryUsage", "memory", "memory.usage_in_bytes", "", number(func(u *Usage) *uint64Reading { return &u.MemoryUsage })},
	{"MemoryWorking", "memory", "memory.stat", "total_inactive_file", setWorking},
	{"MemorySwap", "memory", "memory.stat", "total_swap", number(func(u *Usage) *uint64Reading { return &u.MemorySwap })},
	{"EffectiveMemory", "memory", "memory.stat", "hierarchical_memory_limit", limit(func(u *Usage) *limitReading { return &u.EffectiveMemory.Limit })},
	{"MemoryPeak", "memory", "memory.max_usage_in_bytes", "", number(func(u *Usage) *uint64Reading { return &u.MemoryPeak })},
	{"MemoryLimit", "memory", "memory.limit_in_bytes", "", limit(func(u *Usage) *limitReading { return &u.MemoryLimit })},
	{"SwapLimit", "memory", "memory.memsw.limit_in_bytes", "", setSwapLimit},
	{"OOMKills", "memory", "memory.oom_control", "oom_kill", number(func(u *Usage) *uint64Reading { return &u.OOMKills })},
	{"PIDs", "pids", "pids.current", "", number(func(u *Usage) *uint64Reading { return &u.PIDs })},
	{"PIDsLimit", "pids", "pids.max", "", limit(func(u *Usage) *limitReading { return &u.PIDsLimit })},
	{"CPUQuota", "cpu", "cpu.cfs_quota_us", "", limit(func(u *Usage) *limitReading { return &u.CPUQuota })},
	{"CPUPeriod", "cpu", "cpu.cfs_period_us", "", number(func(u *Usage) *uint64Reading { return &u.CPUPeriod })},
	{"CPUWeight", "cpu", "cpu.shares", "", number(func(u *Usage) *uint64Reading { return &u.CPUWeight })},
	{"Periods", "cpu", "cpu.stat", "nr_periods", number(func(u *Usage) *uint64Reading { return &u.Periods })},
	{"Throttled", "cpu", "cpu.stat", "nr_throttled", number(func(u *Usage) *uint64Reading { return &u.Throttled })},
	{"ThrottledTime", "cpu", "cpu.stat", "throttled_time", microseconds(func(u *Usage) *uint64Reading { return &u.ThrottledTime })},
	{"CPUTime", "cpuacct", "cpuacct.usage", "", microseconds(func(u *Usage) *uint64Reading { return &u.CPUTime })},
	{"CPUs", "cpuset", "cpuset.effective_cpus", "", cpus(func(u *Usage) *uint64Reading { return &u.CPUs })},
	{"Frozen", "freezer", "freezer.state", "", frozen(func(u *Usage) *boolReading { return &u.Frozen })},
}

type (
	uint64Reading   = reading.Of[uint64]
	limitReading    = reading.Of[Limit]
	boolReading     = reading.Of[bool]
	pressureReading = reading.Of[Pressure]
	setter          = func(u *Usage, text []byte, how reading.How)
)

func number(at func(*Usage) *uint64Reading) setter       { return parsed(at, parseNumber) }
func microseconds(at func(*Usage) *uint64Reading) setter { return parsed(at, parseNanoseconds) }
func cpus(at func(*Usage) *uint64Reading) setter         { return parsed(at, parseCPUs) }
func limit(at func(*Usage) *limitReading) setter         { return parsed(at, parseLimit) }
func flag(at func(*Usage) *boolReading) setter           { return parsed(at, parseFlag) }
func frozen(at func(*Usage) *boolReading) setter         { return parsed(at, parseFreezerState) }
func pressure(at func(*Usage) *pressureReading) setter   { return parsed(at, parsePressure) }

func sum(key string, at func(*Usage) *uint64Reading) setter {
	return parsed(at, func(text []byte) (uint64, error) { return parseSum(text, key) })
}

// parsed makes the setter of a field that is one parser's result.
func parsed[T any](at func(*Usage) *reading.Of[T], parse func([]byte) (T, error)) setter {
	return func(u *Usage, text []byte, how reading.How) { *at(u) = read(text, how, parse) }
}

func read[T any](text []byte, how reading.How, parse func([]byte) (T, error)) reading.Of[T] {
	if !how.OK() {
		return reading.Of[T]{How: how}
	}
	value, err := parse(text)
	if err != nil {
		return reading.Error[T](err)
	}
	return reading.Value(value)
}

// setWorking takes the page cache that the kernel can drop first from the use, as kubelet and docker stats do. The two
// are read one after the other, so the difference is kept from falling below 0.
func setWorking(u *Usage, text []byte, how reading.How) {
	inactive := read(text, how, parseNumber)
	if inactive.OK() {
		inactive.How = u.MemoryUsage.How
		inactive.Value = u.MemoryUsage.Value - min(inactive.Value, u.MemoryUsage.Value)
	}
	u.MemoryWorking = inactive
}

// setSwapLimit: v1 limits memory and swap together, and there is no swap account without swapaccount=1
// (Documentation/admin-guide/cgroup-v1/memory.rst, part 2.4).
func setSwapLimit(u *Usage, text []byte, how reading.How) {
	both := read(text, how, parseLimit)
	if both.OK() && !both.Value.Unlimited {
		both.How = u.MemoryLimit.How
		both.Value.Value -= min(both.Value.Value, u.MemoryLimit.Value.Value)
	}
	u.SwapLimit = both
}
