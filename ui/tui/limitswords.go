package tui

import (
	"errors"

	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// about is the words below the table: the question whether to keep, what will happen, or what can be done here.
func (e *limitsEditor) about(in int) []line {
	var lines []line
	add := func(l line) { lines = append(lines, l.wrap(in)...) }
	if e.failed != nil {
		add(e.trouble(e.failed))
	}
	if e.asks() {
		return append(lines, e.keepLines(in)...)
	}
	if len(e.note) > 0 {
		add(e.note)
	} else if len(e.clock.note) > 0 && e.clock.target.PID == e.target.PID {
		add(e.clock.note)
	}
	switch {
	case e.now.refused != nil:
		add(words(warn, "can be looked at only: ").put(plain, text.Sanitise(e.trouble(e.now.refused).text())))
	case e.busy:
		add(words(dim, "…"))
	}
	switch {
	case e.typed() == "" && e.now.refused != nil: // nothing can be typed to any effect
	case e.typed() == "":
		add(words(strong, e.rows[e.at].name).put(dim, ": type "+e.rows[e.at].hint))
		if why := e.cannot(); why != "" {
			add(words(warn, why))
		}
	case e.planErr != nil:
		add(e.trouble(e.planErr))
	case e.plan == nil:
		add(words(dim, "…"))
	default:
		lines = append(lines, e.planAbout(in)...)
	}
	return lines
}

// planAbout is what will happen when what is typed is applied.
func (e *limitsEditor) planAbout(in int) []line {
	head := words(dim, "what will happen")
	switch why := e.cannot(); {
	case why != "":
		head = words(dim, "what would happen").put(warn, "   "+why)
	case e.plan.Hurts():
		head = head.put(dim, " when enter applies it: ").put(bad, "this can hurt")
	default:
		head = head.put(dim, " when enter applies it")
	}
	lines := head.wrap(in)
	for _, l := range planLines(e.plan) {
		lines = append(lines, l.wrap(in)...)
	}
	return lines
}

// keepLines ask whether to keep what was changed.
func (e *limitsEditor) keepLines(in int) []line {
	c := e.clock
	var lines []line
	add := func(l line) { lines = append(lines, l.wrap(in)...) }
	switch {
	case c.reverting:
		add(words(warn, "reverting"))
	case c.failed != nil:
		add(words(bad, text.Sanitise(c.failed.Error())))
		add(words(accent, "u").put(plain, " tries again   ").put(accent, "k").put(plain, " leaves the limits as they are"))
	default:
		add(words(warn, "keep? "+c.says()).gap(3).put(accent, "k").put(plain, " keeps   ").put(accent, "u").put(plain, " reverts now   ").
			put(accent, "q").put(plain, " closes this, and the clock goes on"))
	}
	for i := range c.shown {
		r := &c.shown[i]
		l := words(strong, change.LimitName(&r.Write)).gap(2).put(plain, text.Sanitise(change.ShownValue(&r.Write, r.Old))).put(dim, " → ").
			put(strong, text.Sanitise(change.ShownValue(&r.Write, r.Now)))
		if r.Rounded {
			l = l.put(dim, ", rounded from "+text.Sanitise(change.ShownValue(&r.Write, r.New)))
		}
		add(l)
	}
	return lines
}

// trouble is an error with what to do about it.
func (e *limitsEditor) trouble(err error) line {
	l := words(bad, text.Sanitise(err.Error()))
	switch {
	case errors.Is(err, control.ErrGone):
		return l.put(plain, "; esc closes this")
	case errors.Is(err, control.ErrProtected):
		return l.put(plain, "; choose a container, or a process in a cgroup of its own")
	case errors.Is(err, cgroups.ErrShared):
		return l.put(plain, "; start it in a cgroup of its own to limit it, as `systemd-run --scope` and `cutaway run` do")
	}
	return l
}

// planLines say what a plan writes, what will happen, and whom it concerns.
func planLines(p *control.Plan) []line {
	var lines []line
	for i := range p.Writes {
		w := &p.Writes[i]
		lines = append(lines, words(strong, change.LimitName(w)).gap(2).put(plain, text.Sanitise(change.ShownValue(w, w.Old))).
			put(dim, " → ").put(strong, text.Sanitise(change.ShownValue(w, w.New))))
		what := words(plain, text.Sanitise(w.What))
		if w.Hurts {
			what = words(bad, "! ").put(warn, text.Sanitise(w.What))
		}
		lines = append(lines, what, words(good, "$ ").put(dim, text.Sanitise(w.Shell)))
	}
	for _, name := range p.Same {
		lines = append(lines, words(dim, text.Sanitise(name)+" is as asked already"))
	}
	for _, why := range p.Warnings {
		lines = append(lines, words(warn, "! ").put(plain, text.Sanitise(why)))
	}
	return lines
}
