package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"cutaway/ui/text"
)

func TestWrap(t *testing.T) {
	cases := []struct {
		name  string
		line  line
		width int
		want  []string
	}{
		{"fits", words(plain, "one two"), 10, []string{"one two"}},
		{"at a blank", words(plain, "one two three"), 8, []string{"one two", "three"}},
		{"across spans", words(dim, "one ").put(plain, "two three"), 8, []string{"one two", "three"}},
		{"a long word", words(plain, "abcdefghij"), 4, []string{"abcd", "efgh", "ij"}},
		{"a long word after a name", words(accent, "PATH=").put(plain, "/usr/bin:/bin"), 10, []string{"PATH=/usr/", "bin:/bin"}},
		{"wide characters", words(plain, "漢字漢字"), 5, []string{"漢字", "漢字"}},
		{"nothing", nil, 5, []string{""}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, l := range c.line.wrap(c.width) {
				got = append(got, strings.TrimRight(l.text(), " "))
			}
			if strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two", "three", 5)
	f.Add("漢字 a", "", 1)
	f.Add(evil, "x", 3)
	f.Fuzz(func(t *testing.T, a, b string, width int) {
		width = min(max(width, 2), 200)
		l := words(plain, text.Sanitise(a)).put(dim, text.Sanitise(b))
		var kept strings.Builder
		for _, part := range l.wrap(width) {
			if w := part.width(); w > width {
				t.Errorf("%q is %d wide, not %d", part.text(), w, width)
			}
			kept.WriteString(part.text())
		}
		bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if bare(kept.String()) != bare(l.text()) {
			t.Errorf("%q became %q", l.text(), kept.String())
		}
	})
}

func FuzzDraw(f *testing.F) {
	f.Add("one", "two", 5)
	f.Add("漢字", evil, 3)
	f.Fuzz(func(t *testing.T, a, b string, width int) {
		width = min(max(width, 0), 200)
		for _, lk := range []look{newTestLook(), {newTheme(black{}), text.ASCII}} {
			for on := range surfaces {
				got := lk.draw(words(strong, a).put(bad, b), width, on)
				if w := text.Width(ansi.Strip(got)); w != width {
					t.Errorf("%q is %d wide, not %d", got, w, width)
				}
				for _, ours := range append(lk.seq[on][:], "\x1b[m") {
					got = strings.ReplaceAll(got, ours, "")
				}
				if text.Sanitise(got) != got {
					t.Errorf("%q is not safe", got)
				}
			}
		}
	})
}

func TestTextField(t *testing.T) {
	f := newTextField("one two three")
	for _, k := range []string{"ctrl+w", "ctrl+a", "right", "delete", "x", "end", "backspace"} {
		f.key(keyPress(k))
	}
	if got := f.value(); got != "oxe two" {
		t.Errorf("got %q", got)
	}
	f.key(keyPress("ctrl+u"))
	f.insert("a\nb\x1b")
	if got := f.value(); got != "a b " {
		t.Errorf("control characters became %q", got)
	}
	f.insert(strings.Repeat("x", 2*maxTyped))
	if len(f.runes) != maxTyped {
		t.Errorf("%d characters were taken", len(f.runes))
	}
	if s, at := f.window(10); text.Width(s) > 10 || at > 10 {
		t.Errorf("the window is %q with the cursor at %d", s, at)
	}
}

func FuzzTextField(f *testing.F) {
	f.Add("one two", 3, 10)
	f.Add("漢字e\u0301", 1, 2)
	f.Fuzz(func(t *testing.T, s string, pos, width int) {
		field := newTextField(s)
		field.pos = min(max(pos, 0), len(field.runes))
		width = min(max(width, 1), 100)
		got, at := field.window(width)
		if text.Width(got) > width || at > width {
			t.Errorf("%q at %d in %d cells", got, at, width)
		}
		for _, k := range []string{"ctrl+w", "left", "backspace", "delete", "ctrl+k"} {
			field.key(keyPress(k))
		}
	})
}
