package tui

import (
	"fmt"
	"strconv"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

var _ = registerTab(tab{order: 40, title: "Caps", rows: capsTab})

// capsTab is the five sets: their masks, and a matrix of every capability.
func capsTab(u *subject) []row {
	rs := &rows{}
	if !u.needProcess(rs) {
		return rs.list
	}
	st := u.proc.Facts.Status
	if !st.OK() {
		rs.add(fieldCapEff, "sets", missing(st.How))
		return rs.list
	}
	sets := fiveSets(st.Value)
	for _, k := range matrixOrder {
		u.addSet(rs, k, k.String(), sets[k])
	}
	rs.blank()
	for _, l := range words(dim, caps.Over(u.hostUserNS())).wrap(u.width + labelWidth) {
		rs.list = append(rs.list, row{head: true, lines: []line{l}})
	}
	rs.blank()
	rs.say(dim, text.PadRight("bit", 5)+text.PadRight("capability", 21)+"eff  prm  bnd  inh  amb")
	for _, c := range u.capsToShow(sets) {
		u.addCap(rs, c, sets)
	}
	return rs.list
}

// matrixOrder is the sets by how much they tell: what counts now, what can be had, what never again.
var matrixOrder = [...]caps.Kind{caps.Effective, caps.Permitted, caps.Bounding, caps.Inheritable, caps.Ambient}

func fiveSets(st *proc.Status) caps.FiveSets {
	known := func(mask uint64) reading.Of[caps.Set] { return reading.Value(caps.Set(mask)) }
	of := func(r reading.Of[uint64]) reading.Of[caps.Set] {
		return reading.Of[caps.Set]{Value: caps.Set(r.Value), How: r.How}
	}
	return caps.FiveSets{
		caps.Inheritable: known(st.CapInh), caps.Permitted: known(st.CapPrm), caps.Effective: known(st.CapEff),
		caps.Bounding: of(st.CapBnd), caps.Ambient: of(st.CapAmb),
	}
}

func (u *subject) addSet(rs *rows, k caps.Kind, label string, set reading.Of[caps.Set]) {
	if !set.OK() {
		rs.add(fieldSet(k), label, missing(set.How))
		return
	}
	l := words(mask, set.Value.Hex()).gap(2)
	switch {
	case set.Value == 0:
		l = l.put(dim, "none")
	case set.Value == caps.DockerDefault:
		l = l.put(good, caps.Summary(set.Value, u.kernel.last))
	default:
		l = l.put(plain, caps.Summary(set.Value, u.kernel.last))
	}
	r := rs.add(fieldSet(k), label, l).copying(set.Value.Hex())
	r.about = words(plain, k.Meaning())
	r.mask = set.Value.Hex()
}

// hostUserNS tells whether the process is in the host's user namespace.
func (u *subject) hostUserNS() reading.Of[bool] {
	ns, host := u.proc.Facts.NS, u.snap.Host.NS
	if ns == nil || host == nil || !ns.How[proc.User].OK() || !host.How[proc.User].OK() {
		return reading.Of[bool]{}
	}
	return reading.Value(ns.Ino[proc.User] == host.Ino[proc.User])
}

// capsToShow is every capability that this kernel has, and whatever else is set.
func (u *subject) capsToShow(sets caps.FiveSets) []caps.Cap {
	all := caps.UpTo(u.kernel.last)
	for _, s := range sets {
		all |= s.Value
	}
	return all.Caps()
}

// addCap is one line of the matrix.
func (u *subject) addCap(rs *rows, c caps.Cap, sets caps.FiveSets) {
	name := dim
	if sets[caps.Effective].Value.Has(c) {
		name = strong
	}
	l := words(dim, fmt.Sprintf("%3d  ", c)).put(name, text.PadRight(c.Short(), 21))
	for i, k := range matrixOrder {
		if i > 0 {
			l = l.gap(2)
		}
		l = append(l, u.capMark(sets[k], c)...)
	}
	if c > u.kernel.last {
		l = l.put(warn, "  above this kernel's last")
	}
	r := rs.add(fieldCapEff, "", l).copying(c.String())
	about := caps.Describe(c)
	r.id, r.wide = "cap "+strconv.Itoa(int(c)), true
	r.title = c.String() + "  bit " + strconv.Itoa(int(c))
	r.about = words(plain, about.Allows+" ").put(dim, "In a container: "+about.InContainer)
	r.mask = sets[caps.Effective].Value.Hex()
}

// capMark is three cells: held or not, or not known.
func (u *subject) capMark(set reading.Of[caps.Set], c caps.Cap) line {
	switch {
	case !set.OK():
		return words(dim, " ? ")
	case set.Value.Has(c):
		return words(good, " "+u.glyphs.Set+" ")
	}
	return words(dim, " "+u.glyphs.Unset+" ")
}
