package text

import (
	"testing"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "bash": 4, "日本": 4, "e\u0301": 1, "…": 1, "␊": 1, "\x1b[31mred\x1b[0m": 3, "▸ db": 4, "■A·": 3,
	} {
		if got := Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestCutting(t *testing.T) {
	const path = "/system.slice/docker-397f.scope"
	tests := []struct {
		name, in string
		cells    int
		cut      func(string, int) string
		want     string
	}{
		{"fits", path, 40, Truncate, path},
		{"exact", "bash", 4, Truncate, "bash"},
		{"right", path, 10, Truncate, "/system.s…"},
		{"one", path, 1, Truncate, "…"},
		{"none", path, 0, Truncate, ""},
		{"negative", path, -3, Truncate, ""},
		{"wide rune at the cut", "日本語", 4, Truncate, "日…"},
		{"wide", "日本語", 5, Truncate, "日本…"},
		{"colour stays whole", "\x1b[31mredis-server\x1b[0m", 5, Truncate, "\x1b[31mredi…\x1b[0m"},
		{"left", path, 10, TruncateLeft, "…97f.scope"},
		{"left, one", path, 1, TruncateLeft, "…"},
		{"left, none", path, 0, TruncateLeft, ""},
		{"left, fits", "a", 1, TruncateLeft, "a"},
		{"left, wide rune at the cut", "日本語", 4, TruncateLeft, "…語"},
		{"middle", path, 11, TruncateMiddle, "/syst…scope"},
		{"middle, one", path, 1, TruncateMiddle, "…"},
		{"middle, none", path, 0, TruncateMiddle, ""},
		{"middle, wide", "日本語日本語", 7, TruncateMiddle, "日…語"},
		{"middle, fits", path, 31, TruncateMiddle, path},
		{"pad", "ab", 4, PadRight, "ab  "},
		{"pad wide", "日", 4, PadRight, "日  "},
		{"pad longer", "abcde", 4, PadRight, "abcde"},
		{"pad left", "42", 5, PadLeft, "   42"},
		{"pad left longer", "4242", 2, PadLeft, "4242"},
		{"fit short", "ab", 4, Fit, "ab  "},
		{"fit long", "abcde", 4, Fit, "abc…"},
		{"fit wide", "日本語", 4, Fit, "日… "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.cut(tt.in, tt.cells); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzCutting(f *testing.F) {
	f.Add("/system.slice/docker.scope", 10)
	f.Add("日本語", 4)
	f.Add("e\u0301🇩🇪👍🏽", 2)
	f.Fuzz(func(t *testing.T, s string, cells int) {
		cells %= 200
		s = Sanitise(s)
		for name, cut := range map[string]func(string, int) string{
			"Truncate": Truncate, "TruncateLeft": TruncateLeft, "TruncateMiddle": TruncateMiddle,
		} {
			if got := cut(s, cells); Width(got) > max(cells, 0) {
				t.Errorf("%s(%q, %d) = %q is %d wide", name, s, cells, got, Width(got))
			}
		}
		if got := Fit(s, cells); Width(got) != max(cells, 0) {
			t.Errorf("Fit(%q, %d) = %q is %d wide", s, cells, got, Width(got))
		}
		if got := ASCII.Text(s); Width(got) != Width(s) || beyondASCII(got) {
			t.Errorf("ASCII.Text(%q) = %q is %d wide, not %d", s, got, Width(got), Width(s))
		}
	})
}
