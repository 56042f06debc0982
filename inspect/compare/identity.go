package compare

import (
	"fmt"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/inside"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// names compares what uname(2) says on each side.
func names(p *pairs) {
	for _, n := range []struct {
		key, label, command string
		of                  func(*inside.View) reading.Of[string]
	}{
		{"hostname", "hostname", "hostname", func(v *inside.View) reading.Of[string] { return v.Hostname }},
		{"domainname", "domain name", "domainname", func(v *inside.View) reading.Of[string] { return v.Domainname }},
	} {
		p.both(n.key, n.label, func(v *view) *Value {
			from := v.within(n.label, "uname(2)", n.command, "As a process of its UTS namespace reads it (uts_namespaces(7)).", "--uts")
			return fromInside(v, from, n.of, itself)
		})
	}
}

// fromInside is a value of the look from inside, or why there was none.
func fromInside[T any](v *view, from inspect.Source, of func(*inside.View) reading.Of[T], write func(T) string) *Value {
	if v.Inside == nil {
		return unknown(v.NotInside, from)
	}
	r := of(v.Inside)
	if !r.OK() {
		return unknown(r.How, from)
	}
	return known(write(r.Value), from)
}

// within is the source of what is read inside: the command that shows the same from there.
func (v *view) within(title, file, command, meaning string, flags ...string) inspect.Source {
	s := inspect.Source{Title: title, File: file, Meaning: meaning, Raw: reading.Missing[string](reading.NotRead)}
	s.Command = strings.Join(append(append([]string{"nsenter", "--target", strconv.Itoa(v.Process.PID)}, flags...), command), " ")
	return s
}

// identity compares who the processes are, as each user namespace numbers them.
func identity(p *pairs) {
	type ids struct {
		key, label string
		field      inspect.Field
		of         func(*proc.Status) uint32
		maps       func(*inspect.IDMaps) reading.Of[[]proc.IDMapping]
	}
	for _, n := range []ids{
		{"uid", "user", "status.Uid", func(s *proc.Status) uint32 { return s.UID[1] }, func(m *inspect.IDMaps) reading.Of[[]proc.IDMapping] { return m.UID }},
		{"gid", "group", "status.Gid", func(s *proc.Status) uint32 { return s.GID[1] }, func(m *inspect.IDMaps) reading.Of[[]proc.IDMapping] { return m.GID }},
	} {
		p.both(n.key, n.label, func(v *view) *Value {
			return of(v.Process.Facts.Status, v.from(n.field), func(s *proc.Status) string {
				return v.idText(n.of(s), n.maps)
			})
		})
	}
	p.both("groups", "other groups", func(v *view) *Value {
		return of(v.Process.Facts.Status, v.from("status.Groups"), func(s *proc.Status) string {
			words := make([]string, len(s.Groups))
			for i, g := range s.Groups {
				words[i] = v.idText(g, func(m *inspect.IDMaps) reading.Of[[]proc.IDMapping] { return m.GID })
			}
			return strings.Join(words, ", ")
		})
	})
	for _, n := range []struct {
		key, label string
		of         func(*inspect.IDMaps) reading.Of[[]proc.IDMapping]
	}{
		{"uid_map", "user ID map", func(m *inspect.IDMaps) reading.Of[[]proc.IDMapping] { return m.UID }},
		{"gid_map", "group ID map", func(m *inspect.IDMaps) reading.Of[[]proc.IDMapping] { return m.GID }},
	} {
		p.both(n.key, n.label, func(v *view) *Value {
			from := v.from(inspect.Field(n.key))
			if v.Detail == nil {
				return unknown(notRead, from)
			}
			return of(n.of(&v.Detail.Maps), from, mapText)
		})
	}
	p.both("setgroups", "setgroups", func(v *view) *Value {
		from := v.from("setgroups")
		if v.Detail == nil {
			return unknown(notRead, from)
		}
		return of(v.Detail.Maps.Setgroups, from, strings.TrimSpace)
	})
}

// idText is an id as its own user namespace has it, and as ours does where that is another.
func (v *view) idText(id uint32, of func(*inspect.IDMaps) reading.Of[[]proc.IDMapping]) string {
	if v.Detail != nil {
		for _, m := range of(&v.Detail.Maps).Value {
			if id >= m.Outside && uint64(id) < uint64(m.Outside)+uint64(m.Count) {
				if in := m.Inside + (id - m.Outside); in != id {
					return fmt.Sprintf("%d inside, %d outside", in, id)
				}
			}
		}
	}
	return strconv.FormatUint(uint64(id), 10)
}

// mapText is a map of ids in one line.
func mapText(maps []proc.IDMapping) string {
	words := make([]string, len(maps))
	for i, m := range maps {
		words[i] = fmt.Sprintf("%d→%d +%d", m.Inside, m.Outside, m.Count)
		if m.Inside == m.Outside && m.Count == 1<<32-1 {
			words[i] = "every id to itself"
		}
	}
	return strings.Join(words, ", ")
}
