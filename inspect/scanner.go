package inspect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
)

// Options say what a Scanner reads.
type Options struct {
	Proc     string        // the proc file system, "/proc" when empty
	Cgroup   string        // where the cgroup file systems are; "" finds them in mountinfo
	Root     string        // the file system in which engines keep their state, "/" when empty
	Budget   time.Duration // how long a tick may spend on reading facts again; 0 is a good default
	Patience time.Duration // how long a tick waits for the names of containers that it meets first; 0 is for a screen
}

func (o Options) withDefaults() Options {
	if o.Proc == "" {
		o.Proc = "/proc"
	}
	if o.Root == "" {
		o.Root = "/"
	}
	if o.Budget == 0 {
		o.Budget = defaultBudget
	}
	return o
}

// defaultBudget keeps a tick's second tier well below its first at 2,000 processes.
const defaultBudget = 4 * time.Millisecond

// Scanner reads snapshots. It owns all state that changes between them; one goroutine may use it at a time.
type Scanner struct {
	o        Options
	root     *proc.Root
	cgroups  *cgroup.Hierarchies
	detector *engine.Detector
	intern   *interner
	labels   labelFiles
	host     Host
	table    []*entry // by PID
	pids     []int
	dirents  []byte
	seq      uint64
	last     time.Time // of the last tick
	stats    statBudget
	found    []engine.Container
	toDetect []engine.Process // room for what the detector is given
	turn     atomic.Int64     // PID up to which facts were read again
	dirty    atomic.Bool      // the table changed since containers were looked for
	idMaps   map[uint64]IDMaps
	usage    map[string]usageSample
	complete bool // every process was read once

	beforeCmdline func(pid int) // for tests of what hangs
}

// NewScanner opens the proc file system and finds the cgroup hierarchies.
func NewScanner(o Options) (*Scanner, error) {
	o = o.withDefaults()
	root, err := proc.OpenRoot(o.Proc)
	if err != nil {
		return nil, fmt.Errorf("%w; is it mounted? --proc DIR names another place", err)
	}
	cgroups, err := findCgroups(o)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	s := &Scanner{
		o: o, root: root, cgroups: cgroups,
		detector: engine.NewDetector(engine.Options{Root: o.Root, ProcRoot: o.Proc, Patience: o.Patience}),
		intern:   newInterner(),
		dirents:  make([]byte, 64<<10),
		idMaps:   map[uint64]IDMaps{},
		usage:    map[string]usageSample{},
		stats:    newStatBudget(root),
	}
	s.host = readHost(o, cgroups.Mode())
	pids, err := root.PIDs(nil, s.dirents)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	s.labels = findLabelFiles(root.NewReader(), pids)
	return s, nil
}

// findCgroups reads the mountinfo of the reader, since its paths lead nowhere in another mount namespace. The proc file
// system of a PID namespace in which the reader is not has no "self" for it (proc_pid_self(5)); in a copy of one, process 1's
// serves.
func findCgroups(o Options) (*cgroup.Hierarchies, error) {
	places := []string{o.Proc + "/self/mountinfo", o.Proc + "/1/mountinfo"}
	var fs unix.Statfs_t
	if unix.Statfs(o.Proc, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC {
		places[1] = "/proc/self/mountinfo"
	}
	var mountinfo []byte
	for _, place := range places {
		if text, err := os.ReadFile(place); err == nil {
			mountinfo = text
			break
		}
	}
	h, err := cgroup.Discover(mountinfo, o.Cgroup)
	if err != nil {
		return nil, fmt.Errorf("find the cgroup hierarchies: %w", err)
	}
	return h, nil
}

// Cgroups are the hierarchies that the scanner found.
func (s *Scanner) Cgroups() *cgroup.Hierarchies { return s.cgroups }

// First reads only tier 0 (every process by name, parent, CPU and memory), for the first frame of a screen.
func (s *Scanner) First(ctx context.Context) (*Snapshot, error) {
	return s.scan(ctx, 0)
}

// Scan reads the next snapshot: the first time everything about every process, later tier 0 and, within the budget, the
// facts of new and changed processes and of those whose facts are oldest. An error means that the process table itself
// could not be read, or that ctx is done; what one process refuses is in the snapshot.
func (s *Scanner) Scan(ctx context.Context) (*Snapshot, error) {
	if !s.complete {
		return s.scan(ctx, unlimited)
	}
	return s.scan(ctx, s.o.Budget)
}

// unlimited is a budget that does not end.
const unlimited time.Duration = math.MaxInt64

// forever is when it would.
var forever = time.Unix(1<<40, 0)

// scan is one tick. The budget is for facts alone, however long the table takes.
func (s *Scanner) scan(ctx context.Context, budget time.Duration) (*Snapshot, error) {
	start := time.Now()
	if err := s.list(); err != nil {
		return nil, err
	}
	s.readTable(start, budget == unlimited)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch budget {
	case 0:
	case unlimited:
		s.complete = true
	default:
		s.refreshFacts(start, time.Now().Add(budget))
	}
	s.dropEnded()
	s.last = start
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.snapshot(start), nil
}

// snapshot assembles what the table holds now.
func (s *Scanner) snapshot(start time.Time) *Snapshot {
	s.seq++
	s.learnHostNamespaces()
	if s.dirty.Swap(false) {
		s.findContainers()
	}
	procs := make([]Process, len(s.table))
	for i, e := range s.table {
		procs[i] = e.Process
	}
	snap := Assemble(s.host, procs, s.found)
	snap.Seq, snap.Taken, snap.places = s.seq, start, places{proc: s.o.Proc, cgroups: s.cgroups.SourceOf}
	snap.IDMaps = s.readIDMaps(snap)
	s.readUsage(snap)
	s.intern.prune(s.table)
	snap.Took = time.Since(start)
	return snap
}

// Close gives back what the scanner holds open.
func (s *Scanner) Close() error {
	for _, e := range s.table {
		s.stats.close(e)
	}
	s.table = nil
	return s.root.Close()
}

// list reads the PIDs and merges them with the table; both are in ascending order.
func (s *Scanner) list() error {
	pids, err := s.root.PIDs(s.pids[:0], s.dirents)
	if err != nil {
		return err
	}
	s.pids = pids
	if !slices.IsSorted(pids) {
		slices.Sort(pids) // only proc promises the order, a fixture on a disk does not
	}
	table := make([]*entry, 0, len(pids))
	old := s.table
	for _, pid := range pids {
		for len(old) > 0 && old[0].PID < pid {
			s.forget(old[0])
			old = old[1:]
		}
		if len(old) > 0 && old[0].PID == pid {
			table = append(table, old[0])
			old = old[1:]
			continue
		}
		table = append(table, newEntry(pid, !s.last.IsZero()))
		s.dirty.Store(true)
	}
	for _, e := range old {
		s.forget(e)
	}
	s.table = table
	return nil
}

// forget ends an entry whose process is no longer there.
func (s *Scanner) forget(e *entry) {
	s.stats.close(e)
	s.dirty.Store(true)
}

// find is the entry of a PID, or nil.
func (s *Scanner) find(pid int) *entry {
	i, ok := slices.BinarySearchFunc(s.table, pid, func(e *entry, pid int) int { return e.PID - pid })
	if !ok {
		return nil
	}
	return s.table[i]
}
