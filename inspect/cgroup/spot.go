package cgroup

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/unix"

	"cutaway/inspect/reading"
)

// spot is a cgroup of one hierarchy, found in the file system.
type spot struct {
	cgroup string // its path, as the namespace names it
	at     place
	below  string // the way down from there
}

// Why a cgroup has no spot, or no files.
var (
	errNotHere = errors.New("no cgroup of its own in this hierarchy")
	errGone    = errors.New("the cgroup was removed")
	errOutside = errors.New("the cgroup lies outside of what is mounted here")
)

// spot finds a membership's cgroup in the hierarchy.
func (h *hierarchy) spot(m *Membership) (spot, error) {
	line := h.line(m)
	if line == nil {
		return spot{}, errNotHere
	}
	if line.Deleted {
		return spot{}, errGone
	}
	at, below, ok := h.locate(line.Path)
	if !ok {
		return spot{}, errOutside
	}
	return spot{cgroup: line.Path, at: at, below: below}, nil
}

func (s spot) dir() string { return filepath.Join(s.at.dir, s.below) }

// file is the absolute path of a file of the cgroup, or of one above it.
func (s spot) file(below, name string) string { return filepath.Join(s.at.dir, below, name) }

// visit is a spot with its folder open, and that of the place it was found from, from which its ancestors are reached.
type visit struct {
	spot
	top, own folder
}

// visit opens a membership's cgroup. The caller leaves it, also after an error.
func (h *hierarchy) visit(m *Membership) (visit, error) {
	v := visit{top: noFolder, own: noFolder}
	var err error
	if v.spot, err = h.spot(m); err != nil {
		return v, err
	}
	if v.top, err = openFolder(v.at); err != nil {
		return v, err
	}
	if v.below == "" {
		v.own = v.top
		return v, nil
	}
	if v.own, err = v.top.folder(v.below); errors.Is(err, unix.ENOENT) {
		err = errGone
	}
	return v, err
}

func (v *visit) leave() {
	if v.own != v.top {
		v.own.close()
	}
	v.top.close()
}

// howOf is reading.FromError for the files of a cgroup: one that is removed while its files are open gives ENODEV
// (fs/kernfs/file.c).
func howOf(err error) reading.How {
	switch {
	case errors.Is(err, errNotHere):
		return reading.How{State: reading.Absent}
	case errors.Is(err, errGone):
		return reading.How{State: reading.Gone, Errno: uint16(unix.ENOENT)}
	case errors.Is(err, unix.ENODEV):
		return reading.How{State: reading.Gone, Errno: uint16(unix.ENODEV)}
	case errors.Is(err, errOutside):
		return reading.How{State: reading.Failed, Errno: uint16(unix.EXDEV)}
	}
	return reading.FromError(err)
}
