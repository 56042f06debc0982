package tui

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
)

// dialogCases are the states of the dialogs that change something.
var dialogCases = []struct {
	name  string
	keys  string
	setUp func(*fakeControl)
}{
	{name: "limits", keys: "l"},
	{name: "limits-hurts", keys: "l 4 M down down down 1 0 0"},
	{name: "limits-keep", keys: "l 6 4 M enter", setUp: func(f *fakeControl) { f.strangers = 0 }},
	{name: "limits-mistake", keys: "l down down h a l f"},
	{name: "limits-shared", keys: "l", setUp: func(f *fakeControl) {
		f.refused = fmt.Errorf("change %s: %w", dbName, &cgroups.Error{What: "find its cgroup: /", Err: cgroups.ErrShared, Advice: "it stands in the root cgroup, with the rest of the system"})
	}},
	{name: "limits-protected", keys: "l", setUp: func(f *fakeControl) {
		f.refused = fmt.Errorf("change %s: refused for /sys/fs/cgroup/x: %w: process 77, from which cutaway was started", dbName, control.ErrProtected)
	}},
	{name: "limits-gone", keys: "l", setUp: func(f *fakeControl) { f.gone = fmt.Errorf("process 4242: %w", control.ErrGone) }},
	{name: "limits-denied", keys: "l 6 4 M enter", setUp: func(f *fakeControl) { f.fails = errFake }},
	{name: "limits-readonly", keys: "R l 6 4 M enter"},
	{name: "actions", keys: "x", setUp: func(f *fakeControl) { f.processes, f.frozen = 3, true }},
	{name: "actions-refused", keys: "x enter", setUp: func(f *fakeControl) {
		f.refused = fmt.Errorf("change %s: refused for /sys/fs/cgroup/x: %w: cutaway itself", dbName, control.ErrProtected)
	}},
	{name: "confirm", keys: "x down enter", setUp: func(f *fakeControl) { f.processes, f.strangers = 3, 2 }},
	{name: "confirm-yes", keys: "l 4 M enter tab"},
	{name: "journal", keys: "@ j"},
	{name: "journal-narrowed", keys: "@ / d b"},
	{name: "journal-denied", keys: "@", setUp: func(f *fakeControl) {
		f.unread = errors.New("read the journal /root/.local/state/cutaway/journal.jsonl: it belongs to another user, who could have written in it what is later undone: set XDG_STATE_HOME to a directory of your own")
	}},
}

func TestGoldenDialogs(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 60}} {
		for _, c := range dialogCases {
			name := fmt.Sprintf("%s-%dx%d", c.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				d := onDB(t, size[0], size[1])
				if c.setUp != nil {
					c.setUp(d.control())
				}
				d.press(strings.Fields(c.keys)...)
				golden(t, name, d.screen())
			})
		}
	}
}

// No key, click, paste or size makes a dialog panic or draw beyond the window.
func TestRandomInputInDialogs(t *testing.T) {
	for i, c := range dialogCases {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(i), 2))
			d := onDB(t, 80, 24)
			if c.setUp != nil {
				c.setUp(d.control())
			}
			for range 150 {
				if d.app.front() == nil {
					d.size(80, 24)
					d.press("esc", "esc")
					d.press(strings.Fields(c.keys)...)
				}
				if r.IntN(6) == 0 {
					d.beat()
				}
				checkScreen(t, d, randomInput(r, d))
			}
		})
	}
}

func TestEverySizeOfDialogs(t *testing.T) {
	for _, c := range dialogCases {
		d := onDB(t, 80, 24)
		if c.setUp != nil {
			c.setUp(d.control())
		}
		d.press(strings.Fields(c.keys)...)
		for w := 0; w < 150; w += 9 {
			for h := 0; h < 70; h += 5 {
				d.size(w, h)
				checkScreen(t, d, fmt.Sprint(c.name, w, h))
			}
		}
	}
}
