// Package shell writes words for a shell, so that no text, whoever chose it, is more than one word of a printed command.
package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote makes a text one word of a shell: as it is, in single quotes, or, where it holds what a terminal would act on (control
// characters, broken UTF-8, marks that turn the direction of writing), as $'…' has it, which bash, zsh and ksh know and
// dash does not. No word of a command line holds a NUL: the text ends there.
func Quote(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	plain, clean := s != "" && s[0] != '=', true // a word that begins with "=" is a path to zsh
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		plain = plain && isPlain(r)
		clean = clean && isClean(r, size)
	}
	switch {
	case plain:
		return s
	case clean:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return escaped(s)
}

// Join writes a command line.
func Join(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// isPlain tells whether no shell gives a character a meaning of its own inside of a word.
func isPlain(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r < utf8.RuneSelf && strings.ContainsRune("@%+=:,./_-", r)
}

func isClean(r rune, size int) bool {
	return unicode.IsPrint(r) && (r != utf8.RuneError || size > 1)
}

// escaped writes what is not clean in octal.
func escaped(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case isClean(r, size):
			b.WriteRune(r)
		default:
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		}
	}
	return b.String() + "'"
}
