package cli

import (
	"strings"
	"testing"

	"cutaway/ui/text"
)

func TestReportFitsTheTerminal(t *testing.T) {
	found := []finding{
		{name: "user", health: fine, value: "uid 0"},
		{name: "kernel.apparmor_restrict_unprivileged_userns", health: limited, value: "1", meaning: strings.Repeat("what it means ", 10)},
	}
	out := reportText(&style{glyphs: text.ASCII, width: 80}, found)
	if !strings.Contains(out, "_userns\n"+strings.Repeat(" ", 35)+"1\n") || !strings.Contains(out, "user"+strings.Repeat(" ", 22)+"uid 0\n") {
		t.Error(out)
	}
	for line := range strings.SplitSeq(out, "\n") {
		if text.Width(line) > 80 {
			t.Errorf("%q", line)
		}
	}
	if out := reportText(&style{glyphs: text.ASCII}, found); !strings.Contains(out, "_userns  1\n") {
		t.Error(out)
	}
}
