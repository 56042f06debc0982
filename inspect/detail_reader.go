package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// ErrGone says that a process has ended; ErrReused, which is an ErrGone too, that another process has its PID now.
var (
	ErrGone   = errors.New("the process has ended")
	ErrReused = fmt.Errorf("%w, and another one has its PID", ErrGone)
)

// DetailReader reads everything about one process. Several goroutines may use it at once.
type DetailReader struct {
	o       Options
	cgroups *cgroup.Hierarchies
	fs      procfs.FS
	guard   *guard
}

// NewDetailReader makes a reader. A scanner's hierarchies (Scanner.Cgroups) save finding them again; nil finds them.
func NewDetailReader(o Options, h *cgroup.Hierarchies) (*DetailReader, error) {
	o = o.withDefaults()
	fs, err := procfs.NewFS(o.Proc)
	if err != nil {
		return nil, fmt.Errorf("open the proc file system at %s: %w; is it mounted? --proc DIR names another place", o.Proc, err)
	}
	if h == nil {
		if h, err = findCgroups(o); err != nil {
			return nil, err
		}
	}
	return &DetailReader{o: o, cgroups: h, fs: fs, guard: newGuard()}, nil
}

// maxEnviron and maxCmdlineWhole cap, in bytes, what is read of a process's own memory.
const (
	maxEnviron      = 1 << 20
	maxCmdlineWhole = 1 << 20
)

// smallFiles are read in one piece and kept as they are, see Detail.Raw.
var smallFiles = []string{
	"stat", "status", "comm", "cgroup", "uid_map", "gid_map", "setgroups", "attr/apparmor/current", "attr/current", "limits",
	"oom_score", "oom_score_adj", "timens_offsets",
}

// Part is a part of a detail that costs more than the rest of it together; it is read only for who looks at it.
type Part uint8

// The parts of a detail. What they hold stays "not read" without them.
const (
	PartMounts  Part = 1 << iota
	PartFiles        // open files, network interfaces and sockets, which name each other
	PartThreads      // and how they differ from the process
	PartSockets      // network interfaces and sockets alone: PartFiles has them too, and tells which are the process's own
	AllParts         = PartMounts | PartFiles | PartThreads

	// WithoutCgroup leaves out what stands in its cgroup, for who knows that of another process there.
	WithoutCgroup Part = 1 << 7
)

// Read reads a process's details, as far as the kernel lets us and within half a second. The error is ErrGone when the
// process has ended (ErrReused when its PID has a new owner), or ctx's when that was cancelled; all else that can go
// wrong is in the readings, and what did not answer in time failed with ETIMEDOUT. A snapshot (or nil) tells of which
// processes the scanner had to leave the memory alone.
func (r *DetailReader) Read(ctx context.Context, s *Snapshot, id ID) (*Detail, error) {
	return r.ReadParts(ctx, s, id, AllParts)
}

// ReadParts is Read with only some of the costly parts: a screen that looks every second asks for what it shows.
func (r *DetailReader) ReadParts(ctx context.Context, s *Snapshot, id ID, parts Part) (*Detail, error) {
	dir, err := openProcDir(r.o.Proc, id.PID)
	if gone(err) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, err
	}
	defer dir.release()
	st, err := dir.stat()
	if err := identity(id, &st, err); err != nil {
		return nil, err
	}
	if s != nil && hasHung(s.ByID(id)) {
		r.guard.Remember(hang{id, "cmdline"})
		r.guard.Remember(hang{id, "environ"})
	}
	d := &Detail{ID: id, Taken: time.Now()}
	r.fill(ctx, d, dir, parts)
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	// Whoever is still there now was there all the time, since a PID is not used again before that. What procfs read by
	// its path is thus of the same process; where a copy of proc is looked at, the path may lead elsewhere by now.
	if st, err = r.still(id, dir); err != nil {
		return nil, err
	}
	if noMemory(&st) && len(d.Environ.Value) == 0 {
		d.Environ = reading.Missing[[]proc.EnvVar](reading.Absent)
	}
	return d, nil
}

// hasHung tells whether the scanner gave up reading a process's memory.
func hasHung(p *Process) bool { return p != nil && p.Facts.Cmdline.How == late }

// identity compares a process with what its stat says. A stat that is refused (hidepid) tells nothing.
func identity(id ID, st *proc.Stat, err error) error {
	switch {
	case gone(err):
		return ErrGone
	case err == nil && st.StartTime != id.Start:
		return ErrReused
	}
	return nil
}

// still looks again who has the PID.
func (r *DetailReader) still(id ID, dir *procDir) (proc.Stat, error) {
	st, err := dir.stat()
	if err := identity(id, &st, err); err != nil {
		return st, err
	}
	now, err := openProcDir(r.o.Proc, id.PID)
	if gone(err) {
		return st, ErrGone
	}
	if err != nil {
		return st, nil
	}
	defer now.release()
	st, err = now.stat()
	return st, identity(id, &st, err)
}

// fill starts what may hang, reads the small files meanwhile, and then gathers.
func (r *DetailReader) fill(ctx context.Context, d *Detail, dir *procDir, parts Part) {
	cmdline := readAside(ctx, r.guard, d.ID, dir, "cmdline", partOf("cmdline", maxCmdlineWhole))
	environ := readAside(ctx, r.guard, d.ID, dir, "environ", partOf("environ", maxEnviron))
	namespaces := readAside(ctx, r.guard, d.ID, dir, "ns", readNamespaces)
	counters := readAside(ctx, r.guard, d.ID, dir, "io", r.readCounters(d.ID.PID))
	costly := r.startParts(ctx, d, dir, parts)

	d.Raw = make(map[string]reading.Of[string], len(smallFiles)+1)
	for _, name := range smallFiles {
		d.Raw[name] = dir.text(name)
	}
	d.parseSmall()
	membership, _ := proc.ParseCgroup([]byte(d.Raw["cgroup"].Value))
	if parts&WithoutCgroup != 0 {
		membership = nil
	}
	usage := readAside(ctx, r.guard, d.ID, dir, "cgroup files", func(*procDir) (cgroupFiles, error) {
		return r.readCgroup(membership), nil
	})

	d.Cmdline = asReading(textOf(cmdline, d, "cmdline"))
	d.setEnviron(textOf(environ, d, "environ"))
	d.Namespaces = namespacesOf(namespaces())
	d.setCounters(counters())
	if c, err := usage(); err == nil {
		d.Cgroup, d.CgroupFiles = c.usage, c.entries
	}
	for _, gather := range costly {
		gather()
	}
	slices.Sort(d.Cut)
}

// startParts starts reading the costly parts and returns what gathers each into the detail.
func (r *DetailReader) startParts(ctx context.Context, d *Detail, dir *procDir, parts Part) (gather []func()) {
	if parts&PartMounts != 0 {
		mounts := readAside(ctx, r.guard, d.ID, dir, "mountinfo", partOf("mountinfo", maxMounts))
		gather = append(gather, func() { d.setMounts(textOf(mounts, d, "mountinfo")) })
	}
	if parts&PartThreads != 0 {
		threads := readAside(ctx, r.guard, d.ID, dir, "task", readThreads(d.ID.PID))
		gather = append(gather, func() { d.setThreads(threads()) })
	}
	if parts&PartFiles != 0 {
		files := readAside(ctx, r.guard, d.ID, dir, "fd", readFiles)
		connections := startNetwork(ctx, r.guard, d.ID, dir)
		gather = append(gather, func() {
			net := connections()
			list, err := files()
			findTypes(ctx, r.guard, d.ID, dir, list.list)
			d.setFiles(list, err, net.byInode())
			d.setNetwork(net)
		})
	} else if parts&PartSockets != 0 {
		connections := startNetwork(ctx, r.guard, d.ID, dir)
		gather = append(gather, func() { d.setNetwork(connections()) })
	}
	return gather
}

// noMemory tells whether a process has no memory of its own, and so no environment: a kernel thread or a zombie. Its file
// cannot be opened (ESRCH, or EACCES for a normal user), or reads as empty on an older kernel (proc_mem_open and environ_read
// in fs/proc/base.c).
func noMemory(st *proc.Stat) bool { return st.KernelThread() || st.State == 'Z' || st.State == 'X' }

// part is the beginning of a file.
type part struct {
	text []byte
	cut  bool
}

func partOf(name string, most int) func(*procDir) (part, error) {
	return func(dir *procDir) (part, error) {
		text, cut, err := dir.read(name, most)
		return part{text, cut}, err
	}
}

// textOf waits for a part and notes in the detail when it is not all of the file.
func textOf(wait func() (part, error), d *Detail, name string) (string, error) {
	p, err := wait()
	if p.cut {
		d.Cut = append(d.Cut, name)
	}
	return string(p.text), err
}

func (d *Detail) setEnviron(text string, err error) {
	d.Environ.How = reading.FromError(err)
	if err == nil {
		d.Environ.Value = proc.ParseEnviron([]byte(text))
	}
}

// maxRawMounts caps, in bytes, the text of mountinfo that is kept beside the parsed mounts.
const maxRawMounts = 256 << 10

func (d *Detail) setMounts(text string, err error) {
	if slices.Contains(d.Cut, "mountinfo") {
		text = wholeLines(text)
	}
	d.Mounts = parsed([]byte(text), err, proc.ParseMountinfo)
	d.Raw["mountinfo"] = asReading(wholeLines(text[:min(len(text), maxRawMounts)]), err)
}

// wholeLines leaves out a last line that has no end.
func wholeLines(text string) string { return text[:strings.LastIndexByte(text, '\n')+1] }

// parseSmall makes values of the small files.
func (d *Detail) parseSmall() {
	d.Limits = parseRaw(d.Raw["limits"], proc.ParseLimits)
	d.OOMScore = parseRaw(d.Raw["oom_score"], parseInt)
	d.OOMScoreAdj = parseRaw(d.Raw["oom_score_adj"], parseInt)
	d.TimeOffsets = parseRaw(d.Raw["timens_offsets"], proc.ParseTimensOffsets)
	d.Maps.UID = parseRaw(d.Raw["uid_map"], proc.ParseIDMap)
	d.Maps.GID = parseRaw(d.Raw["gid_map"], proc.ParseIDMap)
	d.Maps.Setgroups = d.Raw["setgroups"]
	d.Maps.Setgroups.Value = strings.TrimSpace(d.Maps.Setgroups.Value)
}

func parseInt(b []byte) (int, error) { return strconv.Atoi(string(bytes.TrimSpace(b))) }

func parseRaw[T any](raw reading.Of[string], parse func([]byte) (T, error)) reading.Of[T] {
	if !raw.OK() {
		return reading.Of[T]{How: raw.How}
	}
	return parsed([]byte(raw.Value), nil, parse)
}

type cgroupFiles struct {
	usage   *cgroup.Usage
	entries []cgroup.Entry
}

func (r *DetailReader) readCgroup(lines []proc.CgroupLine) cgroupFiles {
	if len(lines) == 0 {
		return cgroupFiles{}
	}
	m := &cgroup.Membership{Lines: lines}
	return cgroupFiles{r.cgroups.Usage(m), r.cgroups.Entries(m)}
}
