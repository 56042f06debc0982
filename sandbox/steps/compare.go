package steps

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// Change is one thing that is different in a file of /proc/PID.
type Change struct {
	File string // below /proc/PID, such as "ns/mnt", "status", "mountinfo"
	What string // the kernel's word for it: "mnt", "CapBnd", "mount added"
	Old  string // "" when there was nothing
	New  string // "" when there is nothing any more
	Text string // all of it in words, for a person, without the file's name
}

// Compare lists what changed between two looks at a process, or between two processes, file by file. What could not be read
// at one of the two times is not compared; that it cannot be read any more is a change itself.
func Compare(before, after View) []Change {
	c := &comparison{before: &before, after: &after}
	c.process()
	c.namespaces()
	c.maps()
	c.ids()
	c.capabilities()
	c.confinement()
	c.cgroups()
	c.root()
	c.mounts()
	c.limits()
	c.network()
	c.unread()
	return c.changes
}

type comparison struct {
	before, after *View
	changes       []Change
}

func (c *comparison) add(ch Change) { c.changes = append(c.changes, ch) }

// both tells whether a file was read both times.
func (c *comparison) both(file string) bool {
	for _, v := range []*View{c.before, c.after} {
		if v.Unread["."] != nil || v.Unread[file] != nil && v.Unread[file] != errCut {
			return false
		}
	}
	return true
}

// FirstProgram is what the sandbox's first process calls itself (comm) until it executes the command. One that stays as the
// init keeps the name.
const FirstProgram = "cutaway-init"

func (c *comparison) process() {
	if c.before.PID != c.after.PID {
		old, new := strconv.Itoa(c.before.PID), strconv.Itoa(c.after.PID)
		c.add(Change{"status", "Pid", old, new, "a new process, PID " + new})
	}
	if inside := c.after.Status.NSpid; c.both("status") && len(inside) > len(c.before.Status.NSpid) {
		own := strconv.Itoa(inside[len(inside)-1])
		c.add(Change{"status", "NSpid", joinInts(c.before.Status.NSpid), joinInts(inside), "a PID namespace of its own, in which it is PID " + own})
	}
	// Only this change tells something: before, it has the names that executing cutaway gives it.
	if c.both("comm") && c.before.Comm == FirstProgram && c.after.Comm != FirstProgram {
		c.add(Change{"comm", "comm", c.before.Comm, c.after.Comm, fmt.Sprintf("another program: %s → %s", c.before.Comm, c.after.Comm)})
	}
}

func (c *comparison) namespaces() {
	for link := range c.after.Namespaces {
		name := proc.NSLinkName(proc.NSLink(link))
		old, new := c.before.Namespaces[link], c.after.Namespaces[link]
		kind := proc.NSLinkKind(proc.NSLink(link))
		follows := link >= proc.NSKinds && new == c.after.Namespaces[kind] // its own namespace's change says it
		if !c.both("ns/"+name) || old == new || old == 0 || follows {
			continue
		}
		from, to := strconv.FormatUint(old, 10), strconv.FormatUint(new, 10)
		text := fmt.Sprintf("%s namespace %s → %s: another one", name, from, to)
		switch {
		case new == 0: // made by unshare(2) without a first process (pidns_for_children_get in kernel/pid_namespace.c)
			to, text = "", name+": a namespace whose first process is yet to come"
		case link >= proc.NSKinds:
			text = fmt.Sprintf("%s %s → %s: what it starts is in another one", name, from, to)
		}
		c.add(Change{"ns/" + name, name, from, to, text})
	}
}

func (c *comparison) maps() {
	for _, m := range []struct {
		file          string
		ids           string
		before, after []proc.IDMapping
	}{
		{"uid_map", "user ids", c.before.UIDMap, c.after.UIDMap},
		{"gid_map", "group ids", c.before.GIDMap, c.after.GIDMap},
	} {
		if !c.both(m.file) || slices.Equal(m.before, m.after) {
			continue
		}
		old, new := mapText(m.before), mapText(m.after)
		text := m.ids + " are mapped: " + mapWords(m.after)
		if len(m.after) == 0 {
			text = m.ids + " are not mapped yet: all of them look like the overflow id, 65534, inside"
		}
		c.add(Change{m.file, m.file, old, new, text})
	}
}

// mapText is a map as the file has it, its lines one behind the other.
func mapText(maps []proc.IDMapping) string {
	lines := make([]string, len(maps))
	for i, m := range maps {
		lines[i] = fmt.Sprintf("%d %d %d", m.Inside, m.Outside, m.Count)
	}
	return strings.Join(lines, ", ")
}

func mapWords(maps []proc.IDMapping) string {
	parts := make([]string, len(maps))
	for i, m := range maps {
		parts[i] = fmt.Sprintf("%d inside is %d outside", m.Inside, m.Outside)
		if m.Count > 1 {
			last := uint64(m.Count) - 1
			parts[i] = fmt.Sprintf("%d to %d inside are %d to %d outside", m.Inside, uint64(m.Inside)+last, m.Outside, uint64(m.Outside)+last)
		}
	}
	return strings.Join(parts, ", ")
}

// ids compares the numbers as we see them, and translates them to what they are inside.
func (c *comparison) ids() {
	if !c.both("status") {
		return
	}
	b, a := &c.before.Status, &c.after.Status
	for _, id := range []struct {
		what          string
		kind          string
		before, after [4]uint32
		mapping       []proc.IDMapping
	}{
		{"Uid", "user", b.UID, a.UID, c.after.UIDMap},
		{"Gid", "group", b.GID, a.GID, c.after.GIDMap},
	} {
		if id.before == id.after {
			continue
		}
		text := fmt.Sprintf("%s %s → %s", id.kind, fourIDs(id.before), fourIDs(id.after))
		if inside, ok := insideOf(id.mapping, id.after[1]); ok && inside != id.after[1] {
			text += fmt.Sprintf(", which is %d inside", inside)
		}
		c.add(Change{"status", id.what, fourIDs(id.before), fourIDs(id.after), text})
	}
	if old, new := joinUints(b.Groups), joinUints(a.Groups); old != new {
		text := "supplementary groups: " + orNone(old) + " → " + orNone(new)
		c.add(Change{"status", "Groups", old, new, text})
	}
}

// fourIDs are the real, effective, saved and filesystem id, or one number when they are the same.
func fourIDs(ids [4]uint32) string {
	if ids[1] == ids[0] && ids[2] == ids[0] && ids[3] == ids[0] {
		return strconv.FormatUint(uint64(ids[0]), 10)
	}
	return joinUints(ids[:])
}

func insideOf(mapping []proc.IDMapping, outside uint32) (uint32, bool) {
	for _, m := range mapping {
		if outside >= m.Outside && outside-m.Outside < m.Count {
			return m.Inside + (outside - m.Outside), true
		}
	}
	return 0, false
}

func (c *comparison) confinement() {
	if !c.both("status") {
		return
	}
	b, a := &c.before.Status, &c.after.Status
	if differ(b.NoNewPrivs, a.NoNewPrivs) {
		c.add(Change{"status", "NoNewPrivs", bit(b.NoNewPrivs.Value), bit(a.NoNewPrivs.Value), "no_new_privs is set. " + security.NoNewPrivsMeaning(a.NoNewPrivs.Value)})
	}
	if differ(b.Seccomp, a.Seccomp) || differ(b.SeccompFilters, a.SeccompFilters) {
		old, new := security.SeccompMode(b.Seccomp.Value), security.SeccompMode(a.Seccomp.Value)
		c.add(Change{"status", "Seccomp", old, new, "seccomp " + old + " → " + new + ". " + security.SeccompMeaning(a.Seccomp.Value, a.SeccompFilters)})
	}
}

func differ[T comparable](before, after reading.Of[T]) bool {
	return before.OK() && after.OK() && before.Value != after.Value
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

func (c *comparison) cgroups() {
	if !c.both("cgroup") {
		return
	}
	old := map[string]string{}
	for _, line := range c.before.Cgroups {
		old[hierarchy(line)] = line.Path
	}
	for _, line := range c.after.Cgroups {
		name := hierarchy(line)
		from, there := old[name]
		if !there || from == line.Path {
			continue
		}
		text := fmt.Sprintf("its cgroup (%s) %s → %s", name, from, line.Path)
		c.add(Change{"cgroup", name, from, line.Path, text})
	}
}

// hierarchy names a line of /proc/PID/cgroup.
func hierarchy(line proc.CgroupLine) string {
	if line.Hierarchy == 0 {
		return "v2"
	}
	return strings.Join(line.Controllers, ",")
}

func (c *comparison) root() {
	if c.both("root") && c.before.Root != c.after.Root {
		text := fmt.Sprintf("its root directory %s → %s, as our paths name it", c.before.Root, c.after.Root)
		c.add(Change{"root", "root", c.before.Root, c.after.Root, text})
	}
}

func (c *comparison) limits() {
	if !c.both("limits") {
		return
	}
	old := map[string]proc.ResourceLimit{}
	for _, l := range c.before.Limits {
		old[l.Name] = l
	}
	for _, l := range c.after.Limits {
		if was, there := old[l.Name]; there && was != l {
			from, to := was.Soft.String()+" "+was.Hard.String(), l.Soft.String()+" "+l.Hard.String()
			text := fmt.Sprintf("%s: soft %s, hard %s → soft %s, hard %s", l.Name, was.Soft, was.Hard, l.Soft, l.Hard)
			c.add(Change{"limits", l.Name, from, to, text})
		}
	}
}

func (c *comparison) network() {
	for _, n := range []struct {
		file, what    string
		before, after []string
	}{
		{"net/dev", "interface", c.before.Interfaces, c.after.Interfaces},
		{"net/fib_trie", "address", c.before.Addresses, c.after.Addresses},
	} {
		if !c.both(n.file) {
			continue
		}
		if gone := without(n.before, n.after); len(gone) > 0 {
			list := strings.Join(gone, " ")
			c.add(Change{n.file, n.what, list, "", "network " + plural(n.what, len(gone)) + " not seen any more: " + few(gone)})
		}
		if came := without(n.after, n.before); len(came) > 0 {
			list := strings.Join(came, " ")
			c.add(Change{n.file, n.what, "", list, "network " + plural(n.what, len(came)) + ": " + few(came)})
		}
	}
}

// without lists what of a is not in b.
func without(a, b []string) (list []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			list = append(list, s)
		}
	}
	return list
}

// unread tells which files the second look could not read that the first could.
func (c *comparison) unread() {
	for _, file := range slices.Sorted(maps.Keys(c.after.Unread)) {
		if c.before.Unread[file] == nil {
			why := c.after.Unread[file].Error()
			c.add(Change{file, "unread", "", why, "could not be read: " + why})
		}
	}
}
