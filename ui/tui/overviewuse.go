package tui

import (
	"cmp"
	"slices"
	"strconv"

	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// usage is what the cgroup of the selection uses: the container's, else that of the process itself.
func (u *subject) usage() *cgroup.Usage {
	if u.container != nil && u.container.Usage != nil {
		return u.container.Usage
	}
	if u.detail != nil {
		return u.detail.Cgroup
	}
	return nil
}

// usageOf is the cgroup that usage is of; nil when it is not known.
func (u *subject) usageOf() *cgroup.Membership {
	if u.container != nil && u.container.Usage != nil {
		return u.container.Cgroup
	}
	return u.proc.Facts.Cgroup.Value
}

// overviewUse is what the selection uses of what it may use.
func overviewUse(u *subject, rs *rows) {
	rs.add(fieldRSS, "memory", words(plain, text.Bytes(u.node.RSS)).put(dim, " resident"))
	use := u.usage()
	if use == nil {
		rs.add(fieldCPU, "cpu", u.cpuLine(nil))
		return
	}
	u.addUse(rs, use, "in cgroup", killsLine(use))
}

// addUse adds what a cgroup uses of what it may use; kills is the line of its OOM kills, nil when there were none.
func (u *subject) addUse(rs *rows, use *cgroup.Usage, memory string, kills line) {
	rs.add(fieldMemoryUsage, memory, u.memoryLine(use))
	if l := u.bindsLine(&use.EffectiveMemory); l != nil {
		rs.add(fieldMemoryLimit, "set by", l)
	}
	if kills != nil {
		rs.add(fieldOOMKills, "out of memory", kills)
	}
	rs.add(fieldCPU, "cpu", u.cpuLine(use))
	if use.Periods.OK() && use.Throttled.OK() && limited(use.EffectiveCPU.Limit) {
		rs.add(fieldThrottled, "throttled", throttledLine(use))
	}
	rs.add(fieldPIDs, "pids", pidsLine(use))
	if use.Frozen.OK() && use.Frozen.Value {
		rs.add(fieldFrozen, "frozen", words(warn, "yes: nothing in it runs"))
	}
}

// killsLine is how many processes the kernel killed for want of memory, or nil.
func killsLine(use *cgroup.Usage) line {
	if kills := use.OOMKills; kills.OK() && kills.Value > 0 {
		return words(bad, plural(int(kills.Value), "kill"))
	}
	return nil
}

func limited(l reading.Of[cgroup.Limit]) bool { return l.OK() && !l.Value.Unlimited }

// memoryLine is usage beside the limit that binds.
func (u *subject) memoryLine(use *cgroup.Usage) line {
	if !use.MemoryUsage.OK() {
		return missing(use.MemoryUsage.How)
	}
	l := words(plain, text.Bytes(use.MemoryUsage.Value))
	limit := use.EffectiveMemory.Limit
	if !limited(limit) {
		return append(l, ofLimit(limit, text.Bytes)...)
	}
	share := float64(use.MemoryUsage.Value) / float64(max(limit.Value.Value, 1))
	l = append(l, ofLimit(limit, text.Bytes)...)
	return withGraph(l, u.width, func(cells int) line { return u.bar(share, cells) })
}

// ofLimit is " of 128M", or that there is no limit, or why it is not known.
func ofLimit(l reading.Of[cgroup.Limit], write func(uint64) string) line {
	switch {
	case !l.OK():
		return words(dim, " of ?")
	case l.Value.Unlimited:
		return words(dim, ", no limit")
	}
	return words(dim, " of ").put(plain, write(l.Value.Value))
}

// bindsLine names the cgroup that sets the limit which holds here.
func (u *subject) bindsLine(e *cgroup.Effective) line {
	above := " a smaller one may stand above what can be seen from here"
	switch {
	case limited(e.Limit) && e.Path == "":
		return words(warn, "a cgroup above what can be seen from here")
	case limited(e.Limit):
		l := words(plain, "its own cgroup")
		if !u.isOwn(e.Path) {
			l = words(plain, text.TruncateMiddle(text.Sanitise(cgroupName(e.Path)), 18))
		}
		l = l.gap(2).put(dim, text.Sanitise(fileName(e.File)))
		if e.Above {
			l = l.put(warn, ";"+above)
		}
		return l
	case e.Limit.OK() && e.Above:
		return words(dim, "no limit here;"+above)
	}
	return nil
}

// isOwn tells whether a path is that of the cgroup whose use is shown, and not of one above it.
func (u *subject) isOwn(path string) bool {
	if use := u.usage(); use != nil && use.Path == path {
		return true
	}
	m := u.usageOf()
	return m != nil && slices.ContainsFunc(m.Lines, func(l proc.CgroupLine) bool { return l.Path == path })
}

func fileName(path string) string { return cgroupName(path) }

// cpuLine is the use of one core beside the quota, with its history.
func (u *subject) cpuLine(use *cgroup.Usage) line {
	l := words(dim, "…")
	if u.node.Process == nil || u.node.Process.CPU >= 0 {
		l = words(plain, text.Percent(u.node.CPU))
	}
	top := 0.0
	if use != nil && limited(use.EffectiveCPU.Limit) {
		top = float64(use.EffectiveCPU.Limit.Value.Value) / 10
		l = l.put(dim, " of ").put(plain, strconv.FormatFloat(top, 'f', -1, 64)+"%")
	}
	return withGraph(l, u.width, func(cells int) line {
		return u.sparkline(u.history.of(u.node.Key), cmp.Or(top, 100), cells)
	})
}

func throttledLine(use *cgroup.Usage) line {
	st := plain
	if use.Throttled.Value > 0 {
		st = warn
	}
	return words(st, text.Count(use.Throttled.Value)).put(dim, " of "+text.Count(use.Periods.Value)+" periods")
}

func pidsLine(use *cgroup.Usage) line {
	if !use.PIDs.OK() {
		return missing(use.PIDs.How)
	}
	l := number(use.PIDs.Value)
	return append(l, ofLimit(use.EffectivePIDs.Limit, func(n uint64) string { return text.Count(n) })...)
}

// addMask shows the effective set: the mask, how many, and how it stands to the sets that people know.
func (u *subject) addMask(rs *rows, effective uint64) {
	set := caps.Set(effective)
	first := words(mask, set.Hex()).gap(2).put(plain, strconv.Itoa(set.Len()))
	if u.width >= first.width()+len(" capabilities") {
		first = first.put(dim, " capabilities")
	}
	st := warn
	if set&^caps.DockerDefault == 0 {
		st = good
	}
	rs.add(fieldCapEff, "effective", first, words(st, caps.Summary(set, u.kernel.last))).copying(set.Hex())
}
