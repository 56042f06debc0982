package proc

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseTimensOffsets(t *testing.T) {
	got, err := ParseTimensOffsets(sample(t, "unshare-time", "timens_offsets"))
	want := []TimeOffset{{"monotonic", 500 * time.Second}, {"boottime", 1000 * time.Second}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got\n%s", err, diff)
	}
	for text, want := range map[string]time.Duration{
		"monotonic -5 500000000":          -4500 * time.Millisecond, // counted from -5 upwards, as timespec(3) does
		"boottime 0 999999999":            time.Second - 1,
		"boottime -0 0":                   0,
		"monotonic 9223372035 999999999":  9223372036*time.Second - 1,
		"monotonic -9223372035 999999999": -9223372035*time.Second + 999999999,
	} {
		got, err := ParseTimensOffsets([]byte(text + "\n"))
		if err != nil || len(got) != 1 || got[0].Offset != want {
			t.Errorf("%s: %v and error %v, want %v", text, got, err, want)
		}
	}
}

func TestParseTimensOffsetsRefuses(t *testing.T) {
	for _, text := range []string{
		"\n", "monotonic\n", "monotonic 1\n", "monotonic 1 2 3\n", "monotonic x 0\n", "monotonic 0 -1\n", "monotonic - 0\n",
		"monotonic --1 0\n", "monotonic 0 1000000000\n", "monotonic 9223372036 0\n", "monotonic 99999999999999999999 0\n", "monotonic 1 0",
	} {
		if got, err := ParseTimensOffsets([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v and error %v, want an error that wraps ErrFormat", text, got, err)
		}
	}
}

// The samples printed again are the samples.
func TestParseTimensOffsetsSamples(t *testing.T) {
	for name, b := range samples(t, "timens_offsets") {
		offsets, err := ParseTimensOffsets(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var printed strings.Builder
		for _, o := range offsets {
			fmt.Fprintf(&printed, "%-10s %10d %9d\n", o.Clock, o.Offset/time.Second, o.Offset%time.Second)
		}
		if diff := cmp.Diff(string(b), printed.String()); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func FuzzParseTimensOffsets(f *testing.F) {
	seed(f, "timens_offsets", "monotonic -9223372035 999999999\n")
	f.Fuzz(func(t *testing.T, b []byte) {
		offsets, err := ParseTimensOffsets(b)
		wantFormatError(t, err)
		for _, o := range offsets {
			if o.Offset < 0 && !strings.Contains(string(b), "-") {
				t.Errorf("%v out of text without a minus sign", o)
			}
		}
	})
}
