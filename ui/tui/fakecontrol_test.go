package tui

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
	"cutaway/sandbox/journal"
	"cutaway/sandbox/limit"
	"cutaway/ui/change"
)

// fakeControl is a machine on which every change is noted and none is made.
type fakeControl struct {
	calls     []string
	use       *cgroup.Usage
	frozen    bool
	refused   error // by look
	gone      error // by everything
	fails     error // by what changes
	processes int
	strangers int
	unwritten error // the journal is not written
	read      *journalRead
	unread    error
	looks     int
}

var errFake = errors.New("write 5: /sys/fs/cgroup/x/pids.max: permission denied (errno 13); the cgroup belongs to another user: run cutaway as root")

func newFakeControl() *fakeControl {
	return &fakeControl{use: dbUsage(), processes: 1, read: journalFixture()}
}

func (f *fakeControl) note(format string, args ...any) {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
}

func (f *fakeControl) look(t change.Target) (*looked, error) {
	if f.gone != nil {
		return nil, f.gone
	}
	f.looks++
	use := *f.use
	use.CPUTime.Value += uint64(f.looks) * 400_000
	dir := "/sys/fs/cgroup" + use.Path
	l := &looked{
		taken: time.Unix(1_700_000_000+int64(f.looks), 0), use: &use, processes: f.processes, frozen: f.frozen, refused: f.refused,
	}
	if !errors.Is(f.refused, cgroups.ErrShared) {
		l.own = []cgroups.Setting{
			{Limit: "memory", Dir: dir, File: "memory.max", Old: "134217728"},
			{Limit: "pids", Dir: dir, File: "pids.max", Old: "64"},
			{Limit: "cpus", Dir: dir, File: "cpu.max", Old: "50000 100000"},
			{Limit: "cpuset", Dir: dir, File: "cpuset.cpus", Old: "0-1"},
			{Limit: "io", Dir: dir, File: "io.max", Device: "8:0", Old: "8:0 rbps=1048576 wbps=max riops=max wiops=100"},
		}
	}
	return l, nil
}

func (f *fakeControl) crowd(context.Context, change.Target) (processes, strangers int, err error) {
	return f.processes, f.strangers, f.gone
}

// plan says what the real one says of the limits that the tests set.
func (f *fakeControl) plan(t change.Target, set limit.Set) (*control.Plan, error) {
	if f.refused != nil {
		return nil, f.refused
	}
	if f.gone != nil {
		return nil, f.gone
	}
	p := &control.Plan{Target: t.String()}
	add := func(name, file, old, value, what string, hurts bool) {
		path := "/sys/fs/cgroup" + f.use.Path + "/" + file
		p.Writes = append(p.Writes, control.Write{
			Limit: name, File: path, Old: old, New: value, What: what, Hurts: hurts, Shell: "echo " + value + " > " + path,
		})
	}
	if m := set.Memory; m != nil {
		switch {
		case *m == 128<<20:
			p.Same = append(p.Same, "memory")
		case *m != limit.Max && uint64(*m) < f.use.MemoryUsage.Value:
			add("memory", "memory.max", "134217728", m.String(), "below its present use of 8.1M: the kernel will reclaim, then kill processes (out of memory)", true)
		default:
			add("memory", "memory.max", "134217728", m.String(), "at most "+m.About()+" of memory; it uses 8.1M now", false)
		}
	}
	if n := set.PIDs; n != nil {
		add("pids", "pids.max", "64", n.String(), "at most "+n.String()+" processes and threads; it has 6", false)
	}
	if n := set.CPUs; n != nil {
		add("cpus", "cpu.max", "50000 100000", strconv.Itoa(int(*n*100000))+" 100000", "at most some of a processor's time", false)
	}
	if len(p.Writes) > 0 && t.Engine != "" {
		p.Warnings = []string{"docker knows nothing of this and will write its own limits again when the container is started or updated; this line changes them there: docker update " + evil}
	}
	return p, nil
}

func (f *fakeControl) apply(t change.Target, set limit.Set, shown *control.Plan) ([]control.Result, error) {
	if f.fails != nil {
		return nil, f.fails
	}
	f.note("apply %s to %s", strings.Join(set.Flags(), " "), t.String())
	var results []control.Result
	for _, w := range shown.Writes {
		results = append(results, control.Result{Write: w, Now: w.New, Entry: journal.Entry{Batch: "batch234", Result: "ok", Unwritten: f.unwritten}})
	}
	return results, nil
}

func (f *fakeControl) revert(results []control.Result) error {
	if f.fails != nil {
		return f.fails
	}
	f.note("revert %s", results[0].Entry.Batch)
	return nil
}

func (f *fakeControl) planUndo(batch string) (*control.Plan, error) {
	if f.fails != nil {
		return nil, f.fails
	}
	path := "/sys/fs/cgroup" + f.use.Path + "/memory.max"
	return &control.Plan{Target: "db (docker container, PID 4242)", Writes: []control.Write{{
		Limit: "memory", File: path, Old: "67108864", New: "134217728", What: "as before 2026-03-04 05:06:07", Shell: "echo 134217728 > " + path,
	}}}, nil
}

func (f *fakeControl) undo(batch string, _ *control.Plan) ([]control.Result, error) {
	f.note("undo %q", batch)
	return []control.Result{{}}, f.fails
}

func (f *fakeControl) freeze(_ context.Context, t change.Target) (journal.Entry, error) {
	return f.did("freeze", t)
}

func (f *fakeControl) thaw(_ context.Context, t change.Target) (journal.Entry, error) {
	return f.did("thaw", t)
}

func (f *fakeControl) kill(_ context.Context, t change.Target) (int, journal.Entry, error) {
	e, err := f.did("kill", t)
	return f.processes, e, err
}

func (f *fakeControl) signal(t change.Target, number syscall.Signal) (journal.Entry, error) {
	return f.did("signal "+strconv.Itoa(int(number)), t)
}

func (f *fakeControl) did(what string, t change.Target) (journal.Entry, error) {
	if f.fails == nil {
		f.note("%s %s", what, t.String())
	}
	return journal.Entry{Unwritten: f.unwritten}, f.fails
}

func (f *fakeControl) journal() (*journalRead, error) { return f.read, f.unread }

// journalFixture has a change that can be undone, one that was, one that failed, and one to a hostile name.
func journalFixture() *journalRead {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.Local)
	const file = "/sys/fs/cgroup/system.slice/docker-397f67197f60.scope/memory.max"
	db := "db (docker container, PID 4242)"
	undo := &journal.Undo{Limit: "memory", Inode: 3, Boot: "b"}
	return &journalRead{path: "/root/.local/state/cutaway/journal.jsonl", skipped: 2, entries: []journal.Entry{
		{Time: at.Add(5 * time.Hour), ID: "eeeeeeee", Batch: "eeeeeeee", PID: 81, Action: "signal", Target: evil + " (PID 850)", Shell: "kill -s TERM 850", Result: "ok"},
		{
			Time: at.Add(4 * time.Hour), ID: "dddddddd", Batch: "dddddddd", PID: 80, UID: 1000, Action: "limit", Target: "web (docker container, PID 4310)", Shell: "echo 5 > /sys/fs/cgroup/w/pids.max",
			File: "/sys/fs/cgroup/w/pids.max", Old: "max", New: "5", Errno: 13, Undo: undo,
			Result: "write 5: /sys/fs/cgroup/w/pids.max: permission denied (errno 13);\n the cgroup belongs to another user: run cutaway as root",
		},
		{Time: at.Add(3 * time.Hour), ID: "cccccccc", Batch: "cccccccc", PID: 79, Action: "limit", Target: db, Shell: "echo 67108864 > " + file, File: file, Old: "134217728", New: "67108864", Result: "ok", Undo: undo},
		{Time: at.Add(time.Hour), ID: "bbbbbbbb", Batch: "bbbbbbbb", PID: 78, Action: "undo", Target: db, Shell: "echo 134217728 > " + file, File: file, Old: "33554432", New: "134217728", Result: "ok", Undoes: "aaaaaaaa", Undo: undo},
		{Time: at, ID: "aaaaaaaa", Batch: "aaaaaaaa", PID: 77, Action: "limit", Target: db, Shell: "echo 33554432 > " + file, File: file, Old: "134217728", New: "33554432", Result: "ok", Undo: undo},
	}}
}

// control is the machine on which the screen of a test changes things.
func (d *driver) control() *fakeControl { return d.app.limits.ctl.(*fakeControl) }

// beat is one second of the clock that takes limits back.
func (d *driver) beat() { d.send(limitsBeat{d.app.limits.count}) }
