package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/proc"
)

// needRoot looks for what keeps the root from being changed, and the program from being executed again.
func (m *Machine) needRoot(need *Need) (found []Finding) {
	if need.Pivot && m.absoluteRoot() {
		found = append(found, Finding{
			Name: "pivot_root", Health: Refused,
			Value:  "the root directory is the initramfs",
			Reason: "pivot_root(2) gives EINVAL there",
			Advice: "choose the switch chroot, or start from a root that was mounted (switch_root)",
		})
	}
	if m.Program != "" && hasOption(m.mountOf(m.Program), "noexec") {
		at := m.mountOf(m.Program).MountPoint
		found = append(found, Finding{
			Name: "program", Health: Refused,
			Value:  fmt.Sprintf("%s lies on %s, which is mounted noexec", m.Program, at),
			Reason: "cutaway executes itself again as the sandbox's first process",
			Advice: "copy it to a place such as /usr/local/bin, or as root: mount -o remount,exec " + at,
		})
	}
	return found
}

// ownMounts tells whether the sandbox's mount namespace belongs to a user namespace other than the host's, where the kernel
// is careful with proc and sysfs.
func (m *Machine) ownMounts(need *Need) bool { return need.user() || !m.Initial() }

// needProc looks whether a new proc can be mounted.
func (m *Machine) needProc(need *Need) []Finding {
	if !need.Proc {
		return nil
	}
	if need.user() && !need.New[proc.PID] && !need.Joined[proc.PID] {
		return []Finding{{
			"new /proc", Refused, "proc shows a PID namespace, and the host's does not belong to the sandbox's user namespace",
			"mounting it gives EPERM", "make a PID namespace as well, or keep /proc",
		}}
	}
	return m.revealing(need, "proc", "/proc", true)
}

// needSys looks whether a new sysfs can be mounted.
func (m *Machine) needSys(need *Need) []Finding {
	if !need.Sys {
		return nil
	}
	if need.user() && !need.New[proc.Net] && !need.Joined[proc.Net] {
		return []Finding{{
			"new /sys", Refused, "sysfs shows a network namespace, and the host's does not belong to the sandbox's user namespace",
			"mounting it gives EPERM", "make a network namespace as well, or keep /sys",
		}}
	}
	return m.revealing(need, "sysfs", "/sys", false)
}

// revealing finds out whether the kernel refuses a new file system because it would show what is hidden here.
func (m *Machine) revealing(need *Need, kind, dir string, writable bool) []Finding {
	if !m.ownMounts(need) || len(m.Mounts) == 0 {
		return nil
	}
	covers, whole := m.covers(kind, writable)
	if whole {
		return nil
	}
	f := Finding{
		Name: "new " + dir, Health: Refused,
		Value:  "no " + kind + " is mounted here",
		Reason: "a user namespace may mount a new " + kind + " only where one is to be seen whole: EPERM",
		Advice: "keep " + dir + ", or bind it",
	}
	if len(covers) > 0 {
		f.Value = fmt.Sprintf("%s is covered by %s", dir, coversText(covers))
		switch m.Engine {
		case "Docker":
			f.Advice += "; or start the container with docker run --security-opt systempaths=unconfined"
		case "Podman":
			f.Advice += "; or start the container with podman run --security-opt unmask=ALL"
		default:
			f.Advice += "; or start cutaway where nothing covers it"
		}
	}
	return []Finding{f}
}

// coversText names some of the mounts.
func coversText(covers []proc.Mount) string {
	const few = 3
	var names []string
	for i := range covers[:min(few, len(covers))] {
		name := covers[i].FSType + " on " + covers[i].MountPoint
		if hasOption(&covers[i], "ro") {
			name += " (ro)"
		}
		names = append(names, name)
	}
	if more := len(covers) - few; more > 0 {
		names = append(names, strconv.Itoa(more)+" more")
	}
	return words(names)
}

// needOwnMounts looks at file systems that show a namespace which must be the sandbox's own.
func (m *Machine) needOwnMounts(need *Need) (found []Finding) {
	for _, own := range []struct {
		wanted bool
		kind   proc.NSKind
		name   string
	}{{need.MQueue, proc.IPC, "mqueue"}, {need.Cgroups, proc.Cgroup, "cgroup file systems"}} {
		if own.wanted && need.user() && !need.New[own.kind] && !need.Joined[own.kind] {
			found = append(found, Finding{
				Name: "new " + own.name, Health: Refused,
				Value:  fmt.Sprintf("they show the %s namespace, and the host's does not belong to the sandbox's user namespace", own.kind),
				Reason: "mounting them gives EPERM",
				Advice: fmt.Sprintf("make a new %s namespace as well, or leave them out", own.kind),
			})
		}
	}
	return found
}

// needOverlay looks whether overlays can be mounted. A module that is not loaded is no obstacle, unless it is not there.
func (m *Machine) needOverlay(need *Need) []Finding {
	if !need.Overlay {
		return nil
	}
	f := Finding{Name: "overlay", Health: Limited}
	switch {
	case m.ownMounts(need) && m.older(5, 11):
		f.Value = "Linux " + m.Kernel
		f.Reason = "user namespaces may mount overlays since Linux 5.11; some distributions' older kernels allow it too"
		f.Advice = "choose the host's root read-only, or run cutaway as root without a user namespace"
	case len(m.FileSystems) > 0 && !slices.Contains(m.FileSystems, "overlay"):
		f.Value = "overlay is not in /proc/filesystems"
		f.Reason = "the kernel loads the module when it has it; else the mount gives ENODEV"
		f.Advice = "as root: modprobe overlay"
	default:
		return nil
	}
	return []Finding{f}
}

// older compares the kernel's release; it is not older when it cannot be read.
func (m *Machine) older(major, minor int) bool {
	parts := strings.SplitN(m.Kernel, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, err1 := strconv.Atoi(parts[0])
	digits := strings.TrimRightFunc(parts[1], func(r rune) bool { return r < '0' || r > '9' })
	b, err2 := strconv.Atoi(digits)
	return err1 == nil && err2 == nil && (a < major || a == major && b < minor)
}
