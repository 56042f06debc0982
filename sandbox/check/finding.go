package check

// Health says how a finding bears on a launch.
type Health uint8

// The degrees of health.
const (
	Fine    Health = iota
	Limited        // works with less, or may fail
	Refused        // cannot work
)

// String is the word for it.
func (h Health) String() string { return [...]string{"ok", "limited", "refused"}[h] }

// Finding is what was found of one thing, why, and what to do.
type Finding struct {
	Name   string // what was looked at: "user namespaces", "cgroup controller memory"
	Health Health
	Value  string // what was found: "user.max_user_namespaces is 0"
	Reason string // what follows from it; "" when that is plain
	Advice string // what to do; "" when there is nothing
}

// OK tells whether nothing is wrong.
func (f *Finding) OK() bool { return f.Health == Fine }

// String is the finding as one sentence for an error message: what, what was found, what follows, what to do.
func (f *Finding) String() string { return f.Name + ": " + f.said() }

// said is the finding without its name.
func (f *Finding) said() string {
	text := f.Value
	for _, more := range []string{f.Reason, f.Advice} {
		if more != "" {
			text += "; " + more
		}
	}
	return text
}

// Worst is the worst health among findings.
func Worst(findings []Finding) Health {
	worst := Fine
	for i := range findings {
		worst = max(worst, findings[i].Health)
	}
	return worst
}
