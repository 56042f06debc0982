package sandbox

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"
)

// BenchmarkHeap compares launches by a small process and by one with 256 MiB, as the screen may be, in turn: what the launcher
// has must not count. `go test -run '^$' -bench Heap -benchtime 1x ./sandbox`.
func BenchmarkHeap(b *testing.B) {
	const blocks, launches, most = 4, 25, 1.25
	exe, err := child()
	if err != nil {
		b.Fatal(err)
	}
	s := isolated("exec true")
	launch := func() time.Duration {
		start := time.Now()
		box, err := Start(b.Context(), s, Options{Exe: exe})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := box.Wait(); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	var small, large []time.Duration
	for range blocks {
		debug.FreeOSMemory()
		for range launches {
			small = append(small, launch())
		}
		ballast := make([]byte, 256<<20)
		for i := 0; i < len(ballast); i += os.Getpagesize() {
			ballast[i] = 1
		}
		for range launches {
			large = append(large, launch())
		}
		runtime.KeepAlive(ballast)
	}
	slices.Sort(small)
	slices.Sort(large)
	ratio := float64(large[len(large)/2]) / float64(small[len(small)/2])
	b.ReportMetric(ratio, "large/small")
	b.ReportMetric(float64(small[len(small)/2].Microseconds())/1000, "small-ms")
	if ratio > most {
		b.Errorf("a launch from a process with 256 MiB takes %.2fx of one from a small process, the bar is %.2fx", ratio, most)
	}
}
