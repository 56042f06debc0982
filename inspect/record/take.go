package record

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/compare"
	"cutaway/inspect/inside"
	"cutaway/inspect/security"
	"cutaway/inspect/users"
)

// Options say what a record is taken of.
type Options struct {
	inspect.Options
	Cutaway string // the program's version
	Secrets bool   // keep what looks like a secret
}

// Take looks at a machine. Mounts, open files and threads, which take the most time, are read of the host's and of each
// container's first process alone, and what is seen from inside likewise. An error means that there is no process table.
func Take(ctx context.Context, o Options) (*Record, error) {
	o.Proc = cmp.Or(o.Proc, "/proc")
	scanner, err := inspect.NewScanner(o.Options)
	if err != nil {
		return nil, err
	}
	defer scanner.Close()
	s, err := scanner.Scan(ctx)
	if err != nil {
		return nil, err
	}
	census, err := inspect.NewNamespaceReader(o.Options).Namespaces(ctx, s)
	if err != nil {
		return nil, err
	}
	r := New(o.Cutaway, s, census)
	r.Secrets, r.Names, r.Enforcing = o.Secrets, users.Open(o.Root).Names(), security.SELinuxEnforcing("/sys")
	if last := caps.Last(o.Proc); last.OK() {
		r.LastCap = last.Value
	}
	if o.here() {
		r.Self = os.Getpid()
	}
	r.Uptime = uptime(o.Proc)
	s.MeanCPU(r.Uptime)
	t := &taker{o: o, r: r, claimed: map[*cgroup.Membership]bool{}}
	if t.reader, err = inspect.NewDetailReader(o.Options, scanner.Cgroups()); err != nil {
		return nil, err
	}
	if err := t.readAll(ctx); err != nil {
		return nil, err
	}
	r.addSources()
	if !o.Secrets {
		r.mask()
	}
	return r, nil
}

// here tells whether the proc file system is this machine's own.
func (o *Options) here() bool { return o.Proc == "/proc" }

// uptime is the clock that start times count by, as a proc file system has it (proc_uptime(5)); 0 when it does not.
func uptime(proc string) time.Duration {
	text, err := os.ReadFile(filepath.Join(proc, "uptime"))
	if err != nil {
		return 0
	}
	word, _, _ := strings.Cut(string(text), " ")
	seconds, err := strconv.ParseFloat(word, 64)
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// taker reads the details.
type taker struct {
	o      Options
	reader *inspect.DetailReader

	mu      sync.Mutex // of what follows
	r       *Record
	claimed map[*cgroup.Membership]bool // cgroups that a process is read with, or was
}

// claim tells whether the cgroup is to be read with a process: with the first of its processes only.
func (t *taker) claim(p *inspect.Process) bool {
	f := p.Facts.Cgroup
	if !f.OK() {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.claimed[f.Value] {
		return false
	}
	t.claimed[f.Value] = true
	return true
}

// release has the next process be read with its cgroup, after one that had claimed it has ended.
func (t *taker) release(p *inspect.Process, parts inspect.Part) {
	if parts&inspect.WithoutCgroup != 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.claimed, p.Facts.Cgroup.Value)
}

// readAll reads the details of all processes, a few at a time.
func (t *taker) readAll(ctx context.Context) error {
	whole := t.whole()
	todo := make(chan *inspect.Process)
	var workers sync.WaitGroup
	for range max(runtime.GOMAXPROCS(0), 2) {
		workers.Go(func() {
			for p := range todo {
				c, all := whole[p.ID]
				t.read(ctx, p, c, all)
			}
		})
	}
	for i := range t.r.Snapshot.Procs {
		if ctx.Err() != nil {
			break
		}
		todo <- &t.r.Snapshot.Procs[i]
	}
	close(todo)
	workers.Wait()
	return ctx.Err()
}

// whole are the processes of which everything is read, with the container for which each stands.
func (t *taker) whole() map[inspect.ID]*inspect.Container {
	s := t.r.Snapshot
	whole := map[inspect.ID]*inspect.Container{}
	if p := compare.Host(s, t.r.Self); p != nil {
		whole[p.ID] = nil
	}
	for _, c := range s.Containers {
		if p := s.Stands(c); p != nil {
			whole[p.ID] = c
		}
	}
	return whole
}

// read reads what is kept of one process. One that has ended meanwhile has no details.
func (t *taker) read(ctx context.Context, p *inspect.Process, c *inspect.Container, all bool) {
	parts := inspect.Part(0)
	if all {
		parts = inspect.AllParts
	}
	if !t.claim(p) {
		parts |= inspect.WithoutCgroup
	}
	d, err := t.reader.ReadParts(ctx, t.r.Snapshot, p.ID, parts)
	if err != nil {
		t.release(p, parts)
		return
	}
	var seen *inside.View
	if all && t.o.here() {
		side, err := compare.Look(ctx, t.r.Snapshot, known{d}, inside.Read, p, c)
		if err == nil {
			seen = side.Inside
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.r.Add(d, seen)
}

// known is a detail that was read already.
type known struct{ detail *inspect.Detail }

func (k known) ReadParts(context.Context, *inspect.Snapshot, inspect.ID, inspect.Part) (*inspect.Detail, error) {
	return k.detail, nil
}
