package tui

import (
	"fmt"
	"strings"

	"cutaway/inspect/compare"
	"cutaway/ui/text"
)

// compareLine is a line of the comparison: a group's heading, or one of its rows.
type compareLine struct {
	group int
	row   int  // -1 is the heading
	note  bool // what the row's difference is, below it
}

// key names a line over time.
func (s *compareScreen) key(l compareLine) string {
	g := &s.result.groups[l.group]
	if l.row < 0 {
		return g.Name
	}
	return g.Name + "/" + g.Rows[l.row].Key
}

// makeLines chooses the lines that are seen, and finds the cursor's again.
func (s *compareScreen) makeLines() {
	if s.made == s.version && s.lines != nil {
		return
	}
	s.made = s.version
	s.lines = s.lines[:0]
	for i := range s.result.groups {
		g := &s.result.groups[i]
		rows := s.rowsOf(g)
		if len(rows) == 0 && (s.only || s.filter != "" || len(g.Rows) == 0) {
			continue
		}
		s.lines = append(s.lines, compareLine{group: i, row: -1})
		if s.folded[g.Name] && s.filter == "" {
			continue
		}
		for _, row := range rows {
			s.lines = append(s.lines, compareLine{group: i, row: row})
			if g.Rows[row].Note != "" {
				s.lines = append(s.lines, compareLine{group: i, row: row, note: true})
			}
		}
	}
	s.list.setLen(len(s.lines))
	for at, l := range s.lines {
		if !l.note && s.key(l) == s.at {
			s.list.cursor = at
			s.list.clamp()
			break
		}
	}
}

// rowsOf are the rows of a group that are to be seen.
func (s *compareScreen) rowsOf(g *compare.Group) (rows []int) {
	for i := range g.Rows {
		r := &g.Rows[i]
		if s.only && r.State == compare.Same || s.filter != "" && !s.matches(g, r) {
			continue
		}
		rows = append(rows, i)
	}
	return rows
}

func (s *compareScreen) matches(g *compare.Group, r *compare.Row) bool {
	all := g.Title + " " + r.Label + " " + r.Note
	for _, v := range []*compare.Value{r.Left, r.Right} {
		if v != nil {
			all += " " + v.Text
		}
	}
	return strings.Contains(strings.ToLower(all), s.filter)
}

// selected is the row under the cursor, or nil.
func (s *compareScreen) selected() *compare.Row {
	s.makeLines()
	if s.list.cursor >= len(s.lines) || s.lines[s.list.cursor].row < 0 {
		return nil
	}
	l := s.lines[s.list.cursor]
	return &s.result.groups[l.group].Rows[l.row]
}

// group is the group under the cursor, or nil.
func (s *compareScreen) group() *compare.Group {
	s.makeLines()
	if s.list.cursor >= len(s.lines) {
		return nil
	}
	return &s.result.groups[s.lines[s.list.cursor].group]
}

// moveTo puts the cursor on a line; notes belong to the row above and are passed over.
func (s *compareScreen) moveTo(at int) {
	s.makeLines()
	if at >= 0 && at < len(s.lines) && s.lines[at].note {
		if at > s.list.cursor {
			at++
		} else {
			at--
		}
	}
	s.list.moveTo(min(at, len(s.lines)-1))
	if n := s.list.cursor; n < len(s.lines) && s.lines[n].note {
		s.list.moveTo(n - 1)
	}
	if s.list.cursor < len(s.lines) {
		s.at = s.key(s.lines[s.list.cursor])
	}
	s.drawn.lines = nil
}

func (s *compareScreen) toggleFold() {
	if g := s.group(); g != nil {
		s.folded[g.Name] = !s.folded[g.Name]
		s.at = g.Name
		s.changed()
	}
}

// toggleFolds folds all groups, or unfolds all when all are folded.
func (s *compareScreen) toggleFolds() {
	all := true
	for i := range s.result.groups {
		all = all && s.folded[s.result.groups[i].Name]
	}
	for i := range s.result.groups {
		s.folded[s.result.groups[i].Name] = !all
	}
	if g := s.group(); g != nil {
		s.at = g.Name
	}
	s.changed()
}

// compareSigns stand before the right side's values, and in the note of a group: what a row's state looks like without colour.
func (lk look) compareSign(state compare.State) (style, string) {
	switch state {
	case compare.Different:
		return warn, lk.glyphs.Differ
	case compare.OnlyLeft:
		return bad, "-"
	case compare.OnlyRight:
		return good, "+"
	case compare.Unknown:
		return dim, "?"
	default:
		return dim, "="
	}
}

// countWords sums a group up: "5 differ, 3 the same".
func countWords(g *compare.Group) string {
	n := g.Count()
	var parts []string
	for _, c := range []struct {
		state compare.State
		words string
	}{
		{compare.Different, "%s differ"},
		{compare.OnlyLeft, "%s only left"},
		{compare.OnlyRight, "%s only right"},
		{compare.Unknown, "%s unknown"},
		{compare.Same, "%s the same"},
	} {
		if n[c.state] > 0 {
			parts = append(parts, fmt.Sprintf(c.words, text.Count(n[c.state])))
		}
	}
	return strings.Join(parts, ", ")
}
