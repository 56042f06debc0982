package cgroups

import (
	"slices"
	"strconv"
	"strings"

	"cutaway/sandbox/limit"
)

// LimitsOf is what settings as Group.Present lists them limit, as a Set that gives a new cgroup the same. What holds no
// limit, and the weight that every cgroup has by itself, is left out. The lists of processors and memory nodes are as
// the files have them: v1 gives every cgroup one.
func LimitsOf(present []Setting) limit.Set {
	var s limit.Set
	value := func(file string) string {
		i := slices.IndexFunc(present, func(p Setting) bool { return p.File == file })
		if i < 0 {
			return ""
		}
		return present[i].Old
	}
	memory := firstAmount(value("memory.max"), value("memory.limit_in_bytes"))
	s.Memory = memory
	s.Swap = firstAmount(value("memory.swap.max"))
	if both := firstAmount(value("memory.memsw.limit_in_bytes")); both != nil && memory != nil && *both >= *memory {
		s.Swap = new(*both - *memory)
	}
	s.PIDs = firstAmount(value("pids.max"))
	quota, period, _ := strings.Cut(value("cpu.max"), " ")
	if quota == "" {
		quota, period = value("cpu.cfs_quota_us"), value("cpu.cfs_period_us")
	}
	s.CPUs = cpusOf(quota, period)
	s.Weight = weightOf(value("cpu.weight"), value("cpu.shares"))
	s.CPUSet, s.MemSet = value("cpuset.cpus"), value("cpuset.mems")
	s.IO = ratesOf(present)
	return s
}

// firstAmount is the first of some values that is a limit; nil when none is.
func firstAmount(values ...string) *limit.Amount {
	for _, text := range values {
		if n := amountOf(text); n != limit.Max {
			return &n
		}
	}
	return nil
}

// cpusOf is a quota in a period as processors; nil when there is none.
func cpusOf(quota, period string) *float64 {
	q, err1 := strconv.ParseInt(quota, 10, 64)
	p, err2 := strconv.ParseInt(period, 10, 64)
	if err1 != nil || err2 != nil || q <= 0 || p <= 0 {
		return nil
	}
	return new(float64(q) / float64(p))
}

// weightOf is v2's weight or that of v1's shares; nil for the usual one.
func weightOf(weight, shares string) *uint64 {
	n, err := strconv.ParseUint(weight, 10, 64)
	if err != nil {
		if n, err = strconv.ParseUint(shares, 10, 64); err != nil {
			return nil
		}
		n = limit.WeightOf(n)
	}
	const usual = 100
	if n == usual || n == 0 { // cpu.weight is 0 with cpu.idle
		return nil
	}
	return &n
}

// ratesOf are the limits of the devices, in the order of their first settings.
func ratesOf(present []Setting) (list []limit.IO) {
	of := func(device string) *limit.IO {
		i := slices.IndexFunc(list, func(io limit.IO) bool { return io.Device == device })
		if i < 0 {
			list = append(list, limit.IO{Device: device})
			i = len(list) - 1
		}
		return &list[i]
	}
	for _, p := range present {
		_, values, _ := strings.Cut(p.Old, " ")
		if p.File == "io.max" {
			for word := range strings.FieldsSeq(values) {
				key, value, _ := strings.Cut(word, "=")
				if n := amountOf(value); n > 0 {
					*rateOf(of(p.Device), key) = n
				}
			}
			continue
		}
		if i := slices.Index(throttles[:], p.File); i >= 0 {
			if n := amountOf(values); n > 0 {
				*rateOf(of(p.Device), rateKeys[i]) = n
			}
		}
	}
	return list
}

// rateOf is where an IO keeps a rate, by its key in io.max.
func rateOf(io *limit.IO, key string) *limit.Amount {
	switch key {
	case "rbps":
		return &io.ReadBPS
	case "wbps":
		return &io.WriteBPS
	case "riops":
		return &io.ReadIOPS
	}
	return &io.WriteIOPS
}
