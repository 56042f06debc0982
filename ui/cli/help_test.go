package cli

import (
	"strings"
	"testing"

	"cutaway/ui/text"
)

// Help is read on terminals of 80 columns and less: no line is wider but for a single word that is.
func TestHelpFits(t *testing.T) {
	for _, c := range commandsOf(newRoot(&app{}, nil)) {
		for _, width := range []int{100, 80, 50, 30} {
			for line := range strings.SplitSeq(helpOf(c, width), "\n") {
				_, isExample := strings.CutPrefix(strings.TrimSpace(line), "cutaway ")
				_, isTable := strings.CutPrefix(line, "  ")
				if text.Width(line) > width && strings.Contains(strings.TrimSpace(line), " ") && !isExample && (!isTable || width >= 80) {
					t.Errorf("%s at %d: %q", c.CommandPath(), width, line)
				}
			}
		}
	}
}

// Each flag that people should see is in the help, once, and says what it does.
func TestHelpHasEveryFlag(t *testing.T) {
	for _, c := range commandsOf(newRoot(&app{}, nil)) {
		help := helpOf(c, helpWidth)
		for _, f := range append(flagsOf(c.LocalNonPersistentFlags()), flagsOf(everywhere(c))...) {
			name, usage := flagText(f)
			if usage == "" || strings.Count(help, "  "+name) != 1 && strings.Count(help, " "+name+" ") == 0 {
				t.Errorf("%s: %s %q", c.CommandPath(), name, usage)
			}
		}
	}
	if help := helpOf(newRoot(&app{}, nil), helpWidth); strings.Contains(help, "help for") || !strings.Contains(help, "\n  run         Launch") {
		t.Error(help)
	}
}
