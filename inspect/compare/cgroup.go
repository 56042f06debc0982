package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
)

// cgroups compares where the processes stand and what binds them there.
func cgroups(p *pairs) {
	p.both("path", "cgroup", func(v *view) *Value {
		return of(v.Process.Facts.Cgroup, v.from("cgroup"), func(m *cgroup.Membership) string { return m.Path() })
	})
	p.both("inside", "cgroup as it reads it", func(v *view) *Value {
		from := v.within("cgroup as it reads it", "/proc/self/cgroup", "cat /proc/"+strconv.Itoa(v.Process.PID)+"/cgroup",
			"Its place below the root of its cgroup namespace (cgroup_namespaces(7)).", "--cgroup")
		return fromInside(v, from, func(i *inside.View) reading.Of[*cgroup.Membership] { return i.Cgroup }, (*cgroup.Membership).Path)
	})
	for _, n := range []struct {
		key, label string
		of         func(*cgroup.Usage) *cgroup.Effective
		write      func(uint64) string
	}{
		{"MemoryLimit", "memory", func(u *cgroup.Usage) *cgroup.Effective { return &u.EffectiveMemory }, size},
		{"EffectiveCPU", "cpu", func(u *cgroup.Usage) *cgroup.Effective { return &u.EffectiveCPU }, cores},
		{"PIDsLimit", "pids", func(u *cgroup.Usage) *cgroup.Effective { return &u.EffectivePIDs }, count},
	} {
		row := p.both(n.key, n.label+" limit", func(v *view) *Value {
			from := v.from(inspect.Field("cgroup." + n.key))
			u := v.usage()
			if u == nil {
				return unknown(notRead, from)
			}
			e := n.of(u)
			return of(e.Limit, from, func(l cgroup.Limit) string { return boundText(l, e.Above, n.write) })
		})
		if row.State == Different {
			row.Note = strings.Join(slices.Concat(p.l.setBy("left", n.of), p.r.setBy("right", n.of)), "; ")
		}
	}
	p.both("SwapLimit", "swap limit", usageRow("SwapLimit", func(u *cgroup.Usage) reading.Of[cgroup.Limit] { return u.SwapLimit }, func(l cgroup.Limit) string {
		if l.Unlimited {
			return "none"
		}
		return size(l.Value)
	}))
	p.both("CPUWeight", "cpu weight", usageRow("CPUWeight", func(u *cgroup.Usage) reading.Of[uint64] { return u.CPUWeight }, count))
	p.both("CPUs", "cpus it may run on", usageRow("CPUs", func(u *cgroup.Usage) reading.Of[uint64] { return u.CPUs }, count))
	p.both("Frozen", "frozen", usageRow("Frozen", func(u *cgroup.Usage) reading.Of[bool] { return u.Frozen }, func(on bool) string {
		if on {
			return "yes"
		}
		return "no"
	}))
}

// usage is that of the side's cgroup.
func (v *view) usage() *cgroup.Usage {
	if v.Detail != nil && v.Detail.Cgroup != nil {
		return v.Detail.Cgroup
	}
	if v.Container != nil {
		return v.Container.Usage
	}
	return nil
}

// usageRow reads a field of the usage.
func usageRow[T any](field string, get func(*cgroup.Usage) reading.Of[T], write func(T) string) func(*view) *Value {
	return func(v *view) *Value {
		from := v.from(inspect.Field("cgroup." + field))
		u := v.usage()
		if u == nil {
			return unknown(notRead, from)
		}
		return of(get(u), from, write)
	}
}

// boundText is a limit that binds.
func boundText(l cgroup.Limit, above bool, write func(uint64) string) string {
	switch {
	case l.Unlimited && above:
		return "none here; a smaller one may stand above"
	case l.Unlimited:
		return "none"
	}
	return write(l.Value)
}

// setBy names the cgroup above the side's own that sets a limit: what its own sets needs no word.
func (v *view) setBy(side string, of func(*cgroup.Usage) *cgroup.Effective) []string {
	u := v.usage()
	if u == nil {
		return nil
	}
	e := of(u)
	if !e.Limit.OK() || e.Limit.Value.Unlimited || e.Path == u.Path {
		return nil
	}
	return []string{fmt.Sprintf("the %s's is set by %s", side, cmp.Or(e.Path, "a cgroup above"))}
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

// size is a number of bytes, exactly, with the power of 1024 that divides it.
func size(n uint64) string {
	for _, unit := range []struct {
		shift uint
		name  string
	}{{40, "T"}, {30, "G"}, {20, "M"}, {10, "K"}} {
		if n > 0 && n%(1<<unit.shift) == 0 {
			return strconv.FormatUint(n>>unit.shift, 10) + unit.name
		}
	}
	return strconv.FormatUint(n, 10)
}

// cores is thousandths of a core as cores.
func cores(n uint64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%03d", n/1000, n%1000), "0"), ".") + " cores"
}
