package vterm

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

func TestKeys(t *testing.T) {
	const shift, alt, ctrl = tea.ModShift, tea.ModAlt, tea.ModCtrl
	app := modes{appCursor: true, appKeypad: true, newline: true}
	for _, tt := range []struct {
		key        tea.Key
		want, wapp string // in the normal and in the application modes; "=" is the same
	}{
		{tea.Key{Code: 'a', Text: "a"}, "a", "="},
		{tea.Key{Code: 'a', ShiftedCode: 'A', Text: "A", Mod: shift}, "A", "="},
		{tea.Key{Code: '1', ShiftedCode: '!', Text: "!", Mod: shift}, "!", "="},
		{tea.Key{Code: tea.KeyExtended, Text: "日本"}, "日本", "="},
		{tea.Key{Code: tea.KeySpace, Text: " "}, " ", "="},
		{tea.Key{Code: 'a', Mod: alt}, "\x1ba", "="},
		{tea.Key{Code: 'a', Mod: alt | shift}, "\x1bA", "="},
		{tea.Key{Code: '1', ShiftedCode: '!', Mod: alt | shift}, "\x1b!", "="},
		{tea.Key{Code: '.', Mod: alt}, "\x1b.", "="},
		{tea.Key{Code: 'c', Mod: ctrl}, "\x03", "="},
		{tea.Key{Code: 'c', Mod: ctrl | shift, ShiftedCode: 'C'}, "\x03", "="},
		{tea.Key{Code: 'c', Mod: ctrl | alt}, "\x1b\x03", "="},
		{tea.Key{Code: 'с', BaseCode: 'c', Mod: ctrl}, "\x03", "="}, // a Cyrillic layout
		{tea.Key{Code: tea.KeySpace, Mod: ctrl}, "\x00", "="},
		{tea.Key{Code: '@', Mod: ctrl}, "\x00", "="},
		{tea.Key{Code: '[', Mod: ctrl}, "\x1b", "="},
		{tea.Key{Code: '\\', Mod: ctrl}, "\x1c", "="},
		{tea.Key{Code: ']', Mod: ctrl}, "\x1d", "="},
		{tea.Key{Code: '^', Mod: ctrl}, "\x1e", "="},
		{tea.Key{Code: '6', ShiftedCode: '^', Mod: ctrl | shift}, "\x1e", "="},
		{tea.Key{Code: '_', Mod: ctrl}, "\x1f", "="},
		{tea.Key{Code: '/', Mod: ctrl}, "\x1f", "="},
		{tea.Key{Code: ',', Mod: ctrl}, ",", "="},
		{tea.Key{Code: tea.KeyEnter}, "\r", "\r\n"},
		{tea.Key{Code: tea.KeyEnter, Mod: alt}, "\x1b\r", "\x1b\r\n"},
		{tea.Key{Code: tea.KeyTab}, "\t", "="},
		{tea.Key{Code: tea.KeyTab, Mod: shift}, "\x1b[Z", "="},
		{tea.Key{Code: tea.KeyBackspace}, "\x7f", "="},
		{tea.Key{Code: tea.KeyBackspace, Mod: alt}, "\x1b\x7f", "="},
		{tea.Key{Code: tea.KeyBackspace, Mod: ctrl}, "\b", "="},
		{tea.Key{Code: tea.KeyEscape}, "\x1b", "="},
		{tea.Key{Code: tea.KeyUp}, "\x1b[A", "\x1bOA"},
		{tea.Key{Code: tea.KeyDown}, "\x1b[B", "\x1bOB"},
		{tea.Key{Code: tea.KeyRight, Mod: ctrl}, "\x1b[1;5C", "="},
		{tea.Key{Code: tea.KeyLeft, Mod: shift}, "\x1b[1;2D", "="},
		{tea.Key{Code: tea.KeyLeft, Mod: alt}, "\x1b[1;3D", "="},
		{tea.Key{Code: tea.KeyHome}, "\x1b[H", "\x1bOH"},
		{tea.Key{Code: tea.KeyEnd}, "\x1b[F", "\x1bOF"},
		{tea.Key{Code: tea.KeyEnd, Mod: ctrl | shift}, "\x1b[1;6F", "="},
		{tea.Key{Code: tea.KeyPgUp}, "\x1b[5~", "="},
		{tea.Key{Code: tea.KeyPgDown, Mod: ctrl}, "\x1b[6;5~", "="},
		{tea.Key{Code: tea.KeyInsert}, "\x1b[2~", "="},
		{tea.Key{Code: tea.KeyDelete, Mod: shift | alt | ctrl}, "\x1b[3;8~", "="},
		{tea.Key{Code: tea.KeyF1}, "\x1bOP", "="},
		{tea.Key{Code: tea.KeyF4, Mod: shift}, "\x1b[1;2S", "="},
		{tea.Key{Code: tea.KeyF5}, "\x1b[15~", "="},
		{tea.Key{Code: tea.KeyF12, Mod: ctrl}, "\x1b[24;5~", "="},
		{tea.Key{Code: tea.KeyF13}, "\x1b[1;2P", "="},
		{tea.Key{Code: tea.KeyKp5, Text: "5"}, "5", "\x1bOu"},
		{tea.Key{Code: tea.KeyKpEnter}, "\r", "\x1bOM"},
		{tea.Key{Code: tea.KeyKpDivide}, "/", "\x1bOo"},
		{tea.Key{Code: tea.KeyKpUp}, "\x1b[A", "\x1bOA"},
		{tea.Key{Code: tea.KeyLeftShift, Mod: shift}, "", "="},
		{tea.Key{Code: tea.KeyMediaPlay}, "", "="},
	} {
		if tt.wapp == "=" {
			tt.wapp = tt.want
		}
		if got := keySequence(tt.key, modes{}); got != tt.want {
			t.Errorf("%s sends %q, want %q", tt.key.Keystroke(), got, tt.want)
		}
		if got := keySequence(tt.key, app); got != tt.wapp {
			t.Errorf("%s sends %q in application mode, want %q", tt.key.Keystroke(), got, tt.wapp)
		}
	}
}

func TestPaste(t *testing.T) {
	for _, tt := range []struct {
		in        string
		bracketed bool
		want      string
	}{
		{"one\ntwo\r\nthree\t", false, "one\rtwo\rthree\t"},
		{"one\ntwo", true, "\x1b[200~one\rtwo\x1b[201~"},
		{"a\x1b[201~rm -rf\n", true, "\x1b[200~a[201~rm -rf\r\x1b[201~"},
		{"a\x1b[20\x1b[201~1~b\u009b201~\x03\x00", true, "\x1b[200~a[20[201~1~b201~\x1b[201~"},
		{"\xff", false, "\ufffd"},
	} {
		if got := pasteText(tt.in, tt.bracketed); got != tt.want {
			t.Errorf("%q is pasted as %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestMouse(t *testing.T) {
	left := tea.Mouse{X: 4, Y: 2, Button: tea.MouseLeft}
	none := tea.Mouse{X: 4, Y: 2}
	up := tea.Mouse{X: 4, Y: 2, Button: tea.MouseWheelUp, Mod: tea.ModCtrl}
	far := tea.Mouse{X: 200, Y: 2, Button: tea.MouseRight}
	for _, tt := range []struct {
		output string // of the program
		msg    tea.MouseMsg
		want   string
	}{
		{"", tea.MouseClickMsg(left), ""},
		{"\x1b[?1000h", tea.MouseClickMsg(left), "\x1b[M %#"},
		{"\x1b[?1000h", tea.MouseReleaseMsg(left), "\x1b[M#%#"},
		{"\x1b[?1000h", tea.MouseClickMsg(far), "\x1b[M\"\xe9#"},
		{"\x1b[?1000h", tea.MouseMotionMsg(left), ""},
		{"\x1b[?1000h\x1b[?1000l", tea.MouseClickMsg(left), ""},
		{"\x1b[?9h", tea.MouseClickMsg(left), "\x1b[M %#"},
		{"\x1b[?9h", tea.MouseReleaseMsg(left), ""},
		{"\x1b[?9h", tea.MouseWheelMsg(up), ""},
		{"\x1b[?1002h\x1b[?1006h", tea.MouseClickMsg(left), "\x1b[<0;5;3M"},
		{"\x1b[?1002;1006h", tea.MouseReleaseMsg(left), "\x1b[<0;5;3m"},
		{"\x1b[?1002;1006h", tea.MouseWheelMsg(up), "\x1b[<80;5;3M"},
		{"\x1b[?1002;1006h", tea.MouseMotionMsg(left), "\x1b[<32;5;3M"},
		{"\x1b[?1002;1006h", tea.MouseMotionMsg(none), ""},
		{"\x1b[?1003;1006h", tea.MouseMotionMsg(none), "\x1b[<35;5;3M"},
		{"\x1b[?1003;1006h", tea.MouseClickMsg(tea.Mouse{X: -1, Y: 2, Button: tea.MouseLeft}), ""},
		{"\x1b[?1003;1006h", tea.MouseClickMsg(tea.Mouse{X: 4, Y: 50, Button: tea.MouseLeft}), ""},
	} {
		m, _ := fed(250, 50, tt.output)
		if got := mouseSequence(tt.msg, m.modes, m.w, m.h); got != tt.want {
			t.Errorf("after %q, %T %v sends %q, want %q", tt.output, tt.msg, tt.msg, got, tt.want)
		}
		if wants := m.modes.mouse != 0; wants != (strings.Contains(tt.output, "h") && !strings.Contains(tt.output, "l")) {
			t.Errorf("after %q the mouse is wanted: %v", tt.output, wants)
		}
	}
}
