package engine

import (
	"slices"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
)

// Options say where a Detector looks.
type Options struct {
	Root     string        // the file system in which the engines keep their state, "/" when empty
	ProcRoot string        // the proc file system of the processes, "/proc" when empty
	Patience time.Duration // how long Detect waits for the state files of a container that it meets first; 0 is 50 ms
}

// Detector finds the containers among processes. It remembers what it has learned from one call to the next; one
// goroutine may use it at a time.
type Detector struct {
	options  Options
	names    *namer
	runtimes *runtimes

	claims map[*cgroup.Membership]*claim
	spare  map[*cgroup.Membership]*claim
	groups map[string]*group

	// Of the call that runs; kept to use their memory again.
	tick    uint64
	procs   []Process
	host    *proc.Namespaces
	index   map[int]int32
	parents []int32  // position of the parent, or -1
	claimed []*group // by cgroup path, or nil
	owners  []*group
	states  []ownerState
	edges   []int32
	live    []*group
	byMnt   map[uint64]*group
	byPID   map[uint64]*group
	diffs   map[*proc.Namespaces]difference
	daemons []int32 // running dockerds
}

// NewDetector makes a Detector. It starts nothing and opens nothing until Detect meets a container.
func NewDetector(o Options) *Detector {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.ProcRoot == "" {
		o.ProcRoot = "/proc"
	}
	if o.Patience == 0 {
		o.Patience = 50 * time.Millisecond
	}
	return &Detector{
		options: o, names: newNamer(o.Patience), runtimes: new(runtimes),
		claims: make(map[*cgroup.Membership]*claim),
		spare:  make(map[*cgroup.Membership]*claim),
		groups: make(map[string]*group),
		index:  make(map[int]int32),
		byMnt:  make(map[uint64]*group),
		byPID:  make(map[uint64]*group),
		diffs:  make(map[*proc.Namespaces]difference),
	}
}

// Detect groups processes into containers, the oldest first. host holds the namespaces of the host's view: PID 1's, or
// the reader's own. It does not block on the engines' state files: names that take longer than Options.Patience come
// with a later call. procs must not change until Detect returns.
func (d *Detector) Detect(procs []Process, host *proc.Namespaces) []Container {
	d.begin(procs, host)
	d.claim()
	d.indexClaimed()
	d.placeEdges()
	for i := range procs {
		d.owner(int32(i))
	}
	return d.finish()
}

func (d *Detector) begin(procs []Process, host *proc.Namespaces) {
	d.tick++
	d.procs, d.host = procs, host
	d.claims, d.spare = d.spare, d.claims
	clear(d.claims)
	clear(d.index)
	clear(d.byMnt)
	clear(d.byPID)
	clear(d.diffs)
	d.edges, d.live, d.daemons = d.edges[:0], d.live[:0], d.daemons[:0]
	d.parents = slices.Grow(d.parents[:0], len(procs))[:len(procs)]
	d.claimed = slices.Grow(d.claimed[:0], len(procs))[:len(procs)]
	d.owners = slices.Grow(d.owners[:0], len(procs))[:len(procs)]
	d.states = slices.Grow(d.states[:0], len(procs))[:len(procs)]
	clear(d.claimed)
	clear(d.owners)
	clear(d.states)
	for i := range procs {
		d.index[procs[i].PID] = int32(i)
	}
	for i := range procs {
		d.parents[i] = d.position(procs[i].PPID, int32(i))
	}
}

// position finds a parent. A table read while PIDs were used again may name a process as its own ancestor.
func (d *Detector) position(ppid int, self int32) int32 {
	if at, ok := d.index[ppid]; ok && at != self {
		return at
	}
	return -1
}

// claim finds the processes that stand in a container's cgroup. A cgroup alone is no proof: whoever may write a
// cgroup.procs can put any process there. So the namespaces must differ from the host's, or not be readable; the others
// (a shim, a conmon, bwrap's outer process) go with their parents.
func (d *Detector) claim() {
	for i := range d.procs {
		p := &d.procs[i]
		if p.Kernel {
			continue
		}
		if isDockerd(p) {
			d.daemons = append(d.daemons, int32(i))
		}
		if parent := d.parents[i]; parent >= 0 && crosses(p, &d.procs[parent]) || parent < 0 {
			d.edges = append(d.edges, int32(i))
		}
		if p.Cgroup == nil {
			continue
		}
		g := d.claimOf(p.Cgroup).inner
		if g == nil || d.isHosts(p) {
			continue
		}
		d.claimed[i] = g
		d.enliven(g)
		g.consider(d, int32(i))
	}
}

// crosses tells whether a process may have entered other namespaces or another root than its parent.
func crosses(p, parent *Process) bool {
	return p.NS != parent.NS || p.Root != parent.Root
}

// isHosts tells whether a process shares all namespaces and the root with the host, as far as they are known.
func (d *Detector) isHosts(p *Process) bool {
	if isOtherRoot(p.Root) {
		return false
	}
	diff := d.fromHost(p.NS)
	return diff.known != 0 && diff.kinds == 0
}

func isOtherRoot(root string) bool { return root != "" && root != "/" }

// enliven marks a group as met in this call.
func (d *Detector) enliven(g *group) {
	if g.tick == d.tick {
		return
	}
	g.begin(d.tick)
	d.live = append(d.live, g)
}

// indexClaimed notes the namespaces that belong to the containers found by cgroup, so that a process that joins them
// from elsewhere (nsenter) is found. In a pod several share one PID namespace: the oldest has it.
func (d *Detector) indexClaimed() {
	d.live = slices.DeleteFunc(d.live, func(g *group) bool { return g.init < 0 })
	slices.SortFunc(d.live, d.byAge)
	for _, g := range d.live {
		d.own(g)
	}
}

// own notes the mnt and pid namespaces that are a container's. A PID namespace is its own only when its first process is
// the namespace's first (PID 1, pid_namespaces(7)): with --pid=host it is the one the engine runs in.
func (d *Detector) own(g *group) {
	init := &d.procs[g.init]
	ns := init.NS
	if ns == nil {
		return
	}
	diff := d.fromHost(ns)
	if diff.has(proc.Mnt) && d.byMnt[ns.Ino[proc.Mnt]] == nil {
		d.byMnt[ns.Ino[proc.Mnt]] = g
	}
	first := len(init.NSpid) == 0 || init.NSpid[len(init.NSpid)-1] == 1
	if diff.has(proc.PID) && first && d.byPID[ns.Ino[proc.PID]] == nil {
		d.byPID[ns.Ino[proc.PID]] = g
	}
}

func (d *Detector) byAge(a, b *group) int { return d.compareAge(a.init, b.init) }

func (d *Detector) compareAge(a, b int32) int {
	switch {
	case a == b:
		return 0
	case d.older(a, b):
		return -1
	}
	return 1
}

// older orders processes by age; where ticks are too coarse a parent comes before its child.
func (d *Detector) older(a, b int32) bool {
	p, q := &d.procs[a], &d.procs[b]
	switch {
	case p.Start != q.Start:
		return p.Start < q.Start
	case p.PPID == q.PID:
		return false
	case q.PPID == p.PID:
		return true
	}
	return p.PID < q.PID
}

// finish makes the result, and forgets what was not met in this call.
func (d *Detector) finish() []Container {
	total := 0
	for i, g := range d.owners {
		if g != nil {
			g.count++
			total++
			if !d.procs[i].Zombie {
				g.alive = true
			}
		}
	}
	d.live = slices.DeleteFunc(d.live, func(g *group) bool { return !g.alive })
	slices.SortFunc(d.live, d.byAge)
	all := make([]int, 0, total)
	for _, g := range d.live {
		start := len(all)
		all = all[:start+g.count]
		g.members = all[start:start:len(all)]
	}
	for i, g := range d.owners {
		if g != nil && g.alive {
			g.members = append(g.members, d.procs[i].PID)
		}
	}
	list := d.describe()
	for key, g := range d.groups {
		if g.touched != d.tick {
			delete(d.groups, key)
		}
	}
	d.procs, d.host = nil, nil
	return list
}

// describe turns groups into containers, with the names found so far.
func (d *Detector) describe() []Container {
	jobs := make([]*job, 0, 8)
	for _, g := range d.live {
		if j := d.examine(g); j != nil {
			jobs = append(jobs, j)
		}
	}
	d.names.run(jobs)
	list := make([]Container, 0, len(d.live))
	for _, g := range d.live {
		slices.Sort(g.members)
		list = append(list, d.container(g))
	}
	return list
}
