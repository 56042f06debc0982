package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// While nothing may be changed each action says why it does nothing.
func TestLiveReadOnly(t *testing.T) {
	for name, args := range map[string][]string{"the flag": {"--readonly"}, "the key": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := exec.Command("sleep", "1000")
			if err := target.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = target.Process.Kill()
				_ = target.Wait()
			})
			w := open(t, wide, high, args...)
			if len(args) == 0 {
				w.keys("R")
				w.sees("read-only: nothing is changed until R allows it again")
			}
			const why = "read-only: R allows changes again"
			refused := func(keys ...string) {
				t.Helper()
				w.keys(keys...)
				w.sees(why)
				w.keys("Left") // any key takes the message away
				w.until("the message to go", func(screen string) bool { return !strings.Contains(screen, why) })
			}
			w.find(target.Process.Pid)
			refused("e")
			refused("x")
			if fields := statFields(target.Process.Pid); fields[0] != "S" {
				t.Errorf("the target is in state %s", fields[0])
			}
			w.keys("5")
			w.sees("begin with")
			refused("Enter")
			refused("S")
			refused("w")
			if list := descendants(w.pid); len(list) > 0 {
				t.Errorf("it started %v", list)
			}
			entries, err := os.ReadDir(w.home)
			if err != nil || len(entries) > 0 {
				t.Errorf("it wrote %v, %v", entries, err)
			}
		})
	}
}
