package inspect_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Imports point down only: main -> ui -> inspect, a leaf package of inspect never imports the root, and only caps knows
// gocapability.
func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "cutaway/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	rules := []struct {
		from, to, why string
		except        []string
	}{
		{"cutaway/inspect", "cutaway/ui", "inspect must not know the faces", nil},
		{"cutaway/inspect", "cutaway/sandbox", "inspect only looks", nil},
		{"cutaway/inspect", "charm.land", "inspect must not know the screen", nil},
		{"cutaway/inspect/", "=cutaway/inspect", "a leaf package must not import the root", []string{"cutaway/inspect/filter", "cutaway/inspect/compare", "cutaway/inspect/record"}},
		{"cutaway/sandbox", "=cutaway/inspect", "sandbox may use leaf packages only", nil},
		{"cutaway/sandbox", "cutaway/ui", "sandbox must not know the faces", nil},
		{"cutaway/sandbox", "charm.land", "sandbox must not know the screen", nil},
		{"cutaway/sandbox/", "=cutaway/sandbox", "a part of sandbox must not import the whole", []string{"cutaway/sandbox/export"}},
		{"cutaway/ui/text", "cutaway/", "text is below everything", nil},
		{"cutaway/", "github.com/syndtr/gocapability", "it reads /proc when it starts", []string{"cutaway/inspect/caps"}},
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		for _, r := range rules {
			if !strings.HasPrefix(fields[0], r.from) || slices.Contains(r.except, fields[0]) {
				continue
			}
			for _, imported := range fields[1:] {
				exact, isExact := strings.CutPrefix(r.to, "=")
				if (isExact && imported == exact) || (!isExact && strings.HasPrefix(imported, r.to)) {
					t.Errorf("%s imports %s: %s", fields[0], imported, r.why)
				}
			}
		}
	}
}
