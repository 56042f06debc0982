package check

import (
	"fmt"
	"slices"
	"strings"

	"cutaway/inspect/proc"
	"cutaway/inspect/security"
)

// needKinds looks for kinds of namespaces that the kernel does not have, or of which none may be made.
func (m *Machine) needKinds(need *Need) (found []Finding) {
	for kind := range proc.NSKind(proc.NSKinds) {
		if !need.New[kind] && !need.Joined[kind] {
			continue
		}
		name := kind.String() + " namespaces"
		if !m.Namespaces[kind] {
			found = append(found, Finding{
				Name: name, Health: Refused,
				Value:  fmt.Sprintf("this kernel (%s) has none: /proc/self/ns/%s is not there", m.Kernel, kind),
				Advice: m.otherKernel(kind),
			})
		}
		if most := m.Max[kind]; need.New[kind] && most.OK() && most.Value == 0 {
			sysctl := "user.max_" + kind.String() + "_namespaces"
			found = append(found, Finding{
				Name: name, Health: Refused,
				Value:  sysctl + " is 0",
				Reason: "clone(2) gives ENOSPC, to root too",
				Advice: "as root: sysctl -w " + sysctl + "=10000",
			})
		}
	}
	return found
}

// otherKernel says where to get a kernel with a kind of namespace.
func (m *Machine) otherKernel(kind proc.NSKind) string {
	if m.wsl1() {
		return "this is WSL 1, which is no Linux kernel: wsl --set-version NAME 2"
	}
	if since := map[proc.NSKind]string{proc.Cgroup: "4.6", proc.Time: "5.6"}[kind]; since != "" {
		return "Linux " + since + " or newer has them"
	}
	return "boot a kernel with CONFIG_" + strings.ToUpper(kind.String()) + "_NS, or leave it the host's"
}

// wsl1 tells whether Windows answers the system calls: "4.4.0-19041-Microsoft", where WSL 2 has a Linux kernel,
// "5.15.90.1-microsoft-standard-WSL2".
func (m *Machine) wsl1() bool { return strings.HasSuffix(m.Kernel, "-Microsoft") }

// needUser looks for what keeps the user from making a user namespace, beside what needKinds finds.
func (m *Machine) needUser(need *Need) []Finding {
	if !need.New[proc.User] || !m.Namespaces[proc.User] {
		return nil
	}
	var found []Finding
	add := func(health Health, value, reason, advice string) {
		found = append(found, Finding{"user namespaces", health, value, reason, advice})
	}
	if m.Clone.OK() && m.Clone.Value == "0" && !m.hostAdmin() {
		add(Refused, "kernel.unprivileged_userns_clone is 0", "only root may make them: clone(2) gives EPERM",
			"as root: sysctl -w kernel.unprivileged_userns_clone=1")
	}
	if m.Chrooted {
		add(Refused, "cutaway runs in a chroot", "clone(2) gives EPERM to whoever's root directory is not the mount namespace's",
			"start cutaway outside of it, or enter it with pivot_root (unshare --root does not)")
	}
	if !mapped(m.UIDs, m.UID()) || !mapped(m.GIDs, m.GID()) {
		add(Refused, fmt.Sprintf("user %d, group %d are not mapped in cutaway's own user namespace", m.UID(), m.GID()), "clone(2) gives EPERM",
			"map them (unshare --map-current-user), or start cutaway outside of that user namespace")
	}
	if at := m.mountOf("/proc/self"); hasOption(at, "ro") {
		add(Refused, at.MountPoint+" is mounted read-only", "uid_map and gid_map cannot be written: EROFS",
			"as root: mount -o remount,bind,rw "+at.MountPoint+", or start cutaway where it is writable")
	}
	if m.AppArmor.OK() && m.AppArmor.Value == "1" && !m.Can(capSysAdmin) {
		m.restricted(need, add)
	}
	return found
}

// hostAdmin tells whether CAP_SYS_ADMIN counts over the host's user namespace, as capable() in kernel/capability.c asks it.
func (m *Machine) hostAdmin() bool { return m.Initial() && m.Can(capSysAdmin) }

// restricted judges Ubuntu's restriction: an unconfined process gets its user namespace, but under a profile without
// capabilities (security/apparmor, apparmor_userns_create).
func (m *Machine) restricted(need *Need, add func(Health, string, string, string)) {
	const value = "kernel.apparmor_restrict_unprivileged_userns is 1"
	const advice = "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give cutaway an AppArmor profile with the rule userns (docs/sandbox.md has one)"
	switch {
	case m.Label.LSM == security.AppArmor && m.Label.Profile != "unconfined":
		add(Limited, value, "it works only when cutaway's profile "+m.Label.Profile+" has the rule userns", advice)
	case len(without(need.New, proc.User)) == 0 && !need.Pivot && !need.Chroot:
		add(Limited, value, "the user namespace has no capabilities", advice)
	default:
		add(Refused, value, "the user namespace is made, but without capabilities: the first mount fails with EACCES or EPERM", advice)
	}
}

// mapped tells whether an id has a meaning in a user namespace with these maps; a kernel without user namespaces has none.
func mapped(maps []proc.IDMapping, id uint32) bool {
	return maps == nil || slices.ContainsFunc(maps, func(m proc.IDMapping) bool {
		return id >= m.Inside && id-m.Inside < m.Count
	})
}

// needAdmin looks for the capabilities that namespaces need when no user namespace brings them (namespaces(7)).
func (m *Machine) needAdmin(need *Need) (found []Finding) {
	made, joined := without(need.New, proc.User), without(need.Joined, proc.User)
	add := func(what string, advice string) {
		f := Finding{Name: "privileges", Health: Refused, Value: what, Advice: advice}
		if m.Root() {
			f.Reason = "cutaway's user is root, but without CAP_SYS_ADMIN, as in a container"
		}
		found = append(found, f)
	}
	if len(made) > 0 && !need.user() && !m.Can(capSysAdmin) {
		add(words(made)+" namespaces take CAP_SYS_ADMIN without a new user namespace", "make a user namespace as well (--userns new), or run cutaway as root")
	}
	if len(joined) > 0 && !need.Joined[proc.User] && !m.Can(capSysAdmin) {
		add("joining "+words(joined)+" takes CAP_SYS_ADMIN over the target's user namespace, which a new one does not give",
			"join the target's user namespace as well where you made it (rootless containers), or run cutaway as root")
	}
	if need.Chroot && !need.user() && !m.Can(capSysChroot) {
		add("chroot(2) takes CAP_SYS_CHROOT", "make a user namespace as well, or run cutaway as root")
	}
	return found
}

// words lists names as a sentence does: "mnt, net and pid".
func words(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
