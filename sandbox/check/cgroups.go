package check

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"cutaway/inspect/cgroup"
)

// delegated is how a user comes by a cgroup of their own on v2 (systemd.resource-control(5), Delegate=).
const delegated = "start it with systemd-run --user --scope -p Delegate=yes -- cutaway ..."

// needCgroup looks where the sandbox's cgroup could be made, and whether its controllers reach there.
func (m *Machine) needCgroup(need *Need) (found []Finding) {
	if !need.Cgroup && len(need.Controllers) == 0 {
		return nil
	}
	refuse := func(name, why, cure string) {
		found = append(found, Finding{name, Refused, why, "", cure})
	}
	if m.hierarchies().Mode() == cgroup.None {
		refuse("cgroup", "no cgroup hierarchy is mounted", "as root: mount -t cgroup2 none /sys/fs/cgroup")
		return found
	}
	var onV2 []string
	for _, controller := range need.Controllers {
		place, ok := m.hierarchies().Place(&m.Cgroup, controller)
		switch {
		case !ok:
			refuse("cgroup controller "+controller, "no cgroup hierarchy here has it",
				"boot a kernel with it, or without what turns it off (cgroup_disable=, cgroup_no_v1= in /proc/cmdline), or leave the limit out")
		case place.V2:
			onV2 = append(onV2, controller)
		default:
			if why, cure := m.writableV1(place.Dir); why != "" {
				refuse("cgroup controller "+controller, why, cure)
			}
		}
	}
	if own, ok := m.hierarchies().Place(&m.Cgroup, ""); ok {
		if why, cure := m.placeV2(own, onV2); why != "" {
			refuse(strings.TrimSpace("cgroup "+strings.Join(onV2, " ")), why, cure)
		}
	}
	if len(need.Controllers) == 0 {
		if why, cure := m.usageV1(); why != "" {
			refuse("cgroup", why, cure)
		}
	}
	return found
}

// usageV1 looks at the version 1 hierarchies in which every sandbox with a cgroup has one, for showing what it uses.
func (m *Machine) usageV1() (why, cure string) {
	for _, controller := range []string{"memory", "pids"} {
		if place, ok := m.hierarchies().Place(&m.Cgroup, controller); ok && !place.V2 {
			if why, cure = m.writableV1(place.Dir); why != "" {
				return why, cure
			}
		}
	}
	return "", ""
}

func (m *Machine) writableV1(dir string) (why, cure string) {
	if err := m.writable(dir); err != nil {
		return m.unwritable(dir, false, err)
	}
	return "", ""
}

// placeV2 walks up from cutaway's own cgroup to one whose children can have the controllers. Why not is said of the first
// that could be used, where the user has any.
func (m *Machine) placeV2(own cgroup.Place, controllers []string) (why, cure string) {
	for dir := own.Dir; ; dir = filepath.Dir(dir) {
		no, change := m.handsOut(dir, controllers, own.Top && dir == own.Mount)
		if no == "" {
			return "", ""
		}
		if why == "" {
			why, cure = no, change
		}
		if dir == own.Mount || len(dir) <= len(own.Mount) || len(controllers) == 0 {
			return why, cure
		}
	}
}

// handsOut says why a cgroup can have no children with the controllers: they must reach it, and be on for its children or
// be turned on, which takes a cgroup without processes of its own ("no internal processes", cgroups(7)) unless it is the
// hierarchy's root; and the user must be able to make children and to move processes into them.
func (m *Machine) handsOut(dir string, controllers []string, top bool) (why, cure string) {
	for _, path := range []string{dir, filepath.Join(dir, "cgroup.procs")} {
		if err := m.writable(path); err != nil {
			return m.unwritable(path, true, err)
		}
	}
	reaches, on := m.words(dir, "cgroup.controllers"), m.words(dir, "cgroup.subtree_control")
	for _, controller := range controllers {
		switch {
		case slices.Contains(on, controller):
		case !slices.Contains(reaches, controller):
			return fmt.Sprintf("the controller %s does not reach %s (cgroup.controllers)", controller, m.shown(dir)),
				"turn it on above: for all users in /etc/systemd/system/user@.service.d/delegate.conf, [Service] Delegate=cpu cpuset io memory pids"
		case !top && len(m.words(dir, "cgroup.procs")) > 0:
			return fmt.Sprintf("%s holds processes, so that its children cannot have the controller %s (no internal processes: EBUSY)", m.shown(dir), controller),
				"move them into one below first (mkdir " + m.shown(dir) + "/init, then each PID into its cgroup.procs), or start cutaway in a cgroup with an empty one above it: " + delegated
		}
		file := filepath.Join(dir, "cgroup.subtree_control")
		if !slices.Contains(on, controller) && m.writable(file) != nil {
			return m.unwritable(file, true, m.writable(file))
		}
	}
	return "", ""
}

// words reads a file of a cgroup, whose path has the machine's root in front already.
func (m *Machine) words(dir, name string) []string {
	b, _ := m.file(strings.TrimPrefix(filepath.Join(dir, name), m.root))
	return strings.Fields(string(b))
}

// shown is a path without the root of a copy.
func (m *Machine) shown(path string) string { return strings.TrimPrefix(path, m.root) }

// unwritable words why a file of a cgroup cannot be written.
func (m *Machine) unwritable(path string, v2 bool, err error) (why, cure string) {
	why = fmt.Sprintf("%s cannot be written: %v", m.shown(path), err)
	switch {
	case errors.Is(err, syscall.EROFS):
		cure = "the hierarchy is mounted read-only, as engines do in containers: start cutaway on the host"
	case errors.Is(err, os.ErrNotExist):
		cure = "the cgroup was removed: start cutaway anew"
	case v2:
		cure = "it is not delegated to cutaway's user: " + delegated + ", or run cutaway as root, or use resource limits (--rlimit) instead"
	default:
		cure = "version 1 of cgroups is root's: run cutaway as root, boot with systemd.unified_cgroup_hierarchy=1, or use resource limits (--rlimit) instead"
	}
	return why, cure
}

// onV2 tells whether a path is of the v2 hierarchy; where nothing is known, it is taken for one.
func (m *Machine) onV2(path string) bool {
	at := m.mountOf(path)
	return at == nil || at.FSType != "cgroup"
}
