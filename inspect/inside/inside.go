package inside

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/rootfile"
)

// View is what a process sees from inside.
type View struct {
	Hostname   reading.Of[string]
	Domainname reading.Of[string]
	Sysctls    []Sysctl // those that each namespace has of its own, in a fixed order
	Interfaces reading.Of[[]Interface]
	Routes     reading.Of[[]Route]
	Uptime     reading.Of[time.Duration] // as /proc/uptime says there
	System     reading.Of[string]        // PRETTY_NAME of os-release(5)
	SystemFile string                    // where that stood: "/etc/os-release"
	Users      reading.Of[[]User]        // of /etc/passwd, by uid
	Groups     reading.Of[[]User]        // of /etc/group, by gid
}

// Target is the process from whose place is looked.
type Target struct {
	PID   int
	Start uint64 // clock ticks, as in /proc/PID/stat: another process with the same PID is a stranger
	// Offset is how far its clock of the time since boot is before that of the caller (time_namespaces(7)).
	Offset time.Duration
}

// patience is how long the whole look may take: an honest one takes a thousandth.
const patience = 2 * time.Second

// Read looks from a process's place. An error says that there is no such process any more, or that it did not answer; all else
// that cannot be read is in the values. proc must be this machine's own: namespaces of another cannot be entered.
func Read(ctx context.Context, t Target) (*View, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan *View, 1)
	go func() { done <- read(t) }()
	select {
	case v := <-done:
		if v == nil {
			return nil, fmt.Errorf("look from inside of process %d: %w", t.PID, unix.ESRCH)
		}
		return v, nil
	case <-ctx.Done(): // the goroutine is left behind, and what it finds is nobody's
		return nil, fmt.Errorf("look from inside of process %d: no answer in time", t.PID)
	}
}

// read does the work; nil when the process is gone or another by its PID. Everything is opened through its one directory.
func read(t Target) *View {
	dir := filepath.Join("/proc", strconv.Itoa(t.PID))
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	held := filepath.Join("/proc/self/fd", strconv.Itoa(fd)) // stays with this process when the PID is used again
	v := &View{Uptime: uptime(t.Offset)}
	v.throughNamespaces(held)
	v.Routes = routes(held)
	v.belowRoot(rootfile.Root(filepath.Join(held, "root")))
	if startOf(held) != t.Start {
		return nil
	}
	return v
}

// startOf is a process's start time; 0 when it is gone.
func startOf(dir string) uint64 {
	text, err := readFile(filepath.Join(dir, "stat"))
	if err != nil {
		return 0
	}
	var st proc.Stat
	if proc.ParseStat(text, &st) != nil {
		return 0
	}
	return st.StartTime
}

// uptime is the time since boot as a clock with an offset shows it.
func uptime(offset time.Duration) reading.Of[time.Duration] {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return reading.Error[time.Duration](err)
	}
	return reading.Value(time.Duration(ts.Nano()) + offset)
}
