package record

import (
	"context"
	"strings"
	"syscall"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
	"cutaway/inspect/users"
)

// notSaved is how a value that is not in the snapshot was read.
var notSaved = reading.How{State: reading.NotRead, Errno: uint16(syscall.ENODATA)}

// Record is a machine at one moment. It is immutable once it was taken or read.
type Record struct {
	Header
	Snapshot  *inspect.Snapshot
	Uptime    time.Duration // as the start times of processes count; 0 when unknown
	Self      int           // PID of who took it; 0 when it saw another machine's proc file system
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

// First and Scan are those of a scanner: the one snapshot.
func (r *Record) First(context.Context) (*inspect.Snapshot, error) { return r.Snapshot, nil }

// Scan is First.
func (r *Record) Scan(context.Context) (*inspect.Snapshot, error) { return r.Snapshot, nil }

// ReadParts is the detail that was saved of a process, with all of its parts. What was not saved is "not read" with ENODATA.
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
		return notSaved
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
