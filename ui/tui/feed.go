package tui

import (
	"context"
	"runtime/debug"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
)

// scanner is what the screen needs of inspect.Scanner.
type scanner interface {
	First(context.Context) (*inspect.Snapshot, error)
	Scan(context.Context) (*inspect.Snapshot, error)
}

// detailReader is what the screen needs of inspect.DetailReader.
type detailReader interface {
	ReadParts(context.Context, *inspect.Snapshot, inspect.ID, inspect.Part) (*inspect.Detail, error)
}

// feed asks for what the screen wants to know: of each kind one request is in flight, and the answer to the newest wish
// is what counts.
type feed struct {
	ctx     context.Context
	scanner scanner
	details detailReader

	scanning, making, reading bool

	question question // the last one to the detail reader
	shown    int      // the wish that what is shown was made for
	asked    int      // the wish that the scan under way was asked with

	first    bool // the first frame's table has come
	due      bool // a scan is wanted now
	paused   bool
	still    bool // it is a saved snapshot, and there will be no other
	interval time.Duration
	crowded  bool // the garbage collector saves memory
	percent  int  // what it was set to before
	clock    int  // counts the tickers, so that one that was replaced falls silent
}

// noWish is the number of no wish: what is shown was made for another screen.
const noWish = -1

// intervals are the refresh intervals that the person can choose.
var intervals = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second}

// made is what a screen wished to have made of a snapshot.
type made struct {
	snap   *inspect.Snapshot
	screen int // which wished it
	seq    int // the wish
	result any
}

// scanned is a new snapshot with what the screen wished when it was asked for.
type scanned struct {
	made
	took time.Duration
	err  error
}

// question is a process to read at the time of a snapshot; it is asked once, whatever came of it.
type question struct {
	id    inspect.ID
	parts inspect.Part
	seq   uint64
}

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

// patient is work that waits for others, for as long as they please: a shell's output, its end. That it has a name of its own lets
// tests, which run all other commands at once, tell it from those.
type patient struct{ cmd tea.Cmd }

func (p patient) run() tea.Msg { return p.cmd() }

// waiting is guarded for such work.
func waiting(work func() tea.Msg) tea.Cmd { return patient{guarded(work)}.run }

// pull asks for everything that is wanted and not yet under way. It runs after every message.
func (a *App) pull() tea.Cmd {
	var cmds []tea.Cmd
	f := &a.feed
	if f.due && !f.scanning {
		f.due, f.scanning = false, true
		cmds = append(cmds, a.scan())
	}
	if cmd := a.pullWish(); cmd != nil {
		cmds = append(cmds, cmd)
	}
	if cmd := a.pullDetail(); cmd != nil {
		cmds = append(cmds, cmd)
	}
	if cmd := a.pullDialog(); cmd != nil {
		cmds = append(cmds, cmd)
	}
	if cmd := a.screen().errands(); cmd != nil {
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// scan reads the next snapshot and makes of it what the screen wishes. The very first reads the process table only, so
// that there is something to see while the rest is read.
func (a *App) scan() tea.Cmd {
	ctx, read := a.feed.ctx, a.feed.scanner.Scan
	if !a.feed.first {
		read = a.feed.scanner.First
	}
	current := a.current
	seq, process := a.screen().wish()
	a.feed.asked = seq
	return guarded(func() tea.Msg {
		began := time.Now()
		s, err := read(ctx)
		if err != nil {
			return scanned{err: err, took: time.Since(began)}
		}
		m := made{s, current, seq, process(s)}
		return scanned{made: m, took: time.Since(began)}
	})
}

// pullWish has the snapshot worked on again when the screen wishes something else of it. While a scan is under way, it
// waits for that only if the wish is the scan's own.
func (a *App) pullWish() tea.Cmd {
	seq, process := a.screen().wish()
	f := &a.feed
	if a.snap == nil || f.making || seq == f.shown || f.scanning && seq == f.asked {
		return nil
	}
	f.making = true
	snap, current := a.snap, a.current
	return guarded(func() tea.Msg { return made{snap, current, seq, process(snap)} })
}

// tick asks for the next scan. While paused it only keeps time, because the screen shows the age of what is seen.
func (f *feed) tick(t tick) tea.Cmd {
	switch {
	case t.clock != f.clock:
		return nil
	case f.paused:
		return f.nextTick(0)
	}
	f.due = true
	return nil
}

// nextTick waits for what is left of the interval after a scan. A scan that takes longer than the interval is followed by
// a rest nevertheless, so that a slow machine is not kept busy by being looked at.
func (f *feed) nextTick(took time.Duration) tea.Cmd {
	if f.still {
		return nil
	}
	f.clock++
	clock := f.clock
	return tea.Tick(max(f.interval-took, f.interval/4), func(time.Time) tea.Msg { return tick{clock} })
}

// pullDetail reads what is expensive of the selected process, when it is looked at and not as new as the snapshot.
func (a *App) pullDetail() tea.Cmd {
	f := &a.feed
	id, parts, ok := a.screen().reads()
	if !ok || f.reading || a.snap == nil || f.question == (question{id, parts, a.snap.Seq}) {
		return nil
	}
	f.reading, f.question = true, question{id, parts, a.snap.Seq}
	snap, read := a.snap, f.details
	ctx := f.ctx
	return guarded(func() tea.Msg {
		d, err := read.ReadParts(ctx, snap, id, parts)
		return detailRead{d, err}
	})
}

// intervalText writes an interval shortly: "1s", "0.5s".
func intervalText(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'g', 3, 64) + "s"
}
