package tui

import "testing"

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
