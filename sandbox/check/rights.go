package check

import (
	"fmt"
	"maps"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
)

// needVeth looks whether the host's end of a pair of interfaces can be made.
func (m *Machine) needVeth(need *Need) []Finding {
	if !need.Veth || m.Can(capNetAdmin) {
		return nil
	}
	return []Finding{{
		"veth", Refused, "interfaces to the host take CAP_NET_ADMIN over its network namespace", "",
		"run cutaway as root, or choose a network of its own with lo alone",
	}}
}

// needFilters looks for Landlock and seccomp in the kernel.
func (m *Machine) needFilters(need *Need) (found []Finding) {
	if need.Landlock && m.Landlock.ABI == 0 {
		f := Finding{Name: "Landlock", Health: Refused, Value: "this kernel has none", Advice: "boot a kernel of Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK, or leave it out"}
		switch m.Landlock.Errno {
		case syscall.EOPNOTSUPP:
			f.Value = "turned off at boot"
			f.Advice = "boot with landlock in lsm= (cat /sys/kernel/security/lsm shows the present list), or leave it out"
		case syscall.ENOSYS:
		default:
			f.Value = fmt.Sprintf("landlock_create_ruleset gives %v", m.Landlock.Errno)
			f.Advice = "start cutaway outside of the seccomp filter that refuses it, or leave it out"
		}
		found = append(found, f)
	}
	if need.Seccomp && !m.Self.Seccomp.OK() {
		found = append(found, Finding{
			Name: "seccomp", Health: Refused, Value: "this kernel has no filters: /proc/self/status has no line Seccomp",
			Advice: "boot a kernel with CONFIG_SECCOMP_FILTER, or turn the filter off",
		})
	}
	return found
}

// needRights looks at what the command is to keep, and at what it inherits from cutaway.
func (m *Machine) needRights(need *Need) (found []Finding) {
	if lacking := need.Caps &^ caps.Set(m.Self.CapPrm); !need.user() && lacking != 0 {
		found = append(found, Finding{
			Name: "capabilities", Health: Refused,
			Value:  "cutaway itself lacks " + words(lacking.Names()),
			Reason: "without a user namespace the command cannot keep them: capset(2) gives EPERM",
			Advice: "leave them out, or make a user namespace",
		})
	}
	if need.DropCaps && !need.user() && !need.NoNewPrivs && m.mayGain(need.Caps) {
		found = append(found, Finding{
			Name: "capabilities", Health: Refused,
			Value:  "cutaway itself lacks CAP_SETPCAP, and cannot take any from the bounding set",
			Reason: "what is executed inside could gain them again, by a set-user-ID bit or as root (capabilities(7))",
			Advice: "add --no-new-privs, or make a user namespace",
		})
	}
	if !need.NoNewPrivs && m.NoNewPrivs() {
		found = append(found, Finding{
			Name: "no_new_privs", Health: Limited,
			Value:  "set for cutaway itself, and inherited by all that it starts",
			Reason: "set-user-ID programs give nothing inside",
		})
	}
	for _, resource := range slices.Sorted(maps.Keys(need.Rlimits)) {
		own, known := m.Rlimits[resource]
		if !known || need.Rlimits[resource] <= own.Max || !need.user() && m.Initial() && m.Can(capResource) {
			continue
		}
		name, file := rlimitName(resource)
		found = append(found, Finding{
			Name: "resource limit " + name, Health: Refused,
			Value:  fmt.Sprintf("cutaway's own hard limit is %d", own.Max),
			Reason: "raising it takes CAP_SYS_RESOURCE over the host's user namespace: prlimit(2) gives EPERM",
			Advice: fmt.Sprintf("ask for less, or raise cutaway's own (%s)", file),
		})
	}
	return found
}

// mayGain tells whether what we start could gain more than kept by an execve(2): the bounding set allows it, and stays.
func (m *Machine) mayGain(kept caps.Set) bool {
	if m.NoNewPrivs() || m.Can(capSetPCap) {
		return false
	}
	return !m.Self.CapBnd.OK() || caps.Set(m.Self.CapBnd.Value)&^kept != 0
}

// rlimitName is a limit's name as prlimit(1) has it, and where a user's limit is set.
func rlimitName(resource int) (name, where string) {
	where = "ulimit -H as root, /etc/security/limits.conf, LimitNNN= of a service"
	names := map[int]string{
		unix.RLIMIT_AS: "as", unix.RLIMIT_CORE: "core", unix.RLIMIT_CPU: "cpu", unix.RLIMIT_DATA: "data", unix.RLIMIT_FSIZE: "fsize",
		unix.RLIMIT_LOCKS: "locks", unix.RLIMIT_MEMLOCK: "memlock", unix.RLIMIT_MSGQUEUE: "msgqueue", unix.RLIMIT_NICE: "nice",
		unix.RLIMIT_NOFILE: "nofile", unix.RLIMIT_NPROC: "nproc", unix.RLIMIT_RSS: "rss", unix.RLIMIT_RTPRIO: "rtprio",
		unix.RLIMIT_RTTIME: "rttime", unix.RLIMIT_SIGPENDING: "sigpending", unix.RLIMIT_STACK: "stack",
	}
	if name, ok := names[resource]; ok {
		return name, where
	}
	return fmt.Sprintf("%d", resource), where
}
