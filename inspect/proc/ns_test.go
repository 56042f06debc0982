package proc

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestParseNSLink(t *testing.T) {
	type result struct {
		kind NSKind
		ino  uint64
		ok   bool
	}
	for text, want := range map[string]result{
		"mnt:[4026531832]":           {Mnt, 4026531832, true},
		"net:[4026531840]":           {Net, 4026531840, true},
		"pid:[4026531836]":           {PID, 4026531836, true},
		"ipc:[4026531839]":           {IPC, 4026531839, true},
		"uts:[4026531838]":           {UTS, 4026531838, true},
		"user:[4026531837]":          {User, 4026531837, true},
		"cgroup:[4026531835]":        {Cgroup, 4026531835, true},
		"time:[4026531834]":          {Time, 4026531834, true},
		"net:[18446744073709551615]": {Net, 18446744073709551615, true},
		"net:[18446744073709551616]": {},
		"net:[-1]":                   {},
		"net:[]":                     {},
		"net:[":                      {},
		"net:[1":                     {},
		"net:[1]]":                   {},
		"net:[1] ":                   {},
		"net:1":                      {},
		":[1]":                       {},
		"Net:[1]":                    {},
		"pid_for_children:[1]":       {},
		"/proc/1/ns/net:[1]":         {},
		"socket:[1]":                 {},
		"":                           {},
	} {
		kind, ino, ok := ParseNSLink([]byte(text))
		if got := (result{kind, ino, ok}); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestParseNSLinkDoesNotAllocate(t *testing.T) {
	b := []byte("cgroup:[4026531835]")
	if n := testing.AllocsPerRun(100, func() { _, _, _ = ParseNSLink(b) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// Each recorded link has a name that we know and leads to the kind that the name says.
func TestNSLinkSamples(t *testing.T) {
	for name, b := range samples(t, "ns.txt") {
		targets := map[string]string{}
		for line := range strings.Lines(string(b)) {
			link, target, _ := strings.Cut(strings.TrimSpace(line), " ")
			targets[link] = target
		}
		for link := range NSLink(NSLinks) {
			target := targets[NSLinkName(link)]
			kind, ino, ok := ParseNSLink([]byte(target))
			if !ok || kind != NSLinkKind(link) || target != fmt.Sprintf("%s:[%d]", kind, ino) {
				t.Errorf("%s: %s is %q, parsed as %s %d %t", name, NSLinkName(link), target, kind, ino, ok)
			}
		}
	}
}

func TestNSKindByName(t *testing.T) {
	for k := range NSKind(NSKinds) {
		if got, ok := NSKindByName(k.String()); got != k || !ok {
			t.Errorf("%s: %s %t", k, got, ok)
		}
	}
	for _, name := range []string{"", "pid_for_children", "NET", "unknown", "mount"} {
		if got, ok := NSKindByName(name); ok {
			t.Errorf("%q is taken for %s", name, got)
		}
	}
	if NSKind(NSKinds).String() != "unknown" || NSLinkName(NSLinks) != "unknown" {
		t.Error("what is beyond the kinds and links has a name")
	}
}

func FuzzParseNSLink(f *testing.F) {
	for _, s := range []string{"net:[4026531840]", "net:[", "time:[0]", ":[", "mnt:[]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, ino, ok := ParseNSLink(b)
		printed := fmt.Sprintf("%s:[%d]", kind, ino)
		if ok && !bytes.Equal(b, []byte(printed)) && !bytes.Contains(b, []byte(":[0")) {
			t.Errorf("%q is taken for %s", b, printed)
		}
	})
}
