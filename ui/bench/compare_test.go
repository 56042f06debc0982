package bench

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"
)

// compareRounds is how often the comparison is opened.
const compareRounds = 21

// BenchmarkCompare is the time from the key that compares a process in namespaces of its own with the host to the rows on the
// screen, at 2,100 processes: `go test -run '^$' -bench Compare$ -benchtime 1x ./ui/bench`. It needs root.
func BenchmarkCompare(b *testing.B) {
	program := build(b)
	defer processes(b, 2100)()
	other := exec.Command("unshare", "--mount", "--net", "--uts", "--ipc", "sleep", "600")
	if err := other.Start(); err != nil {
		b.Skipf("needs unshare: %v", err)
	}
	defer func() { other.Process.Kill(); other.Wait() }()
	d := drive(b, program)
	d.await("NAME")
	d.keys(fmt.Sprintf("#%d\r", other.Process.Pid))
	d.await(fmt.Sprintf(`sleep +%d|%d`, other.Process.Pid, other.Process.Pid))
	d.keys("c")
	d.await("▾ Namespaces")
	var times []time.Duration
	for range compareRounds {
		d.keys("1")
		d.await("NAME")
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond) // at any time between two looks at the machine
		times = append(times, d.timed("c", "▾ Namespaces"))
	}
	d.quit()
	m := median(times)
	report(b, []budget{{
		"from the key to the compared rows", fmt.Sprintf("%s (%s - %s)", ms(m), ms(times[0]), ms(times[len(times)*9/10])), "50 ms", m <= 50*time.Millisecond,
	}})
}
