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
	"cutaway/inspect/reading"
)

// Place is where a cgroup for a sandbox can be made.
type Place struct {
	Dir   string             // the directory below which; "" when there is none
	Above bool               // it is not cutaway's own cgroup but one above it: its limits count no longer, those above do
	Why   string             // why there is none
	Cure  string             // what would change that
	Mode  cgroup.Mode        // of the machine
	Own   reading.Of[string] // cutaway's own cgroup in that hierarchy
}

// CgroupPlace finds where a cgroup that a controller limits can be made: below cutaway's own cgroup, or on v2 below the
// nearest one above it that may have children with the controller. The controller is a name as cgroups(7) has it, or "" for
// any cgroup at all.
func (m *Machine) CgroupPlace(controller string) Place {
	p := Place{Mode: m.hierarchies().Mode()}
	dir, ok := m.hierarchies().Dir(&m.Cgroup, controller)
	switch {
	case p.Mode == cgroup.None:
		p.Why, p.Cure = "no cgroup hierarchy is mounted", "as root: mount -t cgroup2 none /sys/fs/cgroup"
		return p
	case !ok && controller == "" && p.Mode == cgroup.V1:
		dir, ok = m.hierarchies().Dir(&m.Cgroup, "pids")
		if !ok {
			dir, ok = m.hierarchies().Dir(&m.Cgroup, "memory")
		}
	}
	if !ok {
		p.Why = "no cgroup hierarchy here has the controller " + controller
		p.Cure = "boot a kernel with it, or without what turns it off (cgroup_disable=, cgroup_no_v1= in /proc/cmdline), or leave its limit out"
		if controller == "" {
			p.Why, p.Cure = "cutaway's own cgroup cannot be seen from here", "mount the hierarchy whole, or start cutaway inside of what is mounted"
		}
		return p
	}
	p.Own = reading.Value(dir)
	if m.isV2(dir) {
		m.placeV2(&p, dir, controller)
	} else {
		m.placeV1(&p, dir)
	}
	return p
}

// isV2 tells the versions apart by a file that every v2 cgroup has.
func (m *Machine) isV2(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "cgroup.controllers"))
	return err == nil
}

func (m *Machine) placeV1(p *Place, dir string) {
	if err := m.writable(dir); err != nil {
		p.Why, p.Cure = m.unwritable(dir, err)
		return
	}
	p.Dir = dir
}

// placeV2 walks up from a cgroup to one whose children can have the controller: it is enabled in cgroup.subtree_control,
// or can be, which takes a cgroup without processes of its own ("no internal processes", cgroups(7)); the hierarchy's root
// alone may have both.
func (m *Machine) placeV2(p *Place, own, controller string) {
	for dir := own; ; dir = filepath.Dir(dir) {
		why, cure := m.holdsV2(dir, controller)
		if why == "" {
			p.Dir, p.Above = dir, dir != own
			return
		}
		if p.Why == "" {
			p.Why, p.Cure = why, cure // of the nearest
		}
		if !m.isV2(filepath.Dir(dir)) {
			return
		}
	}
}

// holdsV2 says why a child with the controller cannot be made in a cgroup, and entered by a process below it.
func (m *Machine) holdsV2(dir, controller string) (why, cure string) {
	for _, path := range []string{dir, filepath.Join(dir, "cgroup.procs")} { // for mkdir; for moving a process within it
		if err := m.writable(path); err != nil {
			return m.unwritable(path, err)
		}
	}
	if controller == "" || slices.Contains(m.words(dir, "cgroup.subtree_control"), controller) {
		return "", ""
	}
	if !slices.Contains(m.words(dir, "cgroup.controllers"), controller) {
		return fmt.Sprintf("the controller %s is not in %s/cgroup.controllers", controller, dir),
			"have it delegated: systemd-run --user --scope -p Delegate=yes -- cutaway ...; for all users in /etc/systemd/system/user@.service.d/delegate.conf: [Service] Delegate=cpu cpuset io memory pids"
	}
	if err := m.writable(filepath.Join(dir, "cgroup.subtree_control")); err != nil {
		return m.unwritable(filepath.Join(dir, "cgroup.subtree_control"), err)
	}
	if len(m.words(dir, "cgroup.procs")) > 0 && !m.topV2(dir) {
		return fmt.Sprintf("%s has processes of its own, so that its children cannot have the controller %s (no internal processes: EBUSY)", dir, controller),
			"start cutaway in a cgroup of its own: systemd-run --scope -p Delegate=yes -- cutaway ..., with --user when not root"
	}
	return "", ""
}

// topV2 tells whether a cgroup is the hierarchy's real root, which alone has no cgroup.events.
func (m *Machine) topV2(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "cgroup.events"))
	return err != nil
}

func (m *Machine) words(dir, name string) []string {
	b, _ := m.file(strings.TrimPrefix(filepath.Join(dir, name), m.root)) // Dir has the root in front already
	return strings.Fields(string(b))
}

// unwritable words why a file of a cgroup cannot be written.
func (m *Machine) unwritable(path string, err error) (why, cure string) {
	why = fmt.Sprintf("%s cannot be written: %v", path, err)
	switch {
	case errors.Is(err, syscall.EROFS):
		cure = "the hierarchy is mounted read-only, as in a container: start cutaway outside, or the container with --cgroupns=private and /sys/fs/cgroup writable"
	case m.isV2(filepath.Dir(path)) || m.isV2(path):
		cure = "it was not delegated to " + m.User + ": systemd-run --user --scope -p Delegate=yes -- cutaway ..., or run cutaway as root, or use resource limits (--rlimit) instead"
	default:
		cure = "version 1 of cgroups is root's: run cutaway as root, boot with systemd.unified_cgroup_hierarchy=1, or use resource limits (--rlimit) instead"
	}
	return why, cure
}

// needCgroup looks for a place for the sandbox's cgroup, and for each controller that must limit it.
func (m *Machine) needCgroup(need *Need) (found []Finding) {
	controllers := need.Controllers
	if len(controllers) == 0 && need.Cgroup {
		controllers = []string{""}
	}
	for _, controller := range controllers {
		p := m.CgroupPlace(controller)
		if p.Dir != "" {
			continue
		}
		f := Finding{Name: "cgroup", Health: Refused, Value: p.Why, Reason: "a limit that cannot be set ends the launch", Advice: p.Cure}
		if controller != "" {
			f.Name += " controller " + controller
		}
		found = append(found, f)
	}
	return found
}
