package engine

import (
	"path/filepath"
	"strconv"
	"strings"

	"cutaway/inspect/proc"
)

// keepsState tells whether an engine keeps files that a lookup reads.
func keepsState(engine string) bool {
	switch engine {
	case Docker, Podman, CRIO, Containerd, Kubernetes, Runc, Crun, Unshare, Bubblewrap, Unknown:
		return true
	}
	return false
}

// queryOf collects what a lookup needs of a group.
func (d *Detector) queryOf(g *group) query {
	p := &d.procs[g.init]
	around := d.liveAround(g)
	q := query{
		procRoot: d.options.ProcRoot, host: view{d.options.Root}, runtimes: d.runtimes,
		engine: g.facts.engine, id: g.facts.id, namespace: g.facts.maker.namespace, bundle: g.facts.maker.bundle,
		nested: around != nil, rootless: g.facts.rootless, pid: p.PID, start: p.Start,
	}
	if parent := d.parents[g.init]; parent >= 0 && q.engine != Unshare && q.engine != Bubblewrap && g.facts.maker.engine != "" {
		q.makerPID = d.procs[parent].PID
		q.maker = d.viewOf(&d.procs[parent])
	}
	if around == nil {
		q.users = d.usersOf(g)
	}
	for _, i := range d.daemons {
		v := d.viewOf(&d.procs[i])
		if d.owners[i] == around && v.root != "" && (d.procs[i].UID != 0) == q.rootless {
			q.daemons = append(q.daemons, daemon{v, argsOf(&d.procs[i])})
		}
	}
	return q
}

// viewOf is the root below which a process's paths hold: the host's when it shares the host's mount namespace, else its
// own, which only root's processes are trusted with. A zero view is none.
func (d *Detector) viewOf(p *Process) view {
	diff := d.fromHost(p.NS)
	if !diff.has(proc.Mnt) && !isOtherRoot(p.Root) {
		return view{d.options.Root}
	}
	if p.UID != 0 {
		return view{}
	}
	return view{filepath.Join(d.options.ProcRoot, strconv.Itoa(p.PID), "root")}
}

// usersOf are the users other than root who may have made a container: whoever owns its maker, its first process or the
// part of the cgroup tree that it is in. A file of another user's is not believed.
func (d *Detector) usersOf(g *group) []uint32 {
	var list []uint32
	add := func(uid uint32) {
		for _, known := range list {
			if known == uid {
				return
			}
		}
		if uid != 0 {
			list = append(list, uid)
		}
	}
	p := &d.procs[g.init]
	if parent := d.parents[g.init]; parent >= 0 {
		add(d.procs[parent].UID)
	}
	if uid, err := strconv.ParseUint(g.level.uid, 10, 32); err == nil {
		add(uint32(uid))
	}
	if g.facts.maker.program == "" {
		add(p.UID)
	}
	if p.Cgroup != nil {
		for i := range p.Cgroup.Lines {
			if uid, ok := userOf(p.Cgroup.Lines[i].Path); ok {
				add(uid)
			}
		}
	}
	return list
}

// userOf reads the user from a path of systemd's, "/user.slice/user-1000.slice/…".
func userOf(path string) (uint32, bool) {
	_, rest, ok := strings.Cut(path, "/user-")
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, ".slice")
	uid, err := strconv.ParseUint(digits, 10, 32)
	return uint32(uid), ok && err == nil
}
