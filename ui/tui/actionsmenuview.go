package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"cutaway/ui/change"
	"cutaway/ui/text"
)

// The widest the menu gets, and where what its entries do begins.
const (
	menuWidth = 84
	menuName  = 11
)

func (m *actionsMenu) view(r rect) []string {
	w := min(r.w, menuWidth)
	in := w - 4
	lines, at := m.entries()
	notes := m.notes(in)
	room := max(r.h-2-len(notes), 1)
	if room < 4 { // the entries are more important
		notes, room = nil, max(r.h-2, 1)
	}
	all := len(lines)
	lines = around(lines, at[m.at], at[m.at], &m.top, room)
	box := boxAt(r, w, len(lines)+len(notes))
	m.drawn.rows = make([]rect, len(at))
	for i, y := range at {
		if y -= m.top; y >= 0 && y < len(lines) {
			m.drawn.rows[i] = rect{box.x, box.y + 1 + y, w, 1}
		}
	}
	m.drawn.caret = nil
	if y := m.drawn.rows[entryOther]; m.at == entryOther && y.h > 0 {
		_, caret := m.other.window(in - menuName - 1)
		m.drawn.caret = tea.NewCursor(box.x+2+menuName+caret, y.y)
	}
	note := words(dim, "esc close")
	if all > len(lines) {
		note = words(dim, strconv.Itoa(m.at+1)+" of "+strconv.Itoa(entryOther+1)+" · esc close")
	}
	return m.box(r, w, words(strong, text.Sanitise(m.target.String())), note, append(lines, notes...))
}

// entries draws the entries, with the line that each is on.
func (m *actionsMenu) entries() (lines []line, at []int) {
	put := func(name string, about line) {
		st := plain
		if len(at) == m.at {
			st = chosen
		}
		at = append(at, len(lines))
		l := m.pointer(len(at) == m.at+1).put(st, name).to(menuName)
		lines = append(lines, append(l, about...))
	}
	lines = append(lines, words(dim, " all of its cgroup"))
	name, freeze, kill := m.groupEntries()
	put(name, freeze)
	put("kill", kill)
	lines = append(lines, nil, words(dim, " a signal to PID "+strconv.Itoa(m.target.PID)+" alone"))
	for _, s := range menuSignals {
		put(s.name, words(dim, s.about))
	}
	other, _ := m.other.window(max(menuWidth-4-menuName-1, 1))
	if other == "" {
		put("another", words(dim, "type its name or number, such as WINCH or RTMIN+3"))
	} else {
		put("another", words(mask, other))
	}
	return lines, at
}

// groupEntries are what is done to the whole cgroup; why it is refused stands below when it is chosen.
func (m *actionsMenu) groupEntries() (name string, freeze, kill line) {
	switch {
	case m.failed != nil:
		return "freeze", words(dim, "-"), words(dim, "-")
	case m.now == nil:
		return "freeze", words(dim, "…"), words(dim, "…")
	case m.now.refused != nil:
		return "freeze", words(warn, "refused"), words(warn, "refused")
	}
	all := change.Counted(m.now.processes, "process", "processes")
	kill = words(dim, "ends "+all+" at once by SIGKILL")
	if m.now.frozen {
		return "thaw", words(warn, "frozen: ").put(dim, "lets "+all+" run again"), kill
	}
	return "freeze", words(dim, "stops "+all+" until thaw; they do not notice"), kill
}

// notes say what came of the last choice, or what is wrong.
func (m *actionsMenu) notes(in int) []line {
	var l line
	switch {
	case len(m.note) > 0:
		l = m.note
	case m.failed != nil:
		l = words(bad, text.Sanitise(m.failed.Error()))
	case m.busy:
		l = words(dim, "…")
	case m.cannot() != "":
		l = words(warn, m.cannot())
	default:
		return nil
	}
	return append([]line{nil}, l.wrap(in)...)
}
