package sandbox

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

var (
	named    atomic.Uint64 // sandboxes, by this process
	ownStart = sync.OnceValue(func() uint64 { return startTime(os.Getpid()) })
)

// newName is unique on the machine: the launcher's PID and start time tell later whether its owner still lives.
func newName() string {
	return "cutaway-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(ownStart(), 10) + "-" + strconv.FormatUint(named.Add(1), 10)
}
