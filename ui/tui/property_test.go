package tui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"cutaway/inspect"
)

// everyKey is a key of every kind: all those of the key map, letters, digits, and what does nothing.
var everyKey = append(strings.Split("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/?.#*+-<>[]_:!,@\"é漢", ""),
	"up", "down", "left", "right", "home", "end", "pgup", "pgdown", "tab", "enter", "esc", "space", "backspace", "delete", "f1",
	"ctrl+u", "ctrl+d", "ctrl+l", "ctrl+r", "ctrl+b", "ctrl+w", "ctrl+z", "ctrl+c")

// changing are snapshots between which processes come, go and change place.
func changing(r *rand.Rand) []*inspect.Snapshot {
	var snaps []*inspect.Snapshot
	for seq := range uint64(8) {
		m := newMachine()
		for i := range m.procs {
			m.procs[i].CPU = r.Float64() * 100
		}
		for pid := 5000; pid < 5030; pid++ {
			if r.IntN(3) == 0 {
				m.add(pid, 1, fmt.Sprintf("p%d 漢字 %s", pid, evil), 0, m.procs[0].Facts.NS, "/x", 0).New = seq > 0
			}
		}
		snaps = append(snaps, m.snapshot(seq+1))
	}
	return snaps
}

// The screen never panics and never draws beyond its window, whatever is pressed, clicked, pasted and resized.
func TestRandomInput(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			d := testApp(t, 80, 24, changing(r)...)
			for range 250 {
				what := randomInput(r, d)
				checkScreen(t, d, what)
			}
		})
	}
}

func randomInput(r *rand.Rand, d *driver) string {
	switch r.IntN(12) {
	case 0:
		w, h := r.IntN(240), r.IntN(70)
		if r.IntN(4) == 0 {
			w, h = r.IntN(12), r.IntN(4)
		}
		d.size(w, h)
		return fmt.Sprintf("size %dx%d", w, h)
	case 1:
		d.tick()
		return "tick"
	case 2:
		x, y := r.IntN(max(d.app.w, 1)), r.IntN(max(d.app.h, 1))
		d.click(x, y)
		return fmt.Sprintf("click %d,%d", x, y)
	case 3:
		button := tea.MouseWheelDown
		if r.IntN(2) == 0 {
			button = tea.MouseWheelUp
		}
		d.send(tea.MouseWheelMsg{X: r.IntN(max(d.app.w, 1)), Y: r.IntN(max(d.app.h, 1)), Button: button})
		return "wheel"
	case 4:
		d.send(tea.PasteMsg{Content: evil + "CapEff:\t00000000a80425fb\n"})
		return "paste"
	default:
		name := everyKey[r.IntN(len(everyKey))]
		d.press(name)
		return "key " + name
	}
}

// checkScreen also looks for what other processes could smuggle into the terminal.
func checkScreen(t *testing.T, d *driver, what string) {
	t.Helper()
	view := d.app.View()
	d.lines()
	if t.Failed() {
		t.Fatalf("after %s", what)
	}
	if bare := ansi.Strip(view.Content); strings.ContainsAny(strings.ReplaceAll(bare, "\n", ""), "\x1b\a\u202e\x00") {
		t.Fatalf("after %s the screen holds a control character:\n%q", what, bare)
	}
	if strings.Contains(view.Content, "\x1b]") {
		t.Fatalf("after %s the screen holds an OSC sequence", what)
	}
	if c := view.Cursor; c != nil && (c.X < 0 || c.Y < 0 || c.X >= d.app.w || c.Y >= d.app.h) {
		t.Fatalf("after %s the cursor is at %d,%d in %dx%d", what, c.X, c.Y, d.app.w, d.app.h)
	}
}

// Every size from nothing to a large window draws, in every tab and dialog.
func TestEverySize(t *testing.T) {
	d := testApp(t, 80, 24)
	for _, keys := range [][]string{nil, {"enter", "]"}, {"]"}, {"]", "."}, {"]"}, {"]"}, {"d"}, {"esc", "?"}, {"esc", "/", "x"}} {
		d.press(keys...)
		for w := 0; w < 130; w += 9 {
			for h := 0; h < 50; h += 7 {
				d.size(w, h)
				checkScreen(t, d, fmt.Sprint(keys, w, h))
			}
		}
		d.size(80, 24)
	}
}
