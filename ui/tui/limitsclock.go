package tui

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox/control"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/limit"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// keepTime is how many seconds a person has to keep a change of limits before it is taken back: a limit that was set too low
// may be what keeps them from setting it right.
const keepTime = 15

// limitsClock takes a change of limits back unless it is kept in time. It goes on while its dialog is closed.
type limitsClock struct {
	ctl controller

	mu     sync.Mutex       // held while a change is made or taken back, for the way out to wait for that
	made   []control.Result // what was neither kept nor taken back; guarded by mu
	closed bool             // the screen was left: nothing more is made; guarded by mu

	// The rest is Update's alone.
	target    change.Target
	shown     []control.Result
	left      int  // seconds; 0 when the clock stands
	count     int  // tells an older clock's beat from this one's
	making    bool // a change is under way
	reverting bool
	failed    error // why it could not be taken back
	note      line  // what came of the last change
	batch     string
}

// limitsBeat is a second of the clock.
type limitsBeat struct{ count int }

// waits tells whether a change is neither kept nor taken back.
func (c *limitsClock) waits() bool { return c.left > 0 || c.reverting || c.failed != nil }

// says is the clock in words; "" when it stands.
func (c *limitsClock) says() string {
	switch {
	case c.reverting:
		return "reverting"
	case c.failed != nil:
		return "could not be reverted"
	case c.left > 0:
		return "reverting in " + strconv.Itoa(c.left) + " s"
	}
	return ""
}

// chip says in the top bar that a change waits.
func (c *limitsClock) chip(l line) line {
	if !c.waits() {
		return l
	}
	st := warn
	if c.failed != nil {
		st = bad
	}
	return l.gap(2).put(st, "limits: "+c.says()+", l to keep")
}

// apply makes a change. One at a time is made and waits to be kept: busy says why another one cannot be made now.
func (c *limitsClock) apply(t change.Target, set limit.Set, shown *control.Plan, came func(error)) tea.Cmd {
	c.making = true
	return work(func() ([]control.Result, error) { return c.makeChange(t, set, shown) }, func(results []control.Result, err error) action {
		c.making = false
		came(err)
		if err != nil {
			return nil
		}
		return limitsChanged{t, results}
	})
}

func (c *limitsClock) busy() string {
	if c.making {
		return "another change is being made"
	}
	return c.cannotLeave()
}

// makeChange runs away from Update.
func (c *limitsClock) makeChange(t change.Target, set limit.Set, shown *control.Plan) ([]control.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	results, err := c.ctl.apply(t, set, shown)
	if err == nil {
		c.made = results
	}
	return results, err
}

// begin starts the clock for a change that was made.
func (c *limitsClock) begin(t change.Target, results []control.Result) tea.Cmd {
	c.target, c.shown, c.left, c.failed, c.note = t, results, keepTime, nil, nil
	return c.next()
}

func (c *limitsClock) next() tea.Cmd {
	c.count++
	count := c.count
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return limitsBeat{count} })
}

// beat counts a second.
func (c *limitsClock) beat(b limitsBeat) action {
	if b.count != c.count || c.left == 0 {
		return nil
	}
	if c.left > 1 {
		c.left--
		return background{c.next()}
	}
	return c.revert()
}

// keep stops the clock; the change stays.
func (c *limitsClock) keep() action {
	if c.reverting || !c.waits() {
		return nil
	}
	c.left, c.failed = 0, nil
	c.mu.Lock() // nothing is being made or taken back now
	c.made = nil
	c.mu.Unlock()
	c.batch = ""
	if len(c.shown) > 0 {
		c.batch = c.shown[0].Entry.Batch
	}
	c.note = words(good, "kept; u takes it back")
	return tell{good, "the limits of " + c.target.String() + " are kept"}
}

// revert takes the change back now.
func (c *limitsClock) revert() action {
	if c.reverting || !c.waits() {
		return nil
	}
	c.left, c.failed, c.reverting = 0, nil, true
	return background{work(c.finish, func(gone bool, err error) action {
		c.reverting, c.failed = false, err
		switch {
		case err != nil:
			return tell{bad, err.Error()}
		case gone:
			return tell{plain, "the cgroup of " + c.target.String() + " is gone, and its limits with it"}
		}
		c.note = words(good, "reverted: its limits are as before")
		return changed{tell: tell{good, "reverted: the limits of " + c.target.String() + " are as before"}}
	})}
}

var errClosed = errors.New("the screen was left before the change was made")

// close is the way out: it waits for a change that is being made, takes back what was not kept, and allows no more.
func (c *limitsClock) close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	_, err := c.finish()
	return err
}

// finish takes back what still waits. A cgroup that is gone has nothing left to take back.
func (c *limitsClock) finish() (gone bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		return false, nil
	}
	err = c.ctl.revert(c.made)
	gone = errors.Is(err, control.ErrGone) || errors.Is(err, os.ErrNotExist)
	if err != nil && !gone {
		return false, fmt.Errorf("the limits were not reverted: %w", err)
	}
	c.made = nil
	return gone, nil
}

// cannotLeave says why the screen must not be stopped now: the clock would stand still.
func (c *limitsClock) cannotLeave() string {
	if c.waits() {
		return "limits of " + text.Sanitise(c.target.String()) + ": " + c.says() + "; l keeps or reverts them first"
	}
	return ""
}

// limitsChanged is a change that was made: the clock begins.
type limitsChanged struct {
	target  change.Target
	results []control.Result
}

func (l limitsChanged) do(a *App) tea.Cmd {
	begin := a.limits.begin(l.target, l.results)
	return tea.Batch(begin, changed{tell{warn, "changed: " + l.target.String() + "; " + a.limits.says()}, entriesOf(l.results)}.do(a))
}

func entriesOf(results []control.Result) []journal.Entry {
	entries := make([]journal.Entry, len(results))
	for i := range results {
		entries[i] = results[i].Entry
	}
	return entries
}
