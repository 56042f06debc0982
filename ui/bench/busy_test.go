package bench

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkBusy prints what the screen costs with shells in it, idle ones and ones whose programs write without end:
// `go test -run '^$' -bench Busy -benchtime 1x ./ui/bench`. Only the keys have a bar.
func BenchmarkBusy(b *testing.B) {
	program := build(b)
	b.Setenv("XDG_STATE_HOME", b.TempDir())
	b.Setenv("SHELL", "/bin/sh")
	d := drive(b, program)
	d.await("NAME")
	list := []budget{d.cost("the tree")}
	d.keys("5")
	d.await("isolated shell")
	d.timed("\r", prompt)
	list = append(list, d.cost("one idle shell, shown"))
	for _, command := range []string{"while :; do seq 1 10000000; done", "yes"} {
		d.keys(command + "\r")
		list = append(list, d.cost("and `"+command+"`, shown"))
		d.keys("\x1d")
		d.await("zoom")
		d.keys("N")
		d.await("begin with")
		d.timed("\r", prompt)
	}
	list = append(list, d.cost("both beside a third shell, shown"))
	var times []time.Duration
	for i := range rounds {
		times = append(times, d.timed(fmt.Sprintf("%c", 'a'+i), fmt.Sprintf("│# [a-z]*%c", 'a'+i)))
	}
	m := median(times)
	list = append(list, budget{"from a key to its echo in the third", ms(m), "50 ms", m <= 50*time.Millisecond})
	d.keys("\x1d1")
	d.await("NAME")
	list = append(list, d.cost("both while the tree is shown"))
	d.quit()
	report(b, list)
}

// cost is what the program takes while nothing is typed.
func (d *driver) cost(what string) budget {
	d.b.Helper()
	const watch = 5 * time.Second
	stop := time.After(time.Second + watch)
	settled := time.After(time.Second)
	before := time.Duration(0)
	for {
		select {
		case c, ok := <-d.read:
			if !ok {
				d.b.Fatal("the screen ended")
			}
			_, _ = d.emu.Write(c.data)
		case <-settled:
			before = cpuTime(d.b, d.cmd.Process.Pid)
		case <-stop:
			used := cpuTime(d.b, d.cmd.Process.Pid) - before
			return budget{what, fmt.Sprintf("%.0f ms/s, %.1f MB", float64(used.Milliseconds())/watch.Seconds(), resident(d.b, d.cmd.Process.Pid)), "-", true}
		}
	}
}
