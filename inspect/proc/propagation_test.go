package proc

import (
	"strings"
	"testing"
)

func TestPropagationString(t *testing.T) {
	for fields, want := range map[string]string{
		"":                                   "private",
		"unbindable":                         "unbindable",
		"shared:5":                           "shared 5",
		"master:2":                           "slave of 2",
		"shared:5 master:2":                  "shared 5, slave of 2",
		"shared:5 master:2 propagate_from:1": "shared 5, slave of 2 through 1",
		"propagate_from:1":                   "propagate_from:1",
		"novel:3":                            "novel:3",
	} {
		m := Mount{Propagation: strings.Fields(fields)}
		if got := m.PropagationString(); got != want {
			t.Errorf("%q: %q, want %q", fields, got, want)
		}
	}
}
