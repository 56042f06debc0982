package seccomp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"cutaway/inspect/caps"
)

// The profiles' names.
const (
	Docker = "docker" // what Docker's default profile lets through
	Strict = "strict" // less: no new namespaces, mounts or tracing, and sockets of three families only
	Off    = "off"    // no filter
)

// call is a system call and its numbers, by architecture; none where the architecture does not have it.
type call struct {
	name         string
	amd64, arm64 int16
}

const none = -1

// arch is an architecture that there are numbers for.
type arch struct {
	audit  uint32 // AUDIT_ARCH_* of include/uapi/linux/audit.h, which a filter sees
	oci    string // the name in OCI configurations
	number func(*call) int16
}

var arches = map[string]arch{
	"amd64": {0xc000003e, "SCMP_ARCH_X86_64", func(c *call) int16 { return c.amd64 }},
	"arm64": {0xc00000b7, "SCMP_ARCH_AARCH64", func(c *call) int16 { return c.arm64 }},
}

// rule is what a profile, with certain capabilities kept, does with one call.
type rule struct {
	call   *call
	number uint32
	group  *group
	access access        // as the profile has it, before capabilities
	errno  syscall.Errno // 0 lets the call through if the check does
	check  *check        // nil when there is none, or when it is turned off
}

// filter is a profile for one architecture, with certain capabilities kept.
type filter struct {
	arch  arch
	rules []rule // by number
}

// newFilter decides about each call of an architecture (as runtime.GOARCH names it). It is nil for Off.
func newFilter(profile, goarch string, keep caps.Set) (*filter, error) {
	var checks []check
	var of func(*group) access
	switch profile {
	case Docker:
		checks, of = dockerChecks, func(g *group) access { return g.docker }
	case Strict:
		checks, of = strictChecks, func(g *group) access { return g.strict }
	case Off:
		return nil, nil
	default:
		return nil, fmt.Errorf("%q is not a seccomp profile: say %s, %s or %s", profile, Docker, Strict, Off)
	}
	a, ok := arches[goarch]
	if !ok {
		return nil, fmt.Errorf("there are no seccomp profiles for %s, only for amd64 and arm64: run with the profile %s", goarch, Off)
	}
	groupOf := make(map[string]*group, len(table))
	for i := range groups {
		for name := range strings.FieldsSeq(groups[i].calls) {
			groupOf[name] = &groups[i]
		}
	}
	f := &filter{arch: a, rules: make([]rule, 0, len(table))}
	for i := range table {
		c := &table[i]
		number, g := a.number(c), groupOf[c.name]
		if number == none || g == nil { // what nobody has decided about is refused as an unknown number is
			continue
		}
		r := rule{call: c, number: uint32(number), group: g, access: of(g)}
		if keep&r.access.with == 0 {
			r.errno = r.access.errno
		}
		for i := range checks {
			if r.errno == 0 && checks[i].call == c.name && keep&checks[i].with == 0 {
				r.check = &checks[i]
			}
		}
		f.rules = append(f.rules, r)
	}
	slices.SortFunc(f.rules, func(a, b rule) int { return cmp.Compare(a.number, b.number) })
	return f, nil
}
