package proc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLimits(t *testing.T) {
	limits, err := ParseLimits(sample(t, "docker-db", "limits"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]ResourceLimit{}
	for _, l := range limits {
		got[l.Name] = l
	}
	if len(got) != 16 {
		t.Errorf("%d limits, want 16", len(got))
	}
	for _, want := range []ResourceLimit{
		{Name: "Max cpu time", Soft: LimitValue{Unlimited: true}, Hard: LimitValue{Unlimited: true}, Unit: "seconds"},
		{Name: "Max stack size", Soft: LimitValue{N: 8388608}, Hard: LimitValue{Unlimited: true}, Unit: "bytes"},
		{Name: "Max open files", Soft: LimitValue{N: 20000}, Hard: LimitValue{N: 20000}, Unit: "files"},
		{Name: "Max realtime priority"},
	} {
		if diff := cmp.Diff(want, got[want.Name]); diff != "" {
			t.Errorf("%s: -want +got\n%s", want.Name, diff)
		}
	}
}

func TestParseLimitsRefuses(t *testing.T) {
	whole := string(sample(t, "docker-db", "limits"))
	for name, text := range map[string]string{
		"empty":            "",
		"no heading":       "Max open files            20000                20000                files     \n",
		"no value":         "Limit \nMax open files            \n",
		"one value":        "Limit \nMax open files            20000\n",
		"no number":        strings.Replace(whole, "20000  ", "many   ", 1),
		"beyond 64 bits":   strings.Replace(whole, "20000               ", "18446744073709551616", 1),
		"one field more":   strings.Replace(whole, "files     \n", "files more\n", 1),
		"a line too short": "Limit \nMax\n",
		"no name":          "Limit \n                          20000                20000                files     \n",
		"cut short":        whole[:len(whole)-1],
	} {
		if _, err := ParseLimits([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: error %v, want one that wraps ErrFormat", name, err)
		}
	}
}

// The samples printed again are the samples.
func TestParseLimitsSamples(t *testing.T) {
	for name, b := range samples(t, "limits") {
		limits, err := ParseLimits(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(string(b), printLimits(limits)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// printLimits writes the lines as proc_pid_limits in fs/proc/base.c does.
func printLimits(limits []ResourceLimit) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units")
	for _, l := range limits {
		fmt.Fprintf(&b, "%-25s %-20s %-20s ", l.Name, l.Soft, l.Hard)
		if l.Unit != "" {
			fmt.Fprintf(&b, "%-10s", l.Unit)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func FuzzParseLimits(f *testing.F) {
	seed(f, "limits", "Limit \n\n", "Limit \nMax\n")
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := ParseLimits(b)
		wantFormatError(t, err)
	})
}
