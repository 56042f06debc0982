package tui

import (
	"context"
	"errors"
	"os"

	"cutaway/sandbox"
	"cutaway/sandbox/steps"
	"cutaway/ui/text"
)

// stepper stops a launch before each stage and tells the screen what the last one did. Its methods before and planned are
// called by the launch, in its own goroutine; all others belong to the screen.
type stepper struct {
	ctx     context.Context
	reports chan stepReport
	answers chan stepAnswer

	// The launch's own.
	last  steps.View // the look before the stage that is being done
	count int        // stages begun
	plan  *steps.Launch
	run   bool // to the end without stopping
}

// stepReport is a launch that waits before a stage, or goes on by itself.
type stepReport struct {
	plan    *steps.Launch
	number  int // of the stage that comes next, from 1
	stage   sandbox.Stage
	pid     int
	changes []steps.Change // what the stage before changed
	waits   bool
	runs    string // who the command is, once it runs
}

// stepAnswer is what the person wants.
type stepAnswer uint8

const (
	stepNext stepAnswer = iota
	stepRun             // to the end
	stepStop
)

// errStepStopped ends a launch that the person does not want to go on with.
var errStepStopped = errors.New("you stopped it")

func newStepper(ctx context.Context) *stepper {
	return &stepper{ctx: ctx, reports: make(chan stepReport), answers: make(chan stepAnswer, 1), plan: &steps.Launch{}}
}

func (s *stepper) attach(o *sandbox.Options) {
	o.Planned = func(l *steps.Launch) { s.plan = l }
	o.Before = s.before
}

// before is called before each stage: the last one is done, this one is about to begin.
func (s *stepper) before(at sandbox.Stage, pid int) error {
	r := stepReport{plan: s.plan, stage: at, pid: pid, waits: !s.run}
	if s.count == 0 {
		s.last = steps.Look(os.Getpid()) // the first process will be a copy of this one
	} else {
		r.changes = s.look(pid)
	}
	s.count++
	r.number = s.count
	if err := s.report(r); err != nil || s.run {
		return err
	}
	select {
	case a := <-s.answers:
		switch a {
		case stepRun:
			s.run = true
		case stepStop:
			return errStepStopped
		}
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// look is what changed since the last look.
func (s *stepper) look(pid int) []steps.Change {
	now := steps.Look(pid)
	changes := steps.Compare(s.last, now)
	s.last = now
	return changes
}

// report gives a report to the screen.
func (s *stepper) report(r stepReport) error {
	select {
	case s.reports <- r:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// done reports what the last stage did, once the command runs, and who that is.
func (s *stepper) done(pid int) {
	r := stepReport{plan: s.plan, number: s.count + 1, pid: pid, changes: s.look(pid)}
	r.runs = steps.WhoRuns(s.last)
	_ = s.report(r)
}

// answer tells the launch how to go on; a second answer before it asked again is dropped.
func (s *stepper) answer(a stepAnswer) {
	select {
	case s.answers <- a:
	default:
	}
}

// take brings the view of a launch up to date with a report.
func (v *launchView) take(r stepReport) {
	v.steps = r.plan.Steps(r.pid, text.ShellQuote)
	v.pid, v.present, v.state = r.pid, r.number-1, launchAtWork
	if r.number > 1 {
		v.changes = append(v.changes[:min(len(v.changes), r.number-2)], r.changes)
	}
	switch {
	case r.runs != "":
		v.state, v.runs, v.present = launchDone, r.runs, len(v.steps)
	case r.waits:
		v.state = launchWaits
	}
}
