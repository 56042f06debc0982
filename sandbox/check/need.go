package check

import (
	"slices"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
)

// Need is what a launch asks of the machine. The zero Need asks for nothing: a process as any other.
type Need struct {
	New    [proc.NSKinds]bool // namespaces that are made
	Joined [proc.NSKinds]bool // namespaces that are entered

	UIDs, GIDs []proc.IDMapping // the maps of a new user namespace; not looked at when empty
	Groups     bool             // supplementary groups are set inside

	Pivot   bool // pivot_root(2) into a new root
	Chroot  bool // chroot(2) into one
	Overlay bool // an overlay is mounted
	Proc    bool // a new proc is mounted
	Sys     bool // a new sysfs is mounted, read-only
	MQueue  bool // a new mqueue is mounted
	Cgroups bool // the cgroup hierarchies are mounted

	Cgroup      bool     // a cgroup of its own
	Controllers []string // that must limit it: "memory", "pids", "cpu", "io", "cpuset"

	Veth       bool // interfaces between the host and the sandbox
	Landlock   bool
	Seccomp    bool
	NoNewPrivs bool
	Caps       caps.Set       // that the command keeps
	DropCaps   bool           // it gives up all others for good
	Rlimits    map[int]uint64 // hard limits by RLIMIT_*
}

// user tells whether the sandbox has a user namespace of its own or another's, with all capabilities over it.
func (n *Need) user() bool { return n.New[proc.User] || n.Joined[proc.User] }

// without lists the kinds of a set, one of them left out.
func without(set [proc.NSKinds]bool, left proc.NSKind) (names []string) {
	for kind := range proc.NSKind(proc.NSKinds) {
		if set[kind] && kind != left {
			names = append(names, kind.String())
		}
	}
	return names
}

// Refusals says what of a launch this machine refuses (Refused), and what works with less or may fail (Limited), with the
// setting that would change it. There are none when all should work.
func (m *Machine) Refusals(need Need) []Finding {
	var found []Finding
	for _, rule := range []func(*Machine, *Need) []Finding{
		(*Machine).needKinds, (*Machine).needUser, (*Machine).needAdmin, (*Machine).needCalls, (*Machine).needConfinement,
		(*Machine).needMaps, (*Machine).needGroups,
		(*Machine).needRoot, (*Machine).needProc, (*Machine).needSys, (*Machine).needOwnMounts, (*Machine).needOverlay,
		(*Machine).needCgroup, (*Machine).needVeth, (*Machine).needFilters, (*Machine).needRights,
	} {
		found = append(found, rule(m, &need)...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return int(b.Health) - int(a.Health) })
	return found
}
