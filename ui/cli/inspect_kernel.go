package cli

import (
	"fmt"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/ui/text"
)

// The sections on what separates and confines the process.

// namespaces prints the ten links: which namespace, whose it is, and who owns it.
func (pg *page) namespaces() {
	pg.section("namespaces")
	ns := pg.p.Facts.NS
	if ns == nil {
		pg.row("ns", notRead.String(), "")
		return
	}
	for link := range proc.NSLink(proc.NSLinks) {
		pg.row(proc.NSLinkName(link), pg.namespace(ns, link), inspect.Field("ns."+proc.NSLinkName(link)))
	}
	pg.row("time offsets", show(pg.d.TimeOffsets, offsetsText), "timens_offsets")
}

// offsetsText writes by how much the clocks of the time namespace are ahead (time_namespaces(7)).
func offsetsText(offsets []proc.TimeOffset) string {
	words := make([]string, len(offsets))
	for i, o := range offsets {
		words[i] = o.Clock + " " + o.Offset.String()
	}
	return strings.Join(words, ", ")
}

func (pg *page) namespace(ns *proc.Namespaces, link proc.NSLink) string {
	if !ns.How[link].OK() {
		return ns.How[link].String()
	}
	words := []string{fmt.Sprintf("%-11d", ns.Ino[link]), pg.whose(ns, link)}
	d := pg.d.Namespaces[link]
	if d.Owner.OK() {
		words = append(words, fmt.Sprintf("owner user:[%d]", d.Owner.Value))
	}
	if d.Parent.OK() {
		words = append(words, fmt.Sprintf("parent %s:[%d]", proc.NSLinkKind(link), d.Parent.Value))
	}
	if d.OwnerUID.OK() {
		words = append(words, "made by uid "+strconv.FormatUint(uint64(d.OwnerUID.Value), 10))
	}
	return strings.Join(words, "  ")
}

// whose says whether a namespace is the host's, the process's alone, or shared with which containers.
func (pg *page) whose(ns *proc.Namespaces, link proc.NSLink) string {
	kind := proc.NSLinkKind(link)
	if link >= proc.NSKinds {
		if ns.Ino[link] == ns.Ino[kind] {
			return "as its own"
		}
		return "another than its own"
	}
	n := pg.v.Namespace(kind, ns.Ino[link])
	if n == nil {
		return ""
	}
	if n.Host {
		return "that of " + hostOf(pg.v) + ", " + text.Count(len(n.Members)) + " processes"
	}
	var others []string
	for _, name := range containersOf(pg.v, n) {
		if pg.p.Container == nil || name != pg.p.Container.Name {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		return "shared with " + strings.Join(others, ", ")
	}
	if len(n.Members) == 1 {
		return "its alone"
	}
	return "its own, " + text.Count(len(n.Members)) + " processes"
}

// capabilities prints the five sets and over what they count.
func (pg *page) capabilities() {
	pg.section("capabilities")
	five, last := fiveSets(pg.p), highest(pg.v.lastCap())
	for _, k := range caps.Kinds() {
		pg.row(k.String(), setText(five[k], last), inspect.Field("status."+k.Field()))
	}
	if five[caps.Effective].OK() && five[caps.Effective].Value != 0 {
		pg.row("effective names", strings.Join(five[caps.Effective].Value.Short(), " "), "")
	}
	pg.row("over", pg.v.capsOver(pg.p), "")
}

// confinement prints what else the kernel refuses.
func (pg *page) confinement() {
	pg.section("security")
	r := pg.p.Facts.Status
	if !r.OK() {
		pg.row("status", r.How.String(), "status.Seccomp")
	} else {
		s := r.Value
		pg.row("no_new_privs", show(s.NoNewPrivs, onOff), "status.NoNewPrivs")
		pg.row("seccomp", show(s.Seccomp, security.SeccompMode), "status.Seccomp")
		pg.row("seccomp filters", show(s.SeccompFilters, decimal[uint32]), "status.Seccomp_filters")
		pg.row("tracer", tracer(s.TracerPID), "status.TracerPid")
		pg.row("umask", show(s.Umask, func(m uint32) string { return fmt.Sprintf("%04o", m) }), "status.Umask")
		pg.signals(s)
	}
	label := pg.p.Facts.Label
	if label.State == reading.Absent {
		pg.row("label", "none. "+security.NoLabel, "label")
	} else {
		pg.row("label", show(label, labelText), "label")
	}
	pg.row("landlock", "unknown: the kernel does not show in proc whether a process is confined by it", "")
}

func tracer(pid int) string {
	if pid == 0 {
		return "none"
	}
	return strconv.Itoa(pid)
}

func (pg *page) signals(s *proc.Status) {
	for _, mask := range []struct {
		label string
		bits  uint64
		field inspect.Field
	}{
		{"signals pending", s.SigPending | s.ShdPending, "status.ShdPnd"},
		{"signals blocked", s.SigBlocked, "status.SigBlk"},
		{"signals ignored", s.SigIgnored, "status.SigIgn"},
		{"signals caught", s.SigCaught, "status.SigCgt"},
	} {
		if mask.bits != 0 {
			pg.row(mask.label, strings.Join(proc.SignalNames(mask.bits), " "), mask.field)
		}
	}
}

// idMaps prints the maps of the process's user namespace.
func (pg *page) idMaps() {
	pg.section("user namespace")
	m := pg.d.Maps
	pg.row("uid_map", show(m.UID, mapText), "uid_map")
	pg.row("gid_map", show(m.GID, mapText), "gid_map")
	pg.row("setgroups", show(m.Setgroups, strings.TrimSpace), "setgroups")
}

// mapText writes a map as user_namespaces(7) reads it: first inside, first outside, how many.
func mapText(m []proc.IDMapping) string {
	if len(m) == 0 {
		return "empty: nobody is mapped"
	}
	parts := make([]string, len(m))
	for i, l := range m {
		parts[i] = fmt.Sprintf("%d inside = %d outside, %s ids", l.Inside, l.Outside, text.Count(l.Count))
	}
	return strings.Join(parts, "; ")
}
