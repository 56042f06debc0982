package tui

import (
	"cmp"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox/control"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// pull looks again after each snapshot, and has what is typed worked out, again after each look: what will happen depends on
// what is used.
func (e *limitsEditor) pull(seq uint64) tea.Cmd {
	return tea.Batch(e.pullLook(seq), e.pullPlan())
}

func (e *limitsEditor) pullLook(seq uint64) tea.Cmd {
	if e.reading || e.read == seq+1 {
		return nil
	}
	e.reading, e.read = true, seq+1
	return work(func() (*looked, error) { return e.clock.ctl.look(e.target) }, func(l *looked, err error) action {
		e.reading, e.failed = false, err
		if err == nil {
			e.before, e.now = e.now, l
		}
		return nil
	})
}

func (e *limitsEditor) pullPlan() tea.Cmd {
	typed := e.typed()
	if e.planning || typed == e.planned && e.plannedAt == e.read {
		return nil
	}
	e.plannedAt = e.read
	set, err := e.set()
	if typed == "" || err != nil {
		e.plan, e.planErr, e.planned = nil, err, typed
		return nil
	}
	e.planning = true
	return work(func() (*control.Plan, error) { return e.clock.ctl.plan(e.target, set) }, func(p *control.Plan, err error) action {
		e.planning = false
		e.plan, e.planErr, e.planned = p, err, typed
		if e.wanted && e.typed() == typed {
			return e.enter()
		}
		return nil
	})
}

// enter makes the change that is typed, after a question when it can hurt or concerns others.
func (e *limitsEditor) enter() action {
	typed := e.typed()
	switch {
	case e.busy:
		return nil
	case typed == "":
		e.note = words(dim, "type a new value first")
		return nil
	case typed != e.planned:
		e.wanted = true // until its plan is there
		return nil
	}
	e.wanted = false
	switch why := e.cannot(); {
	case e.planErr != nil: // it is shown
		return nil
	case why != "":
		return tell{warn, why}
	case len(e.plan.Writes) == 0:
		e.note = words(dim, "nothing to change: that is how it is")
		return nil
	}
	plan := *e.plan
	e.busy = true
	return background{work(func() (int, error) {
		_, strangers, err := e.clock.ctl.crowd(e.ctx, e.target)
		return strangers, err
	}, func(strangers int, err error) action {
		e.busy = false
		switch {
		case err != nil:
			e.note = e.trouble(err)
			return nil
		case plan.Hurts() || strangers > 0:
			plan.Warnings = append([]string{}, plan.Warnings...)
			change.WarnStrangers(&plan, &e.target, strangers)
			return openDialog{newConfirm(e.look, "change limits", e.question(&plan), applyLimits{e, &plan}, "Change the limits"), e}
		}
		return applyLimits{e, &plan}
	})}
}

// question names the target and says what will happen.
func (e *limitsEditor) question(p *control.Plan) []line {
	lines := []line{words(strong, text.Sanitise(change.LimitsQuestion(p.Target))), nil}
	return append(lines, planLines(p)...)
}

// applyLimits makes a change that was shown.
type applyLimits struct {
	*limitsEditor
	plan *control.Plan
}

func (l applyLimits) do(*App) tea.Cmd {
	e := l.limitsEditor
	if why := cmp.Or(e.cannot(), e.clock.busy()); why != "" {
		e.note = words(warn, why)
		return nil
	}
	set, err := e.set()
	if err != nil {
		return nil
	}
	e.busy = true
	return e.clock.apply(e.target, set, l.plan, func(err error) {
		e.busy, e.read, e.note = false, 0, nil
		if err != nil {
			e.note, e.planned = e.trouble(err), "" // what is typed is worked out anew
			return
		}
		e.clear()
	})
}

// undo takes back the last change: the one that was kept here, else the journal's last.
func (e *limitsEditor) undo() action {
	batch := ""
	if e.clock.batch != "" && e.clock.target.PID == e.target.PID {
		batch = e.clock.batch
	}
	if why := e.cannot(); why != "" {
		e.note = words(warn, why)
		return nil
	}
	return askUndo(e, e.look, e.clock.ctl, batch, func(err error) {
		e.read = 0
		e.clock.batch, e.clock.note = "", nil
		if e.note = words(good, "taken back"); err != nil {
			e.note = e.trouble(err)
		}
	})
}

// askUndo has an undo worked out, asks in front of a dialog, and does it. came is told what came of it, in Update; not when the answer is no.
func askUndo(over dialog, lk look, ctl controller, batch string, came func(error)) action {
	return background{work(func() (*control.Plan, error) { return ctl.planUndo(batch) }, func(p *control.Plan, err error) action {
		if err == nil && len(p.Writes) == 0 {
			err = fmt.Errorf("undo: %s is as it was before already: %w", p.Target, control.ErrNothing)
		}
		if err != nil {
			came(err)
			return nil
		}
		lines := []line{words(strong, "Take back the change of "+text.Sanitise(p.Target)+"?"), nil}
		yes := background{work(func() ([]control.Result, error) { return ctl.undo(batch, p) }, func(results []control.Result, err error) action {
			came(err)
			if err != nil {
				return nil
			}
			return changed{tell{good, "taken back: " + p.Target}, entriesOf(results)}
		})}
		return openDialog{newConfirm(lk, "undo", append(lines, planLines(p)...), yes, "Take it back"), over}
	})}
}
