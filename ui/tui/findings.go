package tui

import (
	"cutaway/sandbox/check"
	"cutaway/ui/text"
)

// findingsOf is what a machine says of a Spec.
type findingsOf []check.Finding

// refused is how much of it cannot work.
func (f findingsOf) refused() (n int) {
	for i := range f {
		if f[i].Health == check.Refused {
			n++
		}
	}
	return n
}

// findingLine is a finding with its reason and what would change it.
func findingLine(f *check.Finding) line {
	st := warn
	if f.Health == check.Refused {
		st = bad
	}
	l := words(st, f.Health.String()).gap(1).put(strong, text.Sanitise(f.Name)).put(plain, ": "+text.Sanitise(f.Value))
	if f.Reason != "" {
		l = l.put(plain, "; "+text.Sanitise(f.Reason))
	}
	if f.Advice != "" {
		l = l.put(accent, "; "+text.Sanitise(f.Advice))
	}
	return l
}
