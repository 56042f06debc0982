package proc

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEnviron(t *testing.T) {
	for text, want := range map[string][]EnvVar{
		"":                           nil,
		"\x00\x00\x00":               nil,
		"A=1\x00B=\x00":              {{Name: "A", Value: "1"}, {Name: "B"}},
		"A=1\x00B=2":                 {{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}, // capped by the caller
		"A=b=c\x00=x\x00":            {{Name: "A", Value: "b=c"}, {Value: "x"}},
		"bare\x00\x00A=1\x00":        {{Name: "bare", Bare: true}, {Name: "A", Value: "1"}},
		"A=\xff\xfe\x1b[0m\nB=2\x00": {{Name: "A", Value: "\xff\xfe\x1b[0m\nB=2"}},
		"A=1\x00A=2\x00":             {{Name: "A", Value: "1"}, {Name: "A", Value: "2"}},
	} {
		if diff := cmp.Diff(want, ParseEnviron([]byte(text))); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}

func FuzzParseEnviron(f *testing.F) {
	f.Add([]byte("A=1\x00B\x00\x00=\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var want, got [][]byte
		for _, entry := range bytes.Split(b, []byte{0}) {
			if len(entry) > 0 {
				want = append(want, entry)
			}
		}
		for _, v := range ParseEnviron(b) {
			entry := v.Name
			if !v.Bare {
				entry += "=" + v.Value
			}
			got = append(got, []byte(entry))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}
