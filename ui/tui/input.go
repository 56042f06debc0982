package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/filter"
	"cutaway/ui/text"
)

// input is a line that is typed at the bottom of the screen and acts at every key.
type input struct {
	prompt string
	field  textField
	change func(a *App, value string) error
	cancel func(a *App)
	digits bool // takes digits alone
	err    error
}

// startFilter lets the person type a filter; what is on already can be edited.
func (a *App) startFilter() tea.Cmd {
	before := a.tree.spec.filter.String()
	a.input = &input{
		prompt: "/",
		field:  newTextField(before),
		change: (*App).setFilter,
		cancel: func(a *App) { _ = a.setFilter("") },
	}
	return nil
}

// setFilter narrows the tree. A query that does not parse leaves the last one that did.
func (a *App) setFilter(query string) error {
	f, err := filter.Parse(query)
	if err != nil {
		return err
	}
	a.tree.wish(func(s *treeSpec) { s.filter = f })
	return nil
}

// startJump lets the person type a PID, beginning with the digit that was pressed.
func (a *App) startJump() tea.Cmd {
	first := strings.TrimPrefix(a.pressed, "#")
	a.input = &input{prompt: "pid ", field: newTextField(first), digits: true, change: (*App).jump}
	a.input.err = a.jump(first)
	return nil
}

func (a *App) jump(digits string) error {
	if digits == "" {
		return nil
	}
	pid, err := strconv.Atoi(digits)
	if err != nil {
		return err
	}
	if !a.tree.jump(pid) {
		return errNoPID(a, pid)
	}
	return nil
}

// typeKey gives a key to the line that is typed.
func (a *App) typeKey(msg tea.KeyPressMsg) tea.Cmd {
	in := a.input
	switch msg.String() {
	case "enter", "tab":
		a.input = nil
		if in.err != nil {
			return a.say(warn, in.err.Error())
		}
		return nil
	case "esc", "ctrl+c":
		a.input = nil
		if in.cancel != nil {
			in.cancel(a)
		}
		return nil
	case "up", "down", "pgup", "pgdown":
		if b := a.keys.tree.find(msg); b != nil {
			return a.run(b)
		}
	}
	if in.digits && msg.Text != "" && (msg.Text < "0" || msg.Text > "9") {
		// Whoever typed a PID goes on with other keys without closing the line first.
		a.input = nil
		return a.key(msg)
	}
	if in.field.key(msg) {
		in.err = in.change(a, in.field.value())
	}
	return nil
}

func (a *App) typeText(s string) {
	a.input.field.insert(s)
	a.input.err = a.input.change(a, a.input.field.value())
}

// inputLine draws the line that is typed, with what it found or what is wrong with it at the right.
func (a *App) inputLine() line {
	in := a.input
	typed, _ := in.field.window(a.inputRoom())
	l := line{}.gap(1).put(accent, in.prompt).gap(1).put(strong, typed).gap(3)
	switch {
	case in.err != nil:
		l = l.put(bad, in.err.Error())
	case in.digits:
		l = l.put(dim, "enter stays, esc closes")
	default:
		l = l.put(dim, plural(a.tree.tree.shown, "process")).put(dim, ", "+text.Count(a.tree.tree.hidden)+" hidden   enter keeps it, esc clears it")
	}
	return l
}

// cursor is where the terminal's cursor stands while something is typed.
func (a *App) cursor() *tea.Cursor {
	if a.layout.small {
		return nil
	}
	if d := a.front(); d != nil {
		return d.cursor()
	}
	if a.input == nil {
		return nil
	}
	_, at := a.input.field.window(a.inputRoom())
	return tea.NewCursor(2+text.Width(a.input.prompt)+at, a.layout.bottom.y)
}

// inputRoom is how many cells the text being typed may take; the rest tells what it found.
func (a *App) inputRoom() int { return max(a.w/2, 20) - 4 }

func errNoPID(a *App, pid int) error {
	p := a.snap.ByPID(pid)
	switch {
	case p == nil:
		return errorText("no process " + strconv.Itoa(pid))
	case p.Kernel && !a.tree.spec.kernel:
		return errorText(strconv.Itoa(pid) + " is a kernel thread: K shows them")
	default:
		return errorText(strconv.Itoa(pid) + " is hidden by the filter: esc clears it")
	}
}

// errorText is an error of words alone.
type errorText string

func (e errorText) Error() string { return string(e) }
