package record

import (
	"context"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect"
	"cutaway/inspect/caps"
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
	scanner, err := inspect.NewScanner(o.Options)
	if err != nil {
		return nil, err
	}
	defer scanner.Close()
	s, err := scanner.Scan(ctx)
	if err != nil {
		return nil, err
	}
	t := &taker{o: o, r: &Record{
		Snapshot: s, Names: users.Open(o.Root).Names(), LastCap: caps.LastKnown(), Enforcing: security.SELinuxEnforcing("/sys"),
		details: map[inspect.ID]*inspect.Detail{}, inside: map[inspect.ID]*inside.View{}, cgroups: map[string]*group{},
	}}
	r := t.r
	r.Header = Header{
		Format: format, Version: version, Cutaway: o.Cutaway, Host: s.Host.Name, Kernel: s.Host.Kernel, BootID: s.Host.BootID,
		Taken: s.Taken, Secrets: o.Secrets,
	}
	if last := caps.Last(o.Proc); last.OK() {
		r.LastCap = last.Value
	}
	if o.here() {
		r.Self, r.Uptime = os.Getpid(), uptime()
	}
	if r.census, err = inspect.NewNamespaceReader(o.Options).Namespaces(ctx, s); err != nil {
		return nil, err
	}
	if t.reader, err = inspect.NewDetailReader(o.Options, scanner.Cgroups()); err != nil {
		return nil, err
	}
	if err := t.readAll(ctx); err != nil {
		return nil, err
	}
	if !o.Secrets {
		r.mask()
	}
	return r, nil
}

// here tells whether the proc file system is this machine's own.
func (o *Options) here() bool { return o.Proc == "" || o.Proc == "/proc" }

// uptime is the clock that start times count by.
func uptime() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// taker reads the details.
type taker struct {
	o      Options
	r      *Record
	reader *inspect.DetailReader

	mu sync.Mutex
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
	d, err := t.reader.ReadParts(ctx, t.r.Snapshot, p.ID, parts)
	if err != nil {
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
	if f := p.Facts.Cgroup; f.OK() {
		key := membershipKey(f.Value)
		if t.r.cgroups[key] == nil {
			t.r.cgroups[key] = &group{f.Value, d.Cgroup, d.CgroupFiles}
		}
		d.Cgroup, d.CgroupFiles = nil, nil
	}
	t.r.details[p.ID] = d
	if seen != nil {
		t.r.inside[p.ID] = seen
	}
}

// known is a detail that was read already.
type known struct{ detail *inspect.Detail }

func (k known) ReadParts(context.Context, *inspect.Snapshot, inspect.ID, inspect.Part) (*inspect.Detail, error) {
	return k.detail, nil
}

// Of makes a record of what was read already, for tests and for who has looked before.
func Of(h Header, s *inspect.Snapshot, census *inspect.Census, details []*inspect.Detail, views map[inspect.ID]*inside.View) *Record {
	r := &Record{
		Header: h, Snapshot: s, census: census, inside: views,
		details: make(map[inspect.ID]*inspect.Detail, len(details)), cgroups: map[string]*group{},
	}
	r.Format, r.Version = format, version
	for _, d := range details {
		kept := *d
		if p := s.ByID(d.ID); p != nil && p.Facts.Cgroup.OK() {
			r.cgroups[membershipKey(p.Facts.Cgroup.Value)] = &group{p.Facts.Cgroup.Value, d.Cgroup, d.CgroupFiles}
			kept.Cgroup, kept.CgroupFiles = nil, nil
		}
		r.details[d.ID] = &kept
	}
	return r
}
