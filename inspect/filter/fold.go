package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// needle is text to look for, whatever its case. A blank in it matches the NUL between two arguments of a command line.
type needle struct {
	text  string  // lower case
	first [2]byte // the two bytes that an ASCII needle may begin as
	ascii bool
}

func newNeedle(s string) needle {
	n := needle{text: strings.ToLower(s), ascii: true}
	for i := range len(n.text) {
		n.ascii = n.ascii && n.text[i] < utf8.RuneSelf
	}
	if n.text != "" {
		n.first = bothCases(n.text[0])
	}
	return n
}

// in tells whether s holds the needle.
func (n needle) in(s string) bool {
	if n.text == "" {
		return true
	}
	if !n.ascii {
		return n.inRunes(s)
	}
	for i := 0; i+len(n.text) <= len(s); i++ {
		if c := s[i]; (c == n.first[0] || c == n.first[1]) && n.at(s[i:]) {
			return true
		}
	}
	return false
}

// at tells whether s, which is long enough, begins with the needle.
func (n needle) at(s string) bool {
	for i := range len(n.text) {
		if foldByte(s[i]) != n.text[i] {
			return false
		}
	}
	return true
}

// begins tells whether s begins with the needle.
func (n needle) begins(s string) bool {
	if n.ascii {
		return len(s) >= len(n.text) && n.at(s)
	}
	return n.beginsRunes(s)
}

func (n needle) inRunes(s string) bool {
	for i := range s {
		if n.beginsRunes(s[i:]) {
			return true
		}
	}
	return false
}

func (n needle) beginsRunes(s string) bool {
	for _, want := range n.text {
		got, size := utf8.DecodeRuneInString(s)
		if size == 0 || foldRune(got) != want {
			return false
		}
		s = s[size:]
	}
	return true
}

func foldByte(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A'
	case c == 0:
		return ' '
	}
	return c
}

// bothCases are the bytes that foldByte makes c of.
func bothCases(c byte) [2]byte {
	switch {
	case c >= 'a' && c <= 'z':
		return [2]byte{c, c - 'a' + 'A'}
	case c == ' ':
		return [2]byte{c, 0}
	}
	return [2]byte{c, c}
}

func foldRune(r rune) rune {
	if r == 0 {
		return ' '
	}
	return unicode.ToLower(r)
}
