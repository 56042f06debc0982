package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ShellQuote writes s as one word of a POSIX shell, so that a printed command can be pasted and means the same. A word
// with runes that Sanitise would replace, or bytes that are not UTF-8, is written as $'…' with octal escapes (POSIX.1-2024;
// bash, zsh, ksh, busybox), so the printed command is safe to show as it stands. No shell word can hold a NUL: one in s
// ends the word.
func ShellQuote(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	switch {
	case s == "":
		return "''"
	case plainWord(s):
		return s
	case Sanitise(s) == s:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < utf8.RuneSelf && safe(r, size):
			b.WriteRune(r)
		default:
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		}
		i += size
	}
	b.WriteString("'")
	return b.String()
}

// ShellJoin writes a command line of quoted words.
func ShellJoin(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = ShellQuote(w)
	}
	return strings.Join(quoted, " ")
}

// plainWord tells whether no shell gives any of s a meaning of its own. A leading = is a path to zsh.
func plainWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && strings.IndexByte("@%+=:,./_-", c) < 0 {
			return false
		}
	}
	return s[0] != '='
}
