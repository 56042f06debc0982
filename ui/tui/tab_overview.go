package tui

import (
	"strconv"
	"strings"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/ui/text"
)

var _ = registerTab(tab{order: 10, title: "Overview", rows: overview})

// overview sums the selection up: whose it is and why, what it uses and may use, what it may do, what it shares.
func overview(u *subject) []row {
	rs := &rows{}
	switch u.node.Kind {
	case inspect.HostNode:
		overviewHost(u, rs)
		return rs.list
	case inspect.KindNode:
		overviewKind(u, rs)
		return rs.list
	case inspect.NamespaceNode:
		overviewNamespace(u, rs)
		return rs.list
	case inspect.CgroupNode:
		overviewCgroup(u, rs)
		return rs.list
	}
	overviewContainer(u, rs)
	if u.proc == nil {
		return rs.list
	}
	rs.blank()
	overviewProcess(u, rs)
	rs.blank()
	overviewUse(u, rs)
	rs.blank()
	overviewRights(u, rs)
	rs.blank()
	overviewSharing(u, rs)
	return rs.list
}

func overviewContainer(u *subject, rs *rows) {
	c := u.container
	if c == nil {
		rs.add("", "container", words(dim, "none: one of the host's own processes"))
		return
	}
	name := rs.add("", "container", append(containerName(c).gap(1), words(dim, text.Sanitise(text.ShortID(c.ID)))...)).copying(c.ID)
	for i := range c.Evidence {
		if strings.HasPrefix(c.Evidence[i].Source, "/") { // the last file is the one that names it
			name.from(evidenceSource(&c.Evidence[i]))
		}
	}
	if c.Image != "" {
		rs.add("", "image", words(plain, text.Sanitise(c.Image)))
	}
	if c.Runtime != "" && c.Runtime != c.Engine {
		rs.add("", "runtime", words(plain, text.Sanitise(c.Runtime)))
	}
	if pod := podText(c.Pod.Namespace, c.Pod.Name, c.Pod.UID, c.Pod.QoS); pod != "" {
		rs.add("", "pod", words(plain, text.Sanitise(pod)))
	}
	if around := u.snap.ContainerByKey(c.Parent); around != nil {
		rs.add("", "within", containerName(around))
	}
	if len(c.Evidence) > 0 {
		rs.add("", "because", u.evidenceLines(c)...).copying(evidenceText(c)).from(evidenceSource(&c.Evidence[0]))
	}
	if u.node.Kind == inspect.ContainerNode && u.proc != nil {
		first := words(plain, text.Sanitise(u.proc.Comm)+" "+strconv.Itoa(u.proc.PID))
		rs.add("", "first process", first.put(dim, "  the values below are its own"))
	}
}

// evidenceLines gives each piece of evidence one line; long paths are known by both of their ends.
func (u *subject) evidenceLines(c *inspect.Container) []line {
	lines := make([]line, 0, len(c.Evidence))
	for _, e := range c.Evidence {
		said := text.Sanitise(e.Text)
		source := text.TruncateMiddle(text.Sanitise(e.Source), max(u.width-2-min(text.Width(said), u.width/2), 12))
		said = text.TruncateMiddle(said, max(u.width-2-text.Width(source), 8))
		lines = append(lines, words(accent, source).gap(2).put(plain, said))
	}
	return lines
}

// evidenceSource is a piece of evidence as the source of a container's name or kind.
func evidenceSource(e *engine.Evidence) inspect.Source {
	src := inspect.Source{
		Title: "the container", File: e.Source, Raw: reading.Value(e.Text),
		Meaning: "What the kernel, or a file of the engine, says that makes these processes a container. The kernel itself knows no containers.",
	}
	if strings.HasPrefix(e.Source, "/") {
		src.Command = text.ShellJoin("cat", e.Source)
	}
	return src
}

func evidenceText(c *inspect.Container) string {
	lines := make([]string, 0, len(c.Evidence))
	for _, e := range c.Evidence {
		lines = append(lines, e.Source+": "+e.Text)
	}
	return strings.Join(lines, "\n")
}

func podText(namespace, name, uid, qos string) string {
	if name == "" {
		name = uid
	}
	if name == "" {
		return ""
	}
	if namespace != "" {
		name = namespace + "/" + name
	}
	if qos != "" {
		name += " · " + qos
	}
	return name
}

func overviewProcess(u *subject, rs *rows) {
	p := u.proc
	rs.add(fieldUID, "user", u.userLine())
	rs.add(fieldCmdline, "command", u.commandLine()).copying(strings.TrimSuffix(p.Facts.Cmdline.Value, "\x00"))
	rs.add(fieldStart, "up", u.upLine())
}

// userLine is the effective user as its own namespace and as the host count it.
func (u *subject) userLine() line {
	st := u.proc.Facts.Status
	if !st.OK() {
		return missing(st.How)
	}
	uid := st.Value.UID[1]
	name := u.names[uid]
	ns := u.proc.Facts.NS
	if ns == nil || !ns.How[proc.User].OK() {
		return words(plain, idText(uid, name))
	}
	if u.hostNamespace(proc.User) {
		l := words(plain, idText(uid, name))
		if u.container != nil && uid == 0 {
			return l.gap(3).put(warn, "no user namespace")
		}
		if u.container != nil {
			return words(plain, strconv.FormatUint(uint64(uid), 10)).gap(3).put(dim, "no user namespace")
		}
		return l
	}
	maps := u.snap.IDMaps[ns.Ino[proc.User]].UID
	in, mapped := mappedInside(maps.Value, uid)
	if !maps.OK() || !mapped {
		return words(plain, idText(uid, name)).put(dim, " on the host, not known inside")
	}
	return words(plain, strconv.FormatUint(uint64(in), 10)).put(dim, " inside = ").put(plain, idText(uid, name)).put(dim, " on the host")
}

// hostNamespace tells whether the process is in the host's namespace of a kind.
func (u *subject) hostNamespace(k proc.NSKind) bool {
	return u.snap.Fingerprint(u.proc.Facts.NS)[k].Kind == inspect.CellHost
}

// commandLines is how many lines of a command line the overview shows; y copies all of it.
const commandLines = 3

// tickTime is the kernel's unit of time towards programs, USER_HZ (time(7)).
const tickTime = 10 * time.Millisecond

func (u *subject) commandLine() line {
	p := u.proc
	cmd := p.Facts.Cmdline
	switch {
	case p.Kernel:
		return words(dim, "none: a thread of the kernel")
	case p.State == 'Z':
		return words(warn, "zombie: it has ended, and its parent "+strconv.Itoa(p.PPID)+" has not asked how")
	case !cmd.OK():
		return missing(cmd.How)
	case strings.Trim(cmd.Value, "\x00") == "":
		return words(dim, "empty")
	}
	s := strings.ReplaceAll(strings.TrimRight(cmd.Value, "\x00"), "\x00", " ")
	return words(plain, text.Truncate(text.Sanitise(s), commandLines*u.width-8))
}

func (u *subject) upLine() line {
	p := u.proc
	l := line{}
	if !u.snap.Host.Boot.IsZero() {
		l = l.put(plain, text.Duration(u.snap.Taken.Sub(u.started()).Truncate(time.Second)))
	}
	for _, more := range []line{
		words(dim, "threads ").put(plain, strconv.Itoa(p.Threads)),
		words(dim, "state ").put(plain, proc.StateName(p.State)),
	} {
		if l.width()+3+more.width() <= u.width {
			l = append(l.gap(3), more...)
		}
	}
	return l
}

// started is when the process began.
func (u *subject) started() time.Time {
	return u.snap.Host.Boot.Add(time.Duration(u.proc.Start) * tickTime)
}

// overviewRights is what the process may do.
func overviewRights(u *subject, rs *rows) {
	st := u.proc.Facts.Status
	if !st.OK() {
		rs.add(fieldCapEff, "effective", missing(st.How))
		return
	}
	u.addMask(rs, st.Value.CapEff)
	rs.add(fieldSeccomp, "seccomp", seccompLine(st.Value))
	rs.add(fieldNoNewPrivs, "no_new_privs", value(st.Value.NoNewPrivs, onOff))
	u.addLabel(rs)
}

func seccompLine(st *proc.Status) line {
	if !st.Seccomp.OK() {
		return missing(st.Seccomp.How)
	}
	mode := st.Seccomp.Value
	if mode == security.SeccompOff {
		return words(warn, "off")
	}
	l := words(good, security.SeccompMode(mode))
	if n := st.SeccompFilters; n.OK() && mode == security.SeccompFilter {
		l = l.put(plain, ", "+strconv.FormatUint(uint64(n.Value), 10))
	}
	return l
}

// addLabel shows the label under its module's name, or that there is no module that labels.
func (u *subject) addLabel(rs *rows) {
	label := u.proc.Facts.Label
	name := "label"
	if label.OK() && label.Value.LSM != "" {
		name = label.Value.LSM
	}
	rs.add(fieldLabel, name, labelLine(u.proc))
}

func labelLine(p *inspect.Process) line {
	label := p.Facts.Label
	switch {
	case notThere(label.How):
		return words(dim, "no security module labels processes here")
	case !label.OK():
		return missing(label.How)
	case label.Value.LSM == security.AppArmor && label.Value.Mode == "unconfined":
		return words(warn, text.Sanitise(label.Value.Profile))
	case label.Value.Mode == "":
		return words(plain, text.Sanitise(label.Value.Profile))
	}
	st := warn
	if label.Value.Mode == "enforce" {
		st = good
	}
	return words(plain, text.Sanitise(label.Value.Profile)).gap(1).put(st, "("+text.Sanitise(label.Value.Mode)+")")
}

// overviewSharing lists the namespaces by whom the process shares them with.
func overviewSharing(u *subject, rs *rows) {
	ns := u.proc.Facts.NS
	if ns == nil {
		rs.add("", "namespaces", missing(u.proc.Facts.Status.How))
		return
	}
	var host, mine, unknown []string
	shared := map[byte][]string{}
	var letters []byte
	for k, cell := range u.snap.Fingerprint(ns) {
		kind := proc.NSKind(k).String()
		switch cell.Kind {
		case inspect.CellHost:
			host = append(host, kind)
		case inspect.CellOwn:
			mine = append(mine, kind)
		case inspect.CellShared:
			if len(shared[cell.Letter]) == 0 {
				letters = append(letters, cell.Letter)
			}
			shared[cell.Letter] = append(shared[cell.Letter], kind)
		default:
			unknown = append(unknown, kind)
		}
	}
	var lines []line
	for _, letter := range letters {
		l := words(plain, strings.Join(shared[letter], " ")).put(dim, " with ")
		lines = append(lines, append(l, u.sharers(letter)...).gap(1).put(shareStyle(letter), string(letter)))
	}
	if len(host) > 0 {
		st := dim
		if u.container != nil {
			st = plain
		}
		lines = append(lines, words(st, strings.Join(host, " ")).put(dim, " with the host"))
	}
	if len(lines) > 0 {
		rs.add("", "shares", lines...)
	}
	if len(mine) > 0 {
		rs.add("", "own", words(own, strings.Join(mine, " ")))
	}
	if len(unknown) > 0 {
		rs.add("", "unknown", words(plain, strings.Join(unknown, " ")).gap(2).put(warn, ns.How[firstUnknown(ns)].String()))
	}
}

func firstUnknown(ns *proc.Namespaces) int {
	for k := range ns.How {
		if !ns.How[k].OK() {
			return k
		}
	}
	return 0
}

// sharers are the other containers of a share.
func (u *subject) sharers(letter byte) line {
	l := line{}
	for _, s := range u.snap.Shares() {
		if s.Letter != letter {
			continue
		}
		for _, c := range s.Containers {
			if u.container != nil && c.Key == u.container.Key {
				continue
			}
			if len(l) > 0 {
				l = l.put(dim, ", ")
			}
			l = l.put(strong, text.Sanitise(c.Name))
		}
	}
	return l
}
