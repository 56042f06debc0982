package vterm

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"cutaway/ui/text"
)

// fed is a machine that got some output, and what it answered.
func fed(w, h int, output ...string) (*machine, *strings.Builder) {
	answers := &strings.Builder{}
	m := newMachine(w, h, func(s string) { answers.WriteString(s) })
	for _, s := range output {
		for b := []byte(s); len(b) > 0; {
			b = b[m.step(b):]
		}
	}
	return m, answers
}

// shown is a screen's text without the blanks at its right and bottom.
func shown(s Screen) string {
	lines := make([]string, len(s.Lines))
	for i, l := range s.Lines {
		lines[i] = strings.TrimRight(l.String(), " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// past is the text of all history.
func past(m *machine) string {
	lines := make([]string, m.history.len())
	for i := range lines {
		lines[i] = m.history.line(i).String()
	}
	return strings.Join(lines, "\n")
}

// checkScreen fails when a screen could do something to a terminal, or has not the size that it should have.
func checkScreen(t *testing.T, s Screen, w, h int) {
	t.Helper()
	if len(s.Lines) != h {
		t.Fatalf("%d lines, want %d", len(s.Lines), h)
	}
	for y, l := range s.Lines {
		width := 0
		for _, r := range l {
			width += r.Width
			if strings.IndexFunc(r.Text, unicode.IsControl) >= 0 || text.Sanitise("a"+r.Text) != "a"+r.Text {
				t.Fatalf("line %d is not safe: %q", y, r.Text)
			}
		}
		if got := text.Width(l.String()); got != w || width != w {
			t.Fatalf("line %d is %d cells wide by its text and %d by its runs, want %d: %q", y, got, width, w, l)
		}
	}
	if c := s.Cursor; c.X < 0 || c.X >= w || c.Y < 0 || c.Visible && c.Y >= h {
		t.Fatalf("cursor at %d,%d of %dx%d", c.X, c.Y, w, h)
	}
	if text.Sanitise(s.Title) != s.Title || text.Width(s.Title) > maxTitle {
		t.Fatalf("title %q", s.Title)
	}
}

// TestSequences are the sequences that programs of xterm-256color's terminfo entry use, and how xterm does them.
func TestSequences(t *testing.T) {
	for _, tt := range []struct {
		name   string
		w, h   int
		output string
		want   string
		x, y   int
	}{
		{"text", 10, 3, "one\r\ntwo", "one\ntwo", 3, 1},
		{"wrap", 4, 3, "abcdef", "abcd\nef", 2, 1},
		{"a full line does not wrap yet", 4, 3, "abcd", "abcd", 3, 0},
		{"a full line and CR LF is one line", 4, 3, "abcd\r\nef", "abcd\nef", 2, 1},
		{"SGR leaves the wrap to come", 4, 3, "abcd\x1b[0mef", "abcd\nef", 2, 1},
		{"backspace at a full line", 4, 3, "abcd\bX", "abXd", 3, 0},
		{"no wrap", 4, 3, "\x1b[?7labcdefg", "abcg", 3, 0},
		{"wide", 6, 3, "日本語", "日本語", 5, 0},
		{"wide wraps whole", 5, 3, "日本語", "日本\n語", 2, 1},
		{"wide after a full line", 4, 3, "日本x", "日本\nx", 1, 1},
		{"half of a wide one overwritten", 6, 3, "日本\x1b[1;2Hx", " x本", 2, 0},
		{"wide on one column", 1, 3, "日", "\ufffd", 0, 0},
		{"combining", 6, 3, "e\u0301x", "e\u0301x", 2, 0},
		{"CUP and EL", 6, 3, "abcdef\x1b[1;3H\x1b[K", "ab", 2, 0},
		{"EL 1", 6, 3, "abcdef\x1b[1;3H\x1b[1K", "   def", 2, 0},
		{"ED 0", 6, 3, "aaaaaa\r\nbbbbbb\r\ncccccc\x1b[2;3H\x1b[J", "aaaaaa\nbb", 2, 1},
		{"ED 1 leaves what is right of the cursor", 6, 3, "aaaaaa\r\nbbbbbb\r\ncccccc\x1b[2;3H\x1b[1J", "\n   bbb\ncccccc", 2, 1},
		{"ECH", 6, 3, "abcdef\x1b[1;2H\x1b[3X", "a   ef", 1, 0},
		{"ICH", 6, 3, "abcdef\x1b[1;2H\x1b[2@", "a  bcd", 1, 0},
		{"DCH", 6, 3, "abcdef\x1b[1;2H\x1b[2P", "adef", 1, 0},
		{"DCH moves wide ones whole", 8, 3, "ab日本\x1b[1;1H\x1b[P", "b日本", 0, 0},
		{"DCH out of the scroll region", 6, 4, "\x1b[1;2r\x1b[4;1Habc\x1b[4;1H\x1b[P", "\n\n\nbc", 0, 3},
		{"IL in a region", 4, 4, "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1b[L", "a\n\nb\nd", 0, 1},
		{"DL in a region", 4, 4, "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1b[M", "a\nc\n\nd", 0, 1},
		{"LF scrolls the region", 4, 4, "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nX", "a\nc\nX\nd", 1, 2},
		{"RI scrolls the region", 4, 4, "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1bMX", "a\nX\nb\nd", 1, 1},
		{"SU and SD", 4, 3, "a\r\nb\r\nc\x1b[2S\x1b[T", "\nc", 1, 2},
		{"origin mode", 6, 4, "\x1b[2;3r\x1b[?6h\x1b[2;2HX\rY", "\n\nYX", 1, 2},
		{"origin mode keeps in the region", 6, 4, "\x1b[2;3r\x1b[?6h\x1b[9;1HX", "\n\nX", 1, 2},
		{"tabs", 20, 2, "a\tb\tc", "a       b       c", 17, 0},
		{"own tabs", 20, 2, "\x1b[3g\x1b[1;5H\x1bH\ra\tb", "a   b", 5, 0},
		{"REP", 8, 2, "-\x1b[4b", "-----", 5, 0},
		{"REP of a box", 8, 2, "─\x1b[2b", "───", 3, 0},
		{"REP is bounded", 3, 2, "-\x1b[2147483647b", "---\n-", 1, 1},
		{"line drawing by G0", 8, 2, "\x1b(0lqk\x1b(Bl", "┌─┐l", 4, 0},
		{"line drawing by SO", 8, 2, "\x1b)0\x0elqk\x0fl", "┌─┐l", 4, 0},
		{"insert mode", 6, 2, "abc\x1b[1;1H\x1b[4hXY\x1b[4l", "XYabc", 2, 0},
		{"DECSC and DECRC", 6, 3, "ab\x1b7\x1b[3;3Hx\x1b8c", "abc\n\n  x", 3, 0},
		{"SCOSC and SCORC", 6, 3, "ab\x1b[s\x1b[3;3Hx\x1b[uc", "abc\n\n  x", 3, 0},
		{"NEL and IND", 6, 3, "ab\x1bEc\x1bDd", "ab\nc\n d", 2, 2},
		{"alternate screen", 6, 3, "main\x1b[?1049h\x1b[2J\x1b[Halt\x1b[?1049l!", "main!", 5, 0},
		{"alternate screen, own cursor", 6, 3, "main\x1b[?1049h\x1b[3;3H\x1b7x\x1b[?1049l!", "main!", 5, 0},
		{"RIS", 6, 3, "\x1b[2;3rab\x1b(0\x1b[?6h\x1bcq", "q", 1, 0},
		{"DECALN", 3, 2, "\x1b#8", "EEE\nEEE", 0, 0},
		{"a control inside of a sequence", 6, 2, "ab\x1b[\r1CX", "aX", 2, 0},
		{"CAN ends a sequence", 6, 2, "a\x1b[3\x18b", "ab", 2, 0},
		{"ESC in a sequence begins another", 6, 2, "abc\x1b[\x1b[2Dx", "axc", 2, 0},
		{"unknown sequences show nothing", 8, 2, "a\x1b[>4;2m\x1b[?2026h\x1b%G\x1b[5 q\x1b[=1ub", "ab", 2, 0},
		{"strings show nothing", 8, 2, "a\x1bPq#0;2;0~\x1b\\b\x1b_Gx\x1b\\c\x1b]52;c;eHg=\ad\x1b^pm\x1b\\e\x1b]8;;http://x\x1b\\f\x1b]8;;\x1b\\", "abcdef", 6, 0},
		{"a string with the byte of a C1 ST", 8, 2, "\x1b]0;\u2713\x9c ok\ab", "b", 1, 0},
		{"C1 controls are no controls", 8, 2, "a\u009b31mb\u0085c", "a31mbc", 6, 0},
		{"invalid UTF-8", 8, 2, "a\xffb\xc3c", "a\ufffdb\ufffdc", 5, 0},
		{"broken UTF-8 does not swallow an ESC", 8, 2, "ab\xe2\x1b[1;1Hx", "xb\ufffd", 1, 0},
		{"bidi and zero width", 8, 2, "a\u202eb\u200bc\ufeffd", "abcd", 4, 0},
		{"unassigned and private use", 8, 2, "a\ue0b0b", "a\ufffdb", 3, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			whole, _ := fed(tt.w, tt.h, tt.output)
			var bytewise *machine
			{
				var single []string
				for i := range len(tt.output) {
					single = append(single, tt.output[i:i+1])
				}
				bytewise, _ = fed(tt.w, tt.h, single...)
			}
			for _, m := range []*machine{whole, bytewise} {
				s := m.screen(0)
				checkScreen(t, s, tt.w, tt.h)
				if diff := cmp.Diff(tt.want, shown(s)); diff != "" {
					t.Errorf("screen (-want +got):\n%s", diff)
				}
				if s.Cursor.X != tt.x || s.Cursor.Y != tt.y {
					t.Errorf("cursor at %d,%d, want %d,%d", s.Cursor.X, s.Cursor.Y, tt.x, tt.y)
				}
				if m.resets > 0 {
					t.Errorf("the emulator panicked")
				}
			}
		})
	}
}

// TestAnswers are the questions that a terminal must answer.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct{ output, want string }{
		{"\x1b[c", "\x1b[?62;1;6;22c"},
		{"\x1b[>c", "\x1b[>1;10;0c"},
		{"\x1b[5n", "\x1b[0n"},
		{"ab\r\nc\x1b[6n", "\x1b[2;2R"},
		{"ab\x1b[?6n", "\x1b[?1;3;1R"},
		{"\x1b[2;3r\x1b[?6h\x1b[6n", "\x1b[1;1R"},
		{"\x1b[?7$p\x1b[?2004$p\x1b[4$p\x1b[?12345$p", "\x1b[?7;1$y\x1b[?2004;2$y\x1b[4;2$y\x1b[?12345;0$y"},
		{"\x1b[18t", "\x1b[8;5;20t"},
		{"\x1b]11;?\a", "\x1b]11;rgb:0000/0000/0000\x1b\\"},
		{"\x1b]10;?\x1b\\", "\x1b]10;rgb:ffff/ffff/ffff\x1b\\"},
		{"\x1b]52;c;?\a\x1b[21t\x1bP$qm\x1b\\\x1b]4;1;?\a", ""}, // the clipboard, the title: never answered, it could be typed
	} {
		if _, answers := fed(20, 5, tt.output); answers.String() != tt.want {
			t.Errorf("%q is answered by %q, want %q", tt.output, answers, tt.want)
		}
	}
}

func TestTitleAndBell(t *testing.T) {
	m, _ := fed(20, 3, "\x1b]0;one; two \u2713\x1b\\\a\a")
	s := m.screen(0)
	if s.Title != "one; two \u2713" || s.Bells != 2 {
		t.Errorf("title %q, bells %d", s.Title, s.Bells)
	}
	m, _ = fed(20, 3, "\x1b]2;a\u202eb\x01c\a\x1b]2;"+strings.Repeat("x", 1<<20)+"\a")
	if s := m.screen(0); s.Title != `a\u202ebc` && s.Title != "a\\u202eb\u2401c" {
		t.Errorf("title %q", s.Title)
	}
	if n := cap(m.tok.text); n > 4*maxString {
		t.Errorf("a string of 1 MB takes %d bytes", n)
	}
}

// TestMarksAreBounded: a cell with a tall stack of marks is cut, at once or mark by mark.
func TestMarksAreBounded(t *testing.T) {
	stack := "e" + strings.Repeat("\u0301", 1000)
	for _, output := range [][]string{{stack + "x"}, strings.SplitAfter(stack, "\u0301")} {
		m, _ := fed(10, 2, output...)
		if n := strings.Count(m.screen(0).Lines[0].String(), "\u0301"); n == 0 || n > maxMarks {
			t.Errorf("%d marks are left", n)
		}
	}
}

// TestNeighboursDoNotJoin: what was written cell by cell stays in its cells.
func TestNeighboursDoNotJoin(t *testing.T) {
	for _, output := range []string{
		"\x1b[1;1H\U0001f1e9\x1b[1;3H\U0001f1ea", "\x1b[1;1H\u1100\x1b[1;3H\u1161\x1b[1;4H\u11a8", "\x1b[1;1H\u0600\x1b[1;2H\u0661",
		"\x1b[1;1H\u0915\u094d\x1b[1;2H\u0937",
	} {
		m, _ := fed(10, 2, output)
		checkScreen(t, m.screen(0), 10, 2)
	}
}

func TestStyles(t *testing.T) {
	m, _ := fed(20, 2, "a\x1b[1;31mb\x1b[0;38;5;200;48;2;1;2;3mc\x1b[m\x1b[4:3;7;97;42md\x1b[me\x1b[38:2::9:8:7mf")
	want := Line{
		{"a", Style{}, 1},
		{"b", Style{FG: Indexed(1), Attrs: Bold}, 1},
		{"c", Style{FG: Indexed(200), BG: RGB(1, 2, 3)}, 1},
		{"d", Style{FG: Indexed(15), BG: Indexed(2), Attrs: Underline | Reverse}, 1},
		{"e", Style{}, 1},
		{"f", Style{FG: RGB(9, 8, 7)}, 1},
		{strings.Repeat(" ", 14), Style{}, 14},
	}
	if diff := cmp.Diff(want, m.screen(0).Lines[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for style, seq := range map[Style]string{
		{}:                                  "",
		{Attrs: Bold | Strike}:              "\x1b[1;9m",
		{FG: Indexed(3), BG: Indexed(12)}:   "\x1b[33;104m",
		{FG: Indexed(16), BG: RGB(0, 0, 1)}: "\x1b[38;5;16;48;2;0;0;1m",
	} {
		if got := style.Sequence(); got != seq {
			t.Errorf("%v is %q, want %q", style, got, seq)
		}
		m, _ := fed(4, 1, seq+"x")
		if got := m.screen(0).Lines[0][0].Style; got != style {
			t.Errorf("%q is read as %v", seq, got)
		}
	}
}

func TestHistory(t *testing.T) {
	m, _ := fed(10, 3, "1\r\n2\r\n3\r\n4\r\n5")
	if got := past(m); got != "1\n2" {
		t.Errorf("history %q", got)
	}
	s := m.screen(1)
	if shown(s) != "2\n3\n4" || s.Back != 1 || s.MaxBack != 2 || s.First != 1 || s.Cursor.Visible {
		t.Errorf("scrolled back: %q, %+v", shown(s), s)
	}
	if s := m.screen(99); s.Back != 2 {
		t.Errorf("scrolled back by %d, want 2", s.Back)
	}
	feedAll := func(s string) { m.feed([]byte(s)) }
	feedAll("\x1b[2;3r\x1b[3;1H\n\n\x1b[r") // a region below the top keeps nothing
	feedAll("\x1b[?1049h" + strings.Repeat("alt\r\n", 20) + "\x1b[2J\x1b[?1049l")
	feedAll("\x1b[1;1H\x1b[M") // deleted
	if got := past(m); got != "1\n2" {
		t.Errorf("history has what did not scroll off: %q", got)
	}
	if !strings.HasPrefix(fmt.Sprint(m.screen(0).MaxBack), "2") {
		t.Errorf("MaxBack %d", m.screen(0).MaxBack)
	}
	feedAll("\x1b[3J")
	if m.history.len() != 0 || m.history.first != 2 {
		t.Errorf("ED 3 left %d lines, the next is number %d", m.history.len(), m.history.first)
	}
	m, _ = fed(10, 3, "a\r\n\r\nb\x1b[H\x1b[2J")
	if got := past(m); got != "a\n\nb" || shown(m.screen(0)) != "" {
		t.Errorf("ED 2 keeps %q and shows %q", got, shown(m.screen(0)))
	}
	m, _ = fed(10, 3, strings.Repeat("x\r\n", 2*historyLines))
	if m.history.len() != historyLines || m.history.end() != 2*historyLines-2 {
		t.Errorf("%d lines, end %d", m.history.len(), m.history.end())
	}
}

func TestText(t *testing.T) {
	m, _ := fed(10, 3, "one\r\ntwo 日本\r\nthree\r\nfour\r\nfive")
	for _, tt := range []struct {
		a, b, c, d int
		want       string
	}{
		{0, 0, 1, 99, "one\ntwo 日本"},
		{1, 4, 1, 6, "日"},
		{1, 2, 3, 2, "o 日本\nthree\nfo"},
		{-5, 0, 99, 0, "one\ntwo 日本\nthree\nfour\n"},
		{2, 3, 2, 1, ""},
	} {
		if got := m.text(tt.a, tt.b, tt.c, tt.d); got != tt.want {
			t.Errorf("text(%d, %d, %d, %d) is %q, want %q", tt.a, tt.b, tt.c, tt.d, got, tt.want)
		}
	}
	before := m.text(3, 0, 4, 4)
	m.feed([]byte("\r\nsix\r\nseven"))
	if after := m.text(3, 0, 4, 4); after != before || before != "four\nfive" {
		t.Errorf("a selection was %q, and after new output is %q", before, after)
	}
}

func TestResizeMachine(t *testing.T) {
	m, _ := fed(10, 4, "1\r\n2\r\n3\r\n4")
	m.resize(10, 2)
	if shown(m.screen(0)) != "3\n4" || past(m) != "1\n2" || m.screen(0).Cursor.Y != 1 {
		t.Errorf("lower: %q, history %q, %+v", shown(m.screen(0)), past(m), m.screen(0).Cursor)
	}
	m.feed([]byte("\x1b[?1049halt"))
	m.resize(5, 1)
	m.resize(12, 3)
	m.feed([]byte("\x1b[?1049l!"))
	s := m.screen(0)
	checkScreen(t, s, 12, 3)
	if shown(s) != "4!" || past(m) != "1\n2\n3" {
		t.Errorf("while the alternate screen was shown: %q, history %q", shown(s), past(m))
	}
	m.resize(3, 3)
	for back := range 4 {
		checkScreen(t, m.screen(back), 3, 3)
	}
	for _, size := range [][2]int{{0, 0}, {-1, 5}, {1, 1}, {1 << 20, 1 << 20}, {80, 24}} {
		m.resize(size[0], size[1])
		checkScreen(t, m.screen(0), m.w, m.h)
	}
}

// TestPlainIsExact: the short way for floods ends in the same state as the long one.
func TestPlainIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		"a", "word ", " ", "0123456789", "\t", "日本", "é", "e\u0301", "\u0301", "\U0001f600", "\u200d", "\u202e", "한", "\ue0b0", "\U0001f1e9",
		"\x1b[m", "\x1b[1;31m", "\x1b[44m", "\x1b[38;5;99;7m", "\x1b[49m",
		"a long stretch of text that is longer than a line of the screen and wraps",
	}
	starts := []string{
		"", "x\r\ny", "\x1b[31mred ", "\x1b[44mblue ", strings.Repeat("old\r\n", 30), "\x1b[7;3Hmiddle", "0123456789",
		"\x1b[?1049hx\x1b[?1049l", "\x1b[7m",
	}
	short := 0
	for round := range 300 {
		w, h := 1+random.IntN(30), 1+random.IntN(12)
		var b strings.Builder
		lines := random.IntN(12 * h)
		if round%50 == 0 { // more than history holds
			lines = 2 * historyLines
		}
		for range lines {
			for range random.IntN(6) {
				b.WriteString(pieces[random.IntN(len(pieces))])
			}
			b.WriteString("\r\n")
		}
		b.WriteString("the end")
		start, plain := starts[random.IntN(len(starts))], b.String()

		slow := newMachine(w, h, func(string) {})
		slow.feed([]byte(start + plain))
		fast := newMachine(w, h, func(string) {})
		fast.feed([]byte(start))
		taken, _ := fast.plain([]byte(plain))
		if taken > 0 {
			short++
		}
		fast.feed([]byte(plain[taken:]))
		if round%50 == 0 { // cmp has more lines to show than anybody reads
			plain = "a flood"
		}

		if diff := cmp.Diff(slow.screen(0), fast.screen(0)); diff != "" {
			t.Fatalf("round %d, %dx%d, %q then %q: screen (-slow +fast):\n%s", round, w, h, start, plain, diff)
		}
		if slow.history.first != fast.history.first || slow.history.len() != fast.history.len() {
			t.Fatalf("round %d: history %d+%d, want %d+%d", round, fast.history.first, fast.history.len(), slow.history.first, slow.history.len())
		}
		for i := range slow.history.len() {
			if diff := cmp.Diff(slow.history.line(i), fast.history.line(i)); diff != "" {
				t.Fatalf("round %d, %dx%d, %q then %q: line %d of history (-slow +fast):\n%s", round, w, h, start, plain, i, diff)
			}
		}
		if fast.skip != 0 {
			t.Fatalf("round %d: %d lines would be left out of history", round, fast.skip)
		}
	}
	if short < 50 {
		t.Errorf("only %d rounds went the short way", short)
	}
}

// FuzzOutput: no output can harm a terminal or end the program.
func FuzzOutput(f *testing.F) {
	for _, s := range []string{
		"\x1b]52;c;eHg=\a\x1b]0;\u202etitle\a\x1bP1$qm\x1b\\\x1b_Gi=1;AAAA\x1b\\", "\x1b[?1049h\x1b[2;3r\x1b[9999S\x1b[9999L\x1b[9999@\x1b[9999P",
		"日本\x1b[1;2Hx\x1b[P\x1b[@\x1b[2X\x1b[1K\x1b[1J\x1b[2J\x1b[3J\x1b[9999b", "\x1b[4h\x1b[?6h\x1b[?7l\x1b)0\x0eabc\xff\xc3\xe2\x80",
		"\x1b[38;2;1m\x1b[38:5m\x1b[48;5;300;4:9;58;2;;;m\x1b[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;m", "\x1b[!p\x1bc\x1b#8\x1b7\x1b[9999;9999H\x1b8\x1bM\x1bH\x1b[3g\x1b[99Z\x1b[99I",
		"a\u0301\u0301\u0301\u0301\u0301\u0301\U0001f1e9\U0001f1ea\u1100\u1161\u200d\u0915\u094d\u0937", strings.Repeat("plain\r\n", 50),
	} {
		f.Add([]byte(s), uint8(10), uint8(4), uint8(3), uint8(9), uint16(7))
		f.Add([]byte(s), uint8(1), uint8(1), uint8(80), uint8(1), uint16(3))
	}
	f.Fuzz(func(t *testing.T, output []byte, w, h, w2, h2 uint8, at uint16) {
		m := newMachine(int(w), int(h), func(string) {})
		for i := 0; i < len(output); {
			n := m.step(output[i:])
			if i <= int(at) && int(at) < i+n {
				m.safely(func() { m.resize(int(w2), int(h2)) })
			}
			i += n
		}
		checkScreen(t, m.screen(0), m.w, m.h)
		checkScreen(t, m.screen(m.history.len()), m.w, m.h)
		if m.resets > 0 {
			t.Errorf("the emulator panicked")
		}
		m.text(0, 0, 1<<30, 3)
	})
}

// TestPanicOfTheEmulator resets the screen, keeps history, and the terminal goes on.
func TestPanicOfTheEmulator(t *testing.T) {
	m, _ := fed(10, 2, "1\r\n2\r\n3\x1b[?1049h\x1b[2")
	m.safely(func() { panic("a bug") })
	m.feed([]byte("on"))
	checkScreen(t, m.screen(0), 10, 2)
	if got := shown(m.screen(0)); got != "on" || past(m) != "1" || m.resets != 1 {
		t.Errorf("screen %q, history %q, %d resets", got, past(m), m.resets)
	}
}
