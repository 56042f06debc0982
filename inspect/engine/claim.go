package engine

import "cutaway/inspect/cgroup"

// claim is what a membership says: the container that its path names, or nil.
type claim struct {
	inner *group
}

// claimOf reads a membership once for as long as it is in use: memberships are shared between processes.
func (d *Detector) claimOf(m *cgroup.Membership) *claim {
	if c := d.claims[m]; c != nil {
		return c
	}
	c := d.spare[m]
	if c == nil {
		c = new(claim)
	}
	if c.inner == nil || d.groups[c.inner.key] != c.inner {
		c.inner = d.groupOf(bestLevels(m))
	}
	d.claims[m] = c
	return c
}

// bestLevels chooses between the hierarchies of a machine: a process may stand in its container's cgroup in some only
// (crun without a v2 tree, rootless podman). The deepest nesting says most; at equal depth a path that only root can
// have made says more than a delegated one.
func bestLevels(m *cgroup.Membership) []level {
	var best []level
	last := ""
	for i := range m.Lines {
		path := m.Lines[i].Path
		if path == last {
			continue
		}
		last = path
		levels := parsePath(path)
		if len(levels) > len(best) || len(levels) > 0 && len(levels) == len(best) && best[0].uid != "" && levels[0].uid == "" {
			best = levels
		}
	}
	return best
}

// groupOf finds or makes the group of the innermost level, and those around it.
func (d *Detector) groupOf(levels []level) *group {
	var around *group
	for _, l := range levels {
		key := l.key
		if around != nil {
			key = around.key + "/" + key
		} else if l.uid != "" {
			key = "u" + l.uid + "/" + key
		}
		g := d.groups[key]
		if g == nil || g.level.path == "" {
			g = &group{key: key, level: l, around: around, init: -1}
			d.groups[key] = g
		}
		around = g
	}
	return around
}
