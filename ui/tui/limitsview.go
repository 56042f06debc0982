package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
	"cutaway/sandbox/limit"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// drawnLimits is where the parts of the editor were drawn last.
type drawnLimits struct {
	rows  []rect
	words int // lines of them that there is room for
	caret *tea.Cursor
}

// The widest the editor gets, and where its columns are. SET BY takes what is left.
const (
	limitsWidth = 104
	nameCells   = 9
	useCells    = 8
	boundCells  = 11
	newCells    = 16
	wordsRoom   = 14 // lines for the words, where the window has them
)

// view draws the limits above the words about what will happen.
func (e *limitsEditor) view(r rect) []string {
	w := min(r.w, limitsWidth)
	in := w - 4
	room := max(r.h-2, 1)
	head, rows := e.limitLines(in, room)
	most := max(room-4, 1) // for the limits: the words have at least a rule and three lines
	from, to := rows[e.at].y, rows[e.at].y+rows[e.at].h-1
	if len(head) > most {
		head = around(head, from, to, &e.first, most)
	} else {
		e.first = 0
	}
	lines := append([]line{}, head...)
	if left := min(room-len(head)-1, max(wordsRoom, room/3)); left > 0 && e.now != nil {
		about := e.about(in)
		rule := e.rule(in, len(about) > left, "pgdn more")
		about, e.drawn.words = scrolled(about, &e.top, left)
		lines = append(append(lines, rule), padLines(about, left)...)
	}
	at := boxAt(r, w, len(lines))
	e.place(at, rows, len(head))
	title := words(strong, "limits of "+text.Sanitise(e.target.String()))
	return e.box(r, w, title, e.corner(), lines)
}

// corner is the note at the top of the frame.
func (e *limitsEditor) corner() line {
	switch {
	case e.asks() && e.clock.failed != nil:
		return words(bad, e.clock.says())
	case e.asks():
		return words(warn, "keep? "+e.clock.says())
	case e.now != nil && e.now.frozen:
		return words(warn, "frozen").put(dim, " · esc close")
	}
	return words(dim, "esc close")
}

// place notes where the rows and the text cursor are on the screen.
func (e *limitsEditor) place(at rect, rows []rect, shown int) {
	e.drawn.rows = make([]rect, len(rows))
	for i, r := range rows {
		if y := r.y - e.first; y >= 0 && y < shown {
			e.drawn.rows[i] = rect{at.x, at.y + 1 + y, at.w, min(r.h, shown-y)}
		}
	}
	e.drawn.caret = nil
	if r := e.drawn.rows[e.at]; r.h > 0 && !e.asks() && e.now != nil {
		_, caret := e.rows[e.at].field.window(newCells - 3)
		e.drawn.caret = tea.NewCursor(at.x+at.w-2-newCells+caret, r.y)
	}
}

func (e *limitsEditor) cursor() *tea.Cursor { return e.drawn.caret }

// Room from which on bars are drawn for every limit, and for the one under the cursor.
const (
	allBars = 30
	oneBar  = 14
)

// limitLines draws the table. The rects are the lines of each row in it.
func (e *limitsEditor) limitLines(in, room int) ([]line, []rect) {
	rows := make([]rect, len(e.rows))
	if e.now == nil {
		if e.failed != nil {
			return []line{e.trouble(e.failed)}, rows
		}
		return []line{words(dim, "…")}, rows
	}
	lines := []line{e.columnsLine(in)}
	set, _ := e.set()
	for i := range e.rows {
		rows[i].y = len(lines)
		lines = append(lines, e.rowLine(i, in))
		if room >= allBars || room >= oneBar && i == e.at {
			lines = append(lines, e.bars(i, in, &set)...)
		}
		rows[i].h = len(lines) - rows[i].y
	}
	return lines, rows
}

func (e *limitsEditor) columnsLine(in int) line {
	head := strings.Repeat(" ", nameCells) + text.PadLeft("USE", useCells) + text.PadLeft("PEAK", useCells) + text.PadLeft("OWN", useCells) +
		text.PadLeft("EFFECTIVE", boundCells) + "  SET BY"
	return words(dim, head).to(in-newCells).put(dim, "NEW")
}

// rowLine is a limit's numbers and what is typed for it.
func (e *limitsEditor) rowLine(i, in int) line {
	r := &e.rows[i]
	st := plain
	if i == e.at {
		st = chosen
	}
	name := r.name
	if name == "weight" && e.now.use.CPUWeightIsShares {
		name = "shares"
	}
	l := e.pointer(i == e.at).put(st, name).gap(nameCells - 1 - len(name))
	if r.reads == nil {
		l = append(l.gap(2*useCells+2), e.textValue(r.name)...)
	} else {
		reads := r.reads(e.now, e.before)
		l = l.put(plain, text.PadLeft(cellOf(reads.use, reads.write), useCells)).put(dim, text.PadLeft(cellOf(reads.peak, reads.write), useCells))
		l = l.put(plain, text.PadLeft(cellOf(reads.own, limitCell(reads.write)), useCells))
		if reads.effective != nil {
			l = l.put(strong, text.PadLeft(cellOf(reads.effective.Limit, limitCell(reads.write)), boundCells)).gap(2)
			l = append(l, e.setBy(reads.effective, in-newCells-1-l.width())...)
		} else {
			l = l.put(dim, text.PadLeft("-", boundCells)).put(dim, "  -")
		}
	}
	l = l.fit(in - newCells - 1).to(in - newCells)
	typed, _ := r.field.window(newCells - 3)
	typedStyle := mask
	var set limit.Set
	if v := strings.TrimSpace(r.field.value()); v != "" && r.parse(v, &set) != nil {
		typedStyle = bad
	}
	l = l.put(typedStyle, typed)
	if e.hurts(r.name) {
		l = l.put(bad, " !")
	}
	return l
}

// hurts tells whether what is typed for a limit can hurt.
func (e *limitsEditor) hurts(name string) bool {
	return e.plan != nil && slices.ContainsFunc(e.plan.Writes, func(w control.Write) bool { return w.Limit == name && w.Hurts })
}

func (e *limitsEditor) textValue(name string) line {
	if v := ownText(e.now, name); v != "" {
		return words(plain, v)
	}
	return words(dim, "-")
}

// cellOf writes a reading in few cells; what is not kept here is a dash, what could not be read a question mark.
func cellOf[T any](r reading.Of[T], write func(T) string) string {
	switch {
	case r.OK():
		return write(r.Value)
	case r.State == reading.NotRead:
		return "…"
	case r.State == reading.Absent:
		return "-"
	}
	return "?"
}

func limitCell(write func(uint64) string) func(cgroup.Limit) string {
	return func(l cgroup.Limit) string {
		if l.Unlimited {
			return "max"
		}
		return write(l.Value)
	}
}

// setBy says which cgroup sets the limit that binds.
func (e *limitsEditor) setBy(f *cgroup.Effective, room int) line {
	above := ""
	if f.Above {
		above = " as far as can be seen"
	}
	switch {
	case !f.Limit.OK():
		return words(dim, "-")
	case f.Limit.Value.Unlimited:
		return words(dim, "none"+above)
	case f.Path == "":
		return words(warn, "one above what can be seen")
	case slices.ContainsFunc(e.now.own, func(s cgroups.Setting) bool { return s.Path() == f.File }):
		return words(dim, "itself"+above)
	}
	return words(accent, text.TruncateMiddle(text.Sanitise(f.Path), max(room-text.Width(above), 8))).put(dim, above)
}

// bars draws the use against the limit that binds and, while a value is typed, against the new one.
func (e *limitsEditor) bars(i, in int, set *limit.Set) []line {
	r := &e.rows[i]
	if r.reads == nil {
		return nil
	}
	reads := r.reads(e.now, e.before)
	if !reads.use.OK() {
		return nil
	}
	present := reads.own
	if reads.effective != nil && reads.effective.Limit.OK() {
		present = reads.effective.Limit
	}
	var lines []line
	if limited(present) {
		lines = append(lines, e.barLine("now", reads.use.Value, present.Value.Value, in, reads.write, ""))
	}
	value := strings.TrimSpace(r.field.value())
	if value == "" || r.parse(value, &limit.Set{}) != nil {
		return lines
	}
	next := r.amount(set)
	if next.Unlimited {
		return append(lines, line{}.gap(nameCells-4).put(strong, "new ").put(dim, "no limit of its own"))
	}
	below := ""
	if reads.use.Value > next.Value {
		below = "below what it uses now"
	}
	return append(lines, e.barLine("new", reads.use.Value, next.Value, in, reads.write, below))
}

// barLine is "new ▕███────▏ 110% of 64M  below what it uses now".
func (e *limitsEditor) barLine(label string, use, most uint64, in int, write func(uint64) string, below string) line {
	st := dim
	if label == "new" {
		st = strong
	}
	share := float64(use) / float64(max(most, 1))
	l := append(line{}.gap(nameCells-4).put(st, label+" "), e.bar(share, min(barCells, max(in/3, 6)))...)
	l = l.gap(2).put(plain, text.Percent(100*share)).put(dim, " of "+write(most))
	if below != "" {
		l = l.gap(2).put(bad, "! "+below)
	}
	return l
}

// about is the words below the table: the question whether to keep, what will happen, or what can be done here.
func (e *limitsEditor) about(in int) []line {
	var lines []line
	add := func(l line) { lines = append(lines, l.wrap(in)...) }
	if e.failed != nil {
		add(e.trouble(e.failed))
	}
	if e.asks() {
		return append(lines, e.keepLines(in)...)
	}
	if len(e.note) > 0 {
		add(e.note)
	} else if len(e.clock.note) > 0 && e.clock.target.PID == e.target.PID {
		add(e.clock.note)
	}
	switch {
	case e.now.refused != nil:
		add(words(warn, "can be looked at only: ").put(plain, text.Sanitise(e.trouble(e.now.refused).text())))
	case e.busy:
		add(words(dim, "…"))
	}
	switch {
	case e.typed() == "" && e.now.refused != nil: // nothing can be typed to any effect
	case e.typed() == "":
		add(words(strong, e.rows[e.at].name).put(dim, ": type "+e.rows[e.at].hint))
		if why := e.cannot(); why != "" {
			add(words(warn, why))
		}
	case e.planErr != nil:
		add(e.trouble(e.planErr))
	case e.plan == nil:
		add(words(dim, "…"))
	default:
		lines = append(lines, e.planAbout(in)...)
	}
	return lines
}

// planAbout is what will happen when what is typed is applied.
func (e *limitsEditor) planAbout(in int) []line {
	head := words(dim, "what will happen")
	switch why := e.cannot(); {
	case why != "":
		head = words(dim, "what would happen").put(warn, "   "+why)
	case e.plan.Hurts():
		head = head.put(dim, " when enter applies it: ").put(bad, "this can hurt")
	default:
		head = head.put(dim, " when enter applies it")
	}
	lines := head.wrap(in)
	for _, l := range planLines(e.plan) {
		lines = append(lines, l.wrap(in)...)
	}
	return lines
}

// keepLines ask whether to keep what was changed.
func (e *limitsEditor) keepLines(in int) []line {
	c := e.clock
	var lines []line
	add := func(l line) { lines = append(lines, l.wrap(in)...) }
	switch {
	case c.reverting:
		add(words(warn, "reverting"))
	case c.failed != nil:
		add(words(bad, text.Sanitise(c.failed.Error())))
		add(words(accent, "u").put(plain, " tries again   ").put(accent, "k").put(plain, " leaves the limits as they are"))
	default:
		add(words(warn, "keep? "+c.says()).gap(3).put(accent, "k").put(plain, " keeps   ").put(accent, "u").put(plain, " reverts now   ").
			put(accent, "q").put(plain, " closes this, and the clock goes on"))
	}
	for i := range c.shown {
		r := &c.shown[i]
		l := words(strong, change.LimitName(&r.Write)).gap(2).put(plain, text.Sanitise(change.ShownValue(&r.Write, r.Old))).put(dim, " → ").
			put(strong, text.Sanitise(change.ShownValue(&r.Write, r.Now)))
		if r.Rounded {
			l = l.put(dim, ", rounded from "+text.Sanitise(change.ShownValue(&r.Write, r.New)))
		}
		add(l)
	}
	return lines
}
