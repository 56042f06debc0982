package compare

import (
	"fmt"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// capabilities compares the five sets; the note names what one side has more.
func capabilities(p *pairs) {
	for _, kind := range caps.Kinds() {
		row := p.both(kind.Field(), kind.String(), func(v *view) *Value {
			return of(setOf(v, kind), v.from(inspect.Field("status."+kind.Field())), caps.Set.Hex)
		})
		l, r := setOf(p.l, kind), setOf(p.r, kind)
		if row.State == Different {
			row.Note = setsNote(l.Value, r.Value)
		}
	}
}

// setOf is one of the five sets of a side's process.
func setOf(v *view, kind caps.Kind) reading.Of[caps.Set] {
	st := v.Process.Facts.Status
	if !st.OK() {
		return reading.Of[caps.Set]{How: st.How}
	}
	s := st.Value
	switch kind {
	case caps.Effective:
		return reading.Value(caps.Set(s.CapEff))
	case caps.Permitted:
		return reading.Value(caps.Set(s.CapPrm))
	case caps.Inheritable:
		return reading.Value(caps.Set(s.CapInh))
	case caps.Bounding:
		return reading.Of[caps.Set]{Value: caps.Set(s.CapBnd.Value), How: s.CapBnd.How}
	default:
		return reading.Of[caps.Set]{Value: caps.Set(s.CapAmb.Value), How: s.CapAmb.How}
	}
}

// setsNote names what each of two sets has more than the other.
func setsNote(l, r caps.Set) string {
	var parts []string
	if more := l &^ r; more != 0 {
		parts = append(parts, "only left: "+strings.Join(more.Short(), " "))
	}
	if more := r &^ l; more != 0 {
		parts = append(parts, "only right: "+strings.Join(more.Short(), " "))
	}
	return strings.Join(parts, "; ")
}

// confinement compares what else the kernel keeps the processes in.
func confinement(p *pairs) {
	p.both("seccomp", "seccomp", func(v *view) *Value {
		from := v.from("status.Seccomp")
		st := v.Process.Facts.Status
		if !st.OK() {
			return unknown(st.How, from)
		}
		return of(st.Value.Seccomp, from, func(mode uint8) string { return seccompText(mode, st.Value.SeccompFilters) })
	})
	p.both("no_new_privs", "no_new_privs", func(v *view) *Value {
		from := v.from("status.NoNewPrivs")
		st := v.Process.Facts.Status
		if !st.OK() {
			return unknown(st.How, from)
		}
		return of(st.Value.NoNewPrivs, from, onOff)
	})
	p.both("label", "security label", func(v *view) *Value {
		return of(v.Process.Facts.Label, v.from("label"), func(l security.Label) string { return l.Raw })
	})
}

func seccompText(mode uint8, filters reading.Of[uint32]) string {
	switch {
	case mode == 0:
		return "off"
	case mode == 1:
		return "strict"
	case filters.OK():
		return fmt.Sprintf("filter, %d", filters.Value)
	}
	return "filter"
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// rlimits compares the resource limits by name.
func rlimits(p *pairs) {
	p.join("limits", p.l.rlimits(), p.r.rlimits())
}

func (v *view) rlimits() list {
	l := list{how: notRead, from: v.from("limits")}
	if v.Detail == nil {
		return l
	}
	l.how = v.Detail.Limits.How
	for _, r := range v.Detail.Limits.Value {
		text := r.Soft.String()
		if r.Hard != r.Soft {
			text += " up to " + r.Hard.String()
		}
		if r.Unit != "" {
			text += " " + r.Unit
		}
		l.add(r.Name, strings.TrimPrefix(r.Name, "Max "), func() *Value { return known(text, v.from(inspect.Field("limits."+r.Name))) })
	}
	return l
}
