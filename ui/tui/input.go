package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/filter"
	"cutaway/ui/text"
)

// input is a line that is typed at the bottom of the screen and acts at every key.
type input struct {
	prompt string
	field  textField
	change func(value string) error
	cancel func()
	done   func(value string) tea.Cmd // of enter; nil keeps what change did
	hint   func() string              // what it found, beside the text
	digits bool                       // takes digits alone
	err    error
}

// startFilter lets the person type a filter; what is on already can be edited.
func (s *treeScreen) startFilter() {
	before := s.tree.spec.filter.String()
	s.input = &input{
		prompt: "/",
		field:  newTextField(before),
		change: s.setFilter,
		cancel: func() { _ = s.setFilter("") },
		hint: func() string {
			b := &s.tree.tree
			return plural(b.shown, "process") + ", " + text.Count(b.hidden) + " hidden   enter keeps it, esc clears it"
		},
	}
}

// setFilter narrows the tree. A query that does not parse leaves the last one that did.
func (s *treeScreen) setFilter(query string) error {
	f, err := filter.Parse(query)
	if err != nil {
		return err
	}
	s.tree.wish(func(w *treeSpec) { w.filter = f })
	return nil
}

// startJump lets the person type a PID.
func (s *treeScreen) startJump() {
	s.input = &input{
		prompt: "pid", digits: true, change: s.jump,
		hint: func() string { return "enter stays, esc closes" },
	}
}

func (s *treeScreen) jump(digits string) error {
	if digits == "" {
		return nil
	}
	pid, err := strconv.Atoi(digits)
	if err != nil {
		return err
	}
	if !s.tree.jump(pid) {
		return s.noPID(pid)
	}
	return nil
}

// typeKey gives a key to the line that is typed.
func (a *App) typeKey(msg tea.KeyPressMsg) tea.Cmd {
	in := a.input
	switch msg.String() {
	case "enter", "tab":
		a.input = nil
		switch {
		case in.err != nil:
			return a.say(warn, in.err.Error())
		case in.done != nil:
			return in.done(in.field.value())
		}
		return nil
	case "esc", "ctrl+c":
		a.input = nil
		if in.cancel != nil {
			in.cancel()
		}
		return nil
	case "up", "down", "pgup", "pgdown":
		if b := a.sections()[0].find(msg); b != nil {
			return a.run(b)
		}
	}
	if in.digits && msg.Text != "" && (msg.Text < "0" || msg.Text > "9") {
		// Whoever typed a PID goes on with other keys without closing the line first.
		a.input = nil
		return a.key(msg)
	}
	if in.field.key(msg) {
		in.err = in.change(in.field.value())
	}
	return nil
}

func (a *App) typeText(s string) {
	a.input.field.insert(s)
	a.input.err = a.input.change(a.input.field.value())
}

// inputLine draws the line that is typed, with what it found or what is wrong with it at the right.
func (a *App) inputLine() line {
	in := a.input
	typed, _ := in.field.window(a.inputRoom())
	l := line{}.gap(1).put(accent, in.prompt).gap(1).put(strong, typed).gap(3)
	switch {
	case in.err != nil:
		l = l.put(bad, in.err.Error())
	default:
		l = l.put(dim, in.hint())
	}
	return l
}

// cursor is where the terminal's cursor stands while something is typed.
func (a *App) cursor() *tea.Cursor {
	if a.layout.small {
		return nil
	}
	if d := a.front(); d != nil {
		c := d.cursor()
		if c != nil && (c.Y >= a.layout.bottom.y || c.X >= a.w) { // its row is cut off by a small window
			return nil
		}
		return c
	}
	if a.input == nil {
		return a.screen().caret()
	}
	_, at := a.input.field.window(a.inputRoom())
	return tea.NewCursor(2+text.Width(a.input.prompt)+at, a.layout.bottom.y)
}

// inputRoom is how many cells the text being typed may take; the rest tells what it found.
func (a *App) inputRoom() int { return max(a.w/2, 20) - 4 }

func (s *treeScreen) noPID(pid int) error {
	p := s.snap.ByPID(pid)
	switch {
	case p == nil:
		return errorText("no process " + strconv.Itoa(pid))
	case p.Kernel && !s.tree.spec.kernel:
		return errorText(strconv.Itoa(pid) + " is a kernel thread: K shows them")
	default:
		return errorText(strconv.Itoa(pid) + " is hidden by the filter: esc clears it")
	}
}

// errorText is an error of words alone.
type errorText string

func (e errorText) Error() string { return string(e) }
