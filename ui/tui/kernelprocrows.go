package tui

import (
	"strconv"
	"strings"

	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// The columns of the processes. Those of the user and the state are left out where there is no room.
const (
	hostCols    = 7
	insideCols  = 7
	userCols    = 10
	stateCols   = 1
	columnGap   = 2
	roomForUser = 72 // the width from which on there is room for them
)

// What is said of a process that the kernel killed for want of memory, with room and without.
const (
	killedText  = "killed: out of memory"
	killedShort = "killed: OOM"
)

// addProcesses lists the processes as a tree, with what changed of them.
func (k *kernelPane) addProcesses(rs *rows) {
	rs.list = append(rs.list, row{head: true, lines: []line{k.processHead()}})
	for _, m := range k.family.members {
		if m.fill == nil {
			m.fill = func(r *row) { k.fillProcess(r, m) }
		}
		rs.list = append(rs.list, row{id: m.key, wide: true, fill: m.fill})
	}
}

// processWidth is the room for a row of the table.
func (k *kernelPane) processWidth() int { return k.subject.width + labelWidth }

// nameCols is the room for a name.
func (k *kernelPane) nameCols() int {
	used := hostCols + insideCols + len(changedTitle) + 3*columnGap
	if k.processWidth() >= roomForUser {
		used += userCols + stateCols + 2*columnGap + len(killedText) - len(changedTitle)
	}
	return max(k.processWidth()-used, 8)
}

const changedTitle = "WHAT CHANGED"

func (k *kernelPane) processHead() line {
	l := line{}.put(dim, text.PadLeft("HOST", hostCols)+text.PadLeft("INSIDE", columnGap+insideCols)).gap(columnGap)
	if k.processWidth() >= roomForUser {
		l = l.put(dim, text.Fit("USER", userCols)).gap(columnGap).put(dim, "S").gap(columnGap)
	}
	return l.put(dim, text.Fit("PROCESS", k.nameCols())).gap(columnGap).put(dim, changedTitle).fit(k.processWidth())
}

// fillProcess makes the line of a process, and what there is to say of it.
func (k *kernelPane) fillProcess(r *row, m *member) {
	p := m.proc
	st, changed := k.changed(m)
	name := st
	if st == warn || st == bad {
		name = dim // it has ended
	}
	l := line{}.put(name, text.PadLeft(strconv.Itoa(p.PID), hostCols)).gap(columnGap)
	insideStyle, inside := insideText(p)
	l = l.put(pale(m, insideStyle), text.PadLeft(inside, insideCols)).gap(columnGap)
	if k.processWidth() >= roomForUser {
		userStyle, user := userText(k.subject.snap, p, k.names)
		l = l.put(pale(m, userStyle), text.Fit(user, userCols)).gap(columnGap)
		stateStyle, state := stateText(p)
		l = l.put(pale(m, stateStyle), text.Fit(state, stateCols)).gap(columnGap)
	}
	room := k.nameCols()
	who := processWords(m, name).fit(room)
	l = append(l, who...).gap(room-who.width()+columnGap).put(st, changed)
	r.lines = []line{l.fit(k.processWidth())}
	r.copy = strconv.Itoa(p.PID)
	r.title = text.Sanitise(p.Comm) + " " + r.copy
	src := k.subject.snap.Source(p, k.subject.detail, "status.NSpid")
	if facts := p.Facts.Status; facts.OK() && len(facts.Value.NSpid) > 0 {
		src.Raw = reading.Value(numbers(facts.Value.NSpid))
	}
	r.from(src)
}

func numbers(list []int) string {
	digits := make([]string, len(list))
	for i, n := range list {
		digits[i] = strconv.Itoa(n)
	}
	return strings.Join(digits, " ")
}

// changed is what happened to a process, and the style of its row.
func (k *kernelPane) changed(m *member) (style, string) {
	switch {
	case m.killed && k.processWidth() < roomForUser:
		return bad, killedShort
	case m.killed:
		return bad, killedText
	case m.end != 0:
		return dim, "ended"
	case m.over():
		return warn, "zombie"
	case k.family.fresh(m):
		return good, "new"
	}
	return plain, ""
}

// pale is the style of a cell in the row of a process, which is dim when that has ended.
func pale(m *member, st style) style {
	if m.over() {
		return dim
	}
	return st
}

// deepest is how far names are indented at most.
const deepest = 12

// processWords is a process's name and arguments, indented below its parent's.
func processWords(m *member, st style) line {
	l := line{}.gap(2 * min(m.depth, deepest))
	p := m.proc
	if p.How.State == reading.Denied {
		return l.put(warn, "hidden").gap(2).put(dim, p.How.String())
	}
	l = l.put(st, text.Sanitise(p.Comm))
	if args := argsSummary(p); args != "" {
		l = l.gap(2).put(dim, args)
	}
	return l
}
