package cgroup

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Place is where a membership stands in one hierarchy, as directories.
type Place struct {
	Dir         string   // the cgroup's directory, absolute
	Mount       string   // Dir, or the directory above it at which the hierarchy, or the part of it seen here, is mounted
	Path        string   // the cgroup as this cgroup namespace names it
	Controllers []string // of the hierarchy: v1's as mounted, "name=…" among them; v2's as its root has them
	V2          bool
	Top         bool // Mount is the hierarchy's real root, which has no limits
	Kernel      bool // the kernel's cgroup file system is there, and not a copy of one on a disk
}

// Place finds a membership's cgroup for a controller, named as for Dir. It is not ok for the reasons that Dir has.
func (h *Hierarchies) Place(m *Membership, controller string) (Place, bool) {
	t := h.find(controller)
	if t == nil {
		return Place{}, false
	}
	return t.place(m)
}

// Places lists a membership's cgroups in all hierarchies in which it can be seen, v2 last.
func (h *Hierarchies) Places(m *Membership) []Place {
	var places []Place
	for _, t := range h.list {
		if p, ok := t.place(m); ok {
			places = append(places, p)
		}
	}
	return places
}

func (h *hierarchy) place(m *Membership) (Place, bool) {
	s, err := h.spot(m)
	if err != nil {
		return Place{}, false
	}
	return Place{
		Dir: s.dir(), Mount: s.at.dir, Path: s.cgroup, Controllers: h.controllers,
		V2: h.v2, Top: s.at.top, Kernel: s.at.kernel,
	}, true
}

// Open opens the cgroup's directory for reading, as nothing but a directory of this hierarchy: through no symbolic link
// and no mount below Mount. The caller closes the descriptor, which stays with this cgroup when another takes its name.
func (p Place) Open() (fd int, err error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	if p.Dir == p.Mount {
		return retry(func() (int, error) { return unix.Open(p.Mount, flags, 0) })
	}
	below, err := filepath.Rel(p.Mount, p.Dir)
	if err != nil {
		return -1, err
	}
	top, err := openFolder(place{dir: p.Mount, kernel: p.Kernel})
	if err != nil {
		return -1, err
	}
	defer top.close()
	return top.openBelow(below, flags)
}
