package vterm

import (
	"strconv"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

// cursorKeys are the keys of CSI letter, of SS3 letter in application mode, and of CSI 1;modifier letter (xterm's ctlseqs,
// "PC-Style Function Keys").
var cursorKeys = map[rune]byte{
	tea.KeyUp: 'A', tea.KeyDown: 'B', tea.KeyRight: 'C', tea.KeyLeft: 'D', tea.KeyBegin: 'E', tea.KeyEnd: 'F', tea.KeyHome: 'H',
	tea.KeyKpUp: 'A', tea.KeyKpDown: 'B', tea.KeyKpRight: 'C', tea.KeyKpLeft: 'D', tea.KeyKpBegin: 'E', tea.KeyKpEnd: 'F',
	tea.KeyKpHome: 'H',
}

// functionKeys are the keys of SS3 letter, and of CSI 1;modifier letter.
var functionKeys = map[rune]byte{tea.KeyF1: 'P', tea.KeyF2: 'Q', tea.KeyF3: 'R', tea.KeyF4: 'S'}

// numberKeys are the keys of CSI number ~, and of CSI number;modifier ~.
var numberKeys = map[rune]int{
	tea.KeyFind: 1, tea.KeyInsert: 2, tea.KeyDelete: 3, tea.KeySelect: 4, tea.KeyPgUp: 5, tea.KeyPgDown: 6,
	tea.KeyKpInsert: 2, tea.KeyKpDelete: 3, tea.KeyKpPgUp: 5, tea.KeyKpPgDown: 6,
	tea.KeyF5: 15, tea.KeyF6: 17, tea.KeyF7: 18, tea.KeyF8: 19, tea.KeyF9: 20, tea.KeyF10: 21, tea.KeyF11: 23, tea.KeyF12: 24,
}

// keypad are the keys of a keypad: what they write, and the letter after SS3 in application mode.
var keypad = map[rune][2]byte{
	tea.KeyKp0: {'0', 'p'}, tea.KeyKp1: {'1', 'q'}, tea.KeyKp2: {'2', 'r'}, tea.KeyKp3: {'3', 's'}, tea.KeyKp4: {'4', 't'},
	tea.KeyKp5: {'5', 'u'}, tea.KeyKp6: {'6', 'v'}, tea.KeyKp7: {'7', 'w'}, tea.KeyKp8: {'8', 'x'}, tea.KeyKp9: {'9', 'y'},
	tea.KeyKpMultiply: {'*', 'j'}, tea.KeyKpPlus: {'+', 'k'}, tea.KeyKpComma: {',', 'l'}, tea.KeyKpSep: {',', 'l'},
	tea.KeyKpMinus: {'-', 'm'}, tea.KeyKpDecimal: {'.', 'n'}, tea.KeyKpDivide: {'/', 'o'}, tea.KeyKpEqual: {'=', 'X'},
	tea.KeyKpEnter: {'\r', 'M'},
}

// controls are the control characters that ctrl makes of characters other than letters.
var controls = map[rune]byte{
	' ': 0, '@': 0, '2': 0, '[': 0x1b, '3': 0x1b, '\\': 0x1c, '4': 0x1c, ']': 0x1d, '5': 0x1d, '^': 0x1e, '6': 0x1e, '~': 0x1e,
	'_': 0x1f, '/': 0x1f, '7': 0x1f, '-': 0x1f, '8': 0x7f, '?': 0x7f, '`': 0,
}

// keySequence is what xterm sends for a key, "" for nothing.
func keySequence(k tea.Key, m modes) string {
	if k.Code >= tea.KeyF13 && k.Code <= tea.KeyF24 { // terminfo's kf13 to kf24
		k.Code += tea.KeyF1 - tea.KeyF13
		k.Mod |= tea.ModShift
	}
	modifier := modifierOf(k.Mod)
	if letter, ok := cursorKeys[k.Code]; ok {
		return letterKey(letter, modifier, m.appCursor)
	}
	if letter, ok := functionKeys[k.Code]; ok {
		return letterKey(letter, modifier, true)
	}
	if n, ok := numberKeys[k.Code]; ok {
		if modifier == 1 {
			return "\x1b[" + strconv.Itoa(n) + "~"
		}
		return "\x1b[" + strconv.Itoa(n) + ";" + strconv.Itoa(modifier) + "~"
	}
	s := characterKey(k, m)
	if k.Mod&(tea.ModAlt|tea.ModMeta) != 0 && s != "" {
		return "\x1b" + s
	}
	return s
}

// modifierOf is the modifiers' number in a sequence, 1 for none.
func modifierOf(mod tea.KeyMod) int {
	n := 1
	for _, m := range [...]struct {
		mod tea.KeyMod
		n   int
	}{{tea.ModShift, 1}, {tea.ModAlt, 2}, {tea.ModCtrl, 4}, {tea.ModMeta, 8}} {
		if mod&m.mod != 0 {
			n += m.n
		}
	}
	return n
}

func letterKey(letter byte, modifier int, ss3 bool) string {
	switch {
	case modifier > 1:
		return "\x1b[1;" + strconv.Itoa(modifier) + string(letter)
	case ss3:
		return "\x1bO" + string(letter)
	}
	return "\x1b[" + string(letter)
}

// characterKey is what the keys send that write something, without alt's ESC.
func characterKey(k tea.Key, m modes) string {
	ctrl, shift := k.Mod&tea.ModCtrl != 0, k.Mod&tea.ModShift != 0
	if pad, ok := keypad[k.Code]; ok {
		if m.appKeypad {
			return "\x1bO" + string(pad[1])
		}
		return string(pad[0])
	}
	switch k.Code {
	case tea.KeyEnter:
		if m.newline {
			return "\r\n"
		}
		return "\r"
	case tea.KeyTab:
		if shift {
			return "\x1b[Z"
		}
		return "\t"
	case tea.KeyBackspace:
		if ctrl {
			return "\b"
		}
		return "\x7f"
	case tea.KeyEscape:
		return "\x1b"
	}
	if ctrl {
		return controlKey(k)
	}
	if k.Text != "" {
		return k.Text
	}
	r := k.Code
	switch {
	case r >= tea.KeyExtended || !unicode.IsPrint(r):
		return "" // a modifier alone, a media key
	case shift && k.ShiftedCode != 0:
		r = k.ShiftedCode
	case shift:
		r = unicode.ToUpper(r)
	}
	return string(r)
}

// controlKey is what ctrl makes of a character.
func controlKey(k tea.Key) string {
	for _, r := range [...]rune{k.ShiftedCode, k.Code, k.BaseCode} {
		if r == k.ShiftedCode && k.Mod&tea.ModShift == 0 {
			continue
		}
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return string(r & 0x1f)
		}
		if c, ok := controls[r]; ok {
			return string(rune(c))
		}
	}
	if k.Code < tea.KeyExtended && unicode.IsPrint(k.Code) {
		return string(k.Code)
	}
	return ""
}

// pasteText is text as it is typed into a program.
func pasteText(s string, bracketed bool) string {
	s = strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(strings.ToValidUTF8(s, replacement))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\r' && r != '\t' {
			return -1
		}
		return r
	}, s)
	if bracketed {
		return "\x1b[200~" + s + "\x1b[201~"
	}
	return s
}
