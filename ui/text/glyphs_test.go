package text

import (
	"math"
	"reflect"
	"testing"
)

// Every symbol is as wide in ASCII as in Unicode, and the ASCII set is ASCII.
func TestGlyphSetsAgree(t *testing.T) {
	unicode, ascii := reflect.ValueOf(*Unicode), reflect.ValueOf(*ASCII)
	for i := range unicode.NumField() {
		field := unicode.Type().Field(i)
		if field.Type.Kind() != reflect.String {
			continue
		}
		u, a := unicode.Field(i).String(), ascii.Field(i).String()
		if u == "" || Width(u) != Width(a) || beyondASCII(a) {
			t.Errorf("%s is %q and %q", field.Name, u, a)
		}
	}
	for _, set := range [][]string{Unicode.bar, Unicode.spark, ASCII.bar, ASCII.spark} {
		for _, glyph := range set {
			if Width(glyph) != 1 {
				t.Errorf("%q is not one cell wide", glyph)
			}
		}
	}
}

func TestGlyphsFor(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want *Glyphs
	}{
		{"UTF-8", map[string]string{"LANG": "de_DE.UTF-8"}, Unicode},
		{"utf8", map[string]string{"LANG": "C.utf8"}, Unicode},
		{"C", map[string]string{"LANG": "C"}, ASCII},
		{"nothing set", nil, ASCII},
		{"LC_ALL wins", map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, ASCII},
		{"LC_CTYPE wins over LANG", map[string]string{"LANG": "C", "LC_CTYPE": "C.UTF-8"}, Unicode},
		{"empty LC_ALL does not count", map[string]string{"LANG": "C.UTF-8", "LC_ALL": ""}, Unicode},
		{"dumb terminal", map[string]string{"LANG": "C.UTF-8", "TERM": "dumb"}, ASCII},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := GlyphsFor(func(name string) string { return tt.env[name] }); got != tt.want {
				t.Errorf("got the set whose folded mark is %q", got.Folded)
			}
		})
	}
}

func TestText(t *testing.T) {
	for s, want := range map[string]string{
		"bash": "bash", "größe": "gr??e", "日本": "????", "350µs": "350us", "cut…": "cut~", "\x1b[31mé\x1b[0m": "\x1b[31m?\x1b[0m", "e\u0301x": "ex", "␛": "?", "é\nà": "?\n?",
	} {
		if got := ASCII.Text(s); got != want {
			t.Errorf("ASCII.Text(%q) = %q, want %q", s, got, want)
		}
		if got := Unicode.Text(s); got != s {
			t.Errorf("Unicode.Text(%q) = %q", s, got)
		}
	}
}

func TestBar(t *testing.T) {
	tests := []struct {
		set   *Glyphs
		share float64
		cells int
		want  string
	}{
		{Unicode, 0, 4, "    "},
		{Unicode, 1, 4, "████"},
		{Unicode, 0.5, 4, "██  "},
		{Unicode, 0.34375, 4, "█▍  "},
		{Unicode, 0.0001, 4, "▏   "},
		{Unicode, 0.9999, 4, "███▉"},
		{Unicode, 7, 3, "███"},
		{Unicode, -1, 3, "   "},
		{Unicode, math.NaN(), 3, "   "},
		{Unicode, 0.5, 0, ""},
		{Unicode, 0.5, -2, ""},
		{ASCII, 0.5, 4, "##  "},
		{ASCII, 0.36, 4, "#-  "},
		{ASCII, 0.9999, 2, "#-"},
	}
	for _, tt := range tests {
		if got := tt.set.Bar(tt.share, tt.cells); got != tt.want {
			t.Errorf("Bar(%v, %d) = %q, want %q", tt.share, tt.cells, got, tt.want)
		}
	}
}

func TestSparkline(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		set    *Glyphs
		values []float64
		top    float64
		cells  int
		want   string
	}{
		{Unicode, nil, 0, 3, "   "},
		{Unicode, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8}, 8, 9, "▁▂▃▄▅▆▇██"},
		{Unicode, []float64{1, 2}, 0, 4, "  ▅█"},
		{Unicode, []float64{9, 9, 9, 0, 50}, 100, 2, "▁▅"},
		{Unicode, []float64{0, 0}, 0, 2, "▁▁"},
		{Unicode, []float64{nan, -1, 200}, 100, 3, "  █"},
		{Unicode, []float64{math.Inf(1), 1}, 0, 2, "██"},
		{Unicode, []float64{1}, 0, 0, ""},
		{ASCII, []float64{0, 50, 100}, 100, 3, "_-#"},
	}
	for _, tt := range tests {
		if got := tt.set.Sparkline(tt.values, tt.top, tt.cells); got != tt.want {
			t.Errorf("Sparkline(%v, %v, %d) = %q, want %q", tt.values, tt.top, tt.cells, got, tt.want)
		}
	}
}
