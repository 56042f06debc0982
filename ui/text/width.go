package text

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Ellipsis marks where text was cut; it takes one cell.
const Ellipsis = "…"

// Width is the number of terminal cells that s takes; colours take none.
func Width(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// Truncate cuts s at the right to at most that many cells, ending in … when something was cut.
func Truncate(s string, cells int) string {
	if Width(s) <= cells {
		return s
	}
	if cells <= 0 {
		return ""
	}
	return ansi.Truncate(s, cells, Ellipsis)
}

// TruncateLeft cuts s at the left to at most that many cells, for what differs at its end: "…/docker/397f67197f60".
func TruncateLeft(s string, cells int) string {
	width := Width(s)
	if width <= cells {
		return s
	}
	if cells <= 0 {
		return ""
	}
	return Ellipsis + tail(s, width, cells-1)
}

// TruncateMiddle cuts s in the middle to at most that many cells, for what is known by both ends: "/usr/…/redis-server".
func TruncateMiddle(s string, cells int) string {
	width := Width(s)
	if width <= cells {
		return s
	}
	if cells <= 0 {
		return ""
	}
	right := cells / 2
	return ansi.Truncate(s, cells-1-right, "") + Ellipsis + tail(s, width, right)
}

// tail is the end of s, at most that many cells wide; a wide rune that the cut would split is left out.
func tail(s string, width, cells int) string {
	for drop := width - cells; drop < width; drop++ {
		if t := ansi.TruncateLeft(s, drop, ""); Width(t) <= cells {
			return t
		}
	}
	return ""
}

// PadRight fills s with spaces at the right to that many cells; wider text stays as it is.
func PadRight(s string, cells int) string {
	if n := cells - Width(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// PadLeft fills s with spaces at the left to that many cells; wider text stays as it is.
func PadLeft(s string, cells int) string {
	if n := cells - Width(s); n > 0 {
		return strings.Repeat(" ", n) + s
	}
	return s
}

// Fit cuts or fills s at the right to exactly that many cells, as a column of a table needs.
func Fit(s string, cells int) string {
	return PadRight(Truncate(s, cells), cells)
}
