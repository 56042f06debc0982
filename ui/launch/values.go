package launch

import (
	"fmt"
	"strconv"
	"strings"

	"cutaway/sandbox/shell"
)

func idInto(to *uint32, text string) error {
	n, err := strconv.ParseUint(text, 10, 32)
	*to = uint32(n)
	return err
}

func boolInto(to *bool, text string) error {
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	*to = yes
	return nil
}

func secondsInto(to *int64, text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number of seconds", text)
	}
	*to = n
	return nil
}

// ifTrue does something for a switch that is on.
func ifTrue(value string, do func()) error {
	var on bool
	if err := boolInto(&on, value); err != nil || !on {
		return err
	}
	do()
	return nil
}

// list makes the put of an option that adds to a list: the list is emptied, and each word of the value added to it.
func list(empty func(w *writer), add func(w *writer, value string) error) func(*writer, string) error {
	return func(w *writer, value string) error {
		words, err := Words(value)
		if err != nil {
			return err
		}
		empty(w)
		for _, word := range words {
			if err := add(w, word); err != nil {
				return err
			}
		}
		return nil
	}
}

// orNone makes the put of a value that can be left out.
func orNone(none func(w *writer), set func(w *writer, value string) error) func(*writer, string) error {
	return func(w *writer, value string) error {
		if value == "" || value == "none" {
			none(w)
			return nil
		}
		return set(w, value)
	}
}

// joined is a list as the put of list takes it.
func joined[T any](items []T, text func(T) string) string {
	words := make([]string, len(items))
	for i := range items {
		words[i] = word(text(items[i]))
	}
	return strings.Join(words, " ")
}

// word quotes only what Words takes apart, and what a terminal would act on: a list is not for a shell, and LC_* is easier to
// read than 'LC_*'.
func word(s string) string {
	if quoted := shell.Quote(s); s == "" || strings.ContainsAny(s, " \t\n'\"\\$") || strings.HasPrefix(quoted, "$'") {
		return quoted
	}
	return s
}

func same(s string) string { return s }

// Words takes a line apart as a shell does, without what is no quoting: 'a b', "a b", a\ b and $'a\012b', as package
// cutaway/sandbox/shell writes them.
func Words(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	begun := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ' ' || c == '\t' || c == '\n':
			if begun {
				words = append(words, word.String())
			}
			begun = false
			word.Reset()
			continue
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case c == '\'' || c == '"' || c == '$' && strings.HasPrefix(line[i:], "$'"):
			text, length, ok := quoted(line[i:])
			if !ok {
				return nil, fmt.Errorf("the %c at %q is not closed", c, line[i:])
			}
			word.WriteString(text)
			i += length - 1
		default:
			word.WriteByte(c)
		}
		begun = true
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted reads what is in quotes at the beginning of a text, and how much of the text that was.
func quoted(s string) (text string, length int, ok bool) {
	var b strings.Builder
	i, end, escapes, octal := 1, s[0], s[0] == '"', false
	if s[0] == '$' {
		i, end, escapes, octal = 2, '\'', true, true
	}
	for ; i < len(s); i++ {
		switch {
		case s[i] == end:
			return b.String(), i + 1, true
		case s[i] != '\\' || !escapes || i+1 == len(s):
			b.WriteByte(s[i])
		case octal && i+4 <= len(s) && isOctal(s[i+1:i+4]):
			n, _ := strconv.ParseUint(s[i+1:i+4], 8, 8)
			b.WriteByte(byte(n))
			i += 3
		case octal || strings.IndexByte("\\\"$`", s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

// isOctal tells whether three digits are a byte's number.
func isOctal(s string) bool {
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7'
}
