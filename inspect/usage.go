package inspect

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// usageSample is a container's CPU time at the last tick, to tell its rate.
type usageSample struct {
	cpu  uint64 // microseconds
	at   time.Time
	rate float64 // percent of one core, negative when not known yet
}

// next is the sample after this one: the same again where too little time has passed.
func (u usageSample) next(cpu uint64, at time.Time) usageSample {
	elapsed := at.Sub(u.at)
	switch {
	case u.at.IsZero() || cpu < u.cpu: // new, or made anew under the same name
		return usageSample{cpu: cpu, at: at, rate: -1}
	case elapsed < rateEvery:
		return u
	default:
		return usageSample{cpu: cpu, at: at, rate: float64(cpu-u.cpu) / float64(elapsed.Microseconds()) * 100}
	}
}

// findContainers looks for containers among the processes whose facts are known.
func (s *Scanner) findContainers() {
	procs := slices.Grow(s.toDetect[:0], len(s.table))
	for _, e := range s.table {
		f := e.Facts
		p := engine.Process{
			PID: e.PID, PPID: e.PPID, Start: e.Start, Comm: e.Comm, Kernel: e.Kernel, Zombie: e.Zombie(),
			Cmdline: f.Cmdline.Value, Exe: f.Exe.Value, Root: f.Root.Value, NS: f.NS, Cgroup: f.Cgroup.Value,
		}
		if f.Status.OK() {
			p.UID, p.NSpid = f.Status.Value.UID[1], f.Status.Value.NSpid
		}
		procs = append(procs, p)
	}
	s.found = s.detector.Detect(procs, s.host.NS)
	clear(procs) // so that it keeps nothing alive of processes that end
	s.toDetect = procs
}

// readUsage reads the cgroup of every container that has one of its own (tier 2).
func (s *Scanner) readUsage(snap *Snapshot) {
	shared := map[*cgroup.Membership]bool{}
	for i := range snap.Procs {
		if p := &snap.Procs[i]; p.Container == nil && p.Facts.Cgroup.OK() {
			shared[p.Facts.Cgroup.Value] = true
		}
	}
	samples := make(map[string]usageSample, len(snap.Containers))
	for _, c := range snap.Containers {
		m := containerCgroup(snap, c)
		if m == nil || shared[m] {
			continue
		}
		c.Cgroup, c.Usage = m, s.cgroups.Usage(m)
		if !c.Usage.CPUTime.OK() {
			continue
		}
		sample := s.usage[c.Key].next(c.Usage.CPUTime.Value, snap.Taken)
		samples[c.Key] = sample
		if sample.rate >= 0 {
			c.CPU = sample.rate
		}
	}
	s.usage = samples
}

// containerCgroup is the cgroup of a container's first process, cut at the directory that carries the container's id: a
// systemd inside moves its processes further down.
func containerCgroup(snap *Snapshot, c *Container) *cgroup.Membership {
	p := snap.ByPID(c.Init)
	if p == nil {
		p = &snap.Procs[c.Procs[0]]
	}
	if !p.Facts.Cgroup.OK() {
		return nil
	}
	m := p.Facts.Cgroup.Value
	if c.ID == "" {
		return m
	}
	cut := &cgroup.Membership{Lines: make([]proc.CgroupLine, len(m.Lines))}
	changed := false
	for i, line := range m.Lines {
		cut.Lines[i] = line
		if at := strings.LastIndex(line.Path, c.ID); at >= 0 {
			if slash := strings.IndexByte(line.Path[at:], '/'); slash >= 0 {
				cut.Lines[i].Path = line.Path[:at+slash]
				changed = true
			}
		}
	}
	if !changed {
		return m
	}
	return cut
}

// readIDMaps reads the maps of every user namespace but the host's through one of its members, once: they can be
// written only once (user_namespaces(7)).
func (s *Scanner) readIDMaps(snap *Snapshot) map[uint64]IDMaps {
	maps := make(map[uint64]IDMaps, len(s.idMaps))
	for _, n := range snap.Namespaces {
		if n.Kind != proc.User || len(n.Members) == 0 {
			continue
		}
		known, ok := s.idMaps[n.ID.Ino]
		if !ok || len(known.UID.Value) == 0 {
			known = readIDMapsOf(s.o.Proc + "/" + strconv.Itoa(snap.Procs[n.Members[0]].PID))
		}
		maps[n.ID.Ino] = known
	}
	s.idMaps = maps
	return maps
}

func readIDMapsOf(dir string) IDMaps {
	read := func(name string) reading.Of[[]proc.IDMapping] {
		b, err := os.ReadFile(dir + "/" + name)
		return parsed(b, err, proc.ParseIDMap)
	}
	m := IDMaps{UID: read("uid_map"), GID: read("gid_map")}
	b, err := os.ReadFile(dir + "/setgroups")
	m.Setgroups = parsed(b, err, func(b []byte) (string, error) { return strings.TrimSpace(string(b)), nil })
	return m
}
