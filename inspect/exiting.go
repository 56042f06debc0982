package inspect

import (
	"os"
	"strconv"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// Zombie tells whether a process has ended and only waits for its parent to ask how. A process whose main thread has
// exited while others run on is in state Z as well, and is none (pthread_exit(3), "Notes").
func (p *Process) Zombie() bool { return p.State == 'Z' && p.Threads <= 1 }

// lostMainThread tells whether only other threads of a process are alive. The main thread has given back its namespaces,
// its memory and its files by then, and the files below /proc/PID answer for the main thread (fs/proc/base.c): what the
// process has is to be read of a thread that lives.
func lostMainThread(st *proc.Stat) bool { return st.State == 'Z' && st.Threads > 1 }

// isEnding tells whether a process gives back, or has given back, what it had: it does so while it still counts as
// running (PF_EXITING of include/linux/sched.h; do_exit in kernel/exit.c), and a zombie keeps hardly more than its credentials.
func isEnding(st *proc.Stat) bool {
	const exiting = 0x4
	return st.Flags&exiting != 0 || st.State == 'Z' || st.State == 'X'
}

// isComplete tells whether facts have all that a process loses when it ends. Kernel threads have no memory, so no exe.
func (f *Facts) isComplete(kernel bool) bool {
	return kernel || f.Exe.State != reading.Absent && f.NS.How[proc.Mnt].State != reading.Absent && f.Root.State != reading.Absent &&
		(!f.Cmdline.OK() || f.Cmdline.Value != "")
}

// livingThread finds a thread that lives of the process that was entered, as a path below its directory: "task/4243/". It
// gives "" when there is none any more.
func (r *factsReader) livingThread(pid int) string {
	threads, err := os.ReadDir(r.proc + "/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return ""
	}
	var st proc.Stat
	for _, t := range threads {
		// Were these another process's threads by now, the directory that was entered would not have them.
		path := "task/" + t.Name() + "/"
		if b, err := r.File(path + "stat"); err == nil && proc.ParseStat(b, &st) == nil && st.State != 'Z' && st.State != 'X' {
			return path
		}
	}
	return ""
}

// isEnding asks the same of the process that was entered, as it is now.
func (r *factsReader) isEnding() bool {
	var st proc.Stat
	b, err := r.File("stat")
	return err == nil && proc.ParseStat(b, &st) == nil && isEnding(&st)
}

// memory is the resident memory of the process that was entered, in pages, by the stat of one of its threads.
func (r *factsReader) memory(thread string) uint64 {
	var st proc.Stat
	if b, err := r.File(thread + "stat"); err == nil && proc.ParseStat(b, &st) == nil {
		return st.RSSPages
	}
	return 0
}

// memoryOf is the same for a process that was not entered, as in a tick that reads nothing but stat.
func (r *factsReader) memoryOf(pid int) uint64 {
	if r.Enter(pid) != nil {
		return 0
	}
	defer r.Leave()
	return r.memory(r.livingThread(pid))
}
