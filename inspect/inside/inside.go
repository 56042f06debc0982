package inside

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/aside"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/rootfile"
)

// View is what a process sees from inside.
type View struct {
	Kernel
	Files
	Uptime reading.Of[time.Duration] // as /proc/uptime says there
}

// Kernel is what the kernel answers to whoever is in a process's namespaces.
type Kernel struct {
	Hostname   reading.Of[string]
	Domainname reading.Of[string]
	Cgroup     reading.Of[*cgroup.Membership] // as /proc/self/cgroup says there
	Sysctls    []Sysctl                       // those that each namespace has of its own, in a fixed order
	Interfaces reading.Of[[]Interface]
	Routes     reading.Of[[]Route]
}

// Files is what stands below a process's root.
type Files struct {
	System     reading.Of[string] // what the system calls itself (os-release(5))
	SystemFile string             // where that stood: "/etc/os-release"
	Users      reading.Of[[]User] // of /etc/passwd, by uid
	Groups     reading.Of[[]User] // of /etc/group, by gid
}

// Target is the process from whose place is looked.
type Target struct {
	PID   int
	Start uint64 // clock ticks, as in /proc/PID/stat: another process with the same PID is a stranger
	// Ahead is how far its time namespace sets the clock of the time since boot ahead of the machine's (time_namespaces(7)).
	Ahead reading.Of[time.Duration]
}

// Read looks from a process's place. The error wraps ESRCH and says that there is no such process any more; all else that cannot be
// read is in the values, and what did not answer in time failed with ETIMEDOUT. /proc must be this machine's own: namespaces of
// another cannot be entered.
func Read(ctx context.Context, t Target) (*View, error) { return looks.read(ctx, t) }

// looks guards all looks of this program.
var looks = newGuard(patience)

func (g guard) read(ctx context.Context, t Target) (*View, error) {
	gone := fmt.Errorf("look from inside of process %d: %w", t.PID, unix.ESRCH)
	fd, err := unix.Open("/proc/"+strconv.Itoa(t.PID), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, gone
	}
	dir := place(fd)
	defer dir.close()
	if startOf(dir) != t.Start {
		return nil, gone
	}
	kernel := begin(ctx, g, part{t.PID, t.Start, "namespaces"}, dir, askKernel, lateKernel)
	files := begin(ctx, g, part{t.PID, t.Start, "root"}, dir, readFiles, lateFiles)
	v := &View{Kernel: kernel(), Files: files(), Uptime: uptime(t.Ahead)}
	// Whoever is still there was there all the time: what was read is of one process.
	if startOf(dir) != t.Start {
		return nil, gone
	}
	return v, nil
}

// askKernel reads what has to be asked from within a process's namespaces.
func askKernel(dir place) (k Kernel) {
	inNamespaces(dir, func(e entered) {
		k.Hostname, k.Domainname = names(e["uts"])
		k.Cgroup = membership(dir, e["cgroup"])
		k.Interfaces = interfaces(e["net"])
		k.Sysctls = sysctls(dir, e)
	})
	k.Routes = routes(dir)
	return k
}

func readFiles(dir place) Files {
	return filesBelow(rootfile.Root("/proc/self/fd/" + strconv.Itoa(int(dir)) + "/root"))
}

// lateKernel and lateFiles stand for what did not answer.
func lateKernel() Kernel {
	k := Kernel{
		Hostname: reading.Error[string](aside.ErrLate), Domainname: reading.Error[string](aside.ErrLate), Cgroup: reading.Error[*cgroup.Membership](aside.ErrLate),
		Interfaces: reading.Error[[]Interface](aside.ErrLate), Routes: reading.Error[[]Route](aside.ErrLate),
	}
	for _, n := range namespaced {
		k.Sysctls = append(k.Sysctls, Sysctl{n.name, n.kind, reading.Error[string](aside.ErrLate)})
	}
	return k
}

func lateFiles() Files {
	return Files{
		System: reading.Error[string](aside.ErrLate), SystemFile: osRelease[0],
		Users: reading.Error[[]User](aside.ErrLate), Groups: reading.Error[[]User](aside.ErrLate),
	}
}

// startOf is a process's start time; 0 when it is gone.
func startOf(dir place) uint64 {
	text, err := dir.read("stat")
	if err != nil {
		return 0
	}
	var st proc.Stat
	if proc.ParseStat(text, &st) != nil {
		return 0
	}
	return st.StartTime
}

// membership is where a process stands below the root of this thread's cgroup namespace (cgroup_namespaces(7)).
func membership(dir place, entering error) reading.Of[*cgroup.Membership] {
	if entering != nil {
		return reading.Error[*cgroup.Membership](entering)
	}
	text, err := dir.read("cgroup")
	if err != nil {
		return reading.Error[*cgroup.Membership](err)
	}
	lines, err := proc.ParseCgroup(text)
	if err != nil {
		return reading.Error[*cgroup.Membership](err)
	}
	return reading.Value(&cgroup.Membership{Lines: lines})
}

// uptime is the time since boot by a clock that is ahead of the machine's. Ours may be ahead too.
func uptime(ahead reading.Of[time.Duration]) reading.Of[time.Duration] {
	if !ahead.OK() {
		return ahead
	}
	ours, err := oursAhead()
	if err != nil {
		return reading.Error[time.Duration](err)
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return reading.Error[time.Duration](err)
	}
	return reading.Value(time.Duration(ts.Nano()) - ours + ahead.Value)
}

// oursAhead is how far our own time namespace sets that clock ahead. The file is of the namespace of our children, which is ours too
// since nobody here makes another.
func oursAhead() (time.Duration, error) {
	text, err := readAt(unix.AT_FDCWD, "/proc/self/timens_offsets")
	if err == unix.ENOENT { // before Linux 5.6, and without CONFIG_TIME_NS
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	offsets, err := proc.ParseTimensOffsets(text)
	for _, o := range offsets {
		if o.Clock == "boottime" {
			return o.Offset, err
		}
	}
	return 0, err
}
