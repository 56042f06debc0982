package record

import (
	"strings"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/secret"
)

// mask hides what looks like a secret in environments and command lines. Facts are shared with the scanner's snapshot and are
// replaced, not changed.
func (r *Record) mask() {
	for i := range r.Snapshot.Procs {
		p := &r.Snapshot.Procs[i]
		if masked := maskCmdline(p.Facts.Cmdline); masked.Value != p.Facts.Cmdline.Value {
			f := *p.Facts
			f.Cmdline = masked
			p.Facts = &f
		}
	}
	for _, d := range r.details {
		d.Cmdline = maskCmdline(d.Cmdline)
		maskEnviron(d.Environ.Value)
	}
}

// maskEnviron hides values, and entries without a name that look like one.
func maskEnviron(list []proc.EnvVar) {
	for i := range list {
		switch e := &list[i]; {
		case e.Bare && secret.Looks("", e.Name):
			e.Name = secret.Mask
		case secret.Looks(e.Name, e.Value):
			e.Value = secret.Mask
		}
	}
}

// maskCmdline hides "--password=x", "PASSWORD=x", the word behind "--password", and words that look like a secret themselves.
func maskCmdline(r reading.Of[string]) reading.Of[string] {
	if !r.OK() || r.Value == "" {
		return r
	}
	words := strings.Split(r.Value, "\x00")
	for i, word := range words {
		option := strings.HasPrefix(word, "-")
		name, value, assigned := strings.Cut(word, "=")
		switch next := i + 1; {
		case assigned && secret.Looks(strings.TrimLeft(name, "-"), value):
			words[i] = name + "=" + secret.Mask
		case !option && secret.Looks("", word):
			words[i] = secret.Mask
		case option && !assigned && next < len(words) && words[next] != "" && !strings.HasPrefix(words[next], "-") && secret.Looks(strings.TrimLeft(word, "-"), words[next]):
			words[next] = secret.Mask
		}
	}
	return reading.Value(strings.Join(words, "\x00"))
}
