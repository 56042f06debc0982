package tui

import (
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

const fieldMounts inspect.Field = "mountinfo"

// mountKey tells which mount of the host one of the sandbox is: the same part of the same file system at the same place.
type mountKey struct {
	major, minor uint32
	root, point  string
}

func mountKeyOf(m *proc.Mount) mountKey { return mountKey{m.Major, m.Minor, m.Root, m.MountPoint} }

// addRoot tells what the root directory is, and whether it can be written to.
func (k *kernelPane) addRoot(rs *rows) {
	u := &k.subject
	link := u.proc.Facts.Root
	if !link.OK() {
		rs.add(fieldRoot, "root", missing(link.How))
		return
	}
	l := line{}
	if link.Value != "/" {
		l = l.put(warn, text.TruncateMiddle(text.Sanitise(link.Value), max(u.width/2, 8))).gap(2)
	}
	if u.detail == nil || !u.detail.Mounts.OK() {
		if len(l) == 0 {
			l = words(plain, "/").gap(2).put(dim, "its mount is not read yet")
		}
		rs.add(fieldRoot, "root", l)
		return
	}
	mount := rootMount(u.detail.Mounts.Value)
	if mount == nil {
		rs.add(fieldRoot, "root", l.put(dim, "a directory that is no mount of its own"))
		return
	}
	l = append(l, k.mountWords(mount)...)
	rs.add(fieldMounts, "root", append(l.gap(2), accessWord(mount)...)).from(k.mountSource(mount))
}

// rootMount is the mount that the root directory is: of several at that place, the last one covers the others.
func rootMount(mounts []proc.Mount) *proc.Mount {
	for i := range slices.Backward(mounts) {
		if mounts[i].MountPoint == "/" {
			return &mounts[i]
		}
	}
	return nil
}

// mountWords says what is mounted.
func (k *kernelPane) mountWords(m *proc.Mount) line {
	if host := k.host[mountKeyOf(m)]; host != nil && m.MountPoint == "/" {
		return words(plain, "the host's /")
	}
	l := words(plain, text.Sanitise(m.FSType))
	if m.Source != "" && m.Source != m.FSType && m.Source != "none" {
		l = l.gap(1).put(plain, text.TruncateMiddle(text.Sanitise(m.Source), 24))
	}
	if m.Root != "/" {
		l = l.gap(1).put(dim, text.TruncateMiddle(text.Sanitise(m.Root), 24))
	}
	return l
}

// readOnly tells whether nothing can be written through a mount, by its own options or its file system's.
func readOnly(m *proc.Mount) bool {
	_, super := m.SuperOption("ro")
	return super || slices.Contains(strings.Split(m.Options, ","), "ro")
}

func accessWord(m *proc.Mount) line {
	if readOnly(m) {
		return words(good, "read-only")
	}
	return words(plain, "writable")
}

// The columns of the mounts; the source is left out where there is no room.
const (
	typeCols      = 8
	accessCols    = 2
	propagateCols = 11
	roomForSource = 64
)

// addMounts lists the mounts in the kernel's order: a later one covers an earlier one at the same place.
func (k *kernelPane) addMounts(rs *rows) {
	d := k.subject.detail
	switch {
	case d == nil || d.Mounts.How == reading.How{}:
		rs.say(dim, "the mounts were not read yet")
		return
	case !d.Mounts.OK():
		rs.add(fieldMounts, "mounts", missing(d.Mounts.How))
		return
	}
	rs.list = append(rs.list, row{head: true, lines: []line{k.mountHead()}})
	for i := range d.Mounts.Value {
		m := &d.Mounts.Value[i]
		rs.list = append(rs.list, row{id: "mount " + m.MountPoint, wide: true, fill: func(r *row) { k.fillMount(r, m) }})
	}
	if slices.Contains(d.Cut, "mountinfo") {
		rs.say(warn, "and more: the list was too long to be read whole")
	}
}

// mountCols are the rooms for the mount point and for the source.
func (k *kernelPane) mountCols() (point, source int) {
	room := k.processWidth() - 2 - typeCols - accessCols - propagateCols - 3*columnGap
	if k.processWidth() < roomForSource {
		return max(room, 8), 0
	}
	room -= columnGap
	return room - room*2/5, room * 2 / 5
}

func (k *kernelPane) mountHead() line {
	point, source := k.mountCols()
	l := line{}.gap(2).put(dim, text.Fit("MOUNTED AT", point)).gap(columnGap).put(dim, text.Fit("TYPE", typeCols)).gap(columnGap)
	if source > 0 {
		l = l.put(dim, text.Fit("SOURCE", source)).gap(columnGap)
	}
	return l.put(dim, text.Fit("", accessCols)).gap(columnGap).put(dim, "PROPAGATION").fit(k.processWidth())
}

// fillMount makes the line of a mount. Those that the host does not have, or has otherwise, are marked.
func (k *kernelPane) fillMount(r *row, m *proc.Mount) {
	point, source := k.mountCols()
	host := k.host[mountKeyOf(m)]
	mark, st, about := k.mountMark(m, host)
	l := line{}.put(st, mark).gap(1)
	l = l.put(st, text.Fit(text.TruncateMiddle(text.Sanitise(m.MountPoint), point), point)).gap(columnGap)
	l = l.put(st, text.Fit(text.Sanitise(m.FSType), typeCols)).gap(columnGap)
	if source > 0 {
		l = l.put(dim, text.Fit(text.TruncateMiddle(text.Sanitise(mountedFrom(m)), source), source)).gap(columnGap)
	}
	l = append(l, accessCell(m, host)...).gap(columnGap)
	r.about = words(plain, about)
	r.lines = []line{l.put(dim, text.Sanitise(m.PropagationString())).fit(k.processWidth())}
	r.copy = m.MountPoint
	r.title = text.Sanitise(m.MountPoint)
	r.from(k.mountSource(m))
}

// mountMark is how a mount stands to those of the host, as a mark and in words; "" when those are not known.
func (k *kernelPane) mountMark(m, host *proc.Mount) (mark string, st style, about string) {
	switch {
	case k.host == nil:
		return " ", plain, ""
	case host == nil:
		return k.glyphs.Own, own, "The host has no such mount at this place."
	case readOnly(host) != readOnly(m):
		return "~", plain, "The host has it too, but there it is " + accessWord(host).text() + "."
	}
	return k.glyphs.Host, dim, "The host has the same mount at this place."
}

// mountedFrom is a mount's source, and which part of it.
func mountedFrom(m *proc.Mount) string {
	if m.Root == "/" {
		return m.Source
	}
	return m.Source + " " + m.Root
}

// accessCell is ro or rw, bright where the same mount of the host has the other.
func accessCell(m, host *proc.Mount) line {
	word, st := "rw", plain
	if readOnly(m) {
		word = "ro"
	}
	switch {
	case host != nil && readOnly(host) != readOnly(m):
		st = warn
	case readOnly(m):
		st = good
	}
	return words(st, word)
}

// mountSource is the source of one mount: its line.
func (k *kernelPane) mountSource(m *proc.Mount) inspect.Source {
	u := &k.subject
	src := u.snap.Source(u.proc, u.detail, fieldMounts)
	if k.rawLines == nil {
		k.rawLines = strings.Split(src.Raw.Value, "\n")
	}
	id := strconv.Itoa(m.ID) + " "
	at := slices.IndexFunc(k.rawLines, func(l string) bool { return strings.HasPrefix(l, id) })
	if src.Raw.OK() && at >= 0 {
		src.Raw.Value = k.rawLines[at]
	}
	return src
}
