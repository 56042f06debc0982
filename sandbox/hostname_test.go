package sandbox

import (
	"strings"
	"testing"
)

func TestIsHostname(t *testing.T) {
	for name, want := range map[string]bool{
		"": false, "a": true, "_": true, "-": false, ".": false, "a-": false, ".a": false, "a.b-c_d.E9": true,
		"a b": false, "ä": false, "a\x00b": false, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false,
	} {
		if isHostname(name) != want {
			t.Errorf("%q: %v, want %v", name, !want, want)
		}
	}
}
