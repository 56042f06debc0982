package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSanitise(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "redis-server *:6379", "redis-server *:6379"},
		{"other scripts", "größe 日本語 العربية שלום", "größe 日本語 العربية שלום"},
		{"newline and tab", "a\nb\tc\r", "a␊b␉c␍"},
		{"NUL and DEL", "a\x00b\x7f", "a␀b␡"},
		{"colour", "\x1b[31mred\x1b[0m", "␛red␛"},
		{"colon parameters", "\x1b[38:2::1:2:3mx", "␛x"},
		{"clear the screen", "x\x1b[2J\x1b[Hy", "x␛␛y"},
		{"window title ended by BEL", "\x1b]0;owned\x07x", "␛x"},
		{"hyperlink ended by ST", "\x1b]8;;http://e\x1b\\x\x1b]8;;\x1b\\", "␛x␛"},
		{"device control string", "\x1bP$q\"p\x1b\\x", "␛x"},
		{"charset", "\x1b(0x", "␛x"},
		{"reset", "\x1bcx", "␛x"},
		{"unended string does not hide the rest", "\x1b]0;rm -rf", "␛]0;rm -rf"},
		{"unended CSI", "\x1b[31", "␛[31"},
		{"CSI broken by a newline", "\x1b[3\nm", "␛[3␊m"},
		{"ESC alone", "\x1b", "␛"},
		{"ESC ESC", "\x1b\x1b[m", "␛␛"},
		{"string broken by another sequence", "\x1b]0;a\x1b[31mb", "␛]0;a␛b"},
		{"C1 CSI", "\u009b31mx", "␛x"},
		{"C1 OSC ended by C1 ST", "\u009d0;t\u009cx", "␛x"},
		{"C1 NEL", "a\u0085b", `a\u0085b`},
		{"raw C1 byte", "a\x9b31m", `a\x9b31m`},
		{"not UTF-8", "caf\xe9", `caf\xe9`},
		{"cut short", "a\xe2\x82", `a\xe2\x82`},
		{"surrogate", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"replacement character itself", "\ufffd", "\ufffd"},
		{"right-to-left override", "user\u202etxt.exe", `user\u202etxt.exe`},
		{"bidi marks", "\u200e\u200f\u061c\u2066\u2069", `\u200e\u200f\u061c\u2066\u2069`},
		{"zero-width", "ro\u200bot\u200d\ufeff\u2060", `ro\u200bot\u200d\ufeff\u2060`},
		{"soft hyphen", "ro\u00adot", `ro\u00adot`},
		{"line and paragraph separators", "a\u2028b\u2029", `a\u2028b\u2029`},
		{"tag characters", "a\U000e0041", `a\U000e0041`},
		{"variation selector", "a\ufe0f", `a\ufe0f`},
		{"Hangul filler", "a\u3164b\u115f", `a\u3164b\u115f`},
		{"private use", "\ue0b0", `\ue0b0`},
		{"noncharacter", "\uffff", `\uffff`},
		{"accent", "e\u0301", "e\u0301"},
		{"accent after something replaced", "\ne\u0301", "␊e\u0301"},
		{"accent first", "\u0301e", "◌\u0301e"},
		{"stack of marks", "e" + strings.Repeat("\u0301", 50) + "x", "e\u0301\u0301\u0301\u0301x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Sanitise(tt.in)); diff != "" {
				t.Errorf("Sanitise(%q) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

func TestSanitiseCleanDoesNotAllocate(t *testing.T) {
	for _, s := range []string{"/usr/bin/redis-server *:6379", "größe 日本語 e\u0301"} {
		if n := testing.AllocsPerRun(100, func() { Sanitise(s) }); n != 0 {
			t.Errorf("Sanitise(%q) allocates %v times", s, n)
		}
	}
}

func FuzzSanitise(f *testing.F) {
	for _, s := range []string{
		"", "bash", "\x1b[31mred", "\x1b]0;t\x07", "\u202e", "\x9b", "e\u0301", "\x1bP\x1b\\", "\xf0\x9f\x91", "\u009d\u009c", "日本",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Sanitise(s)
		if again := Sanitise(got); again != got {
			t.Errorf("Sanitise(%q) = %q, and of that %q", s, got, again)
		}
		if !utf8.ValidString(got) {
			t.Errorf("Sanitise(%q) = %q is not UTF-8", s, got)
		}
		for _, r := range got {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control, unicode.Join_Control) {
				t.Errorf("Sanitise(%q) = %q holds %U", s, got, r)
			}
		}
		if s != "" && Width(got) == 0 {
			t.Errorf("Sanitise(%q) = %q cannot be seen", s, got)
		}
	})
}

func BenchmarkSanitiseClean(b *testing.B) {
	for b.Loop() {
		Sanitise("/usr/sbin/nginx -g daemon off;")
	}
}
