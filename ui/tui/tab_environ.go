package tui

import (
	"strconv"

	"cutaway/inspect"
	"cutaway/inspect/secret"
	"cutaway/ui/text"
)

var _ = registerTab(tab{order: 90, title: environTitle, short: "Env", rows: environTab})

const environTitle = "Environ"

// maxEnvValue is how much of a value is shown, in bytes; y copies all of it.
const maxEnvValue = 2000

// environTab is the environment the process was started with; what looks like a secret is masked.
func environTab(u *subject) []row {
	rs := &rows{}
	if !u.needProcess(rs) {
		return rs.list
	}
	if u.detail == nil {
		rs.say(dim, "…")
		return rs.list
	}
	env := u.detail.Environ
	if !env.OK() {
		rs.add(fieldEnviron, "environ", missing(env.How))
		return rs.list
	}
	masked := 0
	for i, v := range env.Value {
		name, val := v.Name, v.Value
		r := rs.add(inspect.Field("environ."+name), "", line{})
		r.id, r.wide, r.copy = strconv.Itoa(i), true, name+"="+val
		l := words(accent, text.Sanitise(name))
		switch {
		case v.Bare:
		case !u.reveal && secret.Looks(name, val):
			masked++
			l = l.put(dim, "=").put(warn, "********").put(dim, " looks like a secret")
			r.secret = true
		default:
			l = l.put(dim, "=").put(plain, text.Sanitise(shorten(val)))
		}
		r.lines = []line{l}
	}
	rs.list = append(environHead(len(env.Value), masked, u.reveal), rs.list...)
	return rs.list
}

func environHead(n, masked int, revealed bool) []row {
	l := words(dim, plural(n, "variable")+" of the block that the program was started with")
	switch {
	case revealed:
		l = l.put(warn, "; secrets are shown, v masks them")
	case masked > 0:
		l = l.put(dim, "; "+strconv.Itoa(masked)+" masked, v reveals")
	}
	return []row{{head: true, lines: []line{l}}, {head: true}}
}

func shorten(s string) string {
	if len(s) > maxEnvValue {
		return s[:maxEnvValue] + "…"
	}
	return s
}
