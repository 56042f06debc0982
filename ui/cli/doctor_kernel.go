package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// The checks of what the kernel offers.

// checkKernel looks for features themselves, since version numbers lie: distributions take features back and leave some out.
func checkKernel(p *patient) []finding {
	f := finding{name: "kernel"}
	var uname unix.Utsname
	if err := unix.Uname(&uname); err == nil {
		f.value = "Linux " + unix.ByteSliceToString(uname.Release[:])
	}
	var has, lacks []string
	for _, feature := range kernelFeatures {
		if feature.has(p) {
			has = append(has, feature.name)
		} else {
			lacks = append(lacks, feature.name)
		}
	}
	f.meaning = "Has " + strings.Join(has, ", ") + "."
	if len(lacks) > 0 {
		f.health = limited
		f.advice = "Lacks " + strings.Join(lacks, ", ") + ": what rests on that is shown as not there."
	}
	return []finding{f}
}

// kernelFeatures are those that some value rests on.
var kernelFeatures = []struct {
	name string
	has  func(*patient) bool
}{
	{"user namespaces", func(*patient) bool { return exists("/proc/self/ns/user") }},
	{"cgroup namespaces (4.6)", func(*patient) bool { return exists("/proc/self/ns/cgroup") }},
	{"time namespaces (5.6)", func(*patient) bool { return exists("/proc/self/ns/time") }},
	{"namespace ioctls (4.9)", func(*patient) bool { return hasNamespaceIoctls() }},
	{"openat2 (5.6)", func(*patient) bool { return hasOpenat2() }},
	{"CapAmb (4.3)", func(p *patient) bool { return p.self != nil && p.self.CapAmb.OK() }},
	{"NoNewPrivs (4.10)", func(p *patient) bool { return p.self != nil && p.self.NoNewPrivs.OK() }},
	{"Seccomp", func(p *patient) bool { return p.self != nil && p.self.Seccomp.OK() }},
	{"Seccomp_filters (5.9)", func(p *patient) bool { return p.self != nil && p.self.SeccompFilters.OK() }},
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// hasNamespaceIoctls asks for the type of our own network namespace (ioctl_ns(2), since Linux 4.11; the others 4.9).
func hasNamespaceIoctls() bool {
	f, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return false
	}
	defer f.Close()
	kind, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_NSTYPE)
	return err == nil && kind == unix.CLONE_NEWNET
}

func hasOpenat2() bool {
	fd, err := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC})
	if err != nil {
		return !errors.Is(err, unix.ENOSYS)
	}
	unix.Close(fd)
	return true
}

// checkCgroups lists the mounted hierarchies with their controllers.
func checkCgroups(p *patient) []finding {
	f := finding{name: "cgroups"}
	var mode cgroup.Mode
	if p.view != nil {
		mode = p.view.Host.CgroupMode
	}
	f.value = mode.String()
	if mode == cgroup.None {
		f.health = missing
		f.meaning = "No use and no limits of containers can be read."
		f.advice = "Mount them (mount -t cgroup2 none /sys/fs/cgroup), or name a place with --cgroup DIR."
		return []finding{f}
	}
	var places []string
	for _, m := range p.mounts {
		switch m.FSType {
		case "cgroup2":
			places = append(places, fmt.Sprintf("%s (v2: %s)", m.MountPoint, v2Controllers(m.MountPoint)))
		case "cgroup":
			places = append(places, fmt.Sprintf("%s (v1)", m.MountPoint))
		}
	}
	f.meaning = strings.Join(places, ", ")
	return append([]finding{f}, cgroupNamespace(p.mounts)...)
}

func v2Controllers(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return reading.FromError(err).String()
	}
	if words := strings.Fields(string(b)); len(words) > 0 {
		return strings.Join(words, " ")
	}
	return "no controllers"
}

// cgroupNamespace says when only a part of the hierarchies can be seen: a mount's root is then not the hierarchy's
// (cgroup_namespaces(7)).
func cgroupNamespace(mounts []proc.Mount) []finding {
	at := slices.IndexFunc(mounts, func(m proc.Mount) bool {
		return (m.FSType == "cgroup" || m.FSType == "cgroup2") && m.Root != "/"
	})
	if at < 0 {
		return nil
	}
	return []finding{{
		name: "cgroup view", health: limited,
		value:   fmt.Sprintf("%s shows the part %s of its hierarchy", mounts[at].MountPoint, mounts[at].Root),
		meaning: "Limits above it cannot be seen, and cgroups beside it have paths that begin with /..",
	}}
}

// checkPressure looks for PSI (Documentation/accounting/psi.rst), which can be compiled in and off.
func checkPressure(p *patient) []finding {
	f := finding{name: "pressure (PSI)", value: "on"}
	b, err := os.ReadFile(filepath.Join(p.inspect.Proc, "pressure", "cpu"))
	if err != nil || len(b) == 0 {
		f.health, f.value = limited, reading.FromError(err).String()
		f.meaning = "How long containers wait for CPU, memory and I/O cannot be told."
		f.advice = "Boot with psi=1 (a kernel with CONFIG_PSI)."
	}
	return []finding{f}
}

// checkLSM lists the security modules, and which file has the labels.
func checkLSM(p *patient) []finding {
	f := finding{name: "security modules"}
	lsms := security.LSMs(filepath.Join(p.inspect.Root, "sys"))
	if lsms.OK() {
		f.value = strings.Join(lsms.Value, " ")
	} else {
		f.health, f.value = limited, lsms.String()
		f.meaning = "The list is in securityfs."
		f.advice = "As root: mount -t securityfs none /sys/kernel/security"
	}
	labels := finding{name: "labels"}
	switch {
	case readable("/proc/self/attr/apparmor/current"):
		labels.value = "attr/apparmor/current"
	case readable("/proc/self/attr/current"):
		labels.value = "attr/current"
	default:
		labels.value = "no security module of this kernel labels processes"
	}
	return []finding{f, labels}
}

func readable(path string) bool {
	_, err := os.ReadFile(path)
	return err == nil
}

// checkSysctls repeats what the kernel's switches mean for looking and for making sandboxes.
func checkSysctls(p *patient) []finding {
	var found []finding
	for _, fact := range security.Sysctls(p.inspect.Proc) {
		f := finding{name: fact.Name, value: fact.Value.Value, meaning: fact.Meaning, advice: fact.Change}
		if !fact.Value.OK() {
			f.value = fact.Value.String()
		}
		if fact.Limits || (!fact.Value.OK() && fact.Value.State != reading.Absent) {
			f.health = limited
		}
		if f.advice != "" {
			f.advice = "As root: " + f.advice
		}
		found = append(found, f)
	}
	return found
}
