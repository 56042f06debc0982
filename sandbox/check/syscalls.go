package check

import (
	"fmt"
	"slices"
	"syscall"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/security"
)

// calls lists the system calls that a launch makes and that may be missing.
func (m *Machine) calls(need *Need) (names []string) {
	add := func(wanted bool, list ...string) {
		if wanted {
			names = append(names, list...)
		}
	}
	add(need.New != [proc.NSKinds]bool{}, "clone")
	add(need.New[proc.Cgroup] || need.New[proc.Time], "unshare")
	add(need.Joined != [proc.NSKinds]bool{}, "setns", "pidfd_open")
	add(need.New[proc.Mnt], "mount", "open_tree", "move_mount", "mount_setattr", "openat2")
	add(need.New[proc.Mnt] && (need.Proc || need.Sys || need.Overlay), "fsopen")
	add(need.Pivot, "pivot_root")
	add(need.Chroot, "chroot")
	add(need.Seccomp, "seccomp")
	add((need.Cgroup || len(need.Controllers) > 0) && m.hierarchies().Mode() == cgroup.V2, "clone3") // CLONE_INTO_CGROUP
	return names
}

// needCalls looks for system calls that this kernel does not have, or that a seccomp filter around cutaway refuses.
func (m *Machine) needCalls(need *Need) (found []Finding) {
	var lacking, refused []string
	needed := m.calls(need)
	for _, name := range needed {
		switch c := m.missing(name); {
		case c == nil:
		case c.Errno == syscall.ENOSYS && c.Since != "" && !m.Filtered():
			lacking = append(lacking, name+" (Linux "+c.Since+")")
		default:
			refused = append(refused, name)
		}
	}
	if len(lacking) > 0 {
		found = append(found, Finding{
			Name: "system calls", Health: Refused,
			Value:  fmt.Sprintf("this kernel (%s) has no %s", m.Kernel, words(lacking)),
			Advice: "cutaway mounts with the calls of Linux 5.12: boot a newer kernel",
		})
	}
	if slices.Contains(needed, m.Calls.Deadly) {
		found = append(found, m.filtered("the seccomp filter that cutaway runs under ends who calls "+m.Calls.Deadly))
	} else if len(refused) > 0 {
		found = append(found, m.filtered("the seccomp filter that cutaway runs under refuses "+words(refused)))
	}
	return found
}

// filtered words a finding about the filter around us.
func (m *Machine) filtered(value string) Finding {
	f := Finding{Name: "seccomp", Health: Refused, Value: value, Reason: "Seccomp is 2 in /proc/self/status: a filter cannot be taken off"}
	switch m.Engine {
	case "Docker":
		f.Advice = "start the container with docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined, or cutaway on the host"
	case "Podman":
		f.Advice = "start the container with podman run --security-opt seccomp=unconfined --security-opt unmask=ALL, or cutaway on the host"
	default:
		f.Advice = "start cutaway outside of it: on the host, or in a container with --security-opt seccomp=unconfined, in a service without SystemCallFilter= and RestrictNamespaces="
	}
	return f
}

// needConfinement says when a security module confines cutaway itself: it may refuse any step, and only trying tells.
func (m *Machine) needConfinement(need *Need) []Finding {
	if !need.New[proc.Mnt] && !need.New[proc.User] {
		return nil
	}
	f := Finding{Name: "confinement", Health: Limited, Reason: "it may refuse mounts and user namespaces, with EACCES"}
	switch l := m.Label; {
	case l.LSM == security.AppArmor && (l.Mode == "enforce" || l.Mode == "kill"):
		f.Value = fmt.Sprintf("AppArmor's profile %s confines cutaway (%s)", l.Profile, l.Mode)
		f.Advice = "start the container with --security-opt apparmor=unconfined, or cutaway outside of the profile"
	case l.LSM == security.SELinux && m.Enforcing.OK() && m.Enforcing.Value && l.Type() == "container_t":
		f.Value = "SELinux confines cutaway as " + l.Type()
		f.Advice = "start the container with --security-opt label=disable, or cutaway on the host"
	default:
		return nil
	}
	return []Finding{f}
}
