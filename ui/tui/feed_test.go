package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
)

// Of each kind one request is under way; what is wished meanwhile is asked for when the answer has come.
func TestOneRequestInFlight(t *testing.T) {
	d := testApp(t, 80, 24)
	a := d.app
	a.feed.due = true
	if a.pull(); !a.feed.scanning {
		t.Fatal("no scan is under way")
	}
	a.feed.due = true
	a.pull()
	if !a.feed.due {
		t.Error("a second scan was started while one is under way")
	}
	clock := a.feed.clock
	a.Update(scanned{made: made{snap: a.snap, seq: a.feed.shown, result: d.tree().tree}})
	if !a.feed.scanning || a.feed.due {
		t.Error("the scan that was asked for meanwhile is not started")
	}
	if a.feed.clock == clock {
		t.Error("the clock was not started anew")
	}
}

// What was made for an older wish is shown, and made again for the newest.
func TestNewestWishWins(t *testing.T) {
	d := testApp(t, 80, 24)
	_, cmd := d.app.Update(keyPress("t"))
	_, again := d.app.Update(keyPress("t"))
	if d.tree().tree.spec.grouping != inspect.ByContainer {
		t.Fatal("the tree was built in Update")
	}
	d.run(cmd)
	d.run(again)
	if got := d.tree().tree.spec.grouping; got != inspect.ByNamespace {
		t.Errorf("the tree is by %v after two presses", got)
	}
}

// A snapshot never gives way to an older one.
func TestOldSnapshotIsDropped(t *testing.T) {
	first, second := newMachine().snapshot(1), newMachine().snapshot(2)
	d := testApp(t, 80, 24, first, first, second)
	seq, process := d.app.screen().wish()
	late := made{first, 0, seq, process(first)}
	d.tick()
	d.send(late)
	if d.app.snap != second {
		t.Error("a late answer took the screen back in time")
	}
}

func TestTickRestsAfterSlowScan(t *testing.T) {
	f := feed{interval: 40 * time.Millisecond}
	began := time.Now()
	msg := f.nextTick(time.Hour)()
	if waited := time.Since(began); waited < 10*time.Millisecond {
		t.Errorf("after a slow scan it waits only %v", waited)
	}
	if cmd := f.tick(msg.(tick)); cmd != nil || !f.due {
		t.Error("the tick asks for no scan")
	}
	if f.tick(tick{f.clock - 1}) != nil {
		t.Error("a clock that was replaced goes on")
	}
}

func TestBackgroundShadesBars(t *testing.T) {
	d := testApp(t, 80, 24)
	plain := d.app.View().Content
	d.send(tea.BackgroundColorMsg{Color: tea.BackgroundColorMsg{}.Color})
	d.send(tea.BackgroundColorMsg{Color: black{}})
	if d.app.View().Content == plain {
		t.Error("a known background changes nothing")
	}
	d.screen()
}

type black struct{}

func (black) RGBA() (r, g, b, a uint32) { return 0, 0, 0, 0xffff }
