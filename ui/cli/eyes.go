package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/compare"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
	"cutaway/inspect/record"
	"cutaway/inspect/users"
	"cutaway/sandbox/cgroups"
)

// eyes are what a view is looked at with beyond its snapshot: this machine (live), or a file (saved).
type eyes interface {
	compare.Reader
	inside() compare.Inside // nil where nobody can look from inside
	census(context.Context, *inspect.Snapshot) (*inspect.Census, error)
	self() (int, error) // the PID of who looks
	observer() int      // the PID of who took the snapshot; 0 when it is not in it
	lastCap() reading.Of[caps.Cap]
	// limits are what a cgroup uses, and the limits that its own files hold; shared is why it has none.
	limits(*cgroup.Membership) (u *cgroup.Usage, files []cgroups.Setting, shared, err error)
}

// namePatience is how long a command waits for the names of containers, which no later look brings: on a machine that is
// busy or short of memory reading them takes a while, and a name that is missing is a target that is not found.
const namePatience = 2 * time.Second

// look takes a view: of the snapshot that --from names, else of what is there now.
func (a *app) look(ctx context.Context) (*view, error) {
	if a.from != "" {
		return a.lookAt(a.from)
	}
	return a.lookNow(ctx)
}

// lookNow reads one snapshot.
func (a *app) lookNow(ctx context.Context) (*view, error) {
	o := a.inspect
	o.Patience = namePatience
	scanner, err := inspect.NewScanner(o)
	if err != nil {
		return nil, err
	}
	defer scanner.Close()
	s, err := scanner.Scan(ctx)
	if err != nil {
		return nil, err
	}
	if len(s.Procs) == 0 {
		return nil, fmt.Errorf("no process is to be seen in %s; --proc DIR names a proc file system", a.inspect.Proc)
	}
	v := &view{Snapshot: s, eyes: &live{o: a.inspect, cgroups: scanner.Cgroups()}, st: a.style(), names: users.Open(a.inspect.Root), uptime: uptime()}
	s.MeanCPU(v.uptime)
	return v, nil
}

// lookAt is the view of a saved snapshot; "-" is standard input.
func (a *app) lookAt(file string) (*view, error) {
	r, err := a.load(file)
	if err != nil {
		return nil, err
	}
	return newSavedView(r, a.style()), nil
}

func newSavedView(r *record.Record, st *style) *view {
	return &view{Snapshot: r.Snapshot, eyes: saved{r}, st: st, names: users.Fixed(r.Names), uptime: r.Uptime}
}

// load reads a saved snapshot. Standard input can be read once only.
func (a *app) load(file string) (*record.Record, error) {
	if file != "-" {
		return record.ReadFile(file)
	}
	if isTerminal(os.Stdin) {
		return nil, usagef("--from - reads a snapshot from standard input, which is a terminal: pipe one in, or name a file")
	}
	return record.Read(os.Stdin, "standard input")
}

// live looks at a machine that is there.
type live struct {
	o       inspect.Options
	cgroups *cgroup.Hierarchies
	details *inspect.DetailReader // nil until one is read
}

func (l *live) ReadParts(ctx context.Context, s *inspect.Snapshot, id inspect.ID, parts inspect.Part) (*inspect.Detail, error) {
	if l.details == nil {
		var err error
		if l.details, err = inspect.NewDetailReader(l.o, l.cgroups); err != nil {
			return nil, err
		}
	}
	return l.details.ReadParts(ctx, s, id, parts)
}

func (l *live) inside() compare.Inside {
	if l.o.Proc != "/proc" {
		return nil
	}
	return inside.Read
}

func (l *live) census(ctx context.Context, s *inspect.Snapshot) (*inspect.Census, error) {
	return inspect.NewNamespaceReader(l.o).Namespaces(ctx, s)
}

// self asks the proc file system that is looked at who we are there (proc_pid_self(5)).
func (l *live) self() (int, error) {
	link, err := os.Readlink(filepath.Join(l.o.Proc, "self"))
	if err != nil {
		return 0, fmt.Errorf("cannot tell who self is, give a PID: %w", err)
	}
	pid, err := strconv.Atoi(link)
	if err != nil {
		return 0, fmt.Errorf("self is not in this process table (%s/self leads to %q); give a PID", l.o.Proc, link)
	}
	return pid, nil
}

func (l *live) observer() int { return os.Getpid() }

func (l *live) lastCap() reading.Of[caps.Cap] { return caps.Last(l.o.Proc) }

func (l *live) limits(m *cgroup.Membership) (u *cgroup.Usage, files []cgroups.Setting, shared, err error) {
	u = l.cgroups.Usage(m)
	machine := cgroups.Machine{Hierarchies: l.cgroups}
	group, err := machine.Open(m)
	switch {
	case errors.Is(err, cgroups.ErrShared):
		return u, nil, err, nil
	case err != nil:
		return nil, nil, nil, err
	}
	defer group.Close()
	return u, group.Present(), nil, nil
}

// saved looks into a file.
type saved struct{ *record.Record }

func (s saved) inside() compare.Inside { return s.Inside }

func (s saved) census(ctx context.Context, snap *inspect.Snapshot) (*inspect.Census, error) {
	c, err := s.Namespaces(ctx, snap)
	if c == nil && err == nil {
		err = errors.New("the namespaces are not in the snapshot")
	}
	return c, err
}

func (s saved) self() (int, error) {
	return 0, usagef("self is not in a snapshot; give a PID or a container's name")
}

func (s saved) observer() int { return s.Self }

func (s saved) lastCap() reading.Of[caps.Cap] { return reading.Value(s.LastCap) }

func (s saved) limits(m *cgroup.Membership) (u *cgroup.Usage, files []cgroups.Setting, shared, err error) {
	u, entries := s.Cgroup(m)
	if u == nil {
		return nil, nil, nil, fmt.Errorf("the cgroup %s is not in the snapshot", m.Path())
	}
	if files = cgroups.Recorded(m, entries); len(files) == 0 {
		return u, nil, cgroups.ErrShared, nil
	}
	return u, files, nil, nil
}
