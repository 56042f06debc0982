package limit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Amount is a number of bytes, of processes, or of operations in a second, or Max.
type Amount int64

// Max is no limit: "max".
const Max Amount = -1

// units are the powers of 1024 that may stand behind a size, with or without "b" or "ib" after them, as docker reads them.
const units = "bkmgtpe"

// ParseBytes reads a size: "67108864", "64M", "64MiB", "64mb" and "1.5g" are bytes in powers of 1024, as docker has them;
// "max" and "unlimited" are Max. The error says what is accepted.
func ParseBytes(text string) (Amount, error) {
	if isMax(text) {
		return Max, nil
	}
	digits := strings.TrimRightFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	power, ok := power(strings.ToLower(strings.TrimSpace(text[len(digits):])))
	value, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || strings.Trim(digits, "0123456789.") != "" {
		return 0, fmt.Errorf("%q is no size: say a number with K, M, G or T behind it (powers of 1024), such as 64M, or max", text)
	}
	if whole, err := strconv.ParseInt(digits, 10, 64); err == nil && whole <= math.MaxInt64>>power {
		return Amount(whole << power), nil
	}
	value *= float64(uint64(1) << power)
	if value >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too much: the most is below 8E; say max for no limit", text)
	}
	return Amount(value), nil
}

// power is the power of two that a unit stands for.
func power(unit string) (power uint, ok bool) {
	if unit == "" {
		return 0, true
	}
	at := strings.IndexByte(units, unit[0])
	if at < 0 {
		return 0, false
	}
	switch rest := unit[1:]; {
	case rest == "", at > 0 && (rest == "b" || rest == "ib"):
		return uint(10 * at), true
	}
	return 0, false
}

// ParseCount reads a number of processes or of operations: digits, or "max" or "unlimited".
func ParseCount(text string) (Amount, error) {
	if isMax(text) {
		return Max, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || text[0] == '+' {
		return 0, fmt.Errorf("%q is no number: say a whole one such as 100, or max", text)
	}
	return Amount(n), nil
}

func isMax(text string) bool {
	return strings.EqualFold(text, "max") || strings.EqualFold(text, "unlimited")
}

// String is the number, or "max".
func (a Amount) String() string {
	if a == Max {
		return "max"
	}
	return strconv.FormatInt(int64(a), 10)
}

// Bytes writes a size without loss, in the greatest unit that divides it: "64M", "7812K", "1000", "max".
func (a Amount) Bytes() string {
	if a <= 0 {
		return a.String()
	}
	n, unit := int64(a), 0
	for n%1024 == 0 && unit < len(units)-1 {
		n, unit = n/1024, unit+1
	}
	if unit == 0 {
		return a.String()
	}
	return strconv.FormatInt(n, 10) + strings.ToUpper(units[unit:unit+1])
}

// About writes a size in at most three digits and a unit, for a sentence: "67.2M".
func (a Amount) About() string {
	n, unit := float64(a), 0
	for n >= 999.5 && unit < len(units)-1 {
		n, unit = n/1024, unit+1
	}
	if a < 0 || unit == 0 {
		return a.String()
	}
	digits := 0
	if n < 99.95 {
		digits = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(n, 'f', digits, 64), ".0") + strings.ToUpper(units[unit:unit+1])
}

// MarshalJSON writes the number, or "max".
func (a Amount) MarshalJSON() ([]byte, error) {
	if a == Max {
		return []byte(`"max"`), nil
	}
	return strconv.AppendInt(nil, int64(a), 10), nil
}

var errAmountJSON = errors.New(`a limit is a whole number of 0 or more, or "max"`)

// UnmarshalJSON reads a number, or "max".
func (a *Amount) UnmarshalJSON(text []byte) error {
	if string(text) == `"max"` {
		*a = Max
		return nil
	}
	var n int64
	if err := json.Unmarshal(text, &n); err != nil || n < 0 || string(text) == "null" {
		return fmt.Errorf("%w, not %s", errAmountJSON, clip(string(text)))
	}
	*a = Amount(n)
	return nil
}

// clip keeps what an error message repeats of a file short.
func clip(text string) string {
	if len(text) > 40 {
		return text[:40] + "…"
	}
	return text
}
