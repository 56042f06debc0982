package tui

import (
	"fmt"
	"strings"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

var _ = registerTab(tab{order: 30, title: "Cgroup", rows: cgroupTab})

// cgroupTab shows where the process stands, what its cgroup uses and may use, and all of the cgroup's files.
func cgroupTab(u *subject) []row {
	rs := &rows{}
	if !u.needProcess(rs) {
		return rs.list
	}
	rs.add(fieldCgroup, "cgroup", u.membershipLines()...)
	if use := u.usage(); use != nil {
		u.addUsage(rs, use)
	} else {
		rs.blank()
		rs.say(dim, "…")
	}
	u.addCgroupFiles(rs)
	return rs.list
}

// membershipLines are the cgroup paths, the controllers that share one on one line.
func (u *subject) membershipLines() []line {
	m := u.proc.Facts.Cgroup
	if !m.OK() {
		return []line{missing(m.How)}
	}
	var paths []string
	by := map[string][]string{}
	for _, l := range m.Value.Lines {
		path := text.Sanitise(l.Path)
		if l.Deleted {
			path += " (deleted)"
		}
		if len(by[path]) == 0 {
			paths = append(paths, path)
		}
		by[path] = append(by[path], hierarchyName(&l))
	}
	lines := make([]line, 0, len(paths))
	for _, path := range paths {
		lines = append(lines, words(accent, path).gap(2).put(dim, strings.Join(by[path], " ")))
	}
	return lines
}

func hierarchyName(l *proc.CgroupLine) string {
	if len(l.Controllers) == 0 {
		return "v2"
	}
	return text.Sanitise(strings.Join(l.Controllers, ","))
}

func (u *subject) addUsage(rs *rows, use *cgroup.Usage) {
	rs.blank()
	rs.add(fieldMemoryUsage, "memory", u.memoryLine(use))
	rs.add(fieldMemoryWorking, "working set", value(use.MemoryWorking, func(n uint64) line {
		return bytesLine(n).put(dim, " without the page cache that can go")
	}))
	rs.add(fieldMemoryPeak, "peak", value(use.MemoryPeak, bytesLine))
	rs.add(fieldMemoryLimit, "limit", u.limitLine(use.MemoryLimit, &use.EffectiveMemory, text.Bytes)...)
	rs.add(fieldSwap, "swap", swapLine(use))
	rs.add(fieldOOMKills, "OOM kills", value(use.OOMKills, countBad))
	rs.blank()
	rs.add(fieldCPUTime, "cpu time", value(use.CPUTime, func(us uint64) line {
		return words(plain, text.Duration(time.Duration(us)*time.Microsecond))
	}))
	rs.add(fieldCPUQuota, "quota", quotaLine(use))
	rs.add(fieldCPULimit, "limit", u.limitLine(reading.Of[cgroup.Limit]{}, &use.EffectiveCPU, coresText)...).id = "cpu limit"
	rs.add(fieldCPUWeight, weightName(use), value(use.CPUWeight, number))
	rs.add(fieldThrottled, "throttled", throttledLines(use)...)
	rs.blank()
	rs.add(fieldPIDs, "pids", pidsLine(use))
	rs.add(fieldPIDsLimit, "limit", u.limitLine(use.PIDsLimit, &use.EffectivePIDs, func(n uint64) string { return text.Count(n) })...).id = "pids limit"
	rs.add(fieldFrozen, "frozen", value(use.Frozen, func(on bool) line {
		if on {
			return words(warn, "yes: nothing in it runs")
		}
		return words(dim, "no")
	}))
	rs.blank()
	rs.add(fieldMemoryPressure, "pressure", value(use.MemoryPressure, pressureLine("memory"))).id = "memory pressure"
	rs.add(fieldCPUPressure, "", value(use.CPUPressure, pressureLine("cpu"))).id = "cpu pressure"
	rs.add(fieldIOPressure, "", value(use.IOPressure, pressureLine("io"))).id = "io pressure"
}

// limitLine is the cgroup's own limit, and the one that binds when that is an ancestor's.
func (u *subject) limitLine(self reading.Of[cgroup.Limit], e *cgroup.Effective, write func(uint64) string) []line {
	var lines []line
	if self.State != reading.NotRead {
		lines = append(lines, value(self, func(l cgroup.Limit) line {
			return words(plain, limitText(l, write)).put(dim, " its own")
		}))
	}
	if e.Limit.OK() && (!limited(e.Limit) || !self.OK() || self.Value != e.Limit.Value) && !(e.Limit.Value.Unlimited && len(lines) > 0) {
		lines = append(lines, words(plain, limitText(e.Limit.Value, write)).put(dim, " in effect"))
	}
	if l := u.bindsLine(e); l != nil {
		lines = append(lines, append(words(dim, "set by "), l...))
	}
	if len(lines) == 0 {
		lines = append(lines, missing(e.Limit.How))
	}
	return lines
}

// coresText writes thousandths of a core.
func coresText(n uint64) string {
	if n == 1000 {
		return "1 core"
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", float64(n)/1000), "0"), ".") + " cores"
}

func quotaLine(use *cgroup.Usage) line {
	if !use.CPUQuota.OK() {
		return missing(use.CPUQuota.How)
	}
	if use.CPUQuota.Value.Unlimited {
		return words(dim, "none")
	}
	l := words(plain, text.Count(use.CPUQuota.Value.Value)+" µs")
	if use.CPUPeriod.OK() {
		l = l.put(dim, " of every ").put(plain, text.Count(use.CPUPeriod.Value)+" µs")
	}
	return l
}

func weightName(use *cgroup.Usage) string {
	if use.CPUWeightIsShares {
		return "cpu shares"
	}
	return "cpu weight"
}

func throttledLines(use *cgroup.Usage) []line {
	if !use.Periods.OK() || !use.Throttled.OK() {
		return []line{missing(use.Throttled.How)}
	}
	l := throttledLine(use)
	if use.ThrottledTime.OK() && use.ThrottledTime.Value > 0 {
		l = l.put(dim, ", waited ").put(plain, text.Duration(time.Duration(use.ThrottledTime.Value)*time.Microsecond))
	}
	return []line{l}
}

func swapLine(use *cgroup.Usage) line {
	if !use.MemorySwap.OK() {
		return missing(use.MemorySwap.How)
	}
	return append(bytesLine(use.MemorySwap.Value), ofLimit(use.SwapLimit, text.Bytes)...)
}

func countBad(n uint64) line {
	if n > 0 {
		return words(bad, text.Count(n))
	}
	return words(dim, "0")
}

// pressureLine is the share of time in which some, or all, tasks waited (PSI), over 10 s, 1 min and 5 min.
func pressureLine(what string) func(cgroup.Pressure) line {
	return func(p cgroup.Pressure) line {
		st := dim
		if p.Some[0] >= 1 {
			st = warn
		}
		return words(dim, text.PadRight(what, 8)).put(dim, "some ").put(st, percents(p.Some)).put(dim, "  full ").put(st, percents(p.Full))
	}
}

func percents(v [3]float64) string { return fmt.Sprintf("%.1f %.1f %.1f", v[0], v[1], v[2]) }

// addCgroupFiles lists every file of the cgroup as the kernel has it.
func (u *subject) addCgroupFiles(rs *rows) {
	if u.detail == nil {
		return
	}
	controller := ""
	for _, e := range u.detail.CgroupFiles {
		if e.Controller != controller {
			controller = e.Controller
			rs.blank()
			rs.say(strong, text.Sanitise(controller))
		}
		name := text.Sanitise(e.Name)
		l := words(dim, text.PadRight(name, 26)).gap(1)
		l = append(l, value(e.Raw, func(raw string) line {
			return words(plain, text.Sanitise(strings.ReplaceAll(strings.TrimSpace(raw), "\n", " · ")))
		})...)
		r := rs.add("", "", l)
		r.id, r.wide, r.copy = e.File+" "+e.Name, true, e.Raw.Value
		r.from(entrySource(&e))
	}
}
