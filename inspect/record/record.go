package record

import (
	"context"
	"strings"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
	"cutaway/inspect/users"
)

// Record is a machine at one moment. It is immutable once it was taken or read.
type Record struct {
	Header
	Snapshot  *inspect.Snapshot
	Uptime    time.Duration // as the start times of processes count; 0 when unknown
	Self      int           // PID of who took it; 0 when that read another proc file system than its own
	LastCap   caps.Cap      // the kernel's highest capability
	Enforcing reading.Of[bool]
	Names     users.Names
	LeftOut   int // processes without details, since there would be too much

	census  *inspect.Census
	details map[inspect.ID]*inspect.Detail // without what stands in cgroups
	inside  map[inspect.ID]*inside.View
	cgroups map[string]*group // by membership
}

// Header is the first line of a file.
type Header struct {
	Format  string // "cutaway snapshot"
	Version int    // of the format
	Cutaway string // the version of the program that took it
	Host    string
	Kernel  string // release
	BootID  string // tells apart processes that have the same PID and start time after another boot
	Taken   time.Time
	Secrets bool // values that look like secrets are in it
}

// group is a cgroup that some processes are in.
type group struct {
	Membership *cgroup.Membership
	Usage      *cgroup.Usage
	Files      []cgroup.Entry
	Sources    map[string]source // by field of Usage
}

// source is where a value stands.
type source struct{ File, Key string }

// addSources keeps where the values of all cgroups stand, those of containers too.
func (r *Record) addSources() {
	for _, c := range r.Snapshot.Containers {
		if c.Cgroup == nil {
			continue
		}
		if key := membershipKey(c.Cgroup); r.cgroups[key] == nil {
			r.cgroups[key] = &group{Membership: c.Cgroup}
		}
	}
	for _, g := range r.cgroups {
		g.Sources = map[string]source{}
		for _, f := range inspect.Fields() {
			name, ok := strings.CutPrefix(string(f), "cgroup.")
			if !ok {
				continue
			}
			if file, key := r.Snapshot.CgroupFile(g.Membership, name); file != "" {
				g.Sources[name] = source{file, key}
			}
		}
	}
}

// cgroupFile is inspect.CgroupFiles of what was kept.
func (r *Record) cgroupFile(m *cgroup.Membership, field string) (file, key string) {
	if g := r.cgroups[membershipKey(m)]; g != nil {
		s := g.Sources[field]
		return s.File, s.Key
	}
	return "", ""
}

// membershipKey tells the cgroups of processes apart.
func membershipKey(m *cgroup.Membership) string {
	var b strings.Builder
	for i := range m.Lines {
		l := &m.Lines[i]
		b.WriteString(strings.Join(l.Controllers, ","))
		b.WriteByte(0)
		b.WriteString(l.Path)
		if l.Deleted {
			b.WriteByte(1)
		}
		b.WriteByte(0)
	}
	return b.String()
}

// New makes a record of what was seen; the census may be nil.
func New(cutaway string, s *inspect.Snapshot, census *inspect.Census) *Record {
	return &Record{
		Header: Header{
			Format: format, Version: version, Cutaway: cutaway, Host: s.Host.Name, Kernel: s.Host.Kernel, BootID: s.Host.BootID, Taken: s.Taken,
		},
		Snapshot: s, LastCap: caps.LastKnown(), census: census,
		details: map[inspect.ID]*inspect.Detail{}, inside: map[inspect.ID]*inside.View{}, cgroups: map[string]*group{},
	}
}

// Add adds the detail of a process, and what it sees from inside unless that is nil. What stands in a cgroup is kept once for all
// of its processes.
func (r *Record) Add(d *inspect.Detail, seen *inside.View) {
	kept := *d
	if p := r.Snapshot.ByID(d.ID); p != nil && p.Facts.Cgroup.OK() {
		key := membershipKey(p.Facts.Cgroup.Value)
		if r.cgroups[key] == nil && d.Cgroup != nil {
			r.cgroups[key] = &group{Membership: p.Facts.Cgroup.Value, Usage: d.Cgroup, Files: d.CgroupFiles}
		}
		kept.Cgroup, kept.CgroupFiles = nil, nil
	}
	r.details[d.ID] = &kept
	if seen != nil {
		r.inside[d.ID] = seen
	}
}

// First and Scan are those of a scanner: the one snapshot.
func (r *Record) First(context.Context) (*inspect.Snapshot, error) { return r.Snapshot, nil }

// Scan is First.
func (r *Record) Scan(context.Context) (*inspect.Snapshot, error) { return r.Snapshot, nil }

// ReadParts is the detail that was saved of a process, with all of its parts. What was not saved is reading.NotSaved.
func (r *Record) ReadParts(_ context.Context, _ *inspect.Snapshot, id inspect.ID, _ inspect.Part) (*inspect.Detail, error) {
	d := inspect.Detail{ID: id, Taken: r.Taken}
	if saved := r.details[id]; saved != nil {
		d = *saved
	}
	d.Cmdline.How, d.Environ.How, d.Limits.How = saved(d.Cmdline.How), saved(d.Environ.How), saved(d.Limits.How)
	d.Mounts.How, d.Files.How, d.Threads.How = saved(d.Mounts.How), saved(d.Files.How), saved(d.Threads.How)
	d.Interfaces.How, d.Listening.How, d.TimeOffsets.How = saved(d.Interfaces.How), saved(d.Listening.How), saved(d.TimeOffsets.How)
	d.IO.How, d.CPUWait.How = saved(d.IO.How), saved(d.CPUWait.How)
	d.OOMScore.How, d.OOMScoreAdj.How = saved(d.OOMScore.How), saved(d.OOMScoreAdj.How)
	if p := r.Snapshot.ByID(id); p != nil && p.Facts.Cgroup.OK() {
		if g := r.cgroups[membershipKey(p.Facts.Cgroup.Value)]; g != nil {
			d.Cgroup, d.CgroupFiles = g.Usage, g.Files
		}
	}
	return &d, nil
}

// saved has a value that nobody read be one that is not in the snapshot.
func saved(how reading.How) reading.How {
	if how == (reading.How{}) {
		return reading.NotSaved
	}
	return how
}

// Inside is what a process saw from inside; nil when nobody looked.
func (r *Record) Inside(_ context.Context, t inside.Target) (*inside.View, error) {
	return r.inside[inspect.ID{PID: t.PID, Start: t.Start}], nil
}

// Namespaces are those that were found.
func (r *Record) Namespaces(context.Context, *inspect.Snapshot) (*inspect.Census, error) {
	return r.census, nil
}

// Cgroup is what was saved of a cgroup: its use, and its files; nil when nothing was.
func (r *Record) Cgroup(m *cgroup.Membership) (*cgroup.Usage, []cgroup.Entry) {
	if g := r.cgroups[membershipKey(m)]; g != nil {
		return g.Usage, g.Files
	}
	return nil, nil
}
