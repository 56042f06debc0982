package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// together changes what of the process's a Spec cannot have at once, each for a reason that it knows.
func (p *portrait) together() {
	s := &p.Spec
	n := &s.Namespaces
	if s.Proc != ProcKeep && !n.PID.IsNew() {
		p.keepKernel("proc", "/proc", "its processes are the host's", func() { s.Proc = ProcKeep })
	}
	if s.Sys == SysNew && !n.Net.IsNew() {
		p.keepKernel("sys", "/sys", "its network is the host's", func() { s.Sys = SysKeep })
	}
	s.Mounts = slices.DeleteFunc(s.Mounts, func(m Mount) bool {
		drop := n.User.IsNew() && (m.Kind == MQueue && !n.IPC.IsNew() || m.Kind == CgroupFS && !n.Cgroup.IsNew())
		if drop {
			p.changed("mounts", "without %s: a new user namespace may not mount what shows the host's", plainName(m.Target))
		}
		if m.Kind == CgroupFS && s.Sys == SysEmpty && isBelow(m.Target, "/sys") {
			p.changed("mounts", "without %s: an empty /sys has no place for it", plainName(m.Target))
			return true
		}
		return drop
	})
	if l := &s.Limits; l.Memory != nil && *l.Memory > 0 && *l.Memory < leastMemory {
		p.changed("limits.memory", "none: nothing starts with its own %s", l.Memory.About())
		l.Memory, l.Swap = nil, nil
	}
}

// keepKernel takes the host's own /proc or /sys for a new one that shows the host's. A root of the process's own has it bound.
func (p *portrait) keepKernel(field, dir, why string, keep func()) {
	keep()
	s := &p.Spec
	if s.Root.Kind == RootDir {
		s.Mounts = append([]Mount{{Kind: BindRO, Source: dir, Target: dir}}, s.Mounts...)
		p.changed(field, "the host's own, read-only: a new one is for what is new, and %s", why)
		return
	}
	p.changed(field, "the host's own: a new one is for what is new, and %s", why)
}

// repair makes the Spec valid: what a process can have and Validate refuses is left out, with its words.
func (p *portrait) repair() error {
	p.together()
	const rounds = 5
	var err error
	for range rounds {
		if err = p.Spec.Validate(); err == nil {
			return nil
		}
		wrong := fieldErrors(err)
		slices.Reverse(wrong) // mounts go from the last
		for _, e := range wrong {
			if p.reset(e.Field) {
				p.changed(e.Field, "left out: %s", e.Msg)
			}
		}
	}
	return fmt.Errorf("a Spec cannot say it: %w", err)
}

// fieldErrors are the FieldErrors that Validate has put together.
func fieldErrors(err error) (list []*FieldError) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			list = append(list, fieldErrors(e)...)
		}
		return list
	}
	if one := (*FieldError)(nil); errors.As(err, &one) {
		list = append(list, one)
	}
	return list
}

// reset takes a field back to what says nothing; false when something of it is gone already.
func (p *portrait) reset(field string) bool {
	s := &p.Spec
	name, _, _ := strings.Cut(field, ".")
	if at, ok := strings.CutPrefix(name, "mounts["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(at, "]"))
		if err != nil || i >= len(s.Mounts) {
			return false
		}
		s.Mounts = slices.Delete(s.Mounts, i, i+1)
		return true
	}
	switch name {
	case "command":
		s.Command = []string{"/bin/sh"}
	case "dir":
		s.Dir = "/"
	case "env":
		s.Env = Default().Env
	case "user":
		s.User = User{}
	case "hostname":
		s.Hostname = ""
	case "time":
		s.Time = TimeOffsets{}
	case "uid_map", "gid_map":
		s.UIDMap, s.GIDMap = nil, nil
	case "mounts":
		s.Mounts = nil
	case "root":
		s.Root = Root{Kind: RootKeep, Switch: PivotRoot}
	case "proc":
		s.Proc = ProcKeep
	case "sys":
		s.Sys = SysKeep
	case "dev":
		s.Dev = DevKeep
	case "capabilities":
		s.Capabilities = nil
	case "rlimits":
		s.Rlimits = nil
	case "limits":
		s.Limits = Spec{}.Limits
	}
	return true
}

// fitMachine fits the Spec to what the machine allows to whoever asks.
func (p *portrait) fitMachine() {
	m := p.machine
	if m == nil {
		return
	}
	s := &p.Spec
	p.fitResources()
	p.Marks = append(p.Marks, s.fit(m.Root(), m.Refusals)...)
	if s.Namespaces.User.IsNew() {
		p.fitMaps()
		return
	}
	if m.Can(capSetUID) {
		return
	}
	if s.User.UID != m.UID() || s.User.GID != m.GID() {
		p.changed("user", "you, %d:%d: to become its user, %d:%d, takes root", m.UID(), m.GID(), s.User.UID, s.User.GID)
		s.User = User{UID: m.UID(), GID: m.GID()}
	}
	if len(s.User.Groups) > 0 {
		if !slices.Equal(s.User.Groups, m.Self.Groups) {
			p.changed("user.groups", "yours: to take on its groups takes root")
		}
		s.User.Groups = nil
	}
}

// fitMaps lets cutaway choose the maps where this user cannot write the process's.
func (p *portrait) fitMaps() {
	s := &p.Spec
	if len(s.UIDMap) == 0 && len(s.GIDMap) == 0 {
		return
	}
	without := *s
	without.UIDMap, without.GIDMap = nil, nil
	if refused(p.machine.Refusals, &without) < refused(p.machine.Refusals, s) {
		*s = without
		p.changed("uid_map", "cutaway chooses the maps of ids: you may not write its own here")
	}
}
