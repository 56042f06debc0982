package tui

import (
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/sandbox/steps"
	"cutaway/ui/text"
)

// watched is the sandbox, or the container that was entered, that a kernelPane tells of.
type watched struct {
	first   inspect.ID  // its first process, or the one that entered
	title   string      // what the person knows it by; any bytes
	started time.Time   // zero when only the kernel knows
	entered *inspect.ID // the process whose namespaces were entered; nil for a sandbox
}

// kernelPane shows what the kernel says about a sandbox while it runs, and what it said last when it has ended.
type kernelPane struct {
	look
	rowList
	r       rect
	framed  bool
	watched watched
	kernel  kernel

	first    *inspect.Process // as it was last; nil before it was seen
	subject  subject          // the command
	names    map[uint32]string
	family   *family
	oom      oomWatch
	cpu      ring
	memory   ring
	host     map[mountKey]*proc.Mount // the host's mounts; nil when they are not known
	notes    []string                 // what the launch could not do as it was asked to; any bytes
	ended    time.Time                // zero while it runs
	how      string                   // it ended: "exit 3"; "" when that is not known
	rawLines []string                 // of mountinfo, by mount; nil when the text was not cut into lines yet

	source   sourceMode
	place    string // the row where the cursor was
	sections []int  // the row that each section begins with
	version  int
	made     int // version that the rows are of
	drawn    drawnKernel
}

// drawnKernel is the pane as it was drawn last.
type drawnKernel struct {
	version, moves int
	focused        bool
	lines          []string
	body           rect
	source         bool // one was shown below the values
}

func newKernelPane(lk look, k kernel) *kernelPane {
	p := &kernelPane{look: lk, kernel: k}
	p.watch(watched{})
	return p
}

// watch begins anew with another sandbox.
func (k *kernelPane) watch(w watched) {
	k.watched = w
	k.first, k.subject, k.family, k.oom = nil, subject{}, newFamily(), oomWatch{}
	k.cpu, k.memory = ring{}, ring{}
	k.ended, k.how, k.place, k.rawLines = time.Time{}, "", "", nil
	k.rowList = rowList{list: list{height: k.list.height}}
	k.version++
}

// wants is the process whose detail, with its mounts (inspect.PartMounts), is to be read.
func (k *kernelPane) wants() (inspect.ID, bool) {
	if k.subject.proc == nil || k.r.w == 0 || !k.ended.IsZero() {
		return inspect.ID{}, false
	}
	return k.subject.proc.ID, true
}

// show takes the snapshot of a tick. names are those of the host's users.
func (k *kernelPane) show(s *inspect.Snapshot, names map[uint32]string) {
	u := &k.subject
	k.names = names
	if s == nil || u.snap == s || !k.ended.IsZero() {
		return
	}
	k.version++
	first := s.ByID(k.watched.first)
	if first == nil {
		if u.proc != nil {
			k.ended = s.Taken
		}
		return
	}
	k.family.look(s, first)
	of := commandOf(s, first)
	if u.detail != nil && u.detail.ID != of.ID {
		u.detail = nil
	}
	k.first = first
	u.snap, u.proc, u.container, u.names = s, of, first.Container, names
	u.node = &inspect.Node{
		Kind: inspect.ProcessNode, Key: of.Key(), Process: of,
		CPU: k.family.cpu, RSS: k.family.rss, Count: len(k.family.members),
	}
	k.lookForKills(s.Taken)
	k.remember()
}

// commandOf is the process that the facts are of: where the first is a sandbox's tiny init, which has given up what the command
// keeps, the command below it.
func commandOf(s *inspect.Snapshot, first *inspect.Process) *inspect.Process {
	if first.Comm != steps.FirstProgram {
		return first
	}
	of := first
	for i := range s.Procs {
		if c := &s.Procs[i]; c.PPID == first.PID && !c.Zombie() && (of == first || c.Start < of.Start) {
			of = c
		}
	}
	return of
}

// remember feeds the history lines.
func (k *kernelPane) remember() {
	u := &k.subject
	k.cpu.add(u.node.CPU, u.snap.Seq)
	if use := u.usage(); use != nil && use.MemoryUsage.OK() {
		k.memory.add(float64(use.MemoryUsage.Value), u.snap.Seq)
	}
}

// take accepts a detail of the process that it wants; nil, and another's, are left alone.
func (k *kernelPane) take(d *inspect.Detail) {
	u := &k.subject
	if d == nil || u.proc == nil || d.ID != u.proc.ID || !k.ended.IsZero() {
		return
	}
	u.detail, k.rawLines = d, nil
	k.lookForKills(d.Taken)
	k.version++
}

// end says that the sandbox has ended, and how: "exit 3". What was known last stays.
func (k *kernelPane) end(at time.Time, how string) {
	k.ended, k.how = at, how
	k.version++
}

// setNotes tells what the launch could not do as it was asked to.
func (k *kernelPane) setNotes(notes []string) {
	k.notes = notes
	k.version++
}

// setHostMounts tells the mounts of the host, which those of the sandbox are compared with.
func (k *kernelPane) setHostMounts(mounts []proc.Mount) {
	k.host = make(map[mountKey]*proc.Mount, len(mounts))
	for i := range mounts {
		k.host[mountKeyOf(&mounts[i])] = &mounts[i]
	}
	k.version++
}

func (k *kernelPane) setLook(lk look) {
	k.look = lk
	k.version++
}

func (k *kernelPane) setSize(r rect, framed bool) {
	if k.r != r || k.framed != framed {
		k.r, k.framed = r, framed
		k.version++
	}
}

// view draws the pane in exactly r.w x r.h cells.
func (k *kernelPane) view(focused bool) []string {
	d := &k.drawn
	if d.lines != nil && d.version == k.version && d.moves == k.moves && d.focused == focused {
		return d.lines
	}
	in := k.r
	if k.framed {
		in = k.r.inset()
	}
	var lines []string
	if !k.framed {
		head := append(line{}.gap(1), k.title()...)
		lines = append(lines, k.look.draw(append(head.gap(2), k.note()...), in.w, onBase))
	}
	d.body = in.below(len(lines))
	lines = append(lines, k.body(d.body, focused)...)
	if k.framed {
		lines = k.look.frame(k.r, k.title(), k.note(), lines, focused)
	} else {
		lines = k.area(k.r, lines)
	}
	d.version, d.moves, d.focused, d.lines = k.version, k.moves, focused, lines
	return lines
}

// title is what the pane tells, and of whom where there is room.
func (k *kernelPane) title() line {
	l := words(strong, "what the kernel says")
	name := text.Sanitise(k.watched.title)
	if name != "" && l.width()+text.Width(name)+k.note().width()+16 <= k.r.w {
		l = l.put(dim, " · ").put(strong, name)
	}
	return l
}

// note is who the first process is and since when, or how it ended.
func (k *kernelPane) note() line {
	if !k.ended.IsZero() {
		l := words(warn, "ended "+clock(k.ended))
		if k.how != "" {
			l = l.put(warn, ", "+text.Sanitise(k.how))
		}
		return l
	}
	p := k.first
	if p == nil {
		return nil
	}
	s := "pid " + strconv.Itoa(p.PID)
	if st := p.Facts.Status; st.OK() && len(st.Value.NSpid) > 1 {
		_, pid := insideText(p)
		s += " → " + pid
	}
	started := k.watched.started
	if started.IsZero() && !k.subject.snap.Host.Boot.IsZero() {
		started = k.subject.started()
	}
	if !started.IsZero() {
		s += " · up " + text.Duration(max(k.subject.snap.Taken.Sub(started), time.Second).Truncate(time.Second))
	}
	return words(dim, s)
}

// body draws the rows, and the source of the value under the cursor below them.
func (k *kernelPane) body(r rect, focused bool) []string {
	k.makeRows(max(r.w-labelWidth-2, 1))
	var source []string
	if k.source.shows(k.r.h) {
		source = k.subject.sourceLines(k.selected(), r, k.framed)
	}
	if k.source == sourceAuto && len(k.lines)+len(source) > r.h {
		source = nil // what changes comes first where nobody asks for a source
	}
	k.drawn.source = len(source) > 0
	k.drawn.body.h = max(r.h-len(source), 0)
	return append(k.drawRows(k.look, k.drawn.body, focused, !k.ended.IsZero()), source...)
}

func (k *kernelPane) click(x, y int) {
	if k.drawn.body.has(x, y) {
		k.clickLine(y - k.drawn.body.y)
	}
}

func (k *kernelPane) wheel(rows int) { k.scroll(rows) }

// toggleSource shows the source of the value under the cursor, or hides it.
func (k *kernelPane) toggleSource() {
	k.source = sourceShown
	if k.drawn.source {
		k.source = sourceHidden
	}
	k.version++
}

// toSection moves the cursor to the first value of a section before or behind, which is then seen from its heading on.
func (k *kernelPane) toSection(dir int) {
	if len(k.lines) == 0 {
		return
	}
	row := k.lines[k.list.cursor].row
	now := 0
	for i, start := range k.sections {
		if start <= row {
			now = i
		}
	}
	now = min(max(now+dir, 0), len(k.sections)-1)
	for at := range k.lines {
		if k.lines[at].row < k.sections[now] {
			continue
		}
		if k.rows[k.lines[at].row].head {
			k.list.top = at
			continue
		}
		k.goTo(at)
		return
	}
}

// value is what y copies, and what to call it; "" when there is nothing under the cursor.
func (k *kernelPane) value() (what, value string) {
	if r := k.selected(); r != nil {
		return r.value()
	}
	return "", ""
}

// command is the shell command that shows the value under the cursor, or "".
func (k *kernelPane) command() string {
	src, _ := k.subject.source(k.selected())
	return src.Command
}

// mask is the capability mask under the cursor, or "".
func (k *kernelPane) mask() string {
	if r := k.selected(); r != nil {
		return r.mask
	}
	return ""
}

// keys are what the pane does at keys; copying is the caller's.
func (k *kernelPane) keys(copying func(copyText) tea.Cmd) section {
	return section{"What the kernel says", append(k.moveKeys(),
		bind("←", "section above: kernel, processes, mounts", does(func() { k.toSection(-1) }), "left"),
		bind("→", "section below", does(func() { k.toSection(1) }), "right").inFooter("section"),
		bind(".", "the source of the value: file, raw text, meaning, equal command", does(k.toggleSource), ".").inFooter("source"),
		bind("y", "copy the value", func() tea.Cmd {
			what, value := k.value()
			return copying(copyText{what, value})
		}, "y").unless(k.noValue).inFooter("copy"),
		bind("Y", "copy the shell command that shows the same", func() tea.Cmd {
			return copying(copyText{"the command", k.command()})
		}, "Y").unless(k.noCommand),
	)}
}

func (k *kernelPane) noValue() string {
	if _, value := k.value(); value == "" {
		return "there is no value under the cursor"
	}
	return ""
}

func (k *kernelPane) noCommand() string {
	if k.command() == "" {
		return "the value under the cursor has no command of its own"
	}
	return ""
}
