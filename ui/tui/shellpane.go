package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/ui/text"
	"cutaway/ui/vterm"
)

// shellPane shows the terminal of a session, and gives it what is typed.
type shellPane struct {
	look
	r      rect
	framed bool

	session *session
	typing  bool // keys go to the shell
	back    int  // lines scrolled back
	chosen  selection
	screen  vterm.Screen // what is seen
	stale   bool         // the terminal has something newer

	version int
	drawn   struct {
		version int
		focused bool
		lines   []string
	}
}

// selection is text that is marked by the mouse, in the terminal's own line numbers.
type selection struct {
	on, dragging     bool
	fromLine, toLine int
	fromCol, toCol   int
}

func (p *shellPane) setSize(r rect, framed bool) {
	if p.r != r || p.framed != framed {
		p.r, p.framed = r, framed
		p.version++
	}
}

// inner is where the terminal itself is.
func (p *shellPane) inner() rect {
	if p.framed {
		return p.r.inset()
	}
	return p.r
}

// turnTo shows another session, or none.
func (p *shellPane) turnTo(s *session) {
	if p.session != s {
		p.back, p.chosen = 0, selection{}
	}
	p.session, p.stale = s, true
	p.version++
}

// changed is something new on the terminal, or about the session.
func (p *shellPane) changed() {
	p.stale = true
	p.version++
}

// scroll moves down in what was written, or up.
func (p *shellPane) scroll(rows int) {
	if p.session == nil || p.session.term == nil {
		return
	}
	p.refresh()
	p.back = min(max(p.back-rows, 0), p.screen.MaxBack)
	p.changed()
}

// live goes to the newest output.
func (p *shellPane) live() {
	if p.back > 0 || p.chosen.on {
		p.back, p.chosen = 0, selection{}
		p.changed()
	}
}

// refresh takes over what the terminal shows now.
func (p *shellPane) refresh() {
	if !p.stale || p.session == nil || p.session.term == nil {
		return
	}
	p.stale = false
	p.screen = p.session.term.Screen(p.back)
	p.back = p.screen.Back
}

// view draws the pane in exactly r.w x r.h cells.
func (p *shellPane) view(focused bool) []string {
	if p.drawn.lines != nil && p.drawn.version == p.version && p.drawn.focused == focused {
		return p.drawn.lines
	}
	in := p.inner()
	var lines []string
	switch {
	case p.session == nil:
	case p.session.term == nil:
		lines = p.without(in)
	default:
		p.refresh()
		lines = p.terminal(in)
	}
	if p.framed {
		lines = p.frame(p.r, p.title(), p.note(), lines, focused)
	} else {
		lines = p.area(p.r, lines)
	}
	p.drawn.version, p.drawn.focused, p.drawn.lines = p.version, focused, lines
	return lines
}

// title is which shell it is, and what its program calls the window.
func (p *shellPane) title() line {
	s := p.session
	if s == nil {
		return nil
	}
	return words(strong, s.name()).put(dim, " · ").put(plain, text.Sanitise(s.kind))
}

// note says how to leave, or what has happened.
func (p *shellPane) note() line {
	s := p.session
	switch {
	case s == nil:
		return nil
	case p.back > 0:
		return words(warn, text.Count(p.back)+" lines back")
	case s.over() || s.state == starting:
		return s.stateWords(s.ended)
	case p.typing:
		return words(accent, "^]").put(dim, " leave")
	default:
		return words(accent, p.glyphs.Enter).put(dim, " type")
	}
}

// without is what is said of a session that has no terminal.
func (p *shellPane) without(in rect) []string {
	s := p.session
	var say []line
	switch {
	case s.err != nil:
		say = append(words(bad, "It did not start: ").put(plain, text.Sanitise(s.err.Error())).wrap(max(in.w-4, 1)), nil)
		say = append(say, words(dim, "enter tries again, N makes another, D forgets it"))
	default:
		for _, l := range s.startWords() {
			say = append(say, l.wrap(max(in.w-4, 1))...)
		}
	}
	lines := []string{blanks(in.w)}
	for _, l := range say {
		lines = append(lines, p.draw(append(line{}.gap(2), l...), in.w, onBase))
	}
	return lines
}

// terminal draws what the terminal shows.
func (p *shellPane) terminal(in rect) []string {
	lines := make([]string, 0, in.h)
	for y := range min(in.h, len(p.screen.Lines)) {
		lines = append(lines, p.row(p.screen.Lines[y], y, in.w))
	}
	for len(lines) < in.h {
		lines = append(lines, blanks(in.w))
	}
	return lines
}

// row draws one line of the terminal, cut or filled to a width: while the window changes its size, the terminal has another.
func (p *shellPane) row(l vterm.Line, y, width int) string {
	from, to := p.chosen.cells(p.screen.First+y, width)
	var b strings.Builder
	x := 0
	for _, r := range l.Marked(from, to) {
		if x+r.Width > width {
			break
		}
		seq := r.Style.Sequence()
		b.WriteString(seq)
		b.WriteString(p.glyphs.Text(r.Text))
		if seq != "" {
			b.WriteString("\x1b[m")
		}
		x += r.Width
	}
	b.WriteString(blanks(width - x))
	return b.String()
}

// cells are the columns of a line that are marked, from inclusive to exclusive.
func (c *selection) cells(line, width int) (from, to int) {
	if !c.on {
		return 0, 0
	}
	fl, fc, tl, tc := c.ordered()
	if line < fl || line > tl {
		return 0, 0
	}
	from, to = 0, width
	if line == fl {
		from = fc
	}
	if line == tl {
		to = tc + 1
	}
	return from, to
}

// ordered is the selection from its beginning to its end, whichever way it was drawn.
func (c *selection) ordered() (fromLine, fromCol, toLine, toCol int) {
	if c.fromLine > c.toLine || c.fromLine == c.toLine && c.fromCol > c.toCol {
		return c.toLine, c.toCol, c.fromLine, c.fromCol
	}
	return c.fromLine, c.fromCol, c.toLine, c.toCol
}

// caret is where the shell's cursor stands in the window, when keys go to it.
func (p *shellPane) caret() *tea.Cursor {
	s := p.session
	if !p.typing || s == nil || s.state != running || s.term == nil {
		return nil
	}
	p.refresh()
	c, in := p.screen.Cursor, p.inner()
	if !c.Visible || c.X >= in.w || c.Y >= in.h {
		return nil
	}
	cur := tea.NewCursor(in.x+c.X, in.y+c.Y)
	if shape, ok := cursorShapes[c.Shape.Kind]; ok {
		cur.Shape, cur.Blink = shape, c.Shape.Blink
	}
	return cur
}

var cursorShapes = map[vterm.ShapeKind]tea.CursorShape{
	vterm.ShapeBlock: tea.CursorBlock, vterm.ShapeUnderline: tea.CursorUnderline, vterm.ShapeBar: tea.CursorBar,
}

// key types a key, or scrolls where a terminal does so.
func (p *shellPane) key(msg tea.KeyPressMsg) (typed bool) {
	switch msg.String() {
	case "shift+pgup":
		p.scroll(-p.inner().h / 2)
		return true
	case "shift+pgdown":
		p.scroll(p.inner().h / 2)
		return true
	}
	p.live()
	return p.session.term.Key(msg)
}

// pointer takes the mouse: the program's when it asked for it, else it marks text and scrolls. done is text that was marked.
func (p *shellPane) pointer(msg tea.MouseMsg) (done string, took bool) {
	m, in := msg.Mouse(), p.inner()
	s := p.session
	if s == nil || s.term == nil {
		return "", false
	}
	within := in.has(m.X, m.Y)
	if within && p.typing && s.state == running && s.term.WantsMouse() && m.Mod&tea.ModShift == 0 {
		return "", s.term.Mouse(moved(msg, -in.x, -in.y))
	}
	x, y := min(max(m.X-in.x, 0), in.w-1), min(max(m.Y-in.y, 0), in.h-1)
	switch msg.(type) {
	case tea.MouseWheelMsg:
		if !within {
			return "", false
		}
		switch m.Button {
		case tea.MouseWheelUp:
			p.scroll(-wheelRows)
		case tea.MouseWheelDown:
			p.scroll(wheelRows)
		}
		return "", true
	case tea.MouseClickMsg:
		if !within || m.Button != tea.MouseLeft {
			return "", false
		}
		at := p.screen.First + y
		p.chosen = selection{dragging: true, fromLine: at, toLine: at, fromCol: x, toCol: x}
		p.version++
		return "", false // it also gives the pane the focus
	case tea.MouseMotionMsg:
		if !p.chosen.dragging {
			return "", false
		}
		p.chosen.on, p.chosen.toLine, p.chosen.toCol = true, p.screen.First+y, x
		p.version++
		return "", true
	case tea.MouseReleaseMsg:
		if !p.chosen.dragging {
			return "", false
		}
		p.chosen.dragging = false
		if !p.chosen.on {
			return "", true
		}
		fl, fc, tl, tc := p.chosen.ordered()
		return s.term.Text(fl, fc, tl, tc+1), true
	}
	return "", false
}

// moved is a mouse message in other coordinates.
func moved(msg tea.MouseMsg, dx, dy int) tea.MouseMsg {
	m := msg.Mouse()
	m.X, m.Y = m.X+dx, m.Y+dy
	switch msg.(type) {
	case tea.MouseClickMsg:
		return tea.MouseClickMsg(m)
	case tea.MouseReleaseMsg:
		return tea.MouseReleaseMsg(m)
	case tea.MouseWheelMsg:
		return tea.MouseWheelMsg(m)
	default:
		return tea.MouseMotionMsg(m)
	}
}

// seen is what the pane shows, as text.
func (p *shellPane) seen() string {
	if p.session == nil || p.session.term == nil {
		return ""
	}
	p.refresh()
	return strings.TrimRight(p.session.term.Text(p.screen.First, 0, p.screen.First+len(p.screen.Lines)-1, p.inner().w), "\n ")
}
