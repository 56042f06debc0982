package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox"
	"cutaway/ui/text"
)

// launchMenu is the list of what a launch can begin with, and of what runs. What enter does with an entry is the caller's.
type launchMenu struct {
	look
	r       rect
	framed  bool
	focused bool

	presets []sandbox.Preset
	entries []menuEntry // the caller's: the sandboxes that were started
	current string      // the id of what the form began with

	rows    []menuRow
	list    list // over rows
	version int
	drawn   drawnMenu
}

// menuEntry is a row of the caller's.
type menuEntry struct {
	id    string
	cells []string // the first is a name and may be cut; the text is another process's
	style style    // of all but the name
}

// menuRow is a heading, or something to choose.
type menuRow struct {
	id    string // "" is a heading, or nothing
	line  func(width int) line
	about []line // what it is, for the foot
}

// The ids of what is not the caller's.
const (
	presetID = "preset:" // and the name
	likeID   = "like"    // as a running process
)

func newLaunchMenu(lk look) *launchMenu {
	m := &launchMenu{look: lk, presets: sandbox.Presets()}
	m.makeRows()
	m.list.cursor = 1
	return m
}

// setLook draws with another look from now on.
func (m *launchMenu) setLook(lk look) {
	m.look = lk
	m.version++
}

// setEntries takes the caller's entries; the cursor stays on its own, by the id.
func (m *launchMenu) setEntries(entries []menuEntry) {
	m.entries = entries
	m.makeRows()
}

// setCurrent marks what the form began with.
func (m *launchMenu) setCurrent(id string) {
	m.current = id
	m.makeRows()
}

// selected is the id of the entry under the cursor.
func (m *launchMenu) selected() string { return m.rows[m.list.cursor].id }

// selectedPreset is the preset under the cursor; ok is false when it is on something else.
func (m *launchMenu) selectedPreset() (p sandbox.Preset, ok bool) {
	name, ok := strings.CutPrefix(m.selected(), presetID)
	if !ok {
		return p, false
	}
	return sandbox.PresetNamed(name)
}

func (m *launchMenu) makeRows() {
	was := ""
	if m.list.cursor < len(m.rows) {
		was = m.selected()
	}
	m.rows = m.rows[:0]
	m.head("begin with")
	for _, p := range m.presets {
		about := words(plain, p.Sentence)
		row := menuRow{id: presetID + p.Name, about: []line{about}}
		if p.Warning != "" {
			row.about = append(row.about, words(warn, p.Warning))
		}
		row.line = m.choice(row.id, p.Title, p.Name)
		m.rows = append(m.rows, row)
	}
	m.rows = append(m.rows, menuRow{
		id: likeID, line: m.choice(likeID, "as a running process …", ""),
		about: []line{words(plain, "The namespaces, rights and limits of what is selected in the tree, as far as they can be read, for a command of your own.")},
	})
	m.rows = append(m.rows, menuRow{line: func(int) line { return nil }})
	m.head("shells")
	for i := range m.entries {
		e := &m.entries[i]
		m.rows = append(m.rows, menuRow{id: e.id, line: e.line, about: []line{words(plain, text.Sanitise(strings.Join(e.cells, "  ")))}})
	}
	if len(m.entries) == 0 {
		m.rows = append(m.rows, menuRow{line: func(int) line { return line{}.gap(3).put(dim, "none yet") }})
	}
	m.list.setLen(len(m.rows))
	m.find(was)
	m.version++
}

func (m *launchMenu) head(title string) {
	m.rows = append(m.rows, menuRow{line: func(int) line { return line{}.gap(1).put(dim, title) }})
}

// find puts the cursor on an id, else on something near that can be chosen.
func (m *launchMenu) find(id string) {
	for i := range m.rows {
		if id != "" && m.rows[i].id == id {
			m.list.cursor = i
			return
		}
	}
	if m.selected() == "" {
		m.move(-1)
	}
	if m.selected() == "" {
		m.move(1)
	}
}

// choice draws a beginning: its title, and its name where there is room.
func (m *launchMenu) choice(id, title, name string) func(int) line {
	return func(width int) line {
		l, st := line{}.gap(3), plain
		if id == m.current {
			l, st = line{}.gap(1).put(accent, m.glyphs.Folded).gap(1), strong
		}
		l = l.put(st, text.Truncate(title, max(width-4, 1)))
		if name != "" && l.width()+2+text.Width(name)+1 <= width {
			l = l.gap(width-1-text.Width(name)-l.width()).put(dim, name)
		}
		return l
	}
}

// line draws a caller's entry: the name at the left, the rest at the right.
func (e *menuEntry) line(width int) line {
	var cells []string
	for _, c := range e.cells[min(1, len(e.cells)):] {
		if c != "" {
			cells = append(cells, text.Sanitise(c))
		}
	}
	rest := text.Truncate(strings.Join(cells, "  "), max(width*2/3, 0))
	room := max(width-5-text.Width(rest), 1)
	name := ""
	if len(e.cells) > 0 {
		name = text.Truncate(text.Sanitise(e.cells[0]), room)
	}
	l := line{}.gap(3).put(strong, name)
	return l.gap(width-1-text.Width(rest)-l.width()).put(e.style, rest)
}

// move goes some rows further; what cannot be chosen is passed over.
func (m *launchMenu) move(steps int) {
	dir := 1
	if steps < 0 {
		dir, steps = -1, -steps
	}
	for range steps {
		next := m.list.cursor + dir
		for next >= 0 && next < len(m.rows) && m.rows[next].id == "" {
			next += dir
		}
		if next < 0 || next >= len(m.rows) {
			m.list.scroll(dir)
			break
		}
		m.list.moveTo(next)
	}
	m.version++
}

// section is the menu's keys; enter does what the caller says.
func (m *launchMenu) section(enter func() tea.Cmd) section {
	return section{"Menu", []*binding{
		bind("↑ k", "entry above", does(func() { m.move(-1) }), "up", "k"),
		bind("↓ j", "entry below", does(func() { m.move(1) }), "down", "j"),
		bind("pgup", "a page up", does(func() { m.move(-m.page()) }), "pgup", "ctrl+b", "ctrl+u"),
		bind("pgdn", "a page down", does(func() { m.move(m.page()) }), "pgdown", "ctrl+f", "ctrl+d"),
		bind("g home", "first entry", does(func() { m.move(-len(m.rows)) }), "g", "home"),
		bind("G end", "last entry", does(func() { m.move(len(m.rows)) }), "G", "end"),
		bind("enter", "begin with it, or go to the sandbox", enter, "enter").inFooter("open"),
	}}
}

func (m *launchMenu) page() int { return max(m.list.height-1, 1) }

// scroll moves the window and leaves the cursor.
func (m *launchMenu) scroll(rows int) {
	m.list.scroll(rows)
	m.version++
}

// click puts the cursor on the entry under the mouse, and tells whether it was there already.
func (m *launchMenu) click(x, y int) (again bool) {
	at := m.list.top + y - m.drawn.body.y
	if !m.drawn.body.has(x, y) || at >= len(m.rows) || m.rows[at].id == "" {
		return false
	}
	again = at == m.list.cursor
	m.list.moveTo(at)
	m.version++
	return again
}

// drawnMenu is the pane as it was drawn last.
type drawnMenu struct {
	version int
	r       rect
	focused bool
	lines   []string
	body    rect
}

func (m *launchMenu) setSize(r rect, framed bool) {
	if m.r != r || m.framed != framed {
		m.r, m.framed = r, framed
		m.version++
	}
}

// view draws the pane in exactly r.w x r.h cells.
func (m *launchMenu) view(focused bool) []string {
	if m.drawn.lines != nil && m.drawn.version == m.version && m.drawn.r == m.r && m.drawn.focused == focused {
		return m.drawn.lines
	}
	m.focused = focused
	in, title := m.r, words(strong, "Sandbox")
	var lines []string
	if m.framed {
		in = in.inset()
	} else {
		lines, in = append(lines, m.draw(append(line{}.gap(1), title...), in.w, onBase)), in.below(1)
	}
	foot := m.foot(in)
	m.drawn.body = in.top(in.h - len(foot))
	lines = append(lines, m.body(m.drawn.body)...)
	lines = append(lines, foot...)
	if m.framed {
		lines = m.frame(m.r, title, nil, lines, focused)
	} else {
		lines = m.area(m.r, lines)
	}
	m.drawn.version, m.drawn.r, m.drawn.focused, m.drawn.lines = m.version, m.r, focused, lines
	return lines
}

func (m *launchMenu) body(r rect) []string {
	m.list.resize(r.h)
	var lines []string
	for i := m.list.top; i < len(m.rows) && len(lines) < r.h; i++ {
		on := onBase
		if i == m.list.cursor {
			on = onMarked
			if m.focused {
				on = onCursor
			}
		}
		lines = append(lines, m.draw(m.rows[i].line(r.w), r.w, on))
	}
	return m.area(rect{w: r.w, h: r.h}, lines)
}

// foot says what the entry under the cursor is, in at most half of the pane.
func (m *launchMenu) foot(r rect) []string {
	if r.w < 4 || r.h < 8 {
		return nil
	}
	most := 0 // of all entries: they should not move with the cursor
	for i := range m.rows {
		most = max(most, len(m.about(i, r.w-2)))
	}
	lines := padLines(m.about(m.list.cursor, r.w-2), most)
	lines = append([]line{words(dim, strings.Repeat(m.glyphs.Horizontal, r.w-2))}, lines[:min(most, r.h/2)]...)
	drawn := make([]string, len(lines))
	for i, l := range lines {
		drawn[i] = m.draw(append(line{}.gap(1), l...), r.w, onBase)
	}
	return drawn
}

// about is what an entry is, in lines.
func (m *launchMenu) about(row, width int) (lines []line) {
	for _, l := range m.rows[row].about {
		lines = append(lines, l.wrap(width)...)
	}
	return lines
}
