package cli

import "testing"

func TestFold(t *testing.T) {
	for _, c := range []struct {
		in            string
		width, indent int
		want          string
	}{
		{"", 10, 2, ""},
		{"one two three", 8, 2, "one two\n  three"},
		{"one two three", 7, 0, "one two\nthree"},
		{"this line: docker update --memory=1 --memory-swap=2 db", 30, 4, "this line: docker update\n    --memory=1 --memory-swap=2 db"},
		{"at /a/path-that-is-too/wide here", 10, 0, "at\n/a/path-that-is-too/wide\nhere"},
		{"two  blanks stay", 20, 0, "two  blanks stay"},
		{"\x1b[33mabc\x1b[0m def", 7, 0, "\x1b[33mabc\x1b[0m def"},
		{"größe größe", 5, 1, "größe\n größe"},
	} {
		if got := fold(c.in, c.width, c.indent); got != c.want {
			t.Errorf("fold(%q, %d, %d) = %q, want %q", c.in, c.width, c.indent, got, c.want)
		}
	}
}
