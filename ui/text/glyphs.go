package text

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Glyphs are the symbols a face draws with. A face picks one set at its start and takes every symbol from there; each
// symbol is as wide in either set, so nothing moves.
type Glyphs struct {
	Folded, Unfolded                           string // before a row of a tree that has children
	Branch, LastBranch, Trunk                  string // lines of a printed tree, two cells each
	Horizontal, Vertical, Heavy                string // lines of a frame; Heavy underlines the tab in front
	TopLeft, TopRight, BottomLeft, BottomRight string

	Host    string // fingerprint: the host's own namespace
	Own     string // fingerprint: its own alone
	Unknown string // fingerprint: could not be read

	Set, Unset string // a capability held, or not
	Live       string // the screen is refreshing
	Paused     string
	Up, Down   string // keys, and the direction of a sort
	Enter      string
	Differ     string // two values are not the same

	bar   []string // from one step to a full cell
	spark []string // from the lowest to the highest
	ascii bool
}

// Unicode is the set for terminals that show UTF-8.
var Unicode = &Glyphs{
	Folded: "▸", Unfolded: "▾",
	Branch: "├─", LastBranch: "└─", Trunk: "│ ",
	Horizontal: "─", Vertical: "│", Heavy: "━",
	TopLeft: "╭", TopRight: "╮", BottomLeft: "╰", BottomRight: "╯",
	Host: "·", Own: "■", Unknown: "?",
	Set: "■", Unset: "·",
	Live: "●", Paused: "○",
	Up: "↑", Down: "↓", Enter: "⏎", Differ: "≠",
	bar:   []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	spark: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
}

// ASCII is the set for everything else.
var ASCII = &Glyphs{
	Folded: "+", Unfolded: "-",
	Branch: "|-", LastBranch: "`-", Trunk: "| ",
	Horizontal: "-", Vertical: "|", Heavy: "=",
	TopLeft: "+", TopRight: "+", BottomLeft: "+", BottomRight: "+",
	Host: ".", Own: "#", Unknown: "?",
	Set: "#", Unset: ".",
	Live: "*", Paused: "o",
	Up: "^", Down: "v", Enter: "<", Differ: "~",
	bar:   []string{"-", "#"},
	spark: []string{"_", ".", "-", "=", "#"},
	ascii: true,
}

// GlyphsFor picks the set that the terminal can show, from its locale (locale(7): LC_ALL before LC_CTYPE before LANG)
// and TERM. getenv is os.Getenv.
func GlyphsFor(getenv func(string) string) *Glyphs {
	if getenv("TERM") == "dumb" {
		return ASCII
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		locale := strings.ToLower(getenv(name))
		if locale == "" {
			continue
		}
		if strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8") {
			return Unicode
		}
		return ASCII
	}
	return ASCII
}

// Text returns sanitised text as this set's terminal can show it: itself in Unicode; in ASCII every other
// character becomes a plain one where there is one that people know for it, else "?", as many cells wide. Colours stay.
func (g *Glyphs) Text(s string) string {
	if !g.ascii || !beyondASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		if s[0] == 0x1b {
			_, _, n, _ := ansi.DecodeSequence(s, ansi.NormalState, nil)
			b.WriteString(s[:n])
			s = s[n:]
			continue
		}
		cluster, width := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		if c := plainRune(cluster); c != 0 {
			b.WriteByte(c)
			width--
		}
		b.WriteString(strings.Repeat("?", max(width, 0)))
		s = s[len(cluster):]
	}
	return b.String()
}

// plainRune is the ASCII character that people know for what they see as one character, or 0.
func plainRune(cluster string) byte {
	if cluster[0] < utf8.RuneSelf {
		return cluster[0] // with or without accents
	}
	r, _ := utf8.DecodeRuneInString(cluster)
	return plain[r]
}

// plain are the runes beyond ASCII that cutaway writes in words and numbers.
var plain = map[rune]byte{'…': '~', 'µ': 'u', '−': '-', '–': '-', '·': '.', '’': '\'', '×': 'x', '→': '>'}

// beyondASCII tells whether s holds anything else than ASCII.
func beyondASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return true
		}
	}
	return false
}
