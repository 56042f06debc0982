package cgroup

import (
	"errors"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/reading"
)

// limiter is a limit that every cgroup on the way up may set: all of them hold, so the smallest binds.
type limiter struct {
	controller, file string
	of               func(*Usage) *Effective
	own              func(*Usage) reading.Of[Limit] // what the fields have already read
	read             func(f folder, file string, buf *[]byte) (Limit, error)
}

var v1Limiters = []limiter{
	{"memory", "memory.limit_in_bytes", effectiveMemory, ownMemory, readLimit},
	{"pids", "pids.max", effectivePIDs, ownPIDs, readLimit},
	{"cpu", "cpu.cfs_quota_us", effectiveCPU, ownCPU, readQuota},
}

var v2Limiters = []limiter{
	{"memory", "memory.max", effectiveMemory, ownMemory, readLimit},
	{"pids", "pids.max", effectivePIDs, ownPIDs, readLimit},
	{"cpu", "cpu.max", effectiveCPU, ownCPU, readCPUMax},
}

func effectiveMemory(u *Usage) *Effective  { return &u.EffectiveMemory }
func effectivePIDs(u *Usage) *Effective    { return &u.EffectivePIDs }
func effectiveCPU(u *Usage) *Effective     { return &u.EffectiveCPU }
func ownMemory(u *Usage) reading.Of[Limit] { return u.MemoryLimit }
func ownPIDs(u *Usage) reading.Of[Limit]   { return u.PIDsLimit }

// ownCPU is the quota in thousandths of a core.
func ownCPU(u *Usage) reading.Of[Limit] {
	if !u.CPUQuota.OK() || !u.CPUPeriod.OK() || u.CPUQuota.Value.Unlimited {
		return u.CPUQuota
	}
	limit, err := millicores(u.CPUQuota.Value, u.CPUPeriod.Value)
	if err != nil {
		return reading.Error[Limit](err)
	}
	return reading.Value(limit)
}

// binding climbs from a cgroup to the place where its hierarchy is mounted and finds the limit that binds. It comes after
// the fields: v1's memory has set one that is the kernel's own answer, memory.stat's hierarchical_memory_limit, the
// smallest among all ancestors, seen from here or not, as far as memory.use_hierarchy reaches. Then only the cgroup that
// sets it is to be found.
func (l *limiter) binding(v visit, u *Usage, buf *[]byte) Effective {
	kernel := l.of(u).Limit
	e := Effective{Limit: reading.Value(Limit{Unlimited: true}), Above: !v.at.top}
	for cgroup, below := v.cgroup, v.below; ; cgroup, below = above(cgroup), parent(below) {
		if below == "" && v.at.top { // the root limits nothing, and v2 has no files there (cgroup-v2.rst, "Controllers")
			break
		}
		limit, err := l.at(below, v, u, buf)
		switch {
		case err == nil && kernel.OK() && limit == kernel.Value:
			return Effective{Limit: kernel, Path: cgroup, File: v.file(below, l.file)}
		case err == nil:
			if e.Path == "" || limit.less(e.Limit.Value) {
				e.Limit, e.Path, e.File = reading.Value(limit), cgroup, v.file(below, l.file)
			}
		case errors.Is(err, unix.ENOENT): // a cgroup without the controller
		case below == v.below:
			return Effective{Limit: reading.Of[Limit]{How: howOf(err)}, Above: e.Above}
		default:
			e.Above = true
		}
		if below == "" {
			break
		}
	}
	if kernel.OK() && !kernel.Value.Unlimited {
		return Effective{Limit: kernel, File: v.file(v.below, "memory.stat"), Above: true}
	}
	return e
}

// at is the limit of one cgroup on the way.
func (l *limiter) at(below string, v visit, u *Usage, buf *[]byte) (Limit, error) {
	if below != v.below {
		return l.read(v.top, filepath.Join(below, l.file), buf)
	}
	if own := l.own(u); own.OK() {
		return own.Value, nil
	}
	return l.read(v.own, l.file, buf)
}

// parent is the directory above, "" at the end.
func parent(below string) string { return below[:max(strings.LastIndexByte(below, '/'), 0)] }

// less tells whether a limit is tighter than another.
func (l Limit) less(than Limit) bool {
	return !l.Unlimited && (than.Unlimited || l.Value < than.Value)
}

func readLimit(f folder, file string, buf *[]byte) (Limit, error) {
	text, err := f.read(file, *buf)
	if err != nil {
		return Limit{}, err
	}
	*buf = text[:0]
	return parseLimit(text)
}

func readCPUMax(f folder, file string, buf *[]byte) (Limit, error) {
	text, err := f.read(file, *buf)
	if err != nil {
		return Limit{}, err
	}
	*buf = text[:0]
	return parseCPUMax(text)
}

// readQuota reads what readCPUMax does from v1's two files.
func readQuota(f folder, file string, buf *[]byte) (Limit, error) {
	quota, err := readLimit(f, file, buf)
	if err != nil || quota.Unlimited {
		return quota, err
	}
	period, err := readLimit(f, filepath.Join(filepath.Dir(file), "cpu.cfs_period_us"), buf)
	if err != nil {
		return Limit{}, err
	}
	return millicores(quota, period.Value)
}
