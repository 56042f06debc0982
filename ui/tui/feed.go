package tui

import (
	"context"
	"runtime/debug"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/users"
)

// scanner is what the screen needs of inspect.Scanner.
type scanner interface {
	First(context.Context) (*inspect.Snapshot, error)
	Scan(context.Context) (*inspect.Snapshot, error)
}

// detailReader is what the screen needs of inspect.DetailReader.
type detailReader interface {
	Read(context.Context, *inspect.Snapshot, inspect.ID) (*inspect.Detail, error)
}

// feed asks for what the screen wants to know: of each kind one request is in flight, and the answer to the newest wish
// is what counts.
type feed struct {
	ctx     context.Context
	scanner scanner
	details detailReader
	users   *users.DB

	scanning, building, reading bool

	first    bool // the first frame's table has come
	due      bool // a scan is wanted now
	paused   bool
	interval time.Duration
	clock    int // counts the tickers, so that one that was replaced falls silent
}

// intervals are the refresh intervals that the person can choose.
var intervals = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second}

// scanned is a new snapshot with the tree that was wanted when it was asked for.
type scanned struct {
	built
	err error
}

// treeBuilt is a tree of the snapshot that was there already.
type treeBuilt struct{ built }

// detailRead is the detail of a selection, which may have moved on.
type detailRead struct {
	detail *inspect.Detail
	err    error // the process ended, most often
}

// tick is the time for another scan.
type tick struct{ clock int }

// crash is a panic in a command; Bubble Tea restores the terminal only for panics of its own goroutines, and races with
// the process's end for those.
type crash struct {
	value any
	stack []byte
}

// guarded makes a command of work, and turns a panic in it into a message.
func guarded(work func() tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if v := recover(); v != nil {
				msg = crash{v, debug.Stack()}
			}
		}()
		return work()
	}
}

// pull asks for everything that is wanted and not yet under way. It runs after every message.
func (a *App) pull() tea.Cmd {
	var cmds []tea.Cmd
	f := &a.feed
	if f.due && !f.scanning {
		f.due, f.scanning = false, true
		cmds = append(cmds, a.scan(), f.nextTick())
	}
	if a.tree.stale() && !f.building && !f.scanning {
		f.building = true
		snap, spec, db := a.snap, a.tree.spec, f.users
		cmds = append(cmds, guarded(func() tea.Msg { return treeBuilt{build(snap, spec, db)} }))
	}
	if cmd := a.pullDetail(); cmd != nil {
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// scan reads the next snapshot and builds its tree. The very first reads the process table only, so that there is
// something to see while the rest is read.
func (a *App) scan() tea.Cmd {
	f, spec := a.feed, a.tree.spec
	read := f.scanner.Scan
	if !f.first {
		read = f.scanner.First
	}
	return guarded(func() tea.Msg {
		s, err := read(f.ctx)
		if err != nil {
			return scanned{err: err}
		}
		return scanned{built: build(s, spec, f.users)}
	})
}

// nextTick starts the wait for the next scan.
func (f *feed) nextTick() tea.Cmd {
	f.clock++
	clock := f.clock
	return tea.Tick(f.interval, func(time.Time) tea.Msg { return tick{clock} })
}

// pullDetail reads what is expensive of the selected process, when it is looked at and not as new as the snapshot.
func (a *App) pullDetail() tea.Cmd {
	f := &a.feed
	id, ok := a.detail.wants()
	if f.reading || !ok || a.snap == nil || f.details == nil {
		return nil
	}
	f.reading, a.detail.asked = true, asked{id, a.snap.Seq}
	snap, read := a.snap, f.details
	ctx := f.ctx
	return guarded(func() tea.Msg {
		d, err := read.Read(ctx, snap, id)
		return detailRead{d, err}
	})
}

// intervalText writes an interval shortly: "1s", "0.5s".
func intervalText(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'g', 3, 64) + "s"
}
