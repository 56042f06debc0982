package tui

import "runtime/debug"

// crowd is the number of processes from which on memory is saved at the cost of some CPU time.
const crowd = 8000

// saveMemory lets less garbage gather (runtime/debug.SetGCPercent) while there is a crowd of processes, which keeps 20,000 of
// them below 80 MB; with fewer, Go's own way costs less.
func (f *feed) saveMemory(processes int) {
	crowded := processes > crowd
	switch {
	case crowded == f.crowded:
		return
	case crowded:
		f.percent = debug.SetGCPercent(40)
	default:
		debug.SetGCPercent(f.percent)
	}
	f.crowded = crowded
}
