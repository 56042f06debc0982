package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapeMark stands for one whole escape sequence.
const escapeMark = '\u241b' // ␛

// maxMarks is how many combining marks may follow one another: no script needs more, and a tall stack of them draws over
// the lines above and below.
const maxMarks = 4

// markBase carries a combining mark that has no letter of its own, which would else join the text drawn before it.
const markBase = '\u25cc' // ◌

// Sanitise returns s as one line that a terminal shows and does not obey. What it replaces stays visible:
//
//   - an escape sequence, whole, by ␛; one that never ends loses only its introducer, so that it cannot hide what follows
//   - C0 controls and DEL by their pictures (␊ for a newline), C1 controls, bidirectional controls, zero-width and other
//     invisible runes, line and paragraph separators and unassigned runes by \u202e
//   - a byte that is not UTF-8 by \xff
//
// Clean text is returned itself, without allocation. The result cannot be turned back (the text may have held the four
// characters \xff), so what a program must match or paste is made of the true bytes. Sanitise(Sanitise(s)) is Sanitise(s).
func Sanitise(s string) string {
	at := firstUnsafe(s)
	if at == len(s) {
		return s
	}
	// A run of combining marks may have begun before the first unsafe rune, so everything is written again from the start.
	var b strings.Builder
	b.Grow(len(s) + 16)
	marks := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.Is(unicode.M, r) && !invisible(r) {
			writeMark(&b, r, marks)
			marks++
			i += size
			continue
		}
		marks = 0
		i += writeRune(&b, s[i:], r, size)
	}
	return b.String()
}

// firstUnsafe is the offset of the first rune that Sanitise must look at, or len(s).
func firstUnsafe(s string) int {
	i := 0
	for i < len(s) && s[i] >= ' ' && s[i] < 0x7f {
		i++
	}
	marks := 0
	for j := i; j < len(s); {
		r, size := utf8.DecodeRuneInString(s[j:])
		marks++
		if !unicode.Is(unicode.M, r) {
			marks = 0
		}
		if !safe(r, size) || marks > maxMarks || (marks > 0 && j == 0) {
			return j
		}
		j += size
	}
	return len(s)
}

// writeMark writes the combining mark that is the nth of its run.
func writeMark(b *strings.Builder, r rune, nth int) {
	if nth >= maxMarks {
		return
	}
	if b.Len() == 0 {
		b.WriteRune(markBase)
	}
	b.WriteRune(r)
}

// writeRune writes the rune r of size bytes that s begins with, or what stands for it, and returns how many bytes of s
// that covers.
func writeRune(b *strings.Builder, s string, r rune, size int) int {
	if safe(r, size) {
		b.WriteString(s[:size])
		return size
	}
	if r == utf8.RuneError && size == 1 {
		fmt.Fprintf(b, `\x%02x`, s[0])
		return 1
	}
	if n := escapeSequence(s, r, size); n > 0 {
		b.WriteRune(escapeMark)
		return n
	}
	switch {
	case r < ' ':
		b.WriteRune('\u2400' + r)
	case r == 0x7f:
		b.WriteRune('\u2421')
	case r > 0xffff:
		fmt.Fprintf(b, `\U%08x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
	return size
}

// safe tells whether a rune of size bytes may reach a terminal as it is.
func safe(r rune, size int) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r < 0x7f
	}
	if r == utf8.RuneError && size == 1 {
		return false
	}
	return unicode.IsGraphic(r) && !invisible(r)
}

// invisible tells whether a graphic rune draws nothing (Unicode's Default_Ignorable_Code_Point beyond the format
// characters, which are not graphic): fillers and variation selectors hide text in text.
func invisible(r rune) bool {
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escapeSequence returns the length of the escape or C1 control sequence (ECMA-48, console_codes(4)) that s begins with;
// 0 when the rune r of size bytes begins none or it does not end.
func escapeSequence(s string, r rune, size int) int {
	kind := r
	if r == 0x1b {
		if len(s) < 2 {
			return 0
		}
		next := s[1]
		if next < '@' || next > '_' {
			return plainEscape(s)
		}
		kind, size = rune(next)+0x40, 2 // ESC [ is the seven-bit form of U+009B, and so on
	}
	switch kind {
	case 0x9b: // CSI
		return controlSequence(s, size)
	case 0x90, 0x98, 0x9d, 0x9e, 0x9f: // DCS, SOS, OSC, PM, APC
		return controlString(s, size)
	}
	if r == 0x1b {
		return size
	}
	return 0
}

// plainEscape measures ESC, intermediate bytes, and one final byte.
func plainEscape(s string) int {
	i := 1
	for i < len(s) && s[i] >= ' ' && s[i] <= '/' {
		i++
	}
	if i < len(s) && s[i] >= '0' && s[i] <= '~' {
		return i + 1
	}
	return 0
}

// controlSequence measures a CSI sequence whose parameters begin at i.
func controlSequence(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '?' {
		i++
	}
	for i < len(s) && s[i] >= ' ' && s[i] <= '/' {
		i++
	}
	if i < len(s) && s[i] >= '@' && s[i] <= '~' {
		return i + 1
	}
	return 0
}

// controlString measures a string such as OSC, whose text begins at i, to its BEL or ST.
func controlString(s string, i int) int {
	rest := s[i:]
	end := strings.IndexAny(rest, "\a\x1b\u009c")
	switch {
	case end < 0:
		return 0
	case rest[end] == '\a':
		return i + end + 1
	case strings.HasPrefix(rest[end:], "\x1b\\"), strings.HasPrefix(rest[end:], "\u009c"):
		return i + end + 2
	}
	return 0
}
