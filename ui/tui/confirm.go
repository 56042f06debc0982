package tui

import (
	tea "charm.land/bubbletea/v2"
)

// confirm is a dialog that asks before something is done. The answer is no unless the person says yes.
type confirm struct {
	look
	title    string
	question []line
	yes      action
	label    string // of the button that does it
	onYes    bool
	top      int

	drawn struct {
		no, yes rect
		rows    int // of the question
	}
}

// newConfirm asks a question of several lines, which are wrapped. yes is what the button of that label does.
func newConfirm(lk look, title string, question []line, yes action, label string) *confirm {
	return &confirm{look: lk, title: title, question: question, yes: yes, label: label}
}

func (c *confirm) key(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "y", "Y":
		return c.accept()
	case "n", "N", "esc", "q", "ctrl+c":
		return closeOnly{c}
	case "enter":
		if c.onYes {
			return c.accept()
		}
		return closeOnly{c}
	case "left", "right", "tab", "shift+tab", "h", "l":
		c.onYes = !c.onYes
	case "up", "k":
		c.wheel(-1)
	case "down", "j":
		c.wheel(1)
	case "pgup":
		c.wheel(-c.drawn.rows)
	case "pgdown":
		c.wheel(c.drawn.rows)
	}
	return nil
}

func (c *confirm) accept() action { return several{closeOnly{c}, c.yes} }

func (c *confirm) paste(string) action { return nil }

func (c *confirm) wheel(rows int) { c.top += rows }

func (c *confirm) click(x, y int) action {
	switch {
	case c.drawn.yes.has(x, y):
		return c.accept()
	case c.drawn.no.has(x, y):
		return closeOnly{c}
	}
	return nil
}

// confirmWidth is the widest the dialog gets.
const confirmWidth = 76

func (c *confirm) view(r rect) []string {
	w := min(r.w, confirmWidth)
	var asked []line
	for _, l := range c.question {
		asked = append(asked, l.wrap(w-4)...)
	}
	note := words(dim, "esc no")
	if len(asked) > r.h-5 {
		note = words(warn, keyLabel(c.glyphs, "↑↓")+" more").put(dim, " · esc no")
	}
	asked, c.drawn.rows = scrolled(asked, &c.top, r.h-5)
	at := boxAt(r, w, len(asked)+3)
	no, yes := ">No<", " "+c.label+" " // marked by more than colour
	noStyle, yesStyle := chosen, bad
	if c.onYes {
		no, yes = " No ", ">"+c.label+"<"
		noStyle, yesStyle = plain, chosen
	}
	buttons := line{}.put(dim, "[").put(noStyle, no).put(dim, "]").gap(2).put(dim, "[").put(yesStyle, yes).put(dim, "]")
	y := at.y + len(asked) + 2
	c.drawn.no = rect{at.x + 2, y, len(no) + 2, 1}
	c.drawn.yes = rect{at.x + 2 + len(no) + 4, y, buttons.width() - len(no) - 4, 1}
	lines := append(append([]line{}, asked...), nil, buttons, nil)
	return c.box(r, w, words(warn, c.title), note, lines)
}

func (c *confirm) cursor() *tea.Cursor { return nil }

func (c *confirm) footer() []*binding {
	return []*binding{
		dialogKey("y", "y", "yes"), dialogKey("n", "n esc", "no"), dialogKey("tab", "tab ← →", "the other answer"),
		dialogKey("enter", "enter", "the marked one: no at first"),
	}
}
