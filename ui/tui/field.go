package tui

import (
	"slices"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"cutaway/ui/text"
)

// maxTyped is how many characters can be typed: a filter of many terms, or several masks. longTyped is for lists of paths or
// variables.
const (
	maxTyped  = 400
	longTyped = 8000
)

// textField is one line of text that is typed. It takes the keys that readline taught people; bubbles' textinput is not
// used because its paste runs the desktop's clipboard programs, which a program that runs as root must not.
type textField struct {
	runes []rune
	pos   int
	long  bool // it takes longTyped
}

func newTextField(s string) textField {
	f := textField{}
	f.insert(s)
	return f
}

func (f *textField) value() string { return string(f.runes) }

// insert puts text at the cursor; what a line cannot hold is left out.
func (f *textField) insert(s string) {
	most := maxTyped
	if f.long {
		most = longTyped
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			r = ' '
		}
		if len(f.runes) == most {
			return
		}
		f.runes = slices.Insert(f.runes, f.pos, r)
		f.pos++
	}
}

// key edits the text and tells whether it changed.
func (f *textField) key(msg tea.KeyPressMsg) bool {
	before := len(f.runes)
	switch msg.String() {
	case "left", "ctrl+b":
		f.pos = max(f.pos-1, 0)
	case "right", "ctrl+f":
		f.pos = min(f.pos+1, len(f.runes))
	case "home", "ctrl+a":
		f.pos = 0
	case "end", "ctrl+e":
		f.pos = len(f.runes)
	case "backspace", "ctrl+h":
		f.remove(max(f.pos-1, 0), f.pos)
	case "delete", "ctrl+d":
		f.remove(f.pos, min(f.pos+1, len(f.runes)))
	case "ctrl+u":
		f.remove(0, f.pos)
	case "ctrl+k":
		f.remove(f.pos, len(f.runes))
	case "ctrl+w", "alt+backspace":
		f.remove(f.wordStart(), f.pos)
	default:
		f.insert(msg.Text)
	}
	return len(f.runes) != before
}

func (f *textField) remove(from, to int) {
	f.runes = slices.Delete(f.runes, from, to)
	f.pos = from
}

// wordStart is where the word before the cursor begins.
func (f *textField) wordStart() int {
	i := f.pos
	for i > 0 && f.runes[i-1] == ' ' {
		i--
	}
	for i > 0 && f.runes[i-1] != ' ' {
		i--
	}
	return i
}

// window is the part of the text around the cursor that fits, and the cell of the cursor in it.
func (f *textField) window(width int) (string, int) {
	const most = 4 // characters in a cell, with accents that are characters of their own
	from, end := max(f.pos-most*width, 0), min(f.pos+most*width, len(f.runes))
	for from < f.pos && text.Width(text.Sanitise(string(f.runes[from:f.pos]))) >= width {
		from++
	}
	at := text.Width(text.Sanitise(string(f.runes[from:f.pos])))
	return text.Truncate(text.Sanitise(string(f.runes[from:end])), width), at
}
