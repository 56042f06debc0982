package sandbox

import (
	"os"

	"cutaway/inspect/proc"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/steps"
	"cutaway/sandbox/veth"
)

// tellPlan tells the caller what will be done. What else would be gathered while the first process starts is gathered now.
func (l *launch) tellPlan() error {
	if l.opts.Planned == nil {
		return nil
	}
	if err := l.complete(); err != nil {
		return err
	}
	outline, err := l.outline()
	if err != nil {
		return err
	}
	l.opts.Planned(outline)
	return nil
}

// Outline tells what a launch of the Spec would do, for who calls it and on this machine, without doing any of it. What only
// a launch finds out is not in it: the namespaces that are joined, the cgroup's directories and limits, the filter of system
// calls, Landlock's rules, an unpacked root (whose place rootDir says) and a terminal. environ is the caller's environment.
func (s *Spec) Outline(environ []string, rootDir string) (*steps.Launch, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	l := &launch{spec: s, opts: Options{Environ: environ}, box: &Sandbox{spec: s}}
	if err := l.survey(); err != nil {
		return nil, err
	}
	l.site.terminal, l.site.sendTrees, l.site.rootDir = false, false, rootDir
	return l.outline()
}

// outline is the launch as package steps shows it: the operations that will be carried out, and the launcher's own part.
func (l *launch) outline() (*steps.Launch, error) {
	plan, sends := compile(l.spec, l.site)
	o := &steps.Launch{
		Clone:        uint64(cloneFlags(l.spec)),
		UIDMap:       asRead(l.site.uids),
		GIDMap:       asRead(l.site.gids),
		Unprivileged: os.Geteuid() != 0,
		Init:         l.spec.Init,
		Environ:      l.site.env,
		Ops:          plan.Ops,
	}
	if l.spec.movesClocks() {
		o.Offsets = l.spec.offsets()
	}
	for _, j := range l.joins {
		o.Joins = append(o.Joins, j.file.Name())
	}
	for _, s := range sends {
		o.Idmapped = append(o.Idmapped, s.idmapped)
	}
	if v := l.spec.Network.Veth; v != nil {
		host, inside, err := veth.Addresses(v.Host, v.Inside)
		if err != nil {
			return nil, failed(StageNetwork, "read the addresses of the veth pair", "", err)
		}
		o.Veth = &veth.Pair{Host: host, Inside: inside, Gateway: v.Gateway}
	}
	return o, l.outlineGroup(o, l.box.group)
}

// outlineGroup adds the cgroup and its limits.
func (l *launch) outlineGroup(o *steps.Launch, g *cgroups.Group) error {
	if g == nil {
		return nil
	}
	o.Cgroups = g.Paths()
	if dir := g.Dir(); dir != nil {
		o.Cloned = dir.Name()
	}
	if file, text := g.Kept(); file != "" {
		o.Limits = append(o.Limits, steps.Limit{Path: file, Value: text})
	}
	settings, err := g.Settings(&l.spec.Limits)
	if err != nil {
		return failed(StageCgroup, "list its limits", "", err)
	}
	for _, s := range settings {
		o.Limits = append(o.Limits, steps.Limit{Path: s.Path(), Value: s.New})
	}
	return nil
}

func asRead(maps []IDMapping) []proc.IDMapping {
	list := make([]proc.IDMapping, len(maps))
	for i, m := range maps {
		list[i] = proc.IDMapping(m)
	}
	return list
}
