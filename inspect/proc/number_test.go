package proc

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{
		"", "0", "-0", "-1", "+1", "1_0", "0x1", "18446744073709551615", "18446744073709551616", "9223372036854775807",
		"-9223372036854775808", "2147483647", "-2147483648", "2147483648", "ffffffffffffffff", "10000000000000000", "777", "37777777777", "40000000000",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := strconv.ParseUint(s, 10, 64)
		if got, ok := parseUint([]byte(s)); ok != (err == nil) || ok && got != want {
			t.Errorf("parseUint(%q) is %d %t", s, got, ok)
		}
		want, err = strconv.ParseUint(s, 16, 64)
		if got, ok := parseHex([]byte(s)); ok != (err == nil) || ok && got != want {
			t.Errorf("parseHex(%q) is %d %t", s, got, ok)
		}
		want, err = strconv.ParseUint(s, 8, 32)
		if got, ok := parseOctal([]byte(s)); ok != (err == nil) || ok && uint64(got) != want {
			t.Errorf("parseOctal(%q) is %d %t", s, got, ok)
		}
		if strings.HasPrefix(s, "+") {
			return // strconv takes a plus sign, the kernel writes none
		}
		wantInt, err := strconv.ParseInt(s, 10, 64)
		if wantInt == math.MinInt64 {
			return // no file has it
		}
		if got, ok := parseInt64([]byte(s)); ok != (err == nil) || ok && got != wantInt {
			t.Errorf("parseInt64(%q) is %d %t", s, got, ok)
		}
		wantInt, err = strconv.ParseInt(s, 10, 32)
		if got, ok := parseInt([]byte(s)); ok != (err == nil) || ok && int64(got) != wantInt {
			t.Errorf("parseInt(%q) is %d %t", s, got, ok)
		}
	})
}
