package cgroups

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
)

// makeV2 makes the group's directory in the v2 hierarchy: below the caller's own cgroup when it needs no controllers of
// v2's, else below the nearest one that can hand them out. Beside v1 hierarchies it is made only for what v1 has not.
func (g *Group) makeV2(needed []string) error {
	own, ok := g.machine.Hierarchies.Place(g.machine.Own, "")
	if !ok {
		return nil
	}
	needed, wanted := g.machine.onV2(own, needed)
	alone := len(g.machine.Own.Lines) == 1
	if !alone && len(needed) == 0 && g.freezer() != nil {
		return nil // v1 does it all
	}
	parent, err := chooseParent(own, needed, wanted)
	if err != nil {
		return err
	}
	f, err := g.makeIn(parent, g.Name)
	if err != nil {
		return err
	}
	if len(needed) > 0 {
		if err := g.keepOn(parent, needed); err != nil {
			return err
		}
	}
	if !alone {
		if err := g.openTasks(f, "cgroup.procs"); err != nil {
			return err
		}
	}
	return nil
}

// onV2 picks the controllers that v2 has and no v1 hierarchy: of those needed, and with those that show use.
func (m *Machine) onV2(own cgroup.Place, controllers []string) (needed, wanted []string) {
	is := func(c string) bool {
		place, ok := m.Hierarchies.Place(m.Own, c)
		return own.V2 && slices.Contains(own.Controllers, c) && (!ok || place.V2)
	}
	for _, c := range controllers {
		if is(c) {
			needed = append(needed, c)
		}
	}
	wanted = slices.Clone(needed)
	for _, c := range usage {
		if is(c) && !slices.Contains(wanted, c) {
			wanted = append(wanted, c)
		}
	}
	return needed, wanted
}

// Parent tells below which cgroup of v2 a group that needs some controllers would be made, and which of them must be turned on
// there first (cgroup.subtree_control). Nothing is changed. Where none can be made it is the caller's own, and an error.
func (m *Machine) Parent(controllers []string) (parent cgroup.Place, off []string, err error) {
	own, ok := m.Hierarchies.Place(m.Own, "")
	if !ok {
		return cgroup.Place{}, nil, &Error{What: "make a cgroup", Advice: "no v2 hierarchy can be seen here"}
	}
	needed, _ := m.onV2(own, controllers)
	if len(needed) == 0 {
		return own, nil, nil
	}
	var refusals []error
	for at := own; ; at = above(at) {
		off, err := missing(at, needed)
		if err == nil {
			return at, off, nil
		}
		refusals = append(refusals, err)
		if at.Dir == at.Mount {
			return own, nil, noParent(own, needed, refusals)
		}
	}
}

// chooseParent finds where on v2 a cgroup with controllers can be made: the caller's own cgroup or the nearest above it
// that hands them out to its children, or can be made to. What only shows use (wanted, but not needed) is no reason to
// leave the caller's own cgroup, whose limits are left with it.
func chooseParent(own cgroup.Place, needed, wanted []string) (cgroup.Place, error) {
	if canHandOut(own, wanted) == nil || len(needed) == 0 {
		return own, nil
	}
	var refusals []error
	for _, want := range [][]string{wanted, needed} {
		refusals = nil
		for at := own; ; at = above(at) {
			err := canHandOut(at, want)
			if err == nil {
				return at, nil
			}
			refusals = append(refusals, err)
			if at.Dir == at.Mount {
				break
			}
		}
	}
	return cgroup.Place{}, noParent(own, needed, refusals)
}

func above(p cgroup.Place) cgroup.Place {
	p.Dir, p.Path = filepath.Dir(p.Dir), path.Dir(p.Path)
	return p
}

// noParent says why no cgroup can be made, by the refusal that a person can do most about: of a right, else the last, at the top.
func noParent(own cgroup.Place, needed []string, refusals []error) error {
	why := refusals[len(refusals)-1]
	for _, refusal := range refusals {
		if errors.Is(refusal, unix.EACCES) || errors.Is(refusal, unix.EPERM) || errors.Is(refusal, unix.EROFS) {
			why = refusal
			break
		}
	}
	err := &Error{
		What: "make a cgroup with the controllers " + strings.Join(needed, ", ") + " below " + own.Path + " or above it",
		Err:  why, Advice: delegation,
	}
	if errors.Is(why, unix.EROFS) {
		err.Advice = "the cgroup file system is mounted read-only here, as engines do inside of containers"
	}
	return err
}

// canHandOut makes a cgroup hand out controllers to its children, or says why it cannot. Nothing is turned on for a caller who
// could not use it.
func canHandOut(p cgroup.Place, controllers []string) error {
	off, err := missing(p, controllers)
	if err != nil || len(off) == 0 {
		return err
	}
	f, err := openFolder(p)
	if err != nil {
		return err
	}
	defer f.close()
	text := "+" + strings.Join(off, " +")
	if err := f.write("cgroup.subtree_control", text); err != nil {
		return &Error{What: "write " + text, Path: f.file("cgroup.subtree_control"), Err: err}
	}
	return nil
}

// missing are the controllers that must be turned on in a cgroup before it hands them out (cgroup.subtree_control). It is an
// error when they cannot be: the kernel refuses it for a cgroup with processes that is not the root (EBUSY).
func missing(p cgroup.Place, controllers []string) (off []string, err error) {
	f, err := openFolder(p)
	if err != nil {
		return nil, err
	}
	defer f.close()
	available, on := f.words("cgroup.controllers"), f.words("cgroup.subtree_control")
	for _, c := range controllers {
		if !slices.Contains(available, c) {
			return nil, &Error{What: "the " + c + " controller does not reach", Path: p.Dir}
		}
		if !slices.Contains(on, c) {
			off = append(off, c)
		}
	}
	// To put a process into a child, its old and its new cgroup's common ancestor must be writable too (cgroups(7), Delegation).
	for _, name := range []string{".", "cgroup.procs"} {
		if err := unix.Faccessat(int(f.dir.Fd()), name, unix.W_OK, unix.AT_EACCESS); err != nil {
			return nil, &Error{What: "not writable", Path: f.file(name), Err: err}
		}
	}
	if root := p.Top && p.Dir == p.Mount; !root && len(off) > 0 {
		if text, err := f.read("cgroup.procs"); err != nil || text != "" {
			return nil, &Error{What: "holds processes", Path: p.Dir, Err: unix.EBUSY}
		}
	}
	return off, nil
}
