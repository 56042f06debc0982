package tui

import (
	"testing"
	"time"

	"cutaway/sandbox"
)

// The launch menu stands at once, and moving in it shows each preset's form and scripts.
func TestLaunchMenu(t *testing.T) {
	d := testApp(t, 120, 36)
	d.press("5")
	d.has("isolated shell", "the same by hand")
	d.press("down", "down")
	d.has("only a PID namespace")
	d.press("1")
	d.has("redis-server")
}

// A preset that asks for something first has no script yet, and above all not that of the preset before.
func TestNoScriptOfAnotherPreset(t *testing.T) {
	d := testApp(t, 120, 36)
	d.press("5", "down", "down")
	d.has("exec unshare")
	d.press("down")
	d.hasNot("exec unshare")
	d.press("y")
	d.has("there is no text: the form says what is wrong")
	d.press("up")
	d.has("exec unshare")
}

// A shell that is shown before the first snapshot came can be drawn: its target is not known yet.
func TestShellBeforeTheFirstSnapshot(t *testing.T) {
	d := testApp(t, 120, 36)
	s := d.app.sandboxScreen()
	d.press("5")
	spec := sandbox.Default()
	x := &session{number: 1, kind: "isolated shell", order: order{spec: &spec}, state: running, began: time.Now()}
	x.kernel, x.staged = newKernelPane(d.app.look, d.app.kernel), newStepPane(d.app.look)
	s.sessions.list = append(s.sessions.list, x)
	s.turnTo(x, false)
	d.app.snap = nil
	d.has("shell 1")
	if _, why := s.target(); why == "" {
		t.Error("it has a target")
	}
}
