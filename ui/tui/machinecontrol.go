package tui

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"cutaway/inspect"
	"cutaway/sandbox/control"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/limit"
	"cutaway/ui/change"
)

// machineControl is the controller of the machine that the screen runs on.
type machineControl struct{ options inspect.Options }

func (m machineControl) look(t change.Target) (*looked, error) {
	p, err := t.Pin()
	if err != nil {
		return nil, err
	}
	defer p.Close()
	l := &looked{taken: time.Now(), use: p.Usage(), refused: p.May("change")}
	if l.refused != nil {
		l.own, _ = p.Limits() // what is there can be looked at, and why there is nothing has been said
		return l, nil
	}
	pids, err := p.PIDs()
	if err != nil {
		return nil, err
	}
	l.processes = len(pids)
	if l.own, err = p.Limits(); err != nil {
		return nil, err
	}
	l.frozen, _ = p.Frozen() // a cgroup without a freezer is not frozen
	return l, nil
}

func (m machineControl) crowd(ctx context.Context, t change.Target) (processes, strangers int, err error) {
	p, err := t.Pin()
	if err != nil {
		return 0, 0, err
	}
	defer p.Close()
	pids, err := p.PIDs()
	if err != nil {
		return 0, 0, err
	}
	strangers, err = t.Strangers(pids, func() (*inspect.Snapshot, error) { return m.scan(ctx) })
	return len(pids), strangers, err
}

// scan takes a snapshot of its own: the screen's scanner is busy with its own, and its last one may be too old.
func (m machineControl) scan(ctx context.Context) (*inspect.Snapshot, error) {
	s, err := inspect.NewScanner(m.options)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Scan(ctx)
}

func (m machineControl) plan(t change.Target, set limit.Set) (*control.Plan, error) {
	p, err := t.Pin()
	if err != nil {
		return nil, err
	}
	defer p.Close()
	plan, err := p.Plan(set)
	if err == nil {
		plan.Close()
	}
	return plan, err
}

func (m machineControl) apply(t change.Target, set limit.Set, shown *control.Plan) ([]control.Result, error) {
	p, err := t.Pin()
	if err != nil {
		return nil, err
	}
	defer p.Close()
	plan, err := p.Plan(set)
	if err != nil {
		return nil, err
	}
	return carryOut(plan, shown)
}

func (m machineControl) revert(results []control.Result) error {
	plan, err := control.UndoOf(results)
	if err != nil {
		return err
	}
	_, err = carryOut(plan, plan)
	return err
}

func (m machineControl) planUndo(batch string) (*control.Plan, error) {
	plan, err := control.PlanUndo(batch, false)
	if err == nil {
		plan.Close()
	}
	return plan, err
}

func (m machineControl) undo(batch string, shown *control.Plan) ([]control.Result, error) {
	plan, err := control.PlanUndo(batch, false)
	if err != nil {
		return nil, err
	}
	return carryOut(plan, shown)
}

// carryOut applies a plan if it does what was shown, and closes it.
func carryOut(plan, shown *control.Plan) ([]control.Result, error) {
	defer plan.Close()
	same := slices.EqualFunc(plan.Writes, shown.Writes, func(a, b control.Write) bool {
		return a.File == b.File && a.Device == b.Device && a.Old == b.Old && a.New == b.New
	})
	if !same {
		return nil, fmt.Errorf("change %s: %w: look again", plan.Target, control.ErrChanged)
	}
	results, _, err := plan.Apply()
	return results, err
}

func (m machineControl) freeze(ctx context.Context, t change.Target) (journal.Entry, error) {
	return pinnedDo(t, func(p *control.Target) (journal.Entry, error) { return p.Freeze(ctx) })
}

func (m machineControl) thaw(ctx context.Context, t change.Target) (journal.Entry, error) {
	return pinnedDo(t, func(p *control.Target) (journal.Entry, error) { return p.Thaw(ctx) })
}

func (m machineControl) kill(ctx context.Context, t change.Target) (killed int, e journal.Entry, err error) {
	e, err = pinnedDo(t, func(p *control.Target) (e journal.Entry, err error) {
		killed, e, err = p.KillAll(ctx)
		return e, err
	})
	return killed, e, err
}

func (m machineControl) signal(t change.Target, number syscall.Signal) (journal.Entry, error) {
	return pinnedDo(t, func(p *control.Target) (journal.Entry, error) { return p.Signal(number) })
}

// pinnedDo does one thing to a target.
func pinnedDo(t change.Target, do func(*control.Target) (journal.Entry, error)) (journal.Entry, error) {
	p, err := t.Pin()
	if err != nil {
		return journal.Entry{}, err
	}
	defer p.Close()
	return do(p)
}

func (m machineControl) journal() (*journalRead, error) {
	path, err := journal.Path()
	if err != nil {
		return nil, err
	}
	entries, skipped, err := journal.Read(journal.Filter{})
	if err != nil {
		return nil, err
	}
	slices.Reverse(entries)
	return &journalRead{path, entries, skipped}, nil
}
