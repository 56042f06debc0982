package control

import (
	"fmt"
	"strings"
)

// shellWrite is the line with which a shell writes a value into a file.
func shellWrite(value, file string) string {
	if value == "" {
		return "echo > " + shellWord(file)
	}
	return "echo " + shellWord(value) + " > " + shellWord(file)
}

func shellWords(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = shellWord(w)
	}
	return strings.Join(quoted, " ")
}

// shellWord makes a text one word of a POSIX shell. Control characters, which may stand in a cgroup's name, are written as
// $'…' has them, so that the line can be printed and pasted.
func shellWord(s string) string {
	plain, clean := s != "", true
	for _, c := range []byte(s) {
		safe := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("@%+=:,./_-", c) >= 0
		plain, clean = plain && safe, clean && c >= ' ' && c < 0x7f
	}
	switch {
	case plain:
		return s
	case clean:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for _, c := range []byte(s) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c >= ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String() + "'"
}
