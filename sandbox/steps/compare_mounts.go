package steps

import (
	"fmt"
	"strings"

	"cutaway/inspect/proc"
)

// mounts compares the mounts that the process sees. A stage that makes hundreds is told as a number and the first ones.
func (c *comparison) mounts() {
	if !c.both("mountinfo") {
		return
	}
	same := c.before.Namespaces[proc.Mnt] == c.after.Namespaces[proc.Mnt]
	pairs, removed, added := match(c.before.Mounts, c.after.Mounts, same)
	for _, group := range alterations(pairs) {
		c.add(Change{"mountinfo", group.what, group.old, group.new, group.text()})
	}
	c.addMounts("mount removed", removed, func(m *proc.Mount) Change {
		return Change{Old: mountText(m)}
	})
	c.addMounts("mount added", added, func(m *proc.Mount) Change {
		return Change{New: mountText(m)}
	})
}

// addMounts adds a change for each mount up to a number, then one that counts the rest.
func (c *comparison) addMounts(what string, mounts []*proc.Mount, change func(*proc.Mount) Change) {
	rest := 0
	if len(mounts) > listed+1 {
		rest = len(mounts) - listed
		mounts = mounts[:listed]
	}
	for _, m := range mounts {
		ch := change(m)
		ch.File, ch.What, ch.Text = "mountinfo", what, what+": "+mountText(m)
		c.add(ch)
	}
	if rest > 0 {
		c.add(Change{File: "mountinfo", What: what, Text: fmt.Sprintf("%s: %d more like these", what, rest)})
	}
}

// mountText describes a mount: "/proc type proc (ro,nosuid)", and for a part of a file system which part.
func mountText(m *proc.Mount) string {
	text := fmt.Sprintf("%s type %s (%s)", m.MountPoint, m.FSType, m.Options)
	if m.Root != "/" && m.Root != m.MountPoint {
		text += ", the file system's " + m.Root
	}
	return text
}

type mountPair struct{ before, after *proc.Mount }

// match finds which mount is which. In one namespace a mount keeps its id while it lives; a copied namespace has copies of
// the mounts under new ids (copy_mnt_ns in fs/namespace.c), which are found by place and content, in their order.
func match(before, after []proc.Mount, sameNamespace bool) (pairs []mountPair, removed, added []*proc.Mount) {
	type key struct {
		id              int
		point, root, fs string
		major, minor    uint32
	}
	keyOf := func(m *proc.Mount) key {
		if sameNamespace {
			return key{id: m.ID}
		}
		return key{point: m.MountPoint, root: m.Root, fs: m.FSType, major: m.Major, minor: m.Minor}
	}
	old := map[key][]*proc.Mount{}
	for i := range before {
		k := keyOf(&before[i])
		old[k] = append(old[k], &before[i])
	}
	stayed := map[*proc.Mount]bool{}
	for i := range after {
		m := &after[i]
		k := keyOf(m)
		if waiting := old[k]; len(waiting) > 0 {
			pairs = append(pairs, mountPair{waiting[0], m})
			stayed[waiting[0]] = true
			old[k] = waiting[1:]
			continue
		}
		added = append(added, m)
	}
	for i := range before {
		if !stayed[&before[i]] {
			removed = append(removed, &before[i])
		}
	}
	return pairs, removed, added
}

// alteration is the same change of several mounts.
type alteration struct {
	what, old, new string
	points         []string
}

func (a *alteration) text() string {
	subject := fmt.Sprintf("%d mounts", len(a.points))
	if len(a.points) == 1 {
		return fmt.Sprintf("%s of %s: %s → %s", a.what, a.points[0], a.old, a.new)
	}
	return fmt.Sprintf("%s of %s: %s → %s (%s)", a.what, subject, a.old, a.new, few(a.points))
}

// alterations groups what changed of mounts that stayed: options, propagation, and the place.
func alterations(pairs []mountPair) (list []*alteration) {
	find := map[[3]string]*alteration{}
	add := func(m *proc.Mount, what, old, new string) {
		if old == new {
			return
		}
		k := [3]string{what, old, new}
		if find[k] == nil {
			find[k] = &alteration{what: what, old: old, new: new}
			list = append(list, find[k])
		}
		find[k].points = append(find[k].points, m.MountPoint)
	}
	for _, p := range pairs {
		old, new := optionChange(p.before.Options, p.after.Options)
		add(p.after, "options", old, new)
		add(p.after, "propagation", propagation(p.before), propagation(p.after))
		if p.before.MountPoint != p.after.MountPoint {
			add(p.after, "place", p.before.MountPoint, p.after.MountPoint)
		}
	}
	return list
}

// optionChange leaves out the options that stayed.
func optionChange(before, after string) (old, new string) {
	b, a := strings.Split(before, ","), strings.Split(after, ",")
	return strings.Join(without(b, a), ","), strings.Join(without(a, b), ",")
}

// propagation is a mount's type without the numbers of its peer groups, which are others for each mount.
func propagation(m *proc.Mount) string {
	var words []string
	for _, field := range m.Propagation {
		switch kind, _, _ := strings.Cut(field, ":"); kind {
		case "shared":
			words = append(words, "shared")
		case "master":
			words = append(words, "slave")
		case "propagate_from": // says more of the same
		default:
			words = append(words, kind)
		}
	}
	if len(words) == 0 {
		return "private"
	}
	return strings.Join(words, " and ")
}
