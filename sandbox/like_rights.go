package sandbox

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/sandbox/landlock"
)

// user is who the process is, as its user namespace names it.
func (p *portrait) user() {
	s, st := &p.Spec, &p.them.Status
	own := s.Namespaces.User.IsNew()
	name := func(field string, maps []proc.IDMapping, id uint32) uint32 {
		if !own {
			return id
		}
		if in, ok := inside(maps, id); ok {
			return in
		}
		p.unknown(field, "nobody (%d): how its user namespace names %d of the host is not told", nobody, id)
		return nobody
	}
	s.User.UID = name("user.uid", p.them.UIDMap, st.UID[1])
	s.User.GID = name("user.gid", p.them.GIDMap, st.GID[1])
	lost := 0
	for _, g := range st.Groups {
		if own {
			in, ok := inside(p.them.GIDMap, g)
			if !ok {
				lost++
				continue
			}
			g = in
		}
		if g != s.User.GID {
			s.User.Groups = append(s.User.Groups, g)
		}
	}
	if lost > 0 {
		p.changed("user.groups", "without %d of its groups, which its user namespace does not map", lost)
	}
	if st.UID != [4]uint32{st.UID[1], st.UID[1], st.UID[1], st.UID[1]} || st.GID != [4]uint32{st.GID[1], st.GID[1], st.GID[1], st.GID[1]} {
		p.changed("user", "its effective ids for all: its real, effective, saved and file system ids differ (%v, %v on the host)", st.UID, st.GID)
	}
}

// nobody is the id that stands for all that are not mapped (/proc/sys/kernel/overflowuid).
const nobody = 65534

// capabilities are those that an exec leaves it: root the permitted ones, as far as they are in the bounding set, and anybody else
// the bounding set, from which programs with more rights take (capabilities(7)).
func (p *portrait) capabilities() {
	s, st := &p.Spec, &p.them.Status
	kept, bound := caps.Set(st.CapPrm), caps.Set(st.CapPrm)
	if st.CapBnd.State == reading.Known {
		bound = caps.Set(st.CapBnd.Value)
	} else {
		p.unknown("capabilities", "the permitted ones: this kernel does not tell the bounding set")
	}
	if s.User.UID != 0 {
		kept = bound
	}
	kept &= bound
	switch {
	case p.allCapabilities(kept):
		s.Capabilities = []string{"all"}
	case kept != 0:
		s.Capabilities = kept.Names()
	}
	ambient := caps.Set(st.CapAmb.Value)
	expected := kept
	if s.User.UID != 0 {
		expected = ambient
	}
	switch permitted := caps.Set(st.CapPrm); {
	case kept != bound:
		p.changed("capabilities", "the permitted ones: its bounding set has %d more, which a program that it executes could get", (bound &^ kept).Len())
	case permitted&^bound != 0:
		p.changed("capabilities", "without %s, which it has and could not get again: its bounding set is without them", setWords(permitted&^bound))
	case permitted != expected:
		p.changed("capabilities", "the bounding set: it has other permitted ones (%s) than a command that is executed as user %d", setWords(permitted), s.User.UID)
	}
	if st.CapEff != st.CapPrm {
		p.changed("capabilities", "all in effect: of its own only %s are", setWords(caps.Set(st.CapEff)))
	}
	if ambient != 0 {
		p.changed("capabilities", "without ambient ones, which a Spec has no word for: it has %s", setWords(ambient))
	}
}

// allCapabilities tells whether a set is all that there are, or all that we could give.
func (p *portrait) allCapabilities(set caps.Set) bool {
	every := caps.UpTo(lastCap())
	if p.Spec.Namespaces.User.IsNew() {
		return set&every == every
	}
	ours := p.us.Status.CapBnd
	return set&every == every || ours.State == reading.Known && set == caps.Set(ours.Value)
}

func setWords(s caps.Set) string {
	if s == 0 {
		return "none"
	}
	return few(s.Names())
}

// filters are no_new_privs, seccomp, and the security modules.
func (p *portrait) filters() {
	s, st := &p.Spec, &p.them.Status
	s.NoNewPrivs = st.NoNewPrivs.Value
	if st.NoNewPrivs.State != reading.Known {
		s.NoNewPrivs = true
		p.unknown("no_new_privs", "on: this kernel does not tell")
	}
	s.Seccomp = SeccompOff
	const strict, filter = 1, 2
	switch mode := st.Seccomp; {
	case mode.State != reading.Known:
		s.Seccomp = SeccompDocker
		p.unknown("seccomp", "Docker's default filter: this kernel does not tell whether it has one")
	case mode.Value == strict:
		s.Seccomp = SeccompStrict
		p.changed("seccomp", "the strict filter: it is in the kernel's strict mode, which allows read, write, exit and sigreturn alone (seccomp(2))")
	case mode.Value == filter:
		s.Seccomp = SeccompDocker
		p.unknown("seccomp", "Docker's default filter stands in: which calls its own refuses cannot be read without stopping it (PTRACE_SECCOMP_GET_FILTER)")
	}
	if _, err := landlock.ABI(); err == nil {
		p.unknown("landlock", "none: the kernel does not show whether Landlock restricts it to some paths")
	}
	p.label()
}

// label marks the label of a security module, for which a Spec has no field.
func (p *portrait) label() {
	theirs, err := labelOf(p.dir)
	if err != nil {
		p.unknown("label", "cutaway's own: %s", because(err))
		return
	}
	ours, _ := labelOf("/proc/self")
	if theirs.Raw == "" || theirs.Raw == ours.Raw || theirs.LSM == security.AppArmor && theirs.Profile == "unconfined" {
		return
	}
	p.changed("label", "cutaway's own: its own, %s, is not taken on (`cutaway enter` does)", clip(theirs.Raw))
}

// resources are the resource limits that are others than ours.
func (p *portrait) resources() {
	if err := p.them.Unread["limits"]; err != nil {
		p.unknown("rlimits", "cutaway's own: %s", because(err))
		return
	}
	names := map[int]string{}
	for name, number := range rlimits {
		names[number] = name
	}
	for number, theirs := range p.them.Limits { // in the order of their numbers (proc_pid_limits in fs/proc/base.c)
		if names[number] == "" || number < len(p.us.Limits) && p.us.Limits[number] == theirs {
			continue
		}
		p.Spec.Rlimits = append(p.Spec.Rlimits, Rlimit{names[number], rlimitValue(theirs.Soft), rlimitValue(theirs.Hard)})
	}
}

// rlimitValue is a limit as a Spec has it; what is more than that is no limit anywhere.
func rlimitValue(v proc.LimitValue) int64 {
	if v.Unlimited || v.N > 1<<63-1 {
		return -1
	}
	return int64(v.N)
}

// fitResources lowers limits to what this process may set.
func (p *portrait) fitResources() {
	if ownCapabilities().Has(capSysResource) && !p.Spec.Namespaces.OtherUser() {
		return
	}
	p.Spec.Rlimits = slices.DeleteFunc(p.Spec.Rlimits, func(r Rlimit) bool {
		var ours unix.Rlimit
		number, _ := rlimitNumber(r.Name)
		if unix.Getrlimit(number, &ours) != nil || uint64(r.Hard) <= ours.Max {
			return false
		}
		p.changed("rlimits", "cutaway's own for %s: its own, %s, is above it, and raising it takes CAP_SYS_RESOURCE", r.Name, rlimitWords(r))
		return true
	})
}

func rlimitWords(r Rlimit) string {
	word := func(n int64) string {
		if n < 0 {
			return "unlimited"
		}
		return fmt.Sprint(n)
	}
	return word(r.Soft) + ":" + word(r.Hard)
}

const capSysResource caps.Cap = 24
