package tui

import (
	"strconv"
	"strings"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
	"cutaway/sandbox/limit"
	"cutaway/ui/text"
)

// limitKind is one row of the limits editor.
type limitKind struct {
	name  string
	parse func(text string, set *limit.Set) error
	// reads is what there is to show of it; nil for one whose value is a text.
	reads func(now, before *looked) limitReads
	// steps are the values that + and - go through; nil when it has none.
	steps func(now *looked) ladder
	// amount is a typed value in the unit of reads.
	amount func(set *limit.Set) cgroup.Limit
	hint   string // what can be typed
}

// limitReads are the numbers of a limit, all in one unit.
type limitReads struct {
	use, peak reading.Of[uint64]
	own       reading.Of[cgroup.Limit]
	effective *cgroup.Effective // nil when that is not known of it
	write     func(uint64) string
}

// noReading is of what the kernel does not tell.
var noReading = reading.Of[uint64]{How: reading.How{State: reading.Absent}}

var limitKinds = []*limitKind{
	{
		name: "memory", hint: "a size such as 64M, or max",
		parse: func(s string, set *limit.Set) error { return into(&set.Memory, limit.ParseBytes, s) },
		reads: func(now, _ *looked) limitReads {
			u := now.use
			return limitReads{u.MemoryUsage, u.MemoryPeak, u.MemoryLimit, &u.EffectiveMemory, text.Bytes}
		},
		steps:  func(now *looked) ladder { return byteLadder(1<<20, now.use.MemoryUsage) },
		amount: func(set *limit.Set) cgroup.Limit { return limitOf(*set.Memory) },
	},
	{
		name: "swap", hint: "a size, 0 for none, or max",
		parse: func(s string, set *limit.Set) error { return into(&set.Swap, limit.ParseBytes, s) },
		reads: func(now, _ *looked) limitReads {
			return limitReads{now.use.MemorySwap, noReading, now.use.SwapLimit, nil, text.Bytes}
		},
		steps:  func(now *looked) ladder { return byteLadder(0, now.use.MemorySwap) },
		amount: func(set *limit.Set) cgroup.Limit { return limitOf(*set.Swap) },
	},
	{
		name: "cpus", hint: "processors' worth of time such as 0.5, or max",
		parse: func(s string, set *limit.Set) error { return into(&set.CPUs, limit.ParseCPUs, s) },
		reads: cpuReads,
		steps: cpuLadder,
		amount: func(set *limit.Set) cgroup.Limit {
			return cgroup.Limit{Value: uint64(*set.CPUs * 1000), Unlimited: *set.CPUs == 0}
		},
	},
	{
		name: "pids", hint: "how many processes and threads, such as 100, or max",
		parse: func(s string, set *limit.Set) error { return into(&set.PIDs, limit.ParseCount, s) },
		reads: func(now, _ *looked) limitReads {
			return limitReads{now.use.PIDs, noReading, now.use.PIDsLimit, &now.use.EffectivePIDs, func(n uint64) string { return text.Count(n) }}
		},
		steps: func(now *looked) ladder {
			return doubling(1, 1<<22, now.use.PIDs, limit.Amount.String, limit.ParseCount)
		},
		amount: func(set *limit.Set) cgroup.Limit { return limitOf(*set.PIDs) },
	},
	{
		name: "weight", hint: "its part when processors are short, 1 to 10000; 100 is usual",
		parse: func(s string, set *limit.Set) error { return into(&set.Weight, limit.ParseWeight, s) },
		reads: func(now, _ *looked) limitReads {
			weight := now.use.CPUWeight.Value
			if now.use.CPUWeightIsShares {
				weight = max((weight*100+512)/1024, 1) // as it is typed: limit.Shares turned around
			}
			own := reading.Of[cgroup.Limit]{How: now.use.CPUWeight.How, Value: cgroup.Limit{Value: weight}}
			return limitReads{noReading, noReading, own, nil, func(n uint64) string { return text.Count(n) }}
		},
		steps: func(*looked) ladder { return weightLadder },
	},
	{name: "cpuset", hint: "processors such as 0-1,3", parse: func(s string, set *limit.Set) (err error) {
		set.CPUSet, err = limit.ParseList(s)
		return err
	}},
	{name: "memset", hint: "memory nodes such as 0", parse: func(s string, set *limit.Set) (err error) {
		set.MemSet, err = limit.ParseList(s)
		return err
	}},
	{name: "io", hint: "a disk and what it may give in a second: /dev/sda,rbps=1M,wiops=100", parse: func(s string, set *limit.Set) error {
		io, err := limit.ParseIO(s)
		set.IO = []limit.IO{io}
		return err
	}},
}

// into reads a value that may be left out.
func into[T any](to **T, parse func(string) (T, error), s string) error {
	value, err := parse(s)
	*to = &value
	return err
}

func limitOf(a limit.Amount) cgroup.Limit {
	return cgroup.Limit{Value: uint64(max(a, 0)), Unlimited: a == limit.Max}
}

// cpuReads counts in thousandths of a core. What is used now is worked out from two looks.
func cpuReads(now, before *looked) limitReads {
	u := now.use
	r := limitReads{use: reading.Of[uint64]{}, peak: noReading, own: u.CPUQuota, effective: &u.EffectiveCPU, write: shortCores}
	if r.own.OK() && !r.own.Value.Unlimited && u.CPUPeriod.OK() && u.CPUPeriod.Value > 0 {
		r.own.Value.Value = r.own.Value.Value * 1000 / u.CPUPeriod.Value
	}
	if !u.CPUTime.OK() {
		r.use.How = u.CPUTime.How
		return r
	}
	if before == nil || !before.use.CPUTime.OK() || before.use.CPUTime.Value > u.CPUTime.Value {
		return r
	}
	if passed := now.taken.Sub(before.taken).Microseconds(); passed > 0 {
		r.use = reading.Value((u.CPUTime.Value - before.use.CPUTime.Value) * 1000 / uint64(passed))
	}
	return r
}

// shortCores writes thousandths of a core as --cpus takes them.
func shortCores(n uint64) string {
	return strconv.FormatFloat(float64(n)/1000, 'f', -1, 64)
}

// ownText is the value of a limit that is no number, of all its files.
func ownText(now *looked, name string) string {
	var values []string
	for i := range now.own {
		if s := &now.own[i]; s.Limit == name && s.Old != "" {
			values = append(values, text.Sanitise(s.Old))
		}
	}
	return strings.Join(values, "; ")
}
