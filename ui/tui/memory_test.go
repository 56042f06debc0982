package tui

import (
	"runtime/debug"
	"testing"
)

func TestMemoryIsSavedInACrowdOnly(t *testing.T) {
	const usual = 90
	defer debug.SetGCPercent(debug.SetGCPercent(usual))
	percent := func() int {
		now := debug.SetGCPercent(usual)
		debug.SetGCPercent(now)
		return now
	}
	var f feed
	for _, step := range []struct{ processes, want int }{
		{200, usual},
		{crowd + 1, 40},
		{20000, 40},
		{crowd, usual},
		{300, usual},
	} {
		f.saveMemory(step.processes)
		if got := percent(); got != step.want {
			t.Errorf("with %d processes the collector is at %d, want %d", step.processes, got, step.want)
		}
	}
}
