package security

import (
	"testing"

	"cutaway/inspect/reading"
)

func TestSeccomp(t *testing.T) {
	one, three, untold := reading.Value(uint32(1)), reading.Value(uint32(3)), reading.Missing[uint32](reading.Absent)
	tests := []struct {
		mode    uint8
		filters reading.Of[uint32]
		name    string
		meaning string
	}{
		{0, untold, "off", "Every system call is open to it."},
		{1, untold, "strict", "Only read, write, _exit and sigreturn are open to it; any other call kills it."},
		{2, one, "filter", "One filter decides on each system call: it may allow it, fail it, or kill the process."},
		{2, three, "filter", "3 filters decide on each system call; the strictest answer counts."},
		{2, untold, "filter", "Filters decide on each system call; how many is not told by this kernel."},
		{9, untold, "9", "Mode 9 is newer than this program."},
	}
	for _, tt := range tests {
		if got := SeccompMode(tt.mode); got != tt.name {
			t.Errorf("mode %d is called %q, want %q", tt.mode, got, tt.name)
		}
		if got := SeccompMeaning(tt.mode, tt.filters); got != tt.meaning {
			t.Errorf("mode %d with %v filters means %q, want %q", tt.mode, tt.filters, got, tt.meaning)
		}
	}
	if NoNewPrivsMeaning(true) == NoNewPrivsMeaning(false) {
		t.Error("no_new_privs on and off mean the same")
	}
}
