package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/sandbox/stage"
)

// Try does what launches do, on the machine that Probe read: it makes namespaces of each kind in children that end at once,
// mounts in them what a sandbox has, and says of each whether it worked, and if not, why and what would change it. Of
// cgroups it only looks who may make them. It takes some tens of milliseconds.
func (m *Machine) Try(ctx context.Context) []Finding {
	user := m.tryUser(ctx)
	found := []Finding{user}
	if user.OK() || m.Can(capSysAdmin) {
		base := &bench{m: m, ctx: ctx, user: user.OK()}
		trials := []func() Finding{base.kinds, base.maps, base.root, base.proc, base.sys, base.overlay}
		results := make([]Finding, len(trials))
		var wait sync.WaitGroup
		for i, try := range trials {
			wait.Go(func() { results[i] = try() })
		}
		wait.Wait()
		found = append(found, results...)
	}
	return append(found, m.lookCgroups(), m.lookLandlock(), m.lookSeccomp())
}

// tryUser makes a user namespace.
func (m *Machine) tryUser(ctx context.Context) Finding {
	const name = "user namespaces"
	t := trial{flags: unix.CLONE_NEWUSER, maps: m.mapOne, ops: []stage.Op{{Verb: stage.BecomeRoot}}}
	err := t.run(ctx)
	if err == nil {
		return Finding{Name: name, Value: "one was made"}
	}
	var need Need
	need.New[proc.User] = true
	f := m.because(name, err, need)
	if m.Can(capSysAdmin) {
		f.Health = Limited
		f.Reason = "sandboxes work without one, and then their root is the host's root"
	} else if f.Reason == "" {
		f.Reason = "nothing can be launched without root"
	}
	return f
}

// because words what a trial failed of: by what is known to be refused here, else by the errno.
func (m *Machine) because(name string, err error, need Need) Finding {
	f := Finding{Name: name, Health: Refused, Value: err.Error()}
	for _, known := range m.Refusals(need) {
		if known.Health == Refused {
			f.Value, f.Reason, f.Advice = known.Value+"; tried: "+f.Value, known.Reason, known.Advice
			return f
		}
	}
	var failed *failed
	if errors.As(err, &failed) {
		f.Advice = Advice(failed.Failure, m)
	}
	return f
}

// bench is where trials start from: with a new user namespace, or as root without.
type bench struct {
	m    *Machine
	ctx  context.Context
	user bool
}

// trial prepares one in namespaces of the given kinds.
func (b *bench) trial(kinds []proc.NSKind, ops ...stage.Op) *trial {
	t := &trial{}
	if b.user {
		t.flags, t.maps = unix.CLONE_NEWUSER, b.m.mapOne
		t.ops = append(t.ops, stage.Op{Verb: stage.BecomeRoot})
	}
	for _, kind := range kinds {
		switch flag := cloneFlags[kind]; kind {
		case proc.Cgroup, proc.Time: // as a launch does it, after the cgroup is entered
			t.ops = append(t.ops, stage.Op{Verb: stage.Unshare, Flags: uint64(flag), Data: "a new " + kind.String() + " namespace"})
		default:
			t.flags |= flag
		}
	}
	t.ops = append(t.ops, ops...)
	return t
}

var cloneFlags = [proc.NSKinds]uintptr{
	proc.Mnt: unix.CLONE_NEWNS, proc.Net: unix.CLONE_NEWNET, proc.PID: unix.CLONE_NEWPID, proc.IPC: unix.CLONE_NEWIPC,
	proc.UTS: unix.CLONE_NEWUTS, proc.User: unix.CLONE_NEWUSER, proc.Cgroup: unix.CLONE_NEWCGROUP, proc.Time: unix.CLONE_NEWTIME,
}

// need is what a trial in namespaces of the given kinds asks for.
func (b *bench) need(kinds []proc.NSKind) (need Need) {
	need.New[proc.User] = b.user
	for _, kind := range kinds {
		need.New[kind] = true
	}
	return need
}

// kinds makes namespaces of all kinds together, and where that fails one by one to find which.
func (b *bench) kinds() Finding {
	f := Finding{Name: "namespaces"}
	all := []proc.NSKind{proc.Mnt, proc.Net, proc.PID, proc.IPC, proc.UTS, proc.Cgroup, proc.Time}
	if b.trial(all).run(b.ctx) == nil {
		f.Value = "mnt, net, pid, ipc, uts, cgroup and time were made"
		return f
	}
	var made, not []string
	for _, kind := range all {
		one := []proc.NSKind{kind}
		err := b.trial(one).run(b.ctx)
		if err == nil {
			made = append(made, kind.String())
			continue
		}
		why := b.m.because("", err, b.need(one))
		not = append(not, kind.String()+" ("+why.Value+")")
		f.Reason, f.Advice = why.Reason, why.Advice
	}
	f.Value = "made: " + words(made) + "; not made: " + words(not)
	switch {
	case len(not) == 0:
		f.Health, f.Value = Limited, "each kind was made, but not all together"
	case len(made) == 0:
		f.Health, f.Value = Refused, "not made: "+words(not)
	default:
		f.Health = Limited
	}
	return f
}

// maps maps a range of ids.
func (b *bench) maps() Finding {
	m := b.m
	f := Finding{Name: "ids", Value: "any may be mapped"}
	if m.Can(capSetuid) && m.Can(capSetgid) {
		if n := many(m.UIDs); !m.Initial() {
			f.Value = fmt.Sprintf("any of the %d may be mapped that cutaway's own user namespace has", n)
		}
		return f
	}
	if !b.user {
		f.Health, f.Value = Limited, "not tried without a user namespace"
		return f
	}
	need := Need{UIDs: []proc.IDMapping{{Outside: m.UID(), Count: 1}}, GIDs: []proc.IDMapping{{Outside: m.GID(), Count: 1}}}
	need.New[proc.User] = true
	for _, less := range m.needMaps(&need) { // what keeps it to one id
		less.Name = f.Name
		return less
	}
	t := trial{flags: unix.CLONE_NEWUSER, maps: m.mapRanges, ops: []stage.Op{{Verb: stage.BecomeRoot}}}
	if err := t.run(b.ctx); err != nil {
		f = m.because(f.Name, err, Need{})
		f.Health = Limited
		f.Reason = "only " + m.User + "'s own id can be mapped: chown to others fails inside"
		return f
	}
	f.Value = fmt.Sprintf("%d of /etc/subuid from %d were mapped by newuidmap", m.SubUIDs.Count, m.SubUIDs.Start)
	return f
}

// many counts the ids of a user namespace.
func many(maps []proc.IDMapping) (n uint64) {
	for _, m := range maps {
		n += uint64(m.Count)
	}
	return n
}

// mountOps begin a trial's mounts as a launch does, so that none reaches the host.
var mountOps = []stage.Op{{Verb: stage.Slave}, {Verb: stage.RootHere}}

// mounting tries operations in a mount namespace and one more.
func (b *bench) mounting(name, value string, need Need, with proc.NSKind, ops ...stage.Op) Finding {
	kinds := []proc.NSKind{proc.Mnt, with}
	if err := b.trial(kinds, ops...).run(b.ctx); err != nil {
		for i, made := range b.need(kinds).New {
			need.New[i] = made
		}
		return b.m.because(name, err, need)
	}
	return Finding{Name: name, Value: value}
}

// root makes the host's root read-only, and goes there.
func (b *bench) root() Finding {
	return b.mounting("new root", "the host's root, read-only, was entered by pivot_root", Need{Pivot: true}, proc.PID,
		stage.Op{Verb: stage.Slave},
		stage.Op{Verb: stage.RootTree, Path: "/", Flags: stage.Recursive, Attr: stage.AttrReadOnly | stage.AttrNoSuid},
		stage.Op{Verb: stage.Pivot})
}

func (b *bench) proc() Finding {
	return b.mounting("new /proc", "mounted", Need{Proc: true}, proc.PID, append(mountOps[:2:2],
		stage.Op{Verb: stage.NewFS, Path: "proc", Target: "/proc", Attr: stage.AttrNoSuid | stage.AttrNoDev | stage.AttrNoExec})...)
}

func (b *bench) sys() Finding {
	return b.mounting("new /sys", "mounted, read-only", Need{Sys: true}, proc.Net, append(mountOps[:2:2],
		stage.Op{Verb: stage.NewFS, Path: "sysfs", Target: "/sys", Attr: stage.AttrReadOnly | stage.AttrNoSuid | stage.AttrNoDev | stage.AttrNoExec})...)
}

// overlay mounts one over a directory of the host's.
func (b *bench) overlay() Finding {
	dir := b.m.plainDir()
	op := stage.Op{Verb: stage.Overlay, Path: dir, Target: dir, Attr: stage.AttrNoSuid | stage.AttrNoDev}
	if b.user {
		op.Data = "userxattr"
	}
	f := b.mounting("overlay", "mounted", Need{Overlay: true}, proc.PID, append(mountOps[:2:2], op)...)
	if !f.OK() {
		f.Health = Limited
		f.Reason = "a root that is written to and thrown away needs it"
	}
	return f
}

// plainDir is a directory below which nothing is mounted: in a user namespace such mounts hold on to what is beneath them,
// and an overlay over both is refused (clone_private_mount in fs/namespace.c).
func (m *Machine) plainDir() string {
	for _, dir := range []string{"/usr", "/etc", "/var", "/opt", "/srv"} {
		over := func(at proc.Mount) bool { return strings.HasPrefix(at.MountPoint, dir+"/") }
		if m.exists(dir) && !slices.ContainsFunc(m.Mounts, over) {
			return dir
		}
	}
	return "/usr"
}

// lookCgroups says which controllers can limit a sandbox here.
func (m *Machine) lookCgroups() Finding {
	f := Finding{Name: "cgroup limits"}
	var can, cannot []string
	for _, controller := range []string{"memory", "pids", "cpu", "io", "cpuset"} {
		found := m.needCgroup(&Need{Controllers: []string{controller}})
		if len(found) == 0 {
			can = append(can, controller)
			continue
		}
		cannot = append(cannot, controller)
		if f.Advice == "" {
			f.Reason, f.Advice = found[0].Value, found[0].Advice
		}
	}
	switch {
	case len(cannot) == 0:
		f.Value = words(can)
	case len(can) == 0:
		f.Health, f.Value = Limited, "none can be set"
	default:
		f.Health, f.Value = Limited, words(can)+"; not "+words(cannot)
	}
	return f
}

func (m *Machine) lookLandlock() Finding {
	f := Finding{Name: "Landlock", Value: fmt.Sprintf("version %d of its interface", m.Landlock.ABI)}
	for _, found := range m.needFilters(&Need{Landlock: true}) {
		f = found
		f.Health = Limited
	}
	return f
}

func (m *Machine) lookSeccomp() Finding {
	f := Finding{Name: "seccomp", Value: "filters can be loaded"}
	for _, found := range m.needFilters(&Need{Seccomp: true}) {
		f = found
	}
	if lacking := m.Calls.Missing; f.OK() && m.Filtered() && len(lacking) > 0 {
		names := make([]string, len(lacking))
		for i := range lacking {
			names[i] = lacking[i].Name
		}
		f = m.filtered("the seccomp filter that cutaway runs under refuses " + strings.Join(names, ", "))
		f.Health = Limited
	}
	return f
}
