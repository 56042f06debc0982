package caps

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMask is what Parse returns, wrapped with the text, for what is not a mask; its message says what one looks like.
var ErrMask = errors.New("a capability mask is up to 16 hexadecimal digits, such as 00000000a80425fb (the Cap lines of /proc/PID/status)")

// Parse reads a mask as people paste it: "00000000a80425fb", "0xA80425FB", with spaces around it, with _ between
// digits, or as a whole line of /proc/PID/status, "CapEff:\t00000000a80425fb".
func Parse(text string) (Set, error) {
	digits := strings.TrimSpace(text)
	if field, value, found := strings.Cut(digits, ":"); found && isStatusField(field) {
		digits = strings.TrimSpace(value)
	}
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "0x"), "0X")
	if !strings.HasPrefix(digits, "_") && !strings.HasSuffix(digits, "_") {
		digits = strings.ReplaceAll(digits, "_", "")
	}
	mask, err := strconv.ParseUint(digits, 16, maskBits)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", quote(text), ErrMask)
	}
	return Set(mask), nil
}

func isStatusField(name string) bool {
	for _, k := range Kinds() {
		if name == k.Field() {
			return true
		}
	}
	return false
}

// Encode makes a set of names: with the prefix cap_ or without, in any case, one to a word or separated by commas or
// spaces. A number stands for its bit, "all" for every capability with a name, "none" for nothing, and a name after
// - is taken away again: "all -sys_admin". A name that is not known is an error that suggests the nearest.
func Encode(words ...string) (Set, error) {
	var s Set
	for _, word := range strings.FieldsFunc(strings.Join(words, " "), isSeparator) {
		name, remove := strings.CutPrefix(word, "-")
		if !remove {
			name = strings.TrimPrefix(name, "+")
		}
		named, err := lookUp(name)
		if err != nil {
			return 0, err
		}
		if remove {
			s &^= named
		} else {
			s |= named
		}
	}
	return s, nil
}

func isSeparator(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// lookUp is the set that one word of Encode stands for.
func lookUp(word string) (Set, error) {
	name := strings.TrimPrefix(strings.ToLower(word), "cap_")
	switch name {
	case "all":
		return UpTo(LastKnown()), nil
	case "none":
		return 0, nil
	}
	for c, known := range names {
		if known == name {
			return Of(Cap(c)), nil
		}
	}
	if n, err := strconv.ParseUint(name, 10, 8); err == nil && n < maskBits {
		return Of(Cap(n)), nil
	}
	if near := nearest(name); near != "" {
		return 0, fmt.Errorf("unknown capability %s; did you mean %s?", quote(word), near)
	}
	return 0, fmt.Errorf("unknown capability %s; capabilities(7) has the names, such as net_admin, or give a bit from 0 to 63", quote(word))
}

// quote shows text of any length in a message.
func quote(text string) string {
	const longest = 40
	if len(text) > longest {
		return strconv.Quote(text[:longest]) + "…"
	}
	return strconv.Quote(text)
}
