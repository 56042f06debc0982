package cgroups

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
)

// Machine is the hierarchies that are mounted here, and where the caller stands in them.
type Machine struct {
	Hierarchies *cgroup.Hierarchies
	Own         *cgroup.Membership
}

// ThisMachine looks at the calling process's mounts and cgroups.
func ThisMachine() (*Machine, error) {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, &Error{What: "look for cgroups", Path: "/proc/self/mountinfo", Err: errnoOf(err)}
	}
	h, err := cgroup.Discover(mountinfo, "")
	if err != nil {
		return nil, fmt.Errorf("look for cgroups: %w", err)
	}
	return MachineOf(h)
}

// MachineOf looks at the calling process's cgroups alone, where the hierarchies are known.
func MachineOf(h *cgroup.Hierarchies) (*Machine, error) {
	own, err := MembershipOf(os.Getpid())
	if err != nil {
		return nil, err
	}
	return &Machine{Hierarchies: h, Own: own}, nil
}

// OpenDir opens one directory of a cgroup by its path, which may come from the journal: nothing is opened that is not in
// a cgroup file system that is mounted here.
func (m *Machine) OpenDir(dir string) (*Group, error) {
	for _, place := range m.Hierarchies.Places(m.Own) {
		below, err := filepath.Rel(place.Mount, dir)
		if err != nil || !filepath.IsLocal(below) || dir != filepath.Clean(dir) {
			continue
		}
		at := place
		for at.Dir != at.Mount {
			at = above(at)
		}
		f, err := openFolder(child(at, below))
		if err != nil {
			return nil, err
		}
		return &Group{Name: f.Path, machine: m, folders: []*folder{f}}, nil
	}
	return nil, &Error{What: "open the cgroup", Path: dir, Advice: "no cgroup file system is mounted there"}
}

// MembershipOf reads the cgroups of a process.
func MembershipOf(pid int) (*cgroup.Membership, error) {
	file := filepath.Join("/proc", strconv.Itoa(pid), "cgroup")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &Error{What: "read the cgroups of process " + strconv.Itoa(pid), Path: file, Err: errnoOf(err)}
	}
	lines, err := proc.ParseCgroup(text)
	if err != nil {
		return nil, &Error{What: "read the cgroups of process " + strconv.Itoa(pid), Path: file, Err: err}
	}
	return &cgroup.Membership{Lines: lines}, nil
}
