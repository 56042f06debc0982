package stage

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOrderRoundTrip(t *testing.T) {
	orders := []Order{
		{},
		{Clone: 1 << 40, Leave: true, FDs: 9},
		{Terminal: &Terminal{Root: -1, UID: 1<<32 - 1, GID: 5}, Ops: []Op{{Verb: Setns, N: 1, Data: "net"}, {Verb: Fork}, {Verb: Exec, List: []string{"sh"}}}},
	}
	for _, want := range orders {
		b := want.Encode()
		got, ok := decodeOrder(b)
		if !ok {
			t.Fatalf("%+v was not understood", want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for n := range b {
			if _, ok := decodeOrder(b[:n]); ok {
				t.Errorf("understood %d of %d bytes", n, len(b))
			}
		}
	}
}

func FuzzDecodeOrder(f *testing.F) {
	f.Add((&Order{Terminal: &Terminal{Root: 3}, Ops: []Op{{Verb: Exec, List: []string{"sh"}}}}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		o, ok := decodeOrder(b)
		if !ok {
			return
		}
		again, ok := decodeOrder(o.Encode())
		if !ok || !cmp.Equal(o, again) {
			t.Errorf("a second reading differs: %+v %+v", o, again)
		}
	})
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		name, path string
		want       []string
	}{
		{"./sh", "/bin", []string{"./sh"}},
		{"sh", ":.:bin:/bin:/usr/bin", []string{"/bin/sh", "/usr/bin/sh"}}, // nothing from the working directory
		{"sh", "", nil},
		{"", "/bin", nil},
	} {
		if got := places(c.name, c.path); !cmp.Equal(got, c.want) {
			t.Errorf("%q in %q: %q, want %q", c.name, c.path, got, c.want)
		}
	}
}
