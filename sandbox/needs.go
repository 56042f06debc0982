package sandbox

import (
	"errors"
	"slices"
	"strings"
	"syscall"

	"cutaway/inspect/fault"
	"cutaway/inspect/proc"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/check"
	"cutaway/sandbox/stage"
)

// Need is what a launch of the Spec asks of the machine, for check.Machine's Refusals.
func (s *Spec) Need() check.Need {
	n := check.Need{
		Groups:     len(s.User.Groups) > 0,
		Pivot:      s.mountsAnything() && s.Root.Kind != RootKeep && s.Root.Switch == PivotRoot,
		Chroot:     s.Root.Kind != RootKeep && s.Root.Switch == Chroot,
		Overlay:    slices.Contains([]RootKind{RootOverlay, RootTar, RootImage}, s.Root.Kind),
		Proc:       s.mountsAnything() && s.Proc != ProcKeep,
		Sys:        s.mountsAnything() && s.Sys == SysNew,
		MQueue:     s.mounts(MQueue),
		Cgroups:    s.mounts(CgroupFS),
		Cgroup:     s.Cgroup || !s.Limits.Empty(),
		Veth:       s.Network.Veth != nil,
		Landlock:   s.Landlock != nil,
		Seccomp:    s.Seccomp != SeccompOff,
		NoNewPrivs: s.NoNewPrivs,
		Rlimits:    map[int]uint64{},
	}
	for i, name := range NamespaceTypes {
		source := s.Namespaces.Of(name)
		_, joined := source.Joined()
		n.New[i], n.Joined[i] = source.IsNew(), joined // NamespaceTypes is in the order of proc.NSKind
	}
	if s.Namespaces.User.IsNew() {
		uids, gids := chooseMaps(s)
		n.UIDs, n.GIDs = procMaps(uids), procMaps(gids)
	}
	if keep, all := s.Kept(); !all {
		n.Caps, n.DropCaps = keep, true
	}
	for _, r := range s.Rlimits {
		if number, ok := rlimitNumber(r.Name); ok {
			n.Rlimits[number] = uint64(r.Hard)
		}
	}
	n.Controllers = s.controllers()
	return n
}

// controllers are the cgroup controllers that the Spec's limits need.
func (s *Spec) controllers() (list []string) {
	l := &s.Limits
	for _, c := range []struct {
		name   string
		needed bool
	}{
		{"memory", l.Memory != nil || l.Swap != nil},
		{"cpu", l.CPUs != nil || l.Weight != nil},
		{"pids", l.PIDs != nil},
		{"io", len(l.IO) > 0},
		{"cpuset", l.CPUSet != "" || l.MemSet != ""},
	} {
		if c.needed {
			list = append(list, c.name)
		}
	}
	return list
}

func procMaps(maps []IDMapping) []proc.IDMapping {
	list := make([]proc.IDMapping, len(maps))
	for i, m := range maps {
		list[i] = proc.IDMapping{Inside: m.Inside, Outside: m.Outside, Count: m.Count}
	}
	return list
}

// probed is a Probe that runs beside the launch's first steps.
type probed struct {
	machine *check.Machine
	err     error
	done    chan struct{}
}

func beginProbe(known *check.Machine) *probed {
	p := &probed{machine: known, done: make(chan struct{})}
	if known != nil {
		close(p.done)
		return p
	}
	fault.Go(func() {
		defer close(p.done)
		p.machine, p.err = check.Probe()
	})
	return p
}

// refused says what this machine refuses of the Spec, all of it at once, before anything of the launch can be seen.
func (l *launch) refused() error {
	<-l.probe.done
	if l.probe.err != nil {
		return failed(StageClone, "look at what this machine allows", "", l.probe.err)
	}
	var all []string
	for _, f := range l.probe.machine.Refusals(l.spec.Need()) {
		if f.Health == check.Refused {
			all = append(all, f.String())
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return &LaunchError{Stage: StageClone, What: "this machine does not allow it", Err: errors.New(all[0])}
	}
	return &LaunchError{Stage: StageClone, What: "this machine does not allow it", Err: errors.New("\n" + strings.Join(all, "\n"))}
}

// explain says of a launch that failed what this machine refuses of it, where that is known: it says more than the errno of
// the step that came to feel it.
func (l *launch) explain(err error) error {
	if l.ctx.Err() != nil {
		return err
	}
	if l.probe == nil {
		l.probe = beginProbe(l.opts.Machine)
	}
	if refused := l.refused(); refused != nil {
		return refused
	}
	return l.advise(err)
}

// advise adds to a launch's error what most likely made the step fail here.
func (l *launch) advise(err error) error {
	var launch *LaunchError
	var errno syscall.Errno
	if !errors.As(err, &launch) || launch.Advice != "" || !errors.As(err, &errno) {
		return err
	}
	if group := (*cgroups.Error)(nil); errors.As(err, &group) && group.Advice != "" {
		return err
	}
	<-l.probe.done
	launch.Advice = check.Advice(stage.Failure{Stage: string(launch.Stage), What: launch.What, Path: launch.Path, Errno: uint64(errno)}, l.probe.machine)
	return err
}
