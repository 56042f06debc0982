package tui

import (
	"math"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

var _ = registerTab(tab{order: 20, title: "Namespaces", rows: namespacesTab})

// namespacesTab lists the ten links with whose the namespaces are, who owns them and who is in them.
func namespacesTab(u *subject) []row {
	rs := &rows{}
	if !u.needProcess(rs) {
		return rs.list
	}
	ns := u.proc.Facts.NS
	if ns == nil {
		rs.say(dim, "the links of /proc/"+strconv.Itoa(u.proc.PID)+"/ns were not read yet")
		return rs.list
	}
	cells := u.snap.Fingerprint(ns)
	for k := range proc.NSKind(proc.NSKinds) {
		rs.add(fieldNS(proc.NSLink(k)), k.String(), u.namespaceLines(ns, proc.NSLink(k), cells[k])...)
	}
	if d := u.detail; d != nil {
		if owners := u.ownerLines(); len(owners) > 0 {
			rs.blank()
			rs.add(fieldNS(proc.NSLink(proc.Mnt))+".owner", "owned by", owners...)
		}
	}
	rs.blank()
	for _, link := range []proc.NSLink{proc.PIDForChildren, proc.TimeForChildren} {
		rs.add(fieldNS(link), "for children", u.forChildren(ns, link)).id = proc.NSLinkName(link)
	}
	if maps, ok := u.snap.IDMaps[ns.Ino[proc.User]]; ok {
		rs.blank()
		addMaps(rs, &maps)
	}
	u.addTimeOffsets(rs)
	return rs.list
}

// needProcess says what to select when nothing stands for the selection.
func (u *subject) needProcess(rs *rows) bool {
	if u.proc != nil {
		return true
	}
	rs.say(dim, "Select a process or a container.")
	return false
}

func (u *subject) namespaceLines(ns *proc.Namespaces, link proc.NSLink, cell inspect.Cell) []line {
	if !ns.How[link].OK() {
		return []line{missing(ns.How[link])}
	}
	l := words(plain, strconv.FormatUint(ns.Ino[link], 10)).gap(2)
	switch cell.Kind {
	case inspect.CellHost:
		l = l.put(dim, u.glyphs.Host+" the host's")
	case inspect.CellShared:
		l = append(l.put(shareStyle(cell.Letter), string(cell.Letter)).put(plain, " shared with "), u.sharers(cell.Letter)...)
	default:
		l = l.put(own, u.glyphs.Own).put(plain, " its own")
	}
	if n := u.snap.Namespace(proc.NSLinkKind(link), ns.Ino[link]); n != nil {
		l = l.put(dim, "  "+plural(len(n.Members), "process"))
	}
	lines := []line{l}
	if more := u.relations(link); more != nil {
		lines = append(lines, more)
	}
	return lines
}

// ownerLines lists the user namespaces over which capabilities must count to act on the others (ioctl_ns(2),
// NS_GET_USERNS), each with those it owns.
func (u *subject) ownerLines() []line {
	owned := map[uint64][]string{}
	var owners []uint64
	for k := range proc.NSKind(proc.NSKinds) {
		owner := u.detail.Namespaces[k].Owner
		if k == proc.User || !owner.OK() {
			continue
		}
		if owned[owner.Value] == nil {
			owners = append(owners, owner.Value)
		}
		owned[owner.Value] = append(owned[owner.Value], k.String())
	}
	lines := make([]line, 0, len(owners))
	for _, ino := range owners {
		l := append(u.related(proc.User, ino), span{dim, ": "})
		lines = append(lines, l.put(plain, strings.Join(owned[ino], " ")))
	}
	return lines
}

// related names another namespace.
func (u *subject) related(kind proc.NSKind, ino uint64) line {
	l := words(plain, kind.String()+" "+strconv.FormatUint(ino, 10))
	if n := u.snap.Namespace(kind, ino); n != nil && n.Host {
		l = l.put(dim, " the host's")
	}
	return l
}

// relations is what a namespace stands in and who made it, as the ns ioctls tell.
func (u *subject) relations(link proc.NSLink) line {
	if u.detail == nil {
		return nil
	}
	d := &u.detail.Namespaces[link]
	var l line
	if d.Parent.OK() {
		l = append(words(dim, "below "), u.related(proc.NSLinkKind(link), d.Parent.Value)...)
	}
	if d.OwnerUID.OK() {
		if len(l) > 0 {
			l = l.put(dim, ", ")
		}
		l = l.put(dim, "made by user "+idText(d.OwnerUID.Value, u.names[d.OwnerUID.Value]))
	}
	return l
}

// forChildren tells whether children get another namespace than the process itself is in (unshare(2)).
func (u *subject) forChildren(ns *proc.Namespaces, link proc.NSLink) line {
	kind := proc.NSLinkKind(link)
	switch {
	case !ns.How[link].OK():
		return words(plain, kind.String()+"  ").gap(1).put(dim, ns.How[link].String())
	case ns.Ino[link] == ns.Ino[kind]:
		return words(plain, text.PadRight(kind.String(), 5)).put(dim, "the same as its own")
	}
	return words(plain, text.PadRight(kind.String(), 5)).put(warn, strconv.FormatUint(ns.Ino[link], 10)).put(plain, " another one than its own")
}

// addMaps shows the id maps of a user namespace.
func addMaps(rs *rows, m *inspect.IDMaps) {
	rs.add(fieldUIDMap, "uid map", mapLines(m.UID, math.MaxInt)...)
	rs.add(fieldGIDMap, "gid map", mapLines(m.GID, math.MaxInt)...)
	rs.add(fieldSetgroups, "setgroups", value(m.Setgroups, func(s string) line { return words(plain, text.Sanitise(strings.TrimSpace(s))) }))
}

// maxMapLines is how many lines of a map are shown; the kernel allows 340.
const maxMapLines = 12

// mapLines are the lines of a map, each in at most a width as far as that can be done in fewer words.
func mapLines(r reading.Of[[]proc.IDMapping], width int) []line {
	if !r.OK() {
		return []line{missing(r.How)}
	}
	if len(r.Value) == 0 {
		return []line{words(warn, "not written yet: every id is the overflow id")}
	}
	var lines []line
	for i, m := range r.Value {
		if i == maxMapLines {
			return append(lines, words(dim, "… "+text.Count(len(r.Value)-i)+" more"))
		}
		inside, outside := strconv.FormatUint(uint64(m.Inside), 10), strconv.FormatUint(uint64(m.Outside), 10)
		l := words(plain, inside).put(dim, " inside = ").put(plain, outside).put(dim, " outside").gap(3).put(dim, plural(int(m.Count), "id"))
		if l.width() > width {
			l = words(plain, inside).put(dim, " = ").put(plain, outside).put(dim, " outside").gap(2).put(dim, plural(int(m.Count), "id"))
		}
		lines = append(lines, l)
	}
	return lines
}

func (u *subject) addTimeOffsets(rs *rows) {
	if u.detail == nil || !u.detail.TimeOffsets.OK() {
		return
	}
	var lines []line
	for _, o := range u.detail.TimeOffsets.Value {
		st := plain
		if o.Offset == 0 {
			st = dim
		}
		lines = append(lines, words(dim, text.PadRight(text.Sanitise(o.Clock), 10)).put(st, o.Offset.String()))
	}
	if len(lines) > 0 {
		rs.blank()
		rs.add(fieldTimeOffsets, "time offsets", lines...)
	}
}
