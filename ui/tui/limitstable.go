package tui

import (
	"slices"
	"strings"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
	"cutaway/sandbox/limit"
	"cutaway/ui/text"
)

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
	l := e.pointer(i == e.at).put(st, r.name).gap(nameCells - 1 - len(r.name))
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
