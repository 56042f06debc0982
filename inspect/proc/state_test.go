package proc

import (
	"strings"
	"testing"
)

// Each sample's status spells out the letter of its stat.
func TestStateNameSamples(t *testing.T) {
	statuses := samples(t, "status")
	for name, b := range samples(t, "stat") {
		var s Stat
		if err := ParseStat(b, &s); err != nil {
			t.Fatal(err)
		}
		want := "State:\t" + string(s.State) + " (" + StateName(s.State) + ")\n"
		if !strings.Contains(string(statuses[name]), want) {
			t.Errorf("%s: no line %q", name, want)
		}
	}
}

func TestStateName(t *testing.T) {
	for _, letter := range "RSDTtXxZPIKW" {
		if StateName(byte(letter)) == "unknown" {
			t.Errorf("%c has no name", letter)
		}
	}
	for _, letter := range []byte{0, 'r', 'Q', 0xff} {
		if got := StateName(letter); got != "unknown" {
			t.Errorf("%q is called %s", letter, got)
		}
	}
}
