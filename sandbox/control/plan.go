package control

import (
	"fmt"
	"slices"

	"cutaway/inspect/cgroup"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/limit"
)

// Write is one file that a plan writes.
type Write struct {
	Limit    string // memory, swap, cpus, weight, pids, io, cpuset, memset
	File     string // absolute
	Device   string // "8:0" where the file has a value for each device
	Old, New string // as the kernel writes them; Old brings the present value back when it is written
	What     string // what will happen, in words
	Hurts    bool   // processes may be killed, or be refused what they have now
	Shell    string // the shell line that does the same

	setting cgroups.Setting
}

// Plan is what will be written, in that order, and what a person should know before.
type Plan struct {
	Target   string   // in words
	Writes   []Write  // what is as asked already is left out
	Same     []string // the limits that are as asked already
	Warnings []string // who else writes these files, whom it concerns too

	action string
	undoes string // the batch that it undoes
	groups []*cgroups.Group
	owned  bool // groups are the plan's, and closed with it
}

// Hurts tells whether any write can hurt.
func (p *Plan) Hurts() bool {
	return slices.ContainsFunc(p.Writes, func(w Write) bool { return w.Hurts })
}

// Close lets go of what the plan holds open. The target of Target.Plan stays open.
func (p *Plan) Close() {
	if p.owned {
		for _, g := range p.groups {
			g.Close()
		}
	}
	p.groups = nil
}

// Plan works out what setting limits will do. Nothing is written. A value that means nothing, a limit that this machine does not
// have or that the target shares with others, and a target that must not be touched are errors.
func (t *Target) Plan(set limit.Set) (*Plan, error) {
	if err := set.Validate(); err != nil {
		return nil, err
	}
	g, err := t.own("limit")
	if err != nil {
		return nil, err
	}
	settings, err := g.Settings(&set)
	if err != nil {
		return nil, fmt.Errorf("limit %s: %w", t, err)
	}
	p := &Plan{Target: t.String(), action: "limit", groups: []*cgroups.Group{g}}
	use := t.Usage()
	period := ""
	for _, s := range settings {
		if s.File == "cpu.cfs_period_us" {
			period = s.New
		}
		if !s.Changes() {
			if !slices.Contains(p.Same, s.Limit) {
				p.Same = append(p.Same, s.Limit)
			}
			continue
		}
		w := newWrite(s)
		w.What, w.Hurts = effect(&s, use, period)
		p.Writes = append(p.Writes, w)
	}
	if len(p.Writes) > 0 {
		p.Warnings = t.warnings(p, &set, use)
	}
	return p, nil
}

func newWrite(s cgroups.Setting) Write {
	return Write{
		Limit: s.Limit, File: s.Path(), Device: s.Device, Old: s.Old, New: s.New,
		Shell: shellWrite(s.New, s.Path()), setting: s,
	}
}

// warnings say who else writes these files, and whom else they concern.
func (t *Target) warnings(p *Plan, set *limit.Set, use *cgroup.Usage) []string {
	var said []string
	if others := t.others(); others != "" {
		said = append(said, others)
	}
	if line := unitWarning(use.Path, set); line != "" {
		said = append(said, line)
	}
	if line := t.engineWarning(p, set); line != "" {
		said = append(said, line)
	}
	return said
}

// others tells of a process's cgroup that it is not alone in.
func (t *Target) others() string {
	if t.Engine != "" {
		return ""
	}
	pids, err := t.group.PIDs()
	if err != nil || len(pids) < 2 {
		return ""
	}
	return fmt.Sprintf("the cgroup %s holds %d processes, and it concerns all of them", t.group.Name, len(pids))
}
