package cgroup

import (
	"errors"
	"path/filepath"
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
	for i := range h.parts {
		h.parts[i].read(m, &u, buf)
	}
	return &u
}

// part is what one hierarchy contributes to a Usage.
type part struct {
	tree     *hierarchy
	fields   []field
	limiters []limiter
}

func (p *part) read(m *Membership, u *Usage, buf *[]byte) {
	v, err := p.tree.visit(m)
	defer v.leave()
	ownErr := err
	if err == nil && isBelow(u.Path, v.cgroup) {
		ownErr = errNotHere
	}
	p.readFields(v.own, ownErr, u, buf)
	for i := range p.limiters {
		l := &p.limiters[i]
		if err != nil {
			*l.of(u) = Effective{Limit: reading.Of[Limit]{How: howOf(err)}, Above: errors.Is(err, errOutside)}
			continue
		}
		*l.of(u) = l.binding(v, u, buf)
	}
}

// readFields reads each file once and sets the fields that it holds, or says of all why they cannot be read.
func (p *part) readFields(own folder, err error, u *Usage, buf *[]byte) {
	var text []byte
	fileErr := err
	for i := range p.fields {
		f := &p.fields[i]
		if err == nil && (i == 0 || p.fields[i-1].file != f.file) {
			text, fileErr = own.read(f.file, *buf)
			*buf = text[:0]
		}
		f.read(u, text, fileErr)
	}
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

// planUsage lays down what each hierarchy has to read: for every controller the files of the version that has it here, v1
// before v2. It also makes the Usage in which all that is kept nowhere is absent.
func (h *Hierarchies) planUsage() {
	for version, fields := range [][]field{v1Fields, v2Fields} {
		for _, f := range fields {
			f.set(&h.absent, nil, reading.How{State: reading.Absent})
			if t := h.find(f.controller); t != nil && t.version() == version {
				p := h.part(t)
				p.fields = append(p.fields, f)
			}
		}
		for _, l := range [][]limiter{v1Limiters, v2Limiters}[version] {
			l.of(&h.absent).Limit = reading.Missing[Limit](reading.Absent)
			if t := h.find(l.controller); t != nil && t.version() == version {
				p := h.part(t)
				p.limiters = append(p.limiters, l)
			}
		}
	}
	cpu := h.find("cpu")
	h.absent.CPUWeightIsShares = cpu != nil && !cpu.v2
}

// part finds or makes the part of a hierarchy.
func (h *Hierarchies) part(t *hierarchy) *part {
	for i := range h.parts {
		if h.parts[i].tree == t {
			return &h.parts[i]
		}
	}
	h.parts = append(h.parts, part{tree: t})
	return &h.parts[len(h.parts)-1]
}

// SourceOf tells where a field of Usage, by its name there, is read for a membership: the absolute path of the file, and
// what of it: "" the whole, "$2" the second word, "rbytes=" the sum over all lines, else the line with that key.
// MemoryWorking and v1's SwapLimit are differences; this is their second term. Effective limits carry their file with them.
// Both are "" when nothing here keeps the value for this cgroup alone.
func (h *Hierarchies) SourceOf(m *Membership, name string) (file, key string) {
	for _, p := range h.parts {
		for _, f := range p.fields {
			if f.name != name {
				continue
			}
			if at, err := p.tree.spot(m); err == nil && !isBelow(m.Path(), at.cgroup) {
				return filepath.Join(at.dir(), f.file), f.key
			}
		}
	}
	return "", ""
}

// Command is a shell line that prints what SourceOf names: cat for a whole file, awk for a part, grep for the terms of a sum.
func Command(file, key string) string {
	switch {
	case key == "":
		return "cat " + quote(file)
	case key[0] == '$':
		return "awk '{print " + key + "}' " + quote(file)
	case key[len(key)-1] == '=':
		return "grep -o '" + key + "[0-9]*' " + quote(file)
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
