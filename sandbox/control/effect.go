package control

import (
	"fmt"
	"strconv"
	"strings"

	"cutaway/inspect/cgroup"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/limit"
)

// effect says in words what writing a setting will do, and whether it can hurt. v1 and v2 differ where the new limit is
// below the present use (mem_cgroup_resize_max in mm/memcontrol-v1.c; memory_max_write in mm/memcontrol.c). period is that
// of v1's CPU quota, if the plan changes it.
func effect(s *cgroups.Setting, use *cgroup.Usage, period string) (what string, hurts bool) {
	switch s.File {
	case "memory.max":
		return memoryEffect(s.New, use, "the kernel will reclaim, then kill processes (out of memory)")
	case "memory.limit_in_bytes":
		return memoryEffect(s.New, use, "the kernel will reclaim, and refuses the change (EBUSY) if that is not enough")
	case "memory.swap.max":
		return swapEffect(s.New, use)
	case "memory.memsw.limit_in_bytes":
		return togetherEffect(s.New, use)
	case "cpu.max":
		quota, in, _ := strings.Cut(s.New, " ")
		return cpuEffect(quota, in), false
	case "cpu.cfs_quota_us":
		if period == "" {
			period, _ = s.Sibling("cpu.cfs_period_us")
		}
		return cpuEffect(s.New, period), false
	case "cpu.cfs_period_us":
		return "the time over which the quota counts becomes " + s.New + " µs", false
	case "cpu.weight":
		return "when processors are short, it gets time in the proportion " + s.New + " to 100 of an ordinary neighbour", false
	case "cpu.shares":
		return "when processors are short, it gets time in the proportion " + s.New + " to 1024 of an ordinary neighbour", false
	case "pids.max":
		return pidsEffect(s.New, use)
	case "cpuset.cpus":
		return "its threads run on processors " + s.New + " only; those on others move at once", false
	case "cpuset.mems":
		return "new memory comes from the nodes " + s.New + " only", false
	}
	return ioEffect(s), false
}

func memoryEffect(text string, use *cgroup.Usage, below string) (string, bool) {
	want := amountOf(text)
	switch {
	case want == limit.Max:
		return "no limit of its own" + ancestors(use), false
	case !use.MemoryUsage.OK():
		return "at most " + want.About() + " of memory", false
	case use.MemoryUsage.Value > uint64(want):
		return fmt.Sprintf("below its present use of %s: %s", about(use.MemoryUsage.Value), below), true
	}
	return fmt.Sprintf("at most %s of memory; it uses %s now%s", want.About(), about(use.MemoryUsage.Value), lowerAbove(want, use)), false
}

// ancestors tells which limit is left when a cgroup's own is removed.
func ancestors(use *cgroup.Usage) string {
	e := use.EffectiveMemory
	if e.Limit.OK() && !e.Limit.Value.Unlimited && e.Path != use.Path {
		return fmt.Sprintf("; a cgroup above it has %s", about(e.Limit.Value.Value))
	}
	return "; those of the cgroups above it hold"
}

// lowerAbove tells of an ancestor's limit that binds although the new one is higher.
func lowerAbove(want limit.Amount, use *cgroup.Usage) string {
	e := use.EffectiveMemory
	if !e.Limit.OK() || e.Limit.Value.Unlimited || e.Path == use.Path || e.Limit.Value.Value >= uint64(want) {
		return ""
	}
	where := "a cgroup above it"
	if e.Path != "" {
		where = e.Path
	}
	return fmt.Sprintf("; but what binds it is %s of %s", about(e.Limit.Value.Value), where)
}

func swapEffect(text string, use *cgroup.Usage) (string, bool) {
	want := amountOf(text)
	what := "at most " + want.About() + " of it may be swapped out"
	switch {
	case want == limit.Max:
		what = "as much of it may be swapped out as there is swap"
	case want == 0:
		what = "nothing of it may be swapped out"
	}
	if want != limit.Max && use.MemorySwap.OK() && use.MemorySwap.Value > uint64(want) {
		return what + fmt.Sprintf("; %s are already, and come back only as they are used", about(use.MemorySwap.Value)), true
	}
	return what, false
}

func togetherEffect(text string, use *cgroup.Usage) (string, bool) {
	want := amountOf(text)
	if want == limit.Max {
		return "no limit on memory and swap together", false
	}
	what := "at most " + want.About() + " of memory and swap together"
	if use.MemoryUsage.OK() && use.MemorySwap.OK() {
		if now := use.MemoryUsage.Value + use.MemorySwap.Value; now > uint64(want) {
			return fmt.Sprintf("%s, below the present %s: the kernel will reclaim, and refuses the change (EBUSY) if that is not enough", what, about(now)), true
		}
	}
	return what, false
}

func cpuEffect(quota, period string) string {
	q, err1 := strconv.ParseInt(quota, 10, 64)
	p, err2 := strconv.ParseInt(period, 10, 64)
	switch {
	case quota == "max" || err1 == nil && q < 0:
		return "as much processor time as there is"
	case err1 != nil || err2 != nil || p <= 0:
		return "at most " + quota + " µs of processor time in each period"
	}
	return fmt.Sprintf("at most %s of a processor's time, %g ms in each %g ms; what needs more waits (is throttled)",
		strconv.FormatFloat(100*float64(q)/float64(p), 'f', -1, 64)+"%", float64(q)/1000, float64(p)/1000)
}

func pidsEffect(text string, use *cgroup.Usage) (string, bool) {
	want := amountOf(text)
	switch {
	case want == limit.Max:
		return "as many processes and threads as there can be", false
	case use.PIDs.OK() && use.PIDs.Value >= uint64(want):
		return fmt.Sprintf("at most %s processes and threads; it has %d: none is ended, but no new one can start", want, use.PIDs.Value), true
	case use.PIDs.OK():
		return fmt.Sprintf("at most %s processes and threads; it has %d", want, use.PIDs.Value), false
	}
	return fmt.Sprintf("at most %s processes and threads", want), false
}

// ioWords are what the keys of io.max and the files of v1 count.
var ioWords = map[string]string{
	"rbps": "read a second", "wbps": "written a second", "riops": "reads a second", "wiops": "writes a second",
	"blkio.throttle.read_bps_device": "read a second", "blkio.throttle.write_bps_device": "written a second",
	"blkio.throttle.read_iops_device": "reads a second", "blkio.throttle.write_iops_device": "writes a second",
}

func ioEffect(s *cgroups.Setting) string {
	_, values, _ := strings.Cut(s.New, " ")
	var parts []string
	for word := range strings.FieldsSeq(values) {
		key, value, isRate := strings.Cut(word, "=")
		if !isRate {
			key, value = s.File, word
		}
		amount := amountOf(value)
		switch {
		case amount == limit.Max, amount == 0:
			parts = append(parts, "as much as there can be "+ioWords[key])
		case strings.Contains(key, "bps"):
			parts = append(parts, "at most "+amount.About()+" "+ioWords[key])
		default:
			parts = append(parts, "at most "+amount.String()+" "+ioWords[key])
		}
	}
	return "device " + s.Device + ": " + strings.Join(parts, ", ")
}

// amountOf reads a value as the kernel writes it: a number, "max" or -1.
func amountOf(text string) limit.Amount {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return limit.Max
	}
	return limit.Amount(n)
}

func about(n uint64) string { return limit.Amount(min(n, 1<<62)).About() }
