package inspect

import (
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// entry is what the scanner remembers of one process from tick to tick.
type entry struct {
	Process
	stat    int  // open descriptor of /proc/PID/stat, or -1
	ended   bool // found gone in this tick
	changed bool // its facts should be read again soon
	hung    bool // reading it hung once: its memory is left alone from then on
	stuck   bool // it hung again without its memory: the process is left alone

	rated   time.Time // when CPU was last worked out, or the process first seen
	ratedAt uint64    // its CPU time then, clock ticks
}

// unread stands for facts that tier 1 has not reached yet.
var unread = &Facts{}

func newEntry(pid int, isNew bool) *entry {
	e := &entry{stat: -1}
	e.PID, e.New, e.CPU, e.Facts = pid, isNew, -1, unread
	return e
}

// giveUp leaves a process alone that hung even without its memory being read.
func (e *entry) giveUp(now time.Time) {
	e.stuck = true
	if e.Facts != unread {
		return
	}
	late := reading.How{State: reading.Failed, Errno: uint16(unix.ETIMEDOUT)}
	f := &Facts{Read: now, NS: &proc.Namespaces{}}
	for link := range f.NS.How {
		f.NS.How[link] = late
	}
	f.Cgroup.How, f.Status.How, f.Label.How, f.Cmdline.How = late, late, late, late
	f.Exe.How, f.Cwd.How, f.Root.How = late, late, late
	e.Facts = f
}

// hide forgets all but the PID. A process that may no longer be read (hidepid) need not be the one that was read before.
func (e *entry) hide() {
	e.Process = Process{ID: ID{PID: e.PID}, CPU: -1, Facts: unread}
	e.hung, e.stuck = false, false
}

// closeStat gives the stat file back and tells whether there was one.
func (e *entry) closeStat() bool {
	if e.stat < 0 {
		return false
	}
	unix.Close(e.stat)
	e.stat = -1
	return true
}

// userHZ is the unit of the times in stat: USER_HZ is 100 for every architecture that Go runs on
// (include/asm-generic/param.h).
const userHZ = 100

var pageSize = uint64(unix.Getpagesize())

// rateEvery is the shortest time over which CPU use is worked out: the kernel counts it in hundredths of a second, so that
// over less (the first two snapshots, a refresh by hand) chance would decide.
const rateEvery = 250 * time.Millisecond

// update takes over a tick's stat.
func (e *entry) update(st *proc.Stat, now time.Time) {
	if e.Start != st.StartTime && !e.rated.IsZero() {
		// The PID belongs to another process now.
		e.Facts, e.hung, e.stuck, e.CPU, e.New, e.rated = unread, false, false, -1, true, time.Time{}
	}
	e.rate(st.UTime+st.STime, now)
	if e.Comm != string(st.Comm) {
		e.Comm = string(st.Comm)
		e.changed = !st.KernelThread() // a kworker is named for what it last did
	}
	if e.PPID != st.PPID || (st.State == 'Z' && e.State != 'Z') {
		e.changed = true
	}
	e.How = reading.How{State: reading.Known}
	e.Start, e.PPID, e.State = st.StartTime, st.PPID, st.State
	e.Kernel = st.KernelThread()
	e.Threads = st.Threads
	e.CPUTime = st.UTime + st.STime
	e.RSS = st.RSSPages * pageSize
}

// rate works out CPU use since it was last worked out. A counter that went backwards (a thread ended between two reads)
// starts anew.
func (e *entry) rate(spent uint64, now time.Time) {
	elapsed := now.Sub(e.rated)
	if e.rated.IsZero() || spent < e.ratedAt {
		e.rated, e.ratedAt = now, spent
		return
	}
	if elapsed >= rateEvery {
		e.CPU = float64(spent-e.ratedAt) / userHZ / elapsed.Seconds() * 100
		e.rated, e.ratedAt = now, spent
	}
}
