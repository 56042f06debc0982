package proc

import (
	"math/bits"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// SignalNames names the signals of a mask of status (SigIgn and its like): bit n-1 stands for signal n, see signal(7).
func SignalNames(mask uint64) []string {
	names := make([]string, 0, bits.OnesCount64(mask))
	for ; mask != 0; mask &= mask - 1 {
		names = append(names, SignalName(bits.TrailingZeros64(mask)+1))
	}
	return names
}

// firstRealTime is SIGRTMIN as programs see it: the thread library keeps the kernel's first two, 32 and 33, to itself
// (nptl(7)).
const firstRealTime = 34

// SignalName is the name of a signal: "SIGTERM", "SIGRTMIN+3", or its number ("SIG33") when it has none.
func SignalName(n int) string {
	if n < firstRealTime {
		if name := unix.SignalName(syscall.Signal(n)); name != "" {
			return name
		}
		return "SIG" + strconv.Itoa(n)
	}
	if n == firstRealTime {
		return "SIGRTMIN"
	}
	return "SIGRTMIN+" + strconv.Itoa(n-firstRealTime)
}
