package stage

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlanRoundTrip(t *testing.T) {
	plans := []Plan{
		{},
		{Wait: true, Init: true, PIDNS: true},
		{Init: true, Ops: []Op{
			{Verb: Begin, Data: "mounts"},
			{Verb: Bind, Path: "/a\x00b", Target: "/dev/null", Flags: Create | Device, Attr: 1 << 63, N: -1, M: 3},
			{Verb: Exec, List: []string{"sh", ""}, More: []string{"A=b\nc"}, Path: "/bin"},
		}},
	}
	for _, want := range plans {
		got, ok := decode(want.Encode())
		if !ok {
			t.Fatalf("%+v was not understood", want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A plan that is cut anywhere, or goes on after its end, is no plan.
func TestCutPlanIsRefused(t *testing.T) {
	b := (&Plan{Ops: []Op{{Verb: Begin, Data: "mounts"}, {Verb: Exec, List: []string{"sh"}}}}).Encode()
	for n := range b {
		if _, ok := decode(b[:n]); ok {
			t.Errorf("understood %d of %d bytes", n, len(b))
		}
	}
	if _, ok := decode(append(b, 0)); ok {
		t.Error("understood a plan with a byte too much")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add((&Plan{Ops: []Op{{Verb: Exec, List: []string{"sh"}}}}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := decode(b)
		if !ok {
			return
		}
		again, ok := decode(p.Encode())
		if !ok || !cmp.Equal(p, again) {
			t.Errorf("a second reading differs: %+v %+v", p, again)
		}
	})
}

func TestFailureRoundTrip(t *testing.T) {
	want := Failure{Stage: "proc", What: "mount proc", Path: "/proc", Errno: 1}
	b := want.encode()
	if Kind(b[0]) != MsgFailed {
		t.Errorf("begins with %q", b[0])
	}
	if got, ok := DecodeFailure(b[1:]); !ok || got != want {
		t.Errorf("%+v, %v", got, ok)
	}
	if _, ok := DecodeFailure(b[1 : len(b)-1]); ok {
		t.Error("understood a cut message")
	}
}

func TestCutOption(t *testing.T) {
	for _, c := range []struct{ in, option, rest string }{
		{"mode=0755,size=1", "mode=0755", "size=1"},
		{"ro", "ro", ""},
		{`lowerdir=/a\,b\\:c,upperdir=/u`, `lowerdir=/a,b\:c`, "upperdir=/u"},
	} {
		if option, rest := cutOption(c.in); option != c.option || rest != c.rest {
			t.Errorf("%q: %q, %q", c.in, option, rest)
		}
	}
}

// A path as a value of lowerdir passes through newFS once and through overlayfs once.
func TestEscapeLower(t *testing.T) {
	for path, want := range map[string]string{"/a": "/a", "/a,b": "/a,b", "/a:b": `/a\:b`, `/a\b`: `/a\\b`} {
		if got, _ := cutOption(escapeLower(path)); got != want {
			t.Errorf("%q gives overlayfs %q, want %q", path, got, want)
		}
	}
}

func TestCandidates(t *testing.T) {
	if got := candidates("./sh", "/bin"); !cmp.Equal(got, []string{"./sh"}) {
		t.Errorf("a path gave %q", got)
	}
	if got := candidates("sh", "::/nowhere:/bin"); !cmp.Equal(got, []string{"/bin/sh"}) {
		t.Errorf("a name gave %q", got)
	}
	if got := candidates("no-such-program", "/bin:/usr/bin"); got != nil {
		t.Errorf("a missing program gave %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for _, n := range []int{0, 7, 10, 4294967, -12} {
		if got := itoa(n); n >= 0 && atoi(got) != n || n < 0 && got != "-12" {
			t.Errorf("%d became %q", n, got)
		}
	}
}
