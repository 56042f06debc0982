package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// shellRounds is how often each shell is launched on the screen.
const shellRounds = 31

// A prompt is a line of the shell's pane that begins with what a shell says to root or to another user.
const prompt = `│(bash-[0-9.]+|sh-[0-9.]+)?[#$] `

// BenchmarkShell is the time from the key that launches an isolated shell to its prompt on the screen:
// `go test -run '^$' -bench Shell$ -benchtime 1x ./ui/bench`.
func BenchmarkShell(b *testing.B) {
	program := build(b)
	b.Setenv("XDG_STATE_HOME", b.TempDir())
	var list []budget
	for _, command := range []string{"/bin/sh", "/bin/bash --norc"} {
		d := drive(b, program)
		d.await("NAME")
		d.keys("5")
		d.await("isolated shell")
		d.keys("\t\r\x15" + command + "\r") // the form's first row is the command
		d.await(`command +` + command)
		d.await(`s start`)
		var times []time.Duration
		for range shellRounds {
			time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond) // at any time between two looks at the machine
			times = append(times, d.timed("s", prompt))
			d.keys("exit\r")
			d.await("ended: exit 0")
			d.keys("D")
			d.await("begin with")
		}
		d.quit()
		m := median(times)
		worst := times[len(times)*9/10]
		list = append(list,
			budget{"from the key to the prompt of `" + command + "`", fmt.Sprintf("%s (%s - %s)", ms(m), ms(times[0]), ms(worst)), "50 ms", m <= 50*time.Millisecond})
	}
	report(b, list)
}

// report prints the table, and fails for what is over its bar.
func report(b *testing.B, list []budget) {
	b.Helper()
	fmt.Println(table(list))
	for _, r := range list {
		if !r.ok {
			b.Errorf("over budget: %s: %s, the bar is %s", r.what, r.measured, r.bar)
		}
	}
}
