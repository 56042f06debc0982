package proc

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCountLines(t *testing.T) {
	for text, want := range map[string]int{
		"":                         0,
		"0::/":                     0,
		"0::/\n":                   1,
		"0::/\n1:cpu:/\n":          2,
		strings.Repeat("\n", 1000): 200,
	} {
		if got := countLines([]byte(text), len("0::/\n")); got != want {
			t.Errorf("%.20q: %d, want %d", text, got, want)
		}
	}
}

// An error shows the beginning of what was not understood, quoted, however long and hostile it is.
func TestFormatErrorIsShort(t *testing.T) {
	hostile := bytes.Repeat([]byte("\x1b[2J\xff\n"), 100000)
	err := ParseStat(hostile, new(Stat))
	if err == nil || len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\x1b\n") || !utf8.ValidString(err.Error()) {
		t.Errorf("the error is %.200q", err)
	}
}
