package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox/control"
	"cutaway/sandbox/limit"
	"cutaway/ui/change"
)

// limitsEditor is the dialog that shows the limits of a target, and changes them.
type limitsEditor struct {
	look
	ctx    context.Context
	clock  *limitsClock
	cannot func() string // why nothing may be changed now
	target change.Target

	rows []limitRow
	at   int

	now, before *looked // before is the look before now
	failed      error   // of the last look
	reading     bool
	read        uint64 // the snapshot after which it looked

	plan      *control.Plan // of what is typed; nil while that is not worked out
	planErr   error
	planned   string // what plan and planErr are of
	plannedAt uint64 // the look after which that was asked for
	planning  bool
	wanted    bool // enter was pressed before the plan was there
	busy      bool // it counts whom a change concerns, or makes it

	note  line // what came of the last key
	top   int  // of the words below the limits
	first int  // of the limits' lines
	drawn drawnLimits
}

// limitRow is a limit with the value that is typed for it.
type limitRow struct {
	*limitKind
	field textField
}

func newLimitsEditor(a *App, t change.Target) *limitsEditor {
	e := &limitsEditor{look: a.look, ctx: a.feed.ctx, clock: a.limits, cannot: a.cannotChange, target: t}
	for _, k := range limitKinds {
		e.rows = append(e.rows, limitRow{limitKind: k})
	}
	return e
}

// asks tells whether this dialog's change waits to be kept.
func (e *limitsEditor) asks() bool { return e.clock.waits() }

// typed is everything that is typed, as one text; "" is nothing.
func (e *limitsEditor) typed() string {
	var all strings.Builder
	for i := range e.rows {
		if v := strings.TrimSpace(e.rows[i].field.value()); v != "" {
			all.WriteString(e.rows[i].name + " " + v + "\n")
		}
	}
	return all.String()
}

// set is the limits that are typed. Of several mistakes it tells the one in the row under the cursor.
func (e *limitsEditor) set() (set limit.Set, err error) {
	for i := range e.rows {
		v := strings.TrimSpace(e.rows[i].field.value())
		if v == "" {
			continue
		}
		if wrong := e.rows[i].parse(v, &set); wrong != nil && (err == nil || i == e.at) {
			err = wrong
		}
	}
	if err == nil {
		err = set.Validate()
	}
	return set, err
}

func (e *limitsEditor) clear() {
	for i := range e.rows {
		e.rows[i].field = textField{}
	}
	e.plan, e.planErr, e.planned, e.wanted, e.top = nil, nil, "", false, 0
}

// freeText tells whether the row takes every character: those of a disk's path.
func (r *limitRow) freeText() bool { return r.name == "io" }

func (e *limitsEditor) key(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "up", "shift+tab":
		e.move(-1)
		return nil
	case "down", "tab":
		e.move(1)
		return nil
	case "pgup":
		e.top -= max(e.drawn.words, 1)
		return nil
	case "pgdown":
		e.top += max(e.drawn.words, 1)
		return nil
	}
	if e.asks() {
		return e.keepKey(msg)
	}
	return e.editKey(msg)
}

// keepKey answers whether the change is kept.
func (e *limitsEditor) keepKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "k", "enter":
		return e.clock.keep()
	case "u", "esc":
		return e.clock.revert()
	case "q", "ctrl+c":
		return closeOnly{e}
	}
	return nil
}

func (e *limitsEditor) editKey(msg tea.KeyPressMsg) action {
	r := &e.rows[e.at]
	switch name := msg.String(); name {
	case "esc", "ctrl+c":
		if e.typed() != "" && name == "esc" {
			e.clear()
			return nil
		}
		return closeOnly{e}
	case "enter":
		return e.enter()
	case "left", "right", "+", "-":
		if r.steps != nil {
			e.step(name == "right" || name == "+")
			return nil
		}
	case "u", "y", "q":
		if !r.freeText() || r.field.value() == "" {
			return e.command(name)
		}
	}
	if r.field.key(msg) {
		e.changed()
	}
	return nil
}

// command does what a letter that no value has stands for.
func (e *limitsEditor) command(name string) action {
	switch name {
	case "u":
		return e.undo()
	case "y":
		return e.copyShell()
	}
	return closeOnly{e}
}

// changed follows a change of what is typed.
func (e *limitsEditor) changed() { e.note, e.clock.note, e.wanted, e.top = nil, nil, false, 0 }

func (e *limitsEditor) move(by int) { e.at = min(max(e.at+by, 0), len(e.rows)-1) }

// step types the next value above or below what is typed, or what holds now.
func (e *limitsEditor) step(up bool) {
	if e.now == nil {
		return
	}
	r := &e.rows[e.at]
	from := strings.TrimSpace(r.field.value())
	if from == "" {
		from = r.present(e.now)
	}
	r.field = newTextField(r.steps(e.now)(from, up))
	e.changed()
}

// present is the limit that the target has of its own, as it would be typed; "" when that is not known.
func (r *limitRow) present(now *looked) string {
	own := r.reads(now, nil).own
	switch {
	case !own.OK():
		return ""
	case own.Value.Unlimited:
		return limit.Max.String()
	case r.name == "cpus":
		return shortCores(own.Value.Value)
	}
	return limit.Amount(own.Value.Value).String()
}

func (e *limitsEditor) copyShell() action {
	if e.plan == nil || len(e.plan.Writes) == 0 {
		e.note = words(dim, "type a value first: y copies the shell lines that set it")
		return nil
	}
	var lines []string
	for i := range e.plan.Writes {
		lines = append(lines, e.plan.Writes[i].Shell)
	}
	return copyText{"the shell lines", strings.Join(lines, "\n") + "\n"}
}

func (e *limitsEditor) paste(s string) action {
	if !e.asks() {
		e.rows[e.at].field.insert(strings.TrimSpace(s))
		e.changed()
	}
	return nil
}

func (e *limitsEditor) wheel(rows int) { e.top += rows }

func (e *limitsEditor) click(x, y int) action {
	for i, r := range e.drawn.rows {
		if r.has(x, y) {
			e.at = i
		}
	}
	return nil
}

func (e *limitsEditor) footer() []*binding {
	if e.asks() {
		return []*binding{
			dialogKey("k", "k enter", "keep"), dialogKey("u", "u esc", "revert now"), dialogKey("q", "q", "close; the clock goes on"),
		}
	}
	return []*binding{
		dialogKey("down", "↑↓ tab", "limit"), dialogKey("+", "+ →", "more"), dialogKey("-", "- ←", "less"), dialogKey("enter", "enter", "apply"),
		dialogKey("u", "u", "undo last"), dialogKey("y", "y", "copy shell"), dialogKey("esc", "esc", "clear, close"),
	}
}
