package inspect

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// visit is what a worker needs to know of a process to look at it. It is a copy, because a worker that hangs may hold it
// while the table has long gone on.
type visit struct {
	pid   int
	stat  int  // open stat file, or -1
	facts bool // read the facts too, until the deadline
	hung  bool // leave its memory alone
}

// sight is what a visit brought home.
type sight struct {
	stat    proc.Stat // Comm aliases the worker's buffer
	comm    [64]byte
	statErr error
	facts   *Facts // nil when not read
	ending  bool   // while the facts were read, the process gave back what it had
	opened  int    // descriptor of a stat file to keep, or -1
}

var (
	errEnded   = errors.New("the process has ended")
	errSkipped = errors.New("no time left for it in this tick")
)

// statBudget bounds the stat files that stay open from tick to tick: reading an open one costs two thirds of opening it
// anew, but each holds a page in the kernel (fs/seq_file.c) and a place below RLIMIT_NOFILE.
type statBudget struct {
	most int64
	kept *atomic.Int64
}

func newStatBudget(root *proc.Root) statBudget {
	b := statBudget{kept: new(atomic.Int64)}
	var limit unix.Rlimit
	// Where a copy of proc is looked at, a process that ends leaves no trace in its open file.
	if root.IsProc() && unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		b.most = int64(min(limit.Cur/4, 4096))
	}
	return b
}

func (b statBudget) take() bool {
	if b.kept.Add(1) <= b.most {
		return true
	}
	b.kept.Add(-1)
	return false
}

func (b statBudget) close(e *entry) {
	if e.closeStat() {
		b.kept.Add(-1)
	}
}

// readTable reads tier 0 of every process and, when told to, the facts of those that have none yet.
func (s *Scanner) readTable(now time.Time, facts bool) {
	jobs := make([]*entry, 0, len(s.table))
	for _, e := range s.table {
		if e.How.State != reading.NotRead {
			e.New = false
		}
		if !e.stuck {
			jobs = append(jobs, e)
		}
	}
	t := tour{now: now}
	if facts {
		t.deadline = forever
	}
	s.visitAll(jobs, t)
}

// refreshFacts reads facts until the deadline: first of processes that are new or changed, then in turn of all.
func (s *Scanner) refreshFacts(now, deadline time.Time) {
	var jobs []*entry
	for _, e := range s.table {
		if !e.ended && !e.stuck && (e.changed || e.Facts == unread) {
			jobs = append(jobs, e)
		}
	}
	jobs = append(jobs, s.inTurn(now)...)
	s.visitAll(jobs, tour{now: now, deadline: deadline, again: true})
}

// inTurn lists processes whose facts are older than a second, from where the last tick stopped.
func (s *Scanner) inTurn(now time.Time) []*entry {
	const most = 512 // more than a tick's budget lets it read
	start, _ := slices.BinarySearchFunc(s.table, int(s.turn.Load())+1, func(e *entry, pid int) int { return e.PID - pid })
	var jobs []*entry
	for i := 0; i < len(s.table) && len(jobs) < most; i++ {
		e := s.table[(start+i)%len(s.table)]
		if !e.ended && !e.stuck && !e.changed && e.Facts != unread && now.Sub(e.Facts.Read) > time.Second {
			jobs = append(jobs, e)
		}
	}
	return jobs
}

// assured is how many processes' facts a tick reads again however late it is, so that none waits for ever on a machine that
// is busy; it takes well under a millisecond.
const assured = 16

// tour says how a number of processes are visited.
type tour struct {
	now, deadline time.Time
	again         bool // read the facts of all, else only of those that have none
}

// visitAll looks at processes and takes over what was seen. One that hangs is visited once more without what can hang,
// and left alone from then on when even that does.
func (s *Scanner) visitAll(jobs []*entry, t tour) {
	var second []*entry
	for _, i := range s.sweepOver(jobs, t).run(len(jobs)) {
		if e := jobs[i]; e.hung {
			e.giveUp(t.now)
		} else {
			e.hung = true
			second = append(second, e)
		}
	}
	if len(second) == 0 {
		return
	}
	t.again, t.deadline = true, forever
	for _, i := range s.sweepOver(second, t).run(len(second)) {
		second[i].giveUp(t.now)
	}
}

func (s *Scanner) sweepOver(jobs []*entry, t tour) sweep[*factsReader, sight] {
	visits := make([]visit, len(jobs))
	for i, e := range jobs {
		visits[i] = visit{pid: e.PID, stat: e.stat, facts: t.again || e.Facts == unread, hung: e.hung}
	}
	keep := !s.last.IsZero() // a single scan has no use for files that stay open
	return sweep[*factsReader, sight]{
		newWorker: func() *factsReader {
			return &factsReader{Reader: s.root.NewReader(), proc: s.root.Path(), intern: s.intern, labels: s.labels, beforeCmdline: s.beforeCmdline}
		},
		closeWorker: func(r *factsReader) { r.Leave() },
		work: func(r *factsReader, i int) sight {
			v := visits[i]
			if v.facts && (t.again && i < assured || time.Now().Before(t.deadline)) {
				return r.lookDeep(v, t.now)
			}
			if t.again {
				return sight{statErr: errSkipped, opened: -1}
			}
			seen := s.lookAtStat(r, v, keep)
			if seen.statErr == nil && lostMainThread(&seen.stat) {
				seen.stat.RSSPages = r.memoryOf(v.pid)
			}
			return seen
		},
		take: func(i int, seen sight) { s.take(jobs[i], &seen, t) },
		drop: func(seen sight) {
			if seen.opened >= 0 {
				unix.Close(seen.opened)
				s.stats.kept.Add(-1)
			}
		},
	}
}

// lookDeep enters a process, so that its identity and its facts are one process's.
func (r *factsReader) lookDeep(v visit, now time.Time) sight {
	seen := sight{opened: -1}
	if seen.statErr = r.Enter(v.pid); seen.statErr != nil {
		return seen
	}
	defer r.Leave()
	seen.parse(r.File("stat"))
	if seen.statErr != nil && gone(seen.statErr) {
		return seen
	}
	thread := ""
	if lostMainThread(&seen.stat) {
		thread = r.livingThread(v.pid)
		seen.stat.RSSPages = r.memory(thread)
	}
	facts, err := r.read(v.pid, thread, now, v.hung)
	if err != nil {
		seen.statErr = err
		return seen
	}
	seen.facts = facts
	seen.ending = !facts.isComplete(seen.stat.KernelThread()) && r.isEnding()
	return seen
}

// lookAtStat reads tier 0, through the file kept open from the last tick where there is one.
func (s *Scanner) lookAtStat(r *factsReader, v visit, keep bool) sight {
	seen := sight{opened: -1}
	if v.stat >= 0 {
		seen.parse(r.Again(v.stat))
		if !gone(seen.statErr) {
			return seen
		}
		// Ended; but its PID may be another process's by now.
	}
	if !keep || v.stat >= 0 || !s.stats.take() {
		seen.parse(r.Stat(v.pid))
		return seen
	}
	fd, err := r.OpenStat(v.pid)
	if err != nil {
		s.stats.kept.Add(-1)
		seen.statErr = err
		return seen
	}
	seen.opened = fd
	seen.parse(r.Again(fd))
	return seen
}

// parse takes over a stat file. The name is copied, because the buffer serves the next file.
func (seen *sight) parse(b []byte, err error) {
	if err == nil {
		err = proc.ParseStat(b, &seen.stat)
		seen.stat.Comm = seen.comm[:copy(seen.comm[:], seen.stat.Comm)]
	}
	if err == nil && seen.stat.State == 'X' { // reaped while it was read: what the kernel had let go of by then is zero (do_task_stat in fs/proc/array.c)
		err = errEnded
	}
	seen.statErr = err
}

// take brings what was seen into the table. It runs in the worker; nobody else has this entry meanwhile.
func (s *Scanner) take(e *entry, seen *sight, t tour) {
	if seen.opened >= 0 {
		s.stats.close(e)
		e.stat = seen.opened
	}
	switch {
	case seen.statErr == nil:
		if !t.again || !e.How.OK() {
			e.update(&seen.stat, t.now)
		} else if e.Start != seen.stat.StartTime {
			e.ended = true // another process has the PID: the next tick brings it
			return
		}
	case errors.Is(seen.statErr, errSkipped):
		return
	case gone(seen.statErr) || errors.Is(seen.statErr, errEnded):
		e.ended = true
		return
	default:
		how := reading.FromError(seen.statErr)
		if how.State == reading.Denied && e.How.OK() {
			e.hide()
			s.dirty.Store(true)
		}
		e.How = how
	}
	if seen.facts != nil {
		s.takeFacts(e, seen.facts, seen.ending)
		if t.again {
			s.turn.Store(int64(e.PID))
		}
	}
}

// takeFacts replaces a process's facts. What one that ends has given back (its namespaces, its memory) stays as it was.
func (s *Scanner) takeFacts(e *entry, f *Facts, ending bool) {
	old := e.Facts
	if ending && old != unread {
		f.NS, f.Cmdline, f.Exe, f.Cwd, f.Root = old.NS, old.Cmdline, old.Exe, old.Cwd, old.Root
	}
	if old == unread || old.NS != f.NS || old.Cgroup != f.Cgroup || old.Cmdline != f.Cmdline || old.Root != f.Root {
		s.dirty.Store(true)
	}
	e.Facts, e.changed = f, false
}

// dropEnded takes the processes out of the table that ended during the tick.
func (s *Scanner) dropEnded() {
	s.table = slices.DeleteFunc(s.table, func(e *entry) bool {
		if e.ended {
			s.forget(e)
		}
		return e.ended
	})
}
