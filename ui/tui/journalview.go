package tui

import (
	"cmp"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox/journal"
)

// journalView is the dialog that lists the changes that cutaway has made.
type journalView struct {
	look
	ctl    controller
	cannot func() string // why nothing may be undone now

	read    *journalRead
	failed  error
	reading bool
	stale   bool  // it is to be read (again)
	shown   []int // the entries that match what is typed
	undone  map[string]bool
	field   textField
	typing  bool // the keys go to the field
	list    list // over shown
	note    line
	about   int // first line of what is told about the entry
	drawn   drawnJournal
}

// drawnJournal is where the parts of the dialog were drawn last.
type drawnJournal struct {
	list  rect
	caret *tea.Cursor
}

func newJournalView(a *App) *journalView {
	cannot := func() string { return cmp.Or(a.cannotChange(), a.limits.busy()) }
	return &journalView{look: a.look, ctl: a.limits.ctl, cannot: cannot, stale: true}
}

func (j *journalView) pull(uint64) tea.Cmd {
	if j.reading || !j.stale {
		return nil
	}
	j.reading, j.stale = true, false
	return work(j.ctl.journal, func(r *journalRead, err error) action {
		j.reading, j.failed = false, err
		if err == nil {
			j.take(r)
		}
		return nil
	})
}

func (j *journalView) take(r *journalRead) {
	j.read, j.undone = r, map[string]bool{}
	for i := range r.entries {
		if e := &r.entries[i]; e.Undoes != "" && e.OK() {
			j.undone[e.Undoes] = true
		}
	}
	j.narrow()
}

// narrow finds the entries that have all words that are typed.
func (j *journalView) narrow() {
	j.shown, j.about = nil, 0
	if j.read == nil {
		return
	}
	wanted := strings.Fields(strings.ToLower(j.field.value()))
	for i := range j.read.entries {
		if e := &j.read.entries[i]; matches(e, wanted) {
			j.shown = append(j.shown, i)
		}
	}
	j.list.setLen(len(j.shown))
	j.list.show()
}

func matches(e *journal.Entry, wanted []string) bool {
	if len(wanted) == 0 {
		return true
	}
	in := strings.ToLower(strings.Join([]string{e.Action, e.Target, e.Shell, e.Result, e.Batch, e.ID, e.Undoes}, "\n"))
	for _, w := range wanted {
		if !strings.Contains(in, w) {
			return false
		}
	}
	return true
}

// selected is the entry under the cursor, or nil.
func (j *journalView) selected() *journal.Entry {
	if j.list.cursor < len(j.shown) {
		return &j.read.entries[j.shown[j.list.cursor]]
	}
	return nil
}

// cannotUndo says why an entry's change cannot be taken back.
func (j *journalView) cannotUndo(e *journal.Entry) string {
	switch {
	case e == nil:
		return "no entry is selected"
	case !e.OK():
		return "it failed, so there is nothing to take back"
	case e.Undo == nil && e.Action == "undo":
		return "it was taken back when a change failed half way"
	case e.Undo == nil:
		return "a " + e.Action + " cannot be taken back"
	case j.undone[e.Batch]:
		return "it was taken back already"
	}
	return j.cannot()
}

func (j *journalView) key(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "up":
		j.move(-1)
		return nil
	case "down":
		j.move(1)
		return nil
	case "pgup":
		j.move(-max(j.list.height, 1))
		return nil
	case "pgdown":
		j.move(max(j.list.height, 1))
		return nil
	}
	if j.typing {
		return j.typeKey(msg)
	}
	return j.listKey(msg)
}

func (j *journalView) typeKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "enter", "tab":
		j.typing = false
	case "esc", "ctrl+c":
		j.typing, j.field = false, textField{}
		j.narrow()
	default:
		if j.field.key(msg) {
			j.narrow()
		}
	}
	return nil
}

func (j *journalView) listKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc":
		if j.field.value() != "" {
			j.field = textField{}
			j.narrow()
			return nil
		}
		return closeOnly{j}
	case "q", "@", "ctrl+c":
		return closeOnly{j}
	case "/":
		j.typing = true
	case "k":
		j.move(-1)
	case "j":
		j.move(1)
	case "g", "home":
		j.move(-len(j.shown))
	case "G", "end":
		j.move(len(j.shown))
	case "[", "left":
		j.about--
	case "]", "right":
		j.about++
	case "r", "ctrl+r":
		j.stale, j.note = true, words(dim, "read again")
	case "y":
		if e := j.selected(); e != nil {
			return copyText{"the shell line", e.Shell}
		}
	case "u":
		return j.undo()
	}
	return nil
}

func (j *journalView) move(by int) {
	j.list.moveTo(j.list.cursor + by)
	j.about, j.note = 0, nil
}

// undo takes back the batch of the entry under the cursor.
func (j *journalView) undo() action {
	e := j.selected()
	if why := j.cannotUndo(e); why != "" {
		j.note = words(warn, why)
		return nil
	}
	return askUndo(j, j.look, j.ctl, e.Batch, func(err error) {
		j.stale = true
		if j.note = words(good, "taken back"); err != nil {
			j.note = words(bad, err.Error())
		}
	})
}

func (j *journalView) paste(s string) action {
	j.typing = true
	j.field.insert(strings.TrimSpace(s))
	j.narrow()
	return nil
}

func (j *journalView) wheel(rows int) { j.list.scroll(rows) }

func (j *journalView) click(x, y int) action {
	if row := j.list.top + y - j.drawn.list.y; j.drawn.list.has(x, y) && row < len(j.shown) {
		j.move(row - j.list.cursor)
	}
	return nil
}

func (j *journalView) cursor() *tea.Cursor { return j.drawn.caret }

func (j *journalView) footer() []*binding {
	if j.typing {
		return []*binding{dialogKey("enter", "enter", "keep what narrows the list"), dialogKey("esc", "esc", "show all")}
	}
	return []*binding{
		dialogKey("down", "↑↓", "move"), dialogKey("/", "/", "narrow"), dialogKey("y", "y", "copy shell"), dialogKey("u", "u", "undo"),
		dialogKey("r", "r", "read again"), dialogKey("esc", "esc", "close"),
	}
}
