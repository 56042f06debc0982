package cli

import (
	"bufio"
	"fmt"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// fiveSets takes a process's capability sets out of its status.
func fiveSets(p *inspect.Process) caps.FiveSets {
	var five caps.FiveSets
	if !p.Facts.Status.OK() {
		for k := range five {
			five[k].How = p.Facts.Status.How
		}
		return five
	}
	s := p.Facts.Status.Value
	five[caps.Inheritable] = reading.Value(caps.Set(s.CapInh))
	five[caps.Permitted] = reading.Value(caps.Set(s.CapPrm))
	five[caps.Effective] = reading.Value(caps.Set(s.CapEff))
	five[caps.Bounding] = asSet(s.CapBnd)
	five[caps.Ambient] = asSet(s.CapAmb)
	return five
}

func asSet(mask reading.Of[uint64]) reading.Of[caps.Set] {
	return reading.Of[caps.Set]{Value: caps.Set(mask.Value), How: mask.How}
}

// capsText prints the sets with their masks, and then one line for each capability.
func capsText(a *app, v *view, p *inspect.Process) error {
	w := bufio.NewWriter(a.out)
	five, last := fiveSets(p), highest(v.lastCap())
	out := func(format string, args ...any) {
		_, _ = w.WriteString(v.st.glyphs.Text(fmt.Sprintf(format, args...)))
	}
	out("%s\n\n", v.st.bold(processTitle(p)))
	for _, k := range caps.Kinds() {
		out("%-12s %s\n", k, setText(five[k], last))
	}
	out("\n%s\n\n", v.st.wrap(v.capsOver(p), 0))
	out("%s\n", v.st.bold(fmt.Sprintf("%-*s inh prm eff bnd amb", capNameWidth+4, "    CAPABILITY")))
	for _, c := range matrixRows(five, last) {
		line := fmt.Sprintf("%3d %s", c, text.PadRight(capName(c), capNameWidth))
		for _, k := range caps.Kinds() {
			line += "  " + v.st.capCell(five[k], c) + " "
		}
		out("%s\n", strings.TrimRight(line, " "))
	}
	return w.Flush()
}

// setText is a set's mask and what is known of it.
func setText(r reading.Of[caps.Set], last caps.Cap) string {
	if !r.OK() {
		return r.String()
	}
	return r.Value.Hex() + "  " + caps.Summary(r.Value, last)
}

// matrixRows are this kernel's capabilities, and whatever bits beyond them some set has.
func matrixRows(five caps.FiveSets, last caps.Cap) []caps.Cap {
	rows := caps.UpTo(last)
	for _, r := range five {
		if r.OK() {
			rows |= r.Value
		}
	}
	return rows.Caps()
}

func (st *style) capCell(r reading.Of[caps.Set], c caps.Cap) string {
	switch {
	case !r.OK():
		return unknownMark(r.How)
	case r.Value.Has(c):
		return st.glyphs.Set
	default:
		return st.glyphs.Unset
	}
}

// inHostUserNS tells whether a process is in the host's user namespace, as far as that can be known.
func (v *view) inHostUserNS(p *inspect.Process) reading.Of[bool] {
	ns, host := p.Facts.NS, v.Host.NS
	switch {
	case ns == nil:
		return reading.Missing[bool](reading.NotRead)
	case !ns.How[proc.User].OK():
		return reading.Of[bool]{How: ns.How[proc.User]}
	case host == nil || !host.How[proc.User].OK():
		return reading.Missing[bool](reading.NotRead)
	case ns.Ino[proc.User] != host.Ino[proc.User] && !v.Host.InitSeen:
		return reading.Missing[bool](reading.Denied)
	}
	return reading.Value(ns.Ino[proc.User] == host.Ino[proc.User])
}

// capsOver says over which user namespace a process's capabilities count.
func (v *view) capsOver(p *inspect.Process) string {
	over := v.inHostUserNS(p)
	if over.OK() && !v.Host.InitSeen {
		return "They count over the user namespace that cutaway itself is in; whether that is the host's cannot be seen from here, " +
			"since process 1's could not be read."
	}
	return caps.Over(over)
}

func capsJSON(a *app, v *view, p *inspect.Process) error {
	j := newJSONWriter(a.out)
	five, last := fiveSets(p), highest(v.lastCap())
	return j.document(func() {
		j.key("pid").int(p.PID)
		j.text("comm", p.Comm)
		j.key("cap_last_cap").int(int(last))
		j.userNamespace(v, p)
		j.key("sets").open()
		for _, k := range caps.Kinds() {
			known(j, k.String(), five[k], func(set caps.Set) { j.decoded(set, last) })
		}
		j.close()
	})
}

// userNamespace writes over which user namespace capabilities count.
func (j *jsonWriter) userNamespace(v *view, p *inspect.Process) {
	j.key("user_namespace").open()
	ns := p.Facts.NS
	if ns != nil && ns.How[proc.User].OK() {
		j.key("inode").uint(ns.Ino[proc.User])
	} else if ns != nil {
		j.missing("inode", ns.How[proc.User])
	} else {
		j.missing("inode", reading.How{})
	}
	over := v.inHostUserNS(p)
	if over.OK() && !v.Host.InitSeen {
		over = reading.Missing[bool](reading.Denied)
	}
	known(j, "host", over, j.bool)
	j.close()
}
