package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect"
	"cutaway/inspect/inside"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// root compares the root directories: what they are made of, and which system they hold.
func root(p *pairs) {
	p.both("link", "root directory", func(v *view) *Value { return of(v.Process.Facts.Root, v.from("root"), itself) })
	p.both("mount", "its mount", func(v *view) *Value { return v.rootMount(rootMountText) })
	p.both("layers", "its layers", func(v *view) *Value {
		return v.rootMount(func(m *proc.Mount) string {
			o, ok := m.Overlay()
			if !ok {
				return "none"
			}
			text := fmt.Sprintf("%d below", len(o.Lower))
			if o.Upper != "" {
				text += ", upper " + o.Upper
			}
			return text
		})
	})
	system := p.both("system", "system", func(v *view) *Value {
		file := "/etc/os-release"
		if v.Inside != nil {
			file = v.Inside.SystemFile
		}
		return fromInside(v, v.below("system", file, "The name of the system whose files these are (os-release(5))."),
			func(i *inside.View) reading.Of[string] { return i.System }, itself)
	})
	noteUnfit(system, "os-release")
}

// below is the source of a file below the side's root.
func (v *view) below(title, file, meaning string) inspect.Source {
	full := fmt.Sprintf("/proc/%d/root%s", v.Process.PID, file)
	return inspect.Source{Title: title, File: full, Meaning: meaning, Raw: reading.Missing[string](reading.NotRead), Command: "cat " + full}
}

// rootMount is what the mount tells on which the root directory stands.
func (v *view) rootMount(write func(*proc.Mount) string) *Value {
	from := v.from("mountinfo")
	if v.Detail == nil {
		return unknown(notRead, from)
	}
	return of(v.Detail.Mounts, from, func(mounts []proc.Mount) string {
		for i := len(mounts) - 1; i >= 0; i-- { // the last one covers those before
			if mounts[i].MountPoint == "/" {
				return write(&mounts[i])
			}
		}
		return "none: the root is no mount"
	})
}

func rootMountText(m *proc.Mount) string {
	return fmt.Sprintf("%s %s %s", m.FSType, m.Source, accessOf(m))
}

// accessOf is whether a mount can be written: when either it or its file system is read-only, it cannot.
func accessOf(m *proc.Mount) string {
	ro := func(options string) bool { return slices.Contains(strings.Split(options, ","), "ro") }
	if ro(m.Options) || ro(m.SuperOptions) {
		return "read-only"
	}
	return "writable"
}

// mounts joins the mounts by where they stand; the last one at a place covers those before.
func mounts(p *pairs) { p.join("mounts", p.l.mounts(), p.r.mounts()) }

func (v *view) mounts() list {
	from := v.from("mountinfo")
	l := list{how: notRead, from: from}
	if v.Detail == nil {
		return l
	}
	l.how = v.Detail.Mounts.How
	at := map[string]int{}
	for i := range v.Detail.Mounts.Value {
		m := &v.Detail.Mounts.Value[i]
		if j, twice := at[m.MountPoint]; twice {
			if j < len(l.items) {
				l.items[j].value = known(mountText(m), from)
			}
			continue
		}
		at[m.MountPoint] = len(l.items) + l.more
		l.add(m.MountPoint, m.MountPoint, func() *Value { return known(mountText(m), from) })
	}
	return l.inOrder()
}

// mountText is what tells a mount from another at the same place.
func mountText(m *proc.Mount) string {
	text := m.FSType + " " + m.Source
	if m.Root != "/" {
		text += "[" + m.Root + "]"
	}
	return text + " " + m.Options + " " + m.PropagationString()
}

// users joins the users and groups by their numbers.
func users(p *pairs) {
	for _, n := range []struct {
		kind, file string
		of         func(*inside.View) reading.Of[[]inside.User]
	}{
		{"user", "/etc/passwd", func(i *inside.View) reading.Of[[]inside.User] { return i.Users }},
		{"group", "/etc/group", func(i *inside.View) reading.Of[[]inside.User] { return i.Groups }},
	} {
		first := len(p.group.Rows)
		p.join(n.kind+"s", p.l.users(n.kind, n.file, n.of), p.r.users(n.kind, n.file, n.of))
		for i := first; i < len(p.group.Rows); i++ {
			noteUnfit(&p.group.Rows[i], n.file)
		}
	}
}

// noteUnfit says in words what the errno of a file that is none means.
func noteUnfit(row *Row, file string) {
	for _, v := range []*Value{row.Left, row.Right} {
		if v != nil && v.How.Errno == uint16(unix.EMEDIUMTYPE) {
			row.Note = file + " is no regular file there, and is not opened"
		}
	}
}

func (v *view) users(kind, file string, get func(*inside.View) reading.Of[[]inside.User]) list {
	from := v.below(kind+"s", file, "As the files below its root have it ("+strings.TrimPrefix(file, "/etc/")+"(5)).")
	l := list{how: v.NotInside, from: from}
	if v.Inside == nil {
		return l
	}
	found := get(v.Inside)
	l.how = found.How
	for _, u := range found.Value {
		label := kind + " " + strconv.FormatUint(uint64(u.ID), 10)
		l.add(label, label, func() *Value {
			if u.Sh == "" && u.Home == "" {
				return known(u.Name, from)
			}
			return known(strings.Join([]string{u.Name, u.Home, u.Sh}, " "), from)
		})
	}
	return l
}
