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

func (s spot) open() (folder, error) {
	f, err := openFolder(s.at.dir, s.below)
	if errors.Is(err, unix.ENOENT) {
		err = errGone
	}
	return f, err
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
