package caps

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func TestEveryCapabilityIsDescribed(t *testing.T) {
	if len(descriptions) != len(names) {
		t.Fatalf("%d descriptions for %d names", len(descriptions), len(names))
	}
	for c := range LastKnown() + 1 {
		d := Describe(c)
		for _, sentence := range []string{d.Allows, d.InContainer} {
			if !strings.HasSuffix(sentence, ".") || len(sentence) > 240 || strings.TrimSpace(sentence) != sentence {
				t.Errorf("%s: %q is not a sentence of fitting length", c, sentence)
			}
		}
		if d.Risk == RiskUnknown || d.Since == "" {
			t.Errorf("%s: risk %s, since %q", c, d.Risk, d.Since)
		}
	}
	if d := Describe(41); d.Risk != RiskUnknown || !strings.Contains(d.Allows, "bit 41") {
		t.Errorf("bit 41 is described as %+v", d)
	}
	if got := Risk(200).String(); got != "host" {
		t.Errorf("a risk beyond the levels is %q", got)
	}
}

// The kernel versions agree with capabilities(7) where that names them.
func TestSinceAgreesWithTheManPage(t *testing.T) {
	if _, err := exec.LookPath("man"); err != nil {
		t.Skip("needs man (package man-db)")
	}
	cmd := exec.Command("man", "7", "capabilities")
	cmd.Env = append(cmd.Environ(), "LC_ALL=C", "MANPAGER=cat", "MANWIDTH=100")
	page, err := cmd.Output()
	if err != nil {
		t.Skip("needs capabilities(7) (package manpages)")
	}
	text := regexp.MustCompile(".\b|\x1b\\[[0-9;]*m").ReplaceAllString(string(page), "")
	found := regexp.MustCompile(`(?m)^ +(CAP_[A-Z_]+) \(since Linux ([0-9.]+)\)`).FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		t.Skip("needs the full text of capabilities(7) (package manpages)")
	}
	for _, line := range found {
		s, err := Encode(line[1])
		if err != nil {
			t.Errorf("%s of capabilities(7): %v", line[1], err)
			continue
		}
		if got := Describe(s.Caps()[0]).Since; got != line[2] {
			t.Errorf("%s is said to be since Linux %s, capabilities(7) has %s", line[1], got, line[2])
		}
	}
}
