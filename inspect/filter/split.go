package filter

import (
	"fmt"
	"strings"
)

// word is one term of a query as it was typed.
type word struct {
	text   string // all of it
	negate bool
	key    string // lower case; "" for a bare word
	op     byte   // ':', '<' or '>' after a key
	value  string
}

// maxQuery caps a query; nobody types more, and a paste by accident should be told so.
const maxQuery = 4096

// split takes a query apart at its blanks. Quotes keep blanks, and keep a word from being taken for a key.
func split(query string) ([]word, error) {
	if len(query) > maxQuery {
		return nil, fmt.Errorf("the filter is longer than %d bytes", maxQuery)
	}
	var words []word
	for rest := trimBlanks(query); rest != ""; rest = trimBlanks(rest) {
		w, n, err := nextWord(rest)
		if err != nil {
			return nil, err
		}
		words = append(words, w)
		rest = rest[n:]
	}
	return words, nil
}

// nextWord reads the word that s begins with and returns its length.
func nextWord(s string) (w word, n int, err error) {
	for n < len(s) && s[n] == '!' {
		w.negate = !w.negate
		n++
	}
	if key := leadingKey(s[n:]); key != "" {
		w.key, w.op = strings.ToLower(key), s[n+len(key)]
		n += len(key) + 1
	}
	value, length, err := nextValue(s[n:])
	if err != nil {
		return w, 0, err
	}
	n += length
	w.value, w.text = value, s[:n]
	return w, n, nil
}

// leadingKey returns the letters before a ':', '<' or '>', or "".
func leadingKey(s string) string {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case c == ':' || c == '<' || c == '>':
			return s[:i]
		default:
			return ""
		}
	}
	return ""
}

// nextValue reads a value up to the next blank, or between quotes, and returns how many bytes it took.
func nextValue(s string) (value string, n int, err error) {
	if s == "" || (s[0] != '"' && s[0] != '\'') {
		n = strings.IndexAny(s, blanks)
		if n < 0 {
			n = len(s)
		}
		return s[:n], n, nil
	}
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 {
		return "", 0, fmt.Errorf("the quote %c has no end", s[0])
	}
	return s[1 : end+1], end + 2, nil
}

const blanks = " \t\r\n"

func trimBlanks(s string) string { return strings.TrimLeft(s, blanks) }
