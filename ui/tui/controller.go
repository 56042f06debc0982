package tui

import (
	"context"
	"syscall"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/limit"
	"cutaway/ui/change"
)

// controller is what the screen needs of sandbox/control, so that its views can be tested without rights. Every method may
// wait, so all are for commands, away from Update. None keeps a target open: it is pinned by PID and start time each time.
type controller interface {
	// look reads what a target uses, its limits, and whether they may be changed.
	look(change.Target) (*looked, error)
	// crowd counts the processes in the target's cgroup, and those of them that are not what was named.
	crowd(context.Context, change.Target) (processes, strangers int, err error)

	plan(change.Target, limit.Set) (*control.Plan, error)
	// apply makes the change that was shown, and refuses when that is not any more what would happen.
	apply(t change.Target, set limit.Set, shown *control.Plan) ([]control.Result, error)
	// revert takes back what apply has done.
	revert([]control.Result) error
	planUndo(batch string) (*control.Plan, error)
	undo(batch string, shown *control.Plan) ([]control.Result, error)

	freeze(context.Context, change.Target) (journal.Entry, error)
	thaw(context.Context, change.Target) (journal.Entry, error)
	kill(context.Context, change.Target) (killed int, e journal.Entry, err error)
	signal(change.Target, syscall.Signal) (journal.Entry, error)

	journal() (*journalRead, error)
}

// looked is what a target uses and may use at one time.
type looked struct {
	taken     time.Time
	use       *cgroup.Usage
	own       []cgroups.Setting // the limits that its own files hold
	processes int               // in its cgroup
	frozen    bool
	refused   error // why nothing may be done to its cgroup; nil when it may
}

// journalRead is the journal, the newest entry first.
type journalRead struct {
	path    string
	entries []journal.Entry
	skipped int // lines that could not be understood
}
