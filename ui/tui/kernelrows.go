package tui

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// tall is the height from which the pane shows what it else leaves to the detail of the process.
const tall = 44

// makeRows makes the rows again when something changed.
func (k *kernelPane) makeRows(width int) {
	u := &k.subject
	if k.made == k.version && k.rows != nil && u.width == width {
		return
	}
	if r := k.selected(); r != nil {
		k.place = r.id
	}
	k.made = k.version
	u.look, u.width, u.kernel = k.look, width, k.kernel
	u.history = &history{rings: map[string]*ring{}}
	if u.node != nil {
		u.history.rings[u.node.Key] = &k.cpu
	}
	rs := &rows{list: k.rows[:0]} // of thousands, making room would be most of the work
	if u.proc == nil {
		rs.say(dim, k.nothing())
		k.sections = []int{0}
		k.setRows(rs.list, width, "")
		return
	}
	k.sections = append(k.sections[:0], 0)
	k.addNotes(rs)
	k.addEntered(rs)
	k.addConfinement(rs)
	rs.blank()
	k.addUse(rs)
	rs.blank()
	k.sections = append(k.sections, len(rs.list))
	k.addProcesses(rs)
	rs.blank()
	k.sections = append(k.sections, len(rs.list))
	k.addMounts(rs)
	k.setRows(rs.list, width, k.place)
}

// nothing says why there are no rows.
func (k *kernelPane) nothing() string {
	first := k.watched.first.PID
	switch {
	case !k.ended.IsZero():
		return "it had ended before it could be looked at"
	case first == 0:
		return "it has no process yet"
	}
	return "reading process " + strconv.Itoa(first) + "…"
}

// addNotes says what the launch could not do as it was asked to.
func (k *kernelPane) addNotes(rs *rows) {
	if len(k.notes) == 0 {
		return
	}
	var lines []line
	for _, note := range k.notes {
		lines = append(lines, words(warn, text.Sanitise(note)))
	}
	rs.add("", "note", lines...)
	rs.blank()
}

// addEntered says whose namespaces were entered, and which of them.
func (k *kernelPane) addEntered(rs *rows) {
	if k.watched.entered == nil {
		return
	}
	u := &k.subject
	target := u.snap.ByID(*k.watched.entered)
	if target == nil {
		rs.add("", "entered", words(warn, strconv.Itoa(k.watched.entered.PID)+", which has ended"))
		return
	}
	l := words(strong, text.Sanitise(target.Comm)+" "+strconv.Itoa(target.PID))
	if target.Container != nil {
		l = append(containerName(target.Container).put(dim, ", "), l...)
	}
	rs.add("", "entered", l, u.enteredLine(target.Facts.NS))
	rs.blank()
}

// enteredLine tells in which of the namespaces that a container does not share with the host the process is.
func (u *subject) enteredLine(target *proc.Namespaces) line {
	self := u.proc.Facts.NS
	if target == nil || self == nil {
		return words(dim, "…")
	}
	var in, out []string
	for kind, cell := range u.snap.Fingerprint(target) {
		name := proc.NSKind(kind).String()
		switch {
		case cell.Kind == inspect.CellHost || cell.Kind == inspect.CellUnknown || !self.How[kind].OK():
		case target.Ino[kind] == self.Ino[kind]:
			in = append(in, name)
		default:
			out = append(out, name)
		}
	}
	switch {
	case len(out) == 0:
		return words(plain, "in all namespaces that it does not share with the host")
	case len(in) == 0:
		return words(plain, "in none of its namespaces")
	}
	return words(dim, "in its ").put(plain, strings.Join(in, " ")).put(dim, ", not in its ").put(warn, strings.Join(out, " "))
}

// addConfinement is what the kernel keeps the first process in.
func (k *kernelPane) addConfinement(rs *rows) {
	u := &k.subject
	k.addNamespaces(rs)
	k.addIDMaps(rs)
	k.addRoot(rs)
	st := u.proc.Facts.Status
	if !st.OK() {
		rs.add(fieldCapEff, "capabilities", missing(st.How))
		return
	}
	sets := fiveSets(st.Value)
	if k.r.h >= tall {
		for _, kind := range matrixOrder {
			u.addSet(rs, kind, kind.String(), sets[kind])
		}
	} else {
		u.addSet(rs, caps.Effective, "capabilities", sets[caps.Effective])
	}
	rs.add(fieldNoNewPrivs, "no_new_privs", value(st.Value.NoNewPrivs, onOff))
	rs.add(fieldSeccomp, "seccomp", seccompLine(st.Value))
	if label := u.proc.Facts.Label; label.OK() && label.Value.LSM != "" {
		u.addLabel(rs)
	}
}

// addNamespaces shows the eight kinds on one line, those of its own with a mark and in colour.
func (k *kernelPane) addNamespaces(rs *rows) {
	u := &k.subject
	ns := u.proc.Facts.NS
	if ns == nil {
		rs.add("", "namespaces", missing(reading.How{}))
		return
	}
	lines := []line{u.namespacesLine(ns), u.namespacesLegend(ns)}
	if k.r.h >= tall {
		lines = append(lines, u.inodeLines(ns)...)
	}
	rs.add("", "namespaces", lines...).copying(lines[0].text()).from(u.namespacesSource(ns))
}

// namespacesLine names the eight kinds with a mark each, or, where there is no room for that, in groups with one.
func (u *subject) namespacesLine(ns *proc.Namespaces) line {
	cells := u.snap.Fingerprint(ns)
	each := line{}
	for kind, cell := range cells {
		if kind > 0 {
			each = each.gap(1)
		}
		mark, st := u.cellMark(cell)
		each = each.put(st, mark+proc.NSKind(kind).String())
	}
	if each.width() <= u.width {
		return each
	}
	var order []inspect.Cell
	groups := map[inspect.Cell][]string{}
	for kind, cell := range cells {
		if groups[cell] == nil {
			order = append(order, cell)
		}
		groups[cell] = append(groups[cell], proc.NSKind(kind).String())
	}
	l := line{}
	for i, cell := range order {
		if i > 0 {
			l = l.gap(1)
		}
		mark, st := u.cellMark(cell)
		l = l.put(st, mark+" "+strings.Join(groups[cell], " "))
	}
	return l
}

// namespacesLegend says what the marks of the kinds mean.
func (u *subject) namespacesLegend(ns *proc.Namespaces) line {
	meanings := [...]struct {
		kind inspect.CellKind
		says string
	}{{inspect.CellOwn, "its own"}, {inspect.CellShared, "shared"}, {inspect.CellHost, "the host's"}, {inspect.CellUnknown, "not readable"}}
	cells := u.snap.Fingerprint(ns)
	l := line{}
	for _, m := range meanings {
		i := slices.IndexFunc(cells[:], func(c inspect.Cell) bool { return c.Kind == m.kind })
		if i < 0 {
			continue
		}
		mark, st := u.cellMark(cells[i])
		l = l.put(st, strings.TrimSuffix(mark, ":")).put(dim, " "+m.says).gap(3)
	}
	return l[:max(len(l)-1, 0)]
}

// cellMark is how a namespace is marked.
func (lk look) cellMark(c inspect.Cell) (mark string, st style) {
	switch c.Kind {
	case inspect.CellHost:
		return lk.glyphs.Host, dim
	case inspect.CellOwn:
		return lk.glyphs.Own, own
	case inspect.CellShared:
		return string(c.Letter) + ":", shareStyle(c.Letter)
	}
	return lk.glyphs.Unknown, warn
}

// inodeWidth is the room for a kind and its inode number.
const inodeWidth = 18

// inodeLines are the namespaces' inode numbers, as many on a line as fit.
func (u *subject) inodeLines(ns *proc.Namespaces) []line {
	each := max(u.width/inodeWidth, 1)
	var lines []line
	l := line{}
	for link := range proc.NSLink(proc.NSKinds) {
		ino := "…"
		if how := ns.How[link]; how.OK() {
			ino = strconv.FormatUint(ns.Ino[link], 10)
		} else if how.State != reading.NotRead {
			ino = how.State.String()
		}
		l = l.to(int(link)%each*inodeWidth).put(dim, proc.NSLinkName(link)+" "+ino)
		if int(link)%each == each-1 || link == proc.NSKinds-1 {
			lines, l = append(lines, l), line{}
		}
	}
	return lines
}

// namespacesSource is the source of all of them: the directory of the links.
func (u *subject) namespacesSource(ns *proc.Namespaces) inspect.Source {
	dir := path.Dir(u.snap.Source(u.proc, u.detail, fieldNS(proc.NSLink(proc.Mnt))).File)
	var links []string
	for link := range proc.NSLink(proc.NSKinds) {
		if ns.How[link].OK() {
			name := proc.NSLinkName(link)
			links = append(links, name+":["+strconv.FormatUint(ns.Ino[link], 10)+"]")
		}
	}
	return inspect.Source{
		Title: "namespaces", File: dir, Raw: reading.Value(strings.Join(links, " ")), Command: text.ShellJoin("ls", "-l", dir),
		Meaning: "What the process has to itself and what it shares with the host: processes with the same number are in the same namespace (namespaces(7)).",
	}
}

// addIDMaps shows which ids of the host the ids inside are.
func (k *kernelPane) addIDMaps(rs *rows) {
	u := &k.subject
	ns := u.proc.Facts.NS
	if ns != nil && ns.How[proc.User].OK() && u.hostNamespace(proc.User) {
		rs.add(fieldUIDMap, "uid map", words(dim, "none of its own: ids inside are the host's"))
		return
	}
	var maps inspect.IDMaps
	if ns != nil {
		maps = u.snap.IDMaps[ns.Ino[proc.User]]
	}
	if u.detail != nil && !maps.UID.OK() {
		maps = u.detail.Maps
	}
	rs.add(fieldUIDMap, "uid map", mapLines(maps.UID, u.width)...)
	rs.add(fieldGIDMap, "gid map", mapLines(maps.GID, u.width)...)
}

// addUse is what it uses of what it may use.
func (k *kernelPane) addUse(rs *rows) {
	u := &k.subject
	use := u.usage()
	if use == nil {
		rs.add(fieldRSS, "memory", words(plain, text.Bytes(u.node.RSS)).put(dim, " resident"))
		rs.add(fieldCPU, "cpu", u.cpuLine(nil))
		return
	}
	u.addUse(rs, use, "memory", k.oom.killsLine(use))
	if !k.ownCgroup() {
		rs.say(dim, "counted in a cgroup that holds other processes too")
	}
	if k.r.h < tall {
		return
	}
	for i := range rs.list {
		if r := &rs.list[i]; r.field == fieldMemoryUsage && len(k.memory.values) > 1 {
			top := float64(use.EffectiveMemory.Limit.Value.Value) // 0 without one
			r.lines = append(r.lines, withGraph(nil, u.width, func(cells int) line {
				return u.sparkline(k.memory.values, top, cells)
			}))
		}
	}
	rs.add(fieldCgroup, "cgroup", u.membershipLines()...)
}
