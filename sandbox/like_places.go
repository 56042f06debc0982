package sandbox

import (
	"path"
	"slices"
	"strings"

	"cutaway/inspect/proc"
)

// places finds where on the host something of a file system is mounted.
type places struct {
	byDevice map[[2]uint32][]*proc.Mount
	known    map[mountKey]bool
	roots    []*proc.Mount // at /
}

// mountKey tells whether two mounts of two namespaces show the same in the same place.
type mountKey struct {
	point, root, fs string
	major, minor    uint32
}

func keyOf(m *proc.Mount) mountKey {
	return mountKey{m.MountPoint, m.Root, m.FSType, m.Major, m.Minor}
}

func placesOf(mounts []proc.Mount) *places {
	p := &places{byDevice: map[[2]uint32][]*proc.Mount{}, known: map[mountKey]bool{}}
	for i := range mounts {
		m := &mounts[i]
		device := [2]uint32{m.Major, m.Minor}
		p.byDevice[device] = append(p.byDevice[device], m)
		p.known[keyOf(m)] = true
		if m.MountPoint == "/" {
			p.roots = append(p.roots, m)
		}
	}
	return p
}

// has tells whether the host has that mount too: a new mount namespace begins with copies of all.
func (p *places) has(m *proc.Mount) bool { return p.known[keyOf(m)] }

// readOnlyRoot tells whether the host's own root is read-only.
func (p *places) readOnlyRoot() bool { return len(p.roots) > 0 && isReadOnly(p.roots[len(p.roots)-1]) }

// mostPlaces is how many places of a file system are tried: most have one.
const mostPlaces = 8

// find lists paths of the host at which the top of a mount may be, the nearest first. Another mount may cover them.
func (p *places) find(m *proc.Mount) (list []string) {
	mounts := slices.Clone(p.byDevice[[2]uint32{m.Major, m.Minor}])
	slices.SortStableFunc(mounts, func(a, b *proc.Mount) int { return len(b.Root) - len(a.Root) })
	for _, at := range mounts {
		rest, ok := under(m.Root, at.Root)
		if !ok {
			continue
		}
		if place := path.Join(at.MountPoint, rest); absolute(place) {
			list = append(list, place)
		}
		if len(list) == mostPlaces {
			break
		}
	}
	return list
}

// under is a path's rest below a directory; ok is false when it is not below it.
func under(name, dir string) (rest string, ok bool) {
	if dir == "/" {
		return name, strings.HasPrefix(name, "/")
	}
	rest, ok = strings.CutPrefix(name, dir)
	return rest, ok && (rest == "" || rest[0] == '/')
}
