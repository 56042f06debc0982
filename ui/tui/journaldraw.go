package tui

import (
	"strconv"
	"strings"
	"syscall"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox/journal"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// The widest the journal gets, and the columns of its list.
const (
	journalWidth  = 132
	journalWide   = 100 // from here on with the year, and more of the target
	journalResult = 7
	journalAction = 7
	journalTarget = 32
	journalAbout  = 10 // lines about the entry, where the window has them
)

func (j *journalView) view(r rect) []string {
	w := min(r.w, journalWidth)
	in := w - 4
	room := max(r.h-2, 1)
	about := j.aboutLines(in)
	below := min(journalAbout, room/2)
	if room < 8 {
		below = 0
	}
	head := j.headLines(in)
	if len(head) > room-below-2 {
		head = nil
	}
	j.list.resize(max(room-below-len(head)-1, 1))
	lines := append([]line{}, head...)
	first := len(lines)
	for row := j.list.top; row < len(j.shown) && row < j.list.top+j.list.height; row++ {
		lines = append(lines, j.row(row, in))
	}
	lines = padLines(lines, first+j.list.height)
	if below > 0 {
		lines = append(lines, j.rule(in, len(about) > below, "] more"))
		about, _ = scrolled(about, &j.about, below)
		lines = append(lines, padLines(about, below)...)
	}
	at := boxAt(r, w, len(lines))
	j.drawn.list = rect{at.x + 1, at.y + 1 + first, w - 2, j.list.height}
	j.drawn.caret = nil
	if j.typing && len(head) > 0 {
		_, caret := j.field.window(in - len(narrowPrompt) - 1)
		j.drawn.caret = tea.NewCursor(at.x+2+len(narrowPrompt)+caret, at.y+1)
	}
	return j.box(r, w, words(strong, "journal"), j.count(), lines)
}

const narrowPrompt = "/ "

// headLines are what is typed, and what is wrong with the journal.
func (j *journalView) headLines(in int) []line {
	var lines []line
	if j.typing || j.field.value() != "" {
		typed, _ := j.field.window(in - len(narrowPrompt) - 1)
		lines = append(lines, words(accent, narrowPrompt).put(strong, typed))
	}
	switch {
	case j.failed != nil:
		lines = append(lines, words(bad, text.Sanitise(j.failed.Error())).wrap(in)...)
	case j.read == nil:
		lines = append(lines, words(dim, "…"))
	case len(j.read.entries) == 0:
		lines = append(lines, words(dim, "nothing was changed yet; "+text.Sanitise(j.read.path)+" will say what").wrap(in)...)
	case len(j.shown) == 0:
		lines = append(lines, words(dim, "no entry has that; esc shows all"))
	}
	if j.read != nil && j.read.skipped > 0 {
		skipped := change.Counted(j.read.skipped, "line", "lines") + " of " + text.Sanitise(j.read.path) + " cannot be understood and are left out"
		lines = append(lines, words(warn, skipped).wrap(in)...)
	}
	return lines
}

func (j *journalView) count() line {
	if len(j.shown) == 0 {
		return words(dim, "esc close")
	}
	return words(dim, text.Count(j.list.cursor+1)+" of "+text.Count(len(j.shown))+", newest first · esc close")
}

// row is an entry in one line.
func (j *journalView) row(row, in int) line {
	e := &j.read.entries[j.shown[row]]
	st := dim
	if row == j.list.cursor {
		st = chosen
	}
	result, resultStyle := "ok", good
	switch {
	case !e.OK():
		result, resultStyle = "failed", bad
	case e.Undo != nil && j.undone[e.Batch]:
		result, resultStyle = "undone", dim
	}
	at := e.Time.Local().Format("2006-01-02 15:04:05")
	target := journalTarget
	if in < journalWide {
		at, target = at[len("2006-"):], journalTarget-10
	}
	l := j.pointer(row == j.list.cursor).put(st, at).gap(2).put(resultStyle, text.PadRight(result, journalResult))
	l = l.put(strong, text.Fit(text.Sanitise(e.Action), journalAction)).put(plain, text.Fit(oneLine(e.Target), target)).gap(1)
	return l.put(dim, text.TruncateMiddle(oneLine(e.Shell), max(in-l.width(), 0)))
}

// oneLine is a text of the journal on one line.
func oneLine(s string) string { return text.Sanitise(strings.Join(strings.Fields(s), " ")) }

// aboutLines tell all about the entry under the cursor.
func (j *journalView) aboutLines(in int) []line {
	e := j.selected()
	var lines []line
	add := func(l line) { lines = append(lines, l.wrap(in)...) }
	if len(j.note) > 0 {
		add(j.note)
	}
	if e == nil {
		return lines
	}
	head := words(strong, oneLine(e.Action)).gap(1).put(plain, oneLine(e.Target)).gap(2)
	if e.OK() {
		head = head.put(good, "ok")
	} else {
		head = head.put(bad, "failed: "+oneLine(e.Result)).put(dim, errnoWords(e.Errno))
	}
	add(head)
	shell := words(good, "$ ").put(plain, oneLine(e.Shell)).wrap(in)
	lines = append(lines, shell...)
	if e.File != "" {
		change := words(dim, "was ").put(plain, valueOf(e, e.Old)).put(dim, " → ").put(strong, valueOf(e, e.New))
		if e.Device != "" {
			change = change.put(dim, "  of device "+oneLine(e.Device))
		}
		add(change)
		add(words(dim, "in ").put(accent, oneLine(e.File)))
	}
	add(words(dim, "by PID "+strconv.Itoa(e.PID)+", user "+strconv.Itoa(e.UID)+" · batch ").put(plain, oneLine(e.Batch)).put(dim, undoWords(e)))
	if why := j.cannotUndo(e); why == "" {
		add(words(accent, "u").put(plain, " takes it back"))
	} else if e.Undo != nil && len(j.note) == 0 {
		add(words(dim, why))
	}
	return lines
}

// valueOf is a value as the file has it, and as a person reads it where that is shorter.
func valueOf(e *journal.Entry, value string) string {
	raw, shown := oneLine(value), text.Sanitise(change.FileValue(e.File, value))
	if raw == shown || raw == "" || strings.HasPrefix(raw, "-") {
		return shown
	}
	return shown + " (" + raw + ")"
}

func undoWords(e *journal.Entry) string {
	if e.Undoes == "" {
		return ""
	}
	return " · takes back " + oneLine(e.Undoes)
}

func errnoWords(errno int) string {
	if errno == 0 {
		return ""
	}
	return "  errno " + strconv.Itoa(errno) + ", " + syscall.Errno(errno).Error()
}
