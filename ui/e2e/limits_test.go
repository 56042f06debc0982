package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"cutaway/inspect/livetest"
)

// A container's memory limit that is changed on the screen is in the cgroup's file, goes back when nobody keeps it, stays
// when somebody does, and can be undone then; the journal has each as the shell line it equals.
func TestLiveLimits(t *testing.T) {
	t.Parallel()
	e := livetest.Docker(t)
	c := e.Run(t, "-m", "64m")
	file := memoryLimitFile(t, c.PID)
	const before, after = "67108864", "50331648"
	holds := func(want string) {
		t.Helper()
		is := ""
		if !poll(func() bool {
			text, _ := os.ReadFile(file)
			is = strings.TrimSpace(string(text))
			return is == want
		}) {
			t.Fatalf("%s holds %s, want %s", file, is, want)
		}
	}
	w := open(t, wide, high, "--root", e.Machine.Root)
	w.findContainer(c)
	w.keys("l")
	w.sees("limits of "+c.Name, "64M")
	w.types("48M")
	w.sees("48M")
	w.keys("Enter")
	w.sees("keep? reverting in")
	began := time.Now()
	holds(after)
	holds(before)
	if took := time.Since(began); took < 12*time.Second || took > 20*time.Second {
		t.Errorf("it was taken back after %v, not after 15 s", took)
	}

	w.until("the clock to be gone", func(screen string) bool { return !strings.Contains(screen, "reverting in") })
	w.types("48M")
	w.keys("Enter")
	w.sees("keep? reverting in")
	holds(after)
	w.keys("k")
	w.until("the question to be gone", func(screen string) bool { return !strings.Contains(screen, "reverting in") })
	holds(after)
	w.keys("u")
	w.sees("Take back the change of "+c.Name, "[>No<]")
	w.keys("y")
	holds(before)
	w.keys("Escape")
	w.until("the dialog to close", func(screen string) bool { return !strings.Contains(screen, "limits of") })
	w.keys("@")
	w.sees("undone limit", "$ echo "+before+" >")
	w.keys("G") // the oldest
	w.sees("$ echo " + after + " >")

	w.keys("Escape")
	w.until("the journal to close", func(screen string) bool { return !strings.Contains(screen, "undone limit") })
	w.keys("R")
	w.sees("read-only: nothing is changed")
	w.keys("l")
	w.sees("limits of " + c.Name)
	w.types("48M")
	w.sees("what would happen   read-only: R allows changes again")
	w.keys("Enter")
	w.sees("\n read-only: R allows changes again") // in the line of messages
	holds(before)
}
