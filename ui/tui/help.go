package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/filter"
	"cutaway/ui/text"
)

// help is the dialog that lists the key map. What is typed narrows it.
type help struct {
	look
	sections []section
	field    textField
	list     list
	drawn    rect
}

func (a *App) openHelp() {
	_, rest := a.screen().sections()
	sections := append(append(a.sections(), rest...), dialogSections()...)
	a.open(&help{look: a.look, sections: append(sections, filterHelp())})
}

// filterHelp shows the filter's language as a section of its own.
func filterHelp() section {
	s := section{name: "Filter"}
	for _, k := range filter.Keys() {
		s.bindings = append(s.bindings, bind(k.Example, k.Help, nil))
	}
	s.bindings = append(s.bindings, bind("!container:*", "! turns a term around; all terms must hold", nil))
	return s
}

// lines are the bindings that match what is typed, under the names of their sections.
func (h *help) lines() []line {
	var out []line
	query := strings.ToLower(h.field.value())
	for _, s := range h.sections {
		var found []line
		width := 10
		for _, b := range s.bindings {
			width = max(width, text.Width(keyLabel(h.glyphs, b.Help().Key))+2)
		}
		for _, b := range s.bindings {
			keys := b.Help()
			if query != "" && !strings.Contains(strings.ToLower(s.name+" "+keys.Key+" "+keys.Desc), query) {
				continue
			}
			found = append(found, line{}.gap(2).put(accent, text.PadRight(keyLabel(h.glyphs, keys.Key), width)).put(plain, keys.Desc))
		}
		if len(found) == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, nil)
		}
		out = append(append(out, words(strong, s.name)), found...)
	}
	if len(out) == 0 {
		out = append(out, words(dim, "no key does that"))
	}
	return out
}

func (h *help) key(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc", "ctrl+c", "?", "f1":
		return closeDialog{}
	case "up":
		h.list.scroll(-1)
	case "down":
		h.list.scroll(1)
	case "pgup":
		h.list.scroll(-h.list.height)
	case "pgdown":
		h.list.scroll(h.list.height)
	case "home":
		h.list.scroll(-h.list.n)
	case "end":
		h.list.scroll(h.list.n)
	default:
		if h.field.key(msg) {
			h.list.top = 0
		}
	}
	return nil
}

func (h *help) paste(s string) action {
	h.field.insert(s)
	return nil
}

func (h *help) wheel(rows int) { h.list.scroll(rows) }

func (h *help) click(int, int) action { return nil }

// helpWidth is the widest the dialog gets.
const helpWidth = 76

func (h *help) view(r rect) []string {
	w := min(r.w, helpWidth)
	lines := h.lines()
	h.list.setLen(len(lines))
	h.list.resize(r.h - 4)
	typed, _ := h.field.window(w - 14)
	rows := []string{h.draw(words(dim, "  search  ").put(strong, typed), w-2, onBase), blanks(w - 2)}
	for i := h.list.top; i < len(lines) && i < h.list.top+h.list.height; i++ {
		rows = append(rows, h.draw(append(line{}.gap(2), lines[i]...), w-2, onBase))
	}
	h.drawn = rect{r.x + (r.w-w)/2, r.y + dialogTop(r, len(rows)), w, r.h}
	return h.centred(r, w, words(strong, "keys"), h.more(), rows)
}

// more tells that the list goes on.
func (h *help) more() line {
	if h.list.n <= h.list.height {
		return words(dim, "esc close")
	}
	return words(dim, text.Count(h.list.top+1)+"-"+text.Count(min(h.list.top+h.list.height, h.list.n))+" of "+text.Count(h.list.n)+" · esc close")
}

// centred frames lines in the middle of r, where all of its height is used only when it is needed.
func (lk look) centred(r rect, w int, title, note line, lines []string) []string {
	box := lk.frame(rect{w: w, h: min(len(lines)+2, r.h)}, title, note, lines, true)
	for range dialogTop(r, len(lines)) {
		box = append([]string{blanks(w)}, box...)
	}
	left := blanks((r.w - w) / 2)
	right := blanks(r.w - w - len(left))
	for i := range box {
		box[i] = left + box[i] + right
	}
	return lk.area(rect{w: r.w, h: r.h}, box)
}

// dialogTop is how far below the top of r a box with so many lines begins; a low one stands above the middle.
func dialogTop(r rect, lines int) int { return max(r.h-lines-2, 0) / 3 }

func (h *help) cursor() *tea.Cursor {
	_, at := h.field.window(h.drawn.w - 14)
	return tea.NewCursor(h.drawn.x+11+at, h.drawn.y+1)
}

func (h *help) footer() []*binding {
	return []*binding{dialogKey("down", "↑↓", "scroll"), dialogKey("esc", "esc", "close")}
}
