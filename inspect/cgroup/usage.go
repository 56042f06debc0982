package cgroup

import (
	"strings"
	"sync"

	"cutaway/inspect/reading"
)

// buffers are reused between calls; a memory.stat takes 1 to 2 KiB.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 8<<10); return &b }}

// Usage reads what a tick shows of the cgroup that stands for a membership, and the limits that bind it.
//
// A hierarchy in which the process was left in an ancestor of that cgroup (v1 only) has no use of its own to tell: those
// readings are Absent, because the ancestor's numbers are those of others too. What its limits do still counts in the
// effective ones. A cgroup that was removed is Gone; one outside of what is mounted here Failed with EXDEV.
func (h *Hierarchies) Usage(m *Membership) *Usage {
	u := h.absent
	u.Path = m.Path()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)

	at := cursor{h: h, m: m, stands: u.Path, at: -1}
	defer at.leave()
	var text []byte
	var err error
	for i := range h.fields {
		f := &h.fields[i]
		if moved := at.enter(f.controller); moved || h.fields[i-1].file != f.file {
			text, err = at.read(f.file, buf)
		}
		f.read(&u, text, err)
	}
	h.effective(m, &u, buf)
	return &u
}

// cursor is the folder in which Usage reads at the moment.
type cursor struct {
	h      *Hierarchies
	m      *Membership
	stands string // Membership.Path
	tree   *hierarchy
	at     folder
	err    error
}

// enter goes to the membership's folder for a controller, and tells whether it had to move.
func (c *cursor) enter(controller string) bool {
	tree := c.h.find(controller)
	if tree == c.tree {
		return false
	}
	c.leave()
	c.tree = tree
	spot, err := tree.spot(c.m)
	switch {
	case err != nil:
		c.err = err
	case spot.cgroup != c.stands && isBelow(c.stands, spot.cgroup):
		c.err = errNotHere
	default:
		c.at, c.err = spot.open()
	}
	return true
}

func (c *cursor) leave() {
	c.at.close()
	c.at = -1
}

func (c *cursor) read(file string, buf *[]byte) ([]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	text, err := c.at.read(file, *buf)
	*buf = text[:0]
	return text, err
}

// field is one value of a Usage: where the kernel keeps it, and how its text becomes the value.
type field struct {
	name       string // in Usage
	controller string
	file, key  string // see pick
	set        func(u *Usage, text []byte, how reading.How)
}

// read sets the field from its file's text, or from the reason that there is none.
func (f *field) read(u *Usage, text []byte, err error) {
	how := howOf(err)
	value, there := pick(text, f.key)
	if how.OK() && !there {
		how.State = reading.Absent
	}
	f.set(u, value, how)
}

// selectFields takes for each controller the fields of the version that has it here, v1 before v2, and makes the Usage in
// which all that is kept nowhere is absent.
func (h *Hierarchies) selectFields() (fields []field, absent Usage) {
	for _, all := range [][]field{v1Fields, v2Fields} {
		for _, f := range all {
			f.set(&absent, nil, reading.How{State: reading.Absent})
		}
	}
	for v2, all := range [][]field{v1Fields, v2Fields} {
		for _, f := range all {
			if t := h.find(f.controller); t != nil && btoi(t.v2) == v2 {
				fields = append(fields, f)
			}
		}
	}
	if t := h.find("cpu"); t != nil {
		absent.CPUWeightIsShares = !t.v2
	}
	for _, l := range limiters {
		l.of(&absent).Limit = reading.Missing[Limit](reading.Absent)
	}
	return fields, absent
}

// SourceOf tells where a field of Usage, by its name there, is read for a membership: the absolute path of the file, and
// what of it ("" the whole, "$2" the second word, else the line with that key). MemoryWorking and v1's SwapLimit are
// differences; this is their second term. Effective limits carry their file with them. Both are "" when nothing here
// keeps the value.
func (h *Hierarchies) SourceOf(m *Membership, name string) (file, key string) {
	for _, f := range h.fields {
		if f.name != name {
			continue
		}
		if dir, ok := h.Dir(m, f.controller); ok {
			return dir + "/" + f.file, f.key
		}
	}
	return "", ""
}

// Command is a shell line that prints what SourceOf names: cat for a whole file, awk for a part.
func Command(file, key string) string {
	switch {
	case key == "":
		return "cat " + quote(file)
	case key[0] == '$':
		return "awk '{print " + key + "}' " + quote(file)
	default:
		return `awk '$1=="` + key + `"{print $2}' ` + quote(file)
	}
}

// quote makes a path one word of a shell line.
func quote(path string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-:@,+=%", r)
	}
	if strings.IndexFunc(path, func(r rune) bool { return !safe(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
