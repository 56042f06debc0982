package proc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseIDMap(t *testing.T) {
	got, err := ParseIDMap(sample(t, "podman-rootless-r1", "uid_map"))
	want := []IDMapping{{Inside: 0, Outside: 1001, Count: 1}, {Inside: 1, Outside: 165536, Count: 65536}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got\n%s", err, diff)
	}
	if got, err := ParseIDMap(nil); len(got) != 0 || err != nil {
		t.Errorf("a map not written yet: %v, error %v", got, err)
	}
	for _, text := range []string{"\n", "0 0\n", "0 0 1 1\n", "0 0 4294967296\n", "0 0 -1\n", "a b c\n", "0 0 1"} {
		if got, err := ParseIDMap([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v and error %v, want an error that wraps ErrFormat", text, got, err)
		}
	}
}

// The samples printed again are the samples.
func TestParseIDMapSamples(t *testing.T) {
	for _, file := range []string{"uid_map", "gid_map"} {
		for name, b := range samples(t, file) {
			mappings, err := ParseIDMap(b)
			if err != nil {
				t.Errorf("%s %s: %v", name, file, err)
			}
			if diff := cmp.Diff(string(b), printIDMap(mappings)); diff != "" {
				t.Errorf("%s %s: -want +got\n%s", name, file, diff)
			}
		}
	}
}

// printIDMap writes the lines as m_show in kernel/user_namespace.c does.
func printIDMap(mappings []IDMapping) string {
	var b strings.Builder
	for _, m := range mappings {
		fmt.Fprintf(&b, "%10d %10d %10d\n", m.Inside, m.Outside, m.Count)
	}
	return b.String()
}

func FuzzParseIDMap(f *testing.F) {
	seed(f, "uid_map", "0 0 4294967296\n", "\t1\t1\t1\n")
	f.Fuzz(func(t *testing.T, b []byte) {
		mappings, err := ParseIDMap(b)
		wantFormatError(t, err)
		again, err := ParseIDMap([]byte(printIDMap(mappings)))
		if diff := cmp.Diff(mappings, again); diff != "" || err != nil {
			t.Errorf("printed and parsed again: error %v, -want +got\n%s", err, diff)
		}
	})
}
