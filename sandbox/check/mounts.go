package check

import (
	"path"
	"slices"
	"strings"

	"cutaway/inspect/proc"
)

// mountAt is the mount that a path leads to when something is mounted right there; nil when nothing is. Of several the last
// one hides the others.
func (m *Machine) mountAt(dir string) *proc.Mount {
	for i := len(m.Mounts) - 1; i >= 0; i-- {
		if m.Mounts[i].MountPoint == dir {
			return &m.Mounts[i]
		}
	}
	return nil
}

// mountOf is the mount that a file lies on, by the longest mount point above it; nil when that cannot be told.
func (m *Machine) mountOf(file string) *proc.Mount {
	for dir := path.Clean(file); ; dir = path.Dir(dir) {
		if at := m.mountAt(dir); at != nil || dir == "/" || dir == "." {
			return at
		}
	}
}

// hasOption tells whether a mount, or its file system as a whole, has an option such as "nosuid".
func hasOption(at *proc.Mount, option string) bool {
	if at == nil {
		return false
	}
	_, super := at.SuperOption(option)
	return super || slices.Contains(strings.Split(at.Options, ","), option)
}

// absoluteRoot tells whether the root directory is the mount that all others hang on: the initramfs, from which pivot_root(2)
// cannot get away.
func (m *Machine) absoluteRoot() bool {
	at := m.mountAt("/")
	return at != nil && (at.FSType == "rootfs" || at.Parent == at.ID)
}

// emptyFor holds the directories that the kernel makes only to mount something on, and the types of file systems that
// belong there. What is mounted there hides nothing (is_empty_dir_inode in fs/libfs.c).
var emptyFor = map[string][]string{
	"proc": {"binfmt_misc", "nfsd", "autofs"},
	"sysfs": {
		"bpf", "cgroup", "cgroup2", "configfs", "debugfs", "efivarfs", "fusectl", "pstore", "resctrl", "securityfs", "selinuxfs",
		"smackfs", "tracefs",
	},
}

// covers are the mounts that keep a user namespace from mounting a new file system of a kind, proc or sysfs: the kernel allows
// it only where one is to be seen whole, so that nobody gets at what an engine hid (mount_too_revealing in fs/namespace.c).
// whole is true when there is one; else the covers are those of the one that has the fewest, and there may be none at all.
func (m *Machine) covers(kind string, writable bool) (covers []proc.Mount, whole bool) {
	first := true
	for i := range m.Mounts {
		at := &m.Mounts[i]
		if at.FSType != kind || at.Root != "/" {
			continue
		}
		over := m.over(at)
		if len(over) == 0 && (!writable || !hasOption(at, "ro")) {
			return nil, true
		}
		if len(over) == 0 {
			over = []proc.Mount{*at} // read-only itself
		}
		if first || len(over) < len(covers) {
			covers, first = over, false
		}
	}
	return covers, false
}

// over are the mounts that hide something of a proc or sysfs.
func (m *Machine) over(at *proc.Mount) (over []proc.Mount) {
	for _, child := range m.Mounts {
		if child.Parent != at.ID || child.ID == at.ID || slices.Contains(emptyFor[at.FSType], child.FSType) {
			continue
		}
		if child.MountPoint == path.Join(at.MountPoint, "fs/cgroup") && at.FSType == "sysfs" {
			continue // a tmpfs with the hierarchies in it
		}
		over = append(over, child)
	}
	return over
}
