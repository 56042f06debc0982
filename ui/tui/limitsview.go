package tui

import (
	tea "charm.land/bubbletea/v2"

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
