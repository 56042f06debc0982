package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/ui/text"
)

// cgroup prints what the process's cgroup uses and may use, and which ancestor's limit binds.
func (pg *page) cgroup() {
	pg.section("cgroup")
	pg.row("path", show(pg.p.Facts.Cgroup, (*cgroup.Membership).Path), "cgroup")
	u := pg.d.Cgroup
	if u == nil {
		pg.row("usage", "not known: its cgroup was not found in a mounted hierarchy", "")
		return
	}
	pg.memoryUse(u)
	pg.cpuUse(u)
	pg.row("pids", show(u.PIDs, text.Count[uint64])+of(show(u.PIDsLimit, countLimit)), "cgroup.PIDs")
	pg.effective("pids binds", u.EffectivePIDs, countLimit, "cgroup.EffectivePIDs")
	pg.row("disk reads", show(u.IORead, text.Bytes), "cgroup.IORead")
	pg.row("disk writes", show(u.IOWritten, text.Bytes), "cgroup.IOWritten")
	pg.row("frozen", show(u.Frozen, yesNo), "cgroup.Frozen")
	pg.row("memory pressure", show(u.MemoryPressure, pressureText), "cgroup.MemoryPressure")
	pg.row("cpu pressure", show(u.CPUPressure, pressureText), "cgroup.CPUPressure")
	pg.row("io pressure", show(u.IOPressure, pressureText), "cgroup.IOPressure")
}

func (pg *page) memoryUse(u *cgroup.Usage) {
	pg.row("memory", show(u.MemoryUsage, text.Bytes)+of(show(u.MemoryLimit, byteLimit))+", page cache included", "cgroup.MemoryUsage")
	pg.row("working set", show(u.MemoryWorking, text.Bytes)+", without inactive page cache", "cgroup.MemoryWorking")
	pg.row("memory peak", show(u.MemoryPeak, text.Bytes), "cgroup.MemoryPeak")
	pg.effective("memory binds", u.EffectiveMemory, byteLimit, "cgroup.EffectiveMemory")
	pg.row("swap", show(u.MemorySwap, text.Bytes)+of(show(u.SwapLimit, byteLimit)), "cgroup.MemorySwap")
	pg.row("oom kills", show(u.OOMKills, text.Count[uint64]), "cgroup.OOMKills")
}

func (pg *page) cpuUse(u *cgroup.Usage) {
	pg.row("cpu time", show(u.CPUTime, microseconds), "cgroup.CPUTime")
	pg.row("cpu limit", cpuLimit(u), "cgroup.CPUQuota")
	pg.effective("cpu binds", u.EffectiveCPU, coreLimit, "cgroup.EffectiveCPU")
	pg.row("cpus", show(u.CPUs, text.Count[uint64]), "cgroup.CPUs")
	label := "cpu weight"
	if u.CPUWeightIsShares {
		label = "cpu shares"
	}
	pg.row(label, show(u.CPUWeight, text.Count[uint64]), "cgroup.CPUWeight")
	pg.row("throttled", show(u.Throttled, text.Count[uint64])+of(show(u.Periods, text.Count[uint64]))+" periods, "+show(u.ThrottledTime, microseconds), "cgroup.Throttled")
}

// cpuLimit writes a quota as a share of one core.
func cpuLimit(u *cgroup.Usage) string {
	return show(u.CPUQuota, func(l cgroup.Limit) string {
		if l.Unlimited || !u.CPUPeriod.OK() || u.CPUPeriod.Value == 0 {
			return countLimit(l)
		}
		return fmt.Sprintf("%s of one core, %s in each %s", text.Percent(100*float64(l.Value)/float64(u.CPUPeriod.Value)),
			microseconds(l.Value), microseconds(u.CPUPeriod.Value))
	})
}

// effective says which limit binds and where it is set.
func (pg *page) effective(label string, e cgroup.Effective, write func(cgroup.Limit) string, field inspect.Field) {
	value := show(e.Limit, write)
	switch {
	case e.File != "":
		value += ", set in " + e.File
	case e.Limit.OK() && e.Limit.Value.Unlimited:
		value += ": no cgroup from here up sets a limit"
	}
	if e.Above {
		value += "; what is above our view is unknown"
	}
	pg.row(label, value, field)
}

func of(limit string) string { return " of " + limit }

func byteLimit(l cgroup.Limit) string {
	if l.Unlimited {
		return "unlimited"
	}
	return text.Bytes(l.Value)
}

func countLimit(l cgroup.Limit) string {
	if l.Unlimited {
		return "unlimited"
	}
	return text.Count(l.Value)
}

// coreLimit writes thousandths of a core.
func coreLimit(l cgroup.Limit) string {
	if l.Unlimited {
		return "unlimited"
	}
	return strconv.FormatFloat(float64(l.Value)/1000, 'f', -1, 64) + " cores"
}

func microseconds(us uint64) string { return text.Duration(time.Duration(us) * time.Microsecond) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// pressureText writes how long tasks waited, in percent of the time (psi.rst).
func pressureText(p cgroup.Pressure) string {
	line := func(name string, avg [3]float64) string {
		return fmt.Sprintf("%s %s / %s / %s", name, text.Percent(avg[0]), text.Percent(avg[1]), text.Percent(avg[2]))
	}
	return strings.Join([]string{line("some", p.Some), line("full", p.Full)}, ", ") + " over 10, 60, 300 s"
}
