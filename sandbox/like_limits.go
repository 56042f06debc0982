package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"cutaway/inspect/cgroup"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/limit"
)

// limits are those of the process's cgroups, as far as they are others than ours and those above ours, which hold for a
// sandbox by themselves.
func (p *portrait) limits() {
	if err := p.them.Unread["cgroup"]; err != nil {
		p.unknown("limits", "none: %s", because(err))
		return
	}
	machine, err := p.cgroups()
	if err != nil {
		p.unknown("limits", "none: %v", err)
		return
	}
	theirs := &cgroup.Membership{Lines: p.them.Cgroups}
	group, err := machine.Open(theirs)
	if errors.Is(err, cgroups.ErrShared) {
		return
	}
	if err != nil {
		p.unknown("limits", "none: %v", err)
		return
	}
	defer group.Close()
	above := func(dir string) bool { // tells whether we are in or below it
		for _, own := range machine.Hierarchies.Places(machine.Own) {
			if own.Dir == dir || strings.HasPrefix(own.Dir, dir+"/") {
				return true
			}
		}
		return false
	}
	for _, dir := range group.Paths() {
		p.Spec.Cgroup = p.Spec.Cgroup || !above(dir)
	}
	var present []cgroups.Setting
	for _, s := range group.Present() {
		if !above(s.Dir) {
			present = append(present, s)
		}
	}
	set := cgroups.LimitsOf(present)
	if set.CPUSet == ownList(machine, "cpuset.cpus") {
		set.CPUSet = ""
	}
	if set.MemSet == ownList(machine, "cpuset.mems") {
		set.MemSet = ""
	}
	p.Spec.Limits = set
}

func (p *portrait) cgroups() (*cgroups.Machine, error) {
	if p.machine != nil {
		return cgroups.MachineOf(p.machine.Hierarchies())
	}
	return cgroups.ThisMachine()
}

// ownList is what processors or memory nodes a sandbox has without a limit: ours.
func ownList(m *cgroups.Machine, file string) string {
	place, ok := m.Hierarchies.Place(m.Own, "cpuset")
	if !ok {
		return ""
	}
	if place.V2 {
		file += ".effective"
	}
	b, err := os.ReadFile(filepath.Join(place.Dir, file))
	if err != nil {
		return ""
	}
	list, _ := limit.ParseList(strings.TrimSpace(string(b)))
	return list
}
