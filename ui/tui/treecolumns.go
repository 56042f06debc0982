package tui

import (
	"cmp"
	"fmt"
	"math/bits"
	"strconv"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/ui/text"
)

// column is one column of the tree beside the name.
type column struct {
	title string
	width int
	left  bool          // aligned left; numbers are aligned right
	desc  bool          // the greatest comes first
	rank  int           // columns of a higher rank go first when there is no room
	order inspect.Order // nil when rows cannot be sorted by it
	cell  func(t *treePane, n *inspect.Node) (style, string)
}

var (
	nameColumn = &column{title: "NAME", order: inspect.Orders["name"], left: true}
	pidColumn  = &column{title: "PID", width: 7, rank: 1, order: inspect.Orders["pid"], cell: pidCell}
	cpuColumn  = &column{title: "CPU%", width: 5, rank: 3, order: inspect.Orders["cpu"], desc: true, cell: cpuCell}
	memColumn  = &column{title: "MEM", width: 6, rank: 4, order: inspect.Orders["mem"], desc: true, cell: memCell}
	timeColumn = &column{title: "TIME", width: 8, rank: 9, order: inspect.Orders["time"], desc: true, cell: timeCell}

	// fingerprintColumn is drawn by itself, because its cells have styles of their own.
	fingerprintColumn = &column{title: "mnpiuUct", width: 8, rank: 2, left: true}
)

// treeColumns are all columns, in their order from left to right.
var treeColumns = []*column{
	pidColumn,
	{title: "INSIDE", width: 7, rank: 5, cell: insideCell},
	{title: "USER", width: 8, rank: 6, left: true, cell: userCell, order: orderUser},
	{title: "S", width: 1, rank: 7, left: true, cell: stateCell},
	cpuColumn,
	memColumn,
	{title: "THR", width: 4, rank: 8, cell: threadsCell, order: orderThreads, desc: true},
	timeColumn,
	{title: "CAPS", width: 6, rank: 10, cell: capsCell, order: orderCaps, desc: true},
	{title: "SECCOMP", width: 7, rank: 11, left: true, cell: seccompCell},
	fingerprintColumn,
}

const (
	enoughName   = 18 // columns are left out before the name gets narrower than this
	generousName = 34 // and the more unusual ones before it gets narrower than this
	unusualRank  = 7
)

// gap is how far a column stands from the one at its left; numbers seldom fill theirs.
func (c *column) gap() int {
	if c.left {
		return 2
	}
	return 1
}

// chooseColumns picks the columns that fit beside a readable name, and the name's width.
func chooseColumns(width int) ([]*column, int) {
	for rank := 11; rank > 0; rank-- {
		var fit []*column
		used := 2
		for _, c := range treeColumns {
			if c.rank <= rank {
				fit = append(fit, c)
				used += c.gap() + c.width
			}
		}
		room := enoughName
		if rank >= unusualRank {
			room = generousName
		}
		if width-used >= room || rank == 1 {
			return fit, max(width-used, 0)
		}
	}
	return nil, max(width-1, 0)
}

func orderUser(a, b *inspect.Process) int {
	return cmp.Or(cmp.Compare(uidOf(a), uidOf(b)), cmp.Compare(a.PID, b.PID))
}

func orderThreads(a, b *inspect.Process) int {
	return cmp.Or(cmp.Compare(b.Threads, a.Threads), cmp.Compare(a.PID, b.PID))
}

func orderCaps(a, b *inspect.Process) int {
	return cmp.Or(cmp.Compare(capCount(b), capCount(a)), cmp.Compare(a.PID, b.PID))
}

func uidOf(p *inspect.Process) int64 {
	if !p.Facts.Status.OK() {
		return -1
	}
	return int64(p.Facts.Status.Value.UID[1])
}

func capCount(p *inspect.Process) int {
	if !p.Facts.Status.OK() {
		return -1
	}
	return bits.OnesCount64(p.Facts.Status.Value.CapEff)
}

func pidCell(_ *treePane, n *inspect.Node) (style, string) {
	if n.Process == nil {
		return plain, ""
	}
	return plain, strconv.Itoa(n.Process.PID)
}

func insideCell(_ *treePane, n *inspect.Node) (style, string) {
	if n.Process == nil {
		return plain, ""
	}
	return insideText(n.Process)
}

// insideText is the PID in the innermost PID namespace (NSpid), dim where that is the one we see too.
func insideText(p *inspect.Process) (style, string) {
	st := p.Facts.Status
	if !st.OK() {
		return dim, unread(st.How)
	}
	chain := st.Value.NSpid
	if len(chain) == 0 {
		return dim, unread(reading.How{State: reading.Absent})
	}
	inside := chain[len(chain)-1]
	if len(chain) == 1 {
		return dim, strconv.Itoa(inside)
	}
	return accent, strconv.Itoa(inside)
}

func userCell(t *treePane, n *inspect.Node) (style, string) {
	if n.Process == nil {
		return plain, ""
	}
	return userText(t.tree.snap, n.Process, t.tree.names)
}

// userText is the effective user as the host counts. A name of the host's passwd says nothing of a container's users, so
// those stay numbers, but for root.
func userText(s *inspect.Snapshot, p *inspect.Process, names map[uint32]string) (style, string) {
	st := p.Facts.Status
	if !st.OK() {
		return dim, unread(st.How)
	}
	uid := st.Value.UID[1]
	switch {
	case p.Container == nil && names[uid] != "":
		return plain, names[uid]
	case p.Container == nil:
		return plain, strconv.FormatUint(uint64(uid), 10)
	case uid == 0 && hostUserNS(s, p):
		return warn, "root" // the host's: no user namespace stands between
	case uid == 0:
		return plain, "root"
	}
	return plain, strconv.FormatUint(uint64(uid), 10)
}

// hostUserNS tells whether a process is known to be in the host's user namespace.
func hostUserNS(s *inspect.Snapshot, p *inspect.Process) bool {
	return s.Fingerprint(p.Facts.NS)[proc.User].Kind == inspect.CellHost
}

func stateCell(_ *treePane, n *inspect.Node) (style, string) {
	if n.Process == nil {
		return plain, ""
	}
	return stateText(n.Process)
}

func stateText(p *inspect.Process) (style, string) {
	switch p.State {
	case 'R':
		return good, "R"
	case 'D', 'Z', 'T', 't', 'X':
		return warn, string(rune(p.State))
	}
	return dim, text.Sanitise(string(rune(p.State)))
}

// Where a percentage of one core (for a group, of all cores) begins to stand out.
const (
	cpuBusy = 10
	cpuHot  = 80
)

func cpuCell(t *treePane, n *inspect.Node) (style, string) {
	if n.Process != nil && n.Process.CPU < 0 {
		return dim, unread(reading.How{})
	}
	s := strconv.FormatFloat(n.CPU, 'f', 1, 64)
	cores := 1.0
	if n.Process == nil {
		cores = float64(max(t.tree.snap.Host.CPUs, 1))
	}
	switch {
	case n.CPU >= cpuHot*cores:
		return bad, s
	case n.CPU >= cpuBusy*cores:
		return warn, s
	}
	return plain, s
}

func memCell(_ *treePane, n *inspect.Node) (style, string) {
	if n.Process != nil && (n.Process.Kernel || n.Process.State == 'Z') {
		return dim, "-"
	}
	return plain, text.Bytes(n.RSS)
}

func threadsCell(_ *treePane, n *inspect.Node) (style, string) {
	if n.Process == nil {
		return plain, ""
	}
	return plain, strconv.Itoa(n.Process.Threads)
}

// timeCell is the processor time used, as ps and top write it.
func timeCell(_ *treePane, n *inspect.Node) (style, string) {
	if n.Process == nil {
		return plain, ""
	}
	const tick = 100 // USER_HZ
	secs := n.Process.CPUTime / tick
	if secs < 3600 {
		return plain, fmt.Sprintf("%d:%02d.%02d", secs/60, secs%60, n.Process.CPUTime%tick)
	}
	return plain, fmt.Sprintf("%d:%02d:%02d", secs/3600, secs/60%60, secs%60)
}

func capsCell(_ *treePane, n *inspect.Node) (style, string) {
	if n.Process == nil {
		return plain, ""
	}
	st := n.Process.Facts.Status
	if !st.OK() {
		return dim, unread(st.How)
	}
	count := bits.OnesCount64(st.Value.CapEff)
	if count == 0 {
		return dim, "-"
	}
	return plain, strconv.Itoa(count)
}

func seccompCell(_ *treePane, n *inspect.Node) (style, string) {
	if n.Process == nil {
		return plain, ""
	}
	st := n.Process.Facts.Status
	if !st.OK() {
		return dim, unread(st.How)
	}
	if !st.Value.Seccomp.OK() {
		return dim, unread(st.Value.Seccomp.How)
	}
	if st.Value.Seccomp.Value == 0 {
		return dim, "off"
	}
	return plain, security.SeccompMode(st.Value.Seccomp.Value)
}

// unread is how a value that is not known looks in a narrow column; each reason looks different.
func unread(how reading.How) string {
	switch how.State {
	case reading.NotRead:
		return "…"
	case reading.Denied:
		return "denied"
	case reading.Gone:
		return "gone"
	case reading.Absent:
		return "-"
	default:
		return "failed"
	}
}
