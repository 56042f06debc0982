package vterm

import (
	"testing"

	"cutaway/ui/text"
)

// A mark changes no text and no width, and takes whole characters.
func TestMarked(t *testing.T) {
	line := Line{{Text: "plain ", Width: 6}, {Text: "bold漢字", Style: Style{Attrs: Bold}, Width: 8}, {Text: "  ", Width: 2}}
	for from := range 17 {
		for to := range 17 {
			marked := line.Marked(from, to)
			if marked.String() != line.String() {
				t.Fatalf("%d to %d: %q", from, to, marked.String())
			}
			x := 0
			for _, r := range marked {
				if got := text.Width(r.Text); got != r.Width {
					t.Fatalf("%d to %d: %q is %d cells and says %d", from, to, r.Text, got, r.Width)
				}
				if in := r.Style.Attrs&Reverse != 0; in && (x < from || x >= to) || !in && r.Width <= 2 && x >= from && x < to {
					t.Fatalf("%d to %d: %q at %d is marked: %v", from, to, r.Text, x, in)
				}
				x += r.Width
			}
		}
	}
	if got := line.Marked(8, 12); len(got) != 5 {
		t.Errorf("%d runs", len(got))
	}
}
