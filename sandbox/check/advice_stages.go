package check

import (
	"fmt"
	"strings"
	"syscall"
)

// maps is about uid_map and gid_map, user_namespaces(7).
func (s step) maps() string {
	for _, side := range s.m.sides(&Need{}) {
		if !s.of("new" + side.name + "map") {
			continue
		}
		if side.helper.Problem != "" {
			return clauses(side.helper.Problem, "", side.helper.Advice)
		}
		return fmt.Sprintf("it maps what %s grants to %s and nothing else: %d ids from %d; %s",
			side.file, s.m.User, side.granted.Count, side.granted.Start, s.m.grant(&side))
	}
	switch s.errno {
	case syscall.EPERM:
		switch {
		case s.of("gid_map") && !s.m.Can(capSetgid):
			return "a user may map their own group alone, after deny was written to /proc/PID/setgroups; ranges are for newgidmap(1) and /etc/subgid"
		case s.m.Can(capSetuid) && !s.m.Can(capSetfcap):
			return "mapping root takes CAP_SETFCAP since Linux 5.12, which cutaway lacks: map other ids"
		}
		return "a map may hold only ids that cutaway's own user namespace has (/proc/self/uid_map), and a user's without CAP_SETUID their own id alone; ranges are for newuidmap(1) and /etc/subuid"
	case syscall.EROFS:
		return "/proc is mounted read-only, and the maps are files there: as root: mount -o remount,bind,rw /proc"
	case syscall.EINVAL:
		return "the map's ranges overlap, hold the id 4294967295, which does not exist, or are more than 340"
	case syscall.EACCES, syscall.ENOENT, syscall.ESRCH:
		return "the launcher must see the sandbox in /proc: is that mounted with hidepid, or of another PID namespace (findmnt /proc)?"
	}
	return ""
}

// cgroup is about making the cgroup, its limits and entering it, cgroups(7).
func (s step) cgroup() string {
	switch {
	case s.of("unshare") && s.errno == syscall.EINVAL:
		return "the kernel has no cgroup namespaces (Linux 4.6)"
	case s.denied() || s.errno == syscall.EROFS:
		_, cure := s.m.unwritable(s.Path, s.m.onV2(s.Path), s.errno)
		return cure
	case s.errno == syscall.EBUSY && strings.Contains(s.Path, "cgroup.subtree_control"):
		return "a cgroup with processes of its own cannot give controllers to children (no internal processes): " + delegated + ", as root without --user"
	case s.errno == syscall.EBUSY && strings.Contains(s.Path, "memory."):
		return "more memory is in use than the limit allows (version 1): choose a larger one"
	case s.errno == syscall.ENOSPC && (strings.Contains(s.Path, "cpuset") || s.of("tasks")):
		return "cpuset.cpus and cpuset.mems of a version 1 cgroup must be filled before a process can enter it"
	case s.errno == syscall.ENOENT && strings.Contains(s.Path, "cgroup.subtree_control"), s.errno == syscall.ENOENT && strings.Contains(s.Path, "."):
		return "the kernel, or the cgroup above, does not offer that controller: cat cgroup.controllers there, and cgroup_disable= in /proc/cmdline"
	case s.errno == syscall.EINVAL, s.errno == syscall.ERANGE:
		return "the kernel does not take that value here: it must not be above what the cgroups above allow (cpuset), nor below the least (1000 µs of CPU)"
	case s.errno == syscall.ENODEV:
		return "there is no such block device (lsblk), or it is a partition: limits are for whole devices"
	case s.errno == syscall.EAGAIN:
		return "pids.max or cgroup.max.descendants of a cgroup above is reached: cutaway limits self"
	case s.errno == syscall.EOPNOTSUPP:
		return "the cgroup is threaded or below one that is (cat cgroup.type): start cutaway elsewhere"
	}
	return ""
}

// time is about the time namespace, time_namespaces(7).
func (s step) time() string {
	switch s.errno {
	case syscall.EINVAL, syscall.ENOENT, syscall.ENOSYS:
		return "the kernel has no time namespaces (Linux 5.6, CONFIG_TIME_NS)"
	case syscall.ERANGE:
		return "the offset would make the clock negative, or reach beyond half of what it can count"
	}
	return ""
}

// mounts is about everything that is mounted.
func (s step) mounts() string {
	m := s.m
	switch s.errno {
	case syscall.EPERM, syscall.EACCES:
		if text := s.covered(); text != "" {
			return text
		}
		if s.of("overlay") && m.older(5, 11) {
			return "user namespaces may mount overlays since Linux 5.11"
		}
		if text := s.guarded(); text != "" {
			return text
		}
		if s.errno == syscall.EACCES && s.Path != "" {
			return "every directory on the way must be searchable (x) for the user that the sandbox's root is mapped to: namei -l " + s.Path
		}
	case syscall.ENODEV:
		return "the kernel does not have this type of file system (cat /proc/filesystems): as root: modprobe it"
	case syscall.EINVAL:
		switch {
		case s.of("overlay"):
			return "the kernel says why in its log (dmesg | tail): layers must not overlap; in a user namespace nothing may be mounted below the lower directory (findmnt -R); and its file system must be able to hold an overlay"
		case s.of("open_tree"):
			return "in a user namespace mounts can be bound only with what is mounted below them, and only those that propagate; the path must be in cutaway's own mount namespace"
		case s.of("mount_setattr", "owners mapped"):
			return "the file system there, or one mounted below it, cannot map owners (mount_setattr(2), MOUNT_ATTR_IDMAP): choose an unpacked root, or a directory on ext4, xfs, btrfs or tmpfs"
		}
	case syscall.EROFS:
		if s.of("the place to mount on", "make") {
			return "what is mounted on must be there in a root that is read-only: make it (mkdir, touch), or take a root that can be written (--overlay; --writable for a directory)"
		}
	case syscall.ENOENT, syscall.ENOTDIR:
		return "the path must exist: a bind's source on the host, a mount's place in the root"
	case syscall.ELOOP:
		return "the root has a symbolic link in a place where the launcher mounts: an image made so may be hostile"
	case syscall.ENOSPC:
		return "a mount namespace may hold fs.mount-max mounts: as root: sysctl -w fs.mount-max=200000; or the file system is full"
	case syscall.EOVERFLOW:
		return "the owner of the directory is not mapped in the sandbox's user namespace: map more ids, or choose another place"
	case syscall.EBUSY:
		return "the same file system is mounted or in use elsewhere in a way that excludes this (dmesg | tail)"
	}
	return ""
}

// covered explains a proc or sysfs that cannot be mounted.
func (s step) covered() string {
	need := Need{Proc: s.of("fsopen proc", "mount proc"), Sys: s.of("fsopen sysfs", "mount sysfs")}
	for kind := range need.New {
		need.New[kind] = true // as far as the namespaces go all is well
	}
	for _, f := range append(s.m.needProc(&need), s.m.needSys(&need)...) {
		return clauses(f.Value, f.Reason, f.Advice)
	}
	switch {
	case s.errno != syscall.EPERM || s.guarded() != "":
		return ""
	case need.Proc:
		return "in a user namespace a new /proc needs a new PID namespace, and a whole /proc to be seen outside"
	case need.Sys:
		return "in a user namespace a new /sys needs a new network namespace, and a whole /sys to be seen outside"
	}
	return ""
}

// root is about pivot_root(2) and chroot(2).
func (s step) root() string {
	switch {
	case s.of("pivot_root") && s.errno == syscall.EINVAL && s.m.absoluteRoot():
		return "the root directory is the initramfs, which cannot be left by pivot_root: choose the switch chroot"
	case s.of("pivot_root") && s.errno == syscall.EINVAL:
		return "pivot_root(2) needs a root that is a mount point, whose parent mount is not shared: start cutaway outside of a chroot, or choose the switch chroot"
	case s.of("chroot") && s.errno == syscall.EPERM && !s.m.Can(capSysChroot):
		return "chroot(2) takes CAP_SYS_CHROOT: make a user namespace as well, or run cutaway as root"
	case s.errno == syscall.ENOENT, s.errno == syscall.ENOTDIR:
		return "the new root must be a directory that exists"
	}
	return ""
}

func (s step) hostname() string {
	switch s.errno {
	case syscall.EPERM:
		return "the host's name is not the sandbox's to set: make a uts namespace"
	case syscall.EINVAL, syscall.ENAMETOOLONG:
		return "a host name has at most 64 bytes"
	}
	return ""
}

func (s step) network() string {
	switch s.errno {
	case syscall.EPERM:
		return "the network must belong to the sandbox's user namespace: make a net namespace, or leave its interfaces alone; veth takes root"
	case syscall.EOPNOTSUPP, syscall.ENODEV:
		return "the kernel does not know this kind of interface: as root: modprobe veth"
	case syscall.EEXIST:
		return "an interface or address of that name is there already (ip addr): choose another"
	}
	return ""
}

func (s step) terminal() string {
	switch s.errno {
	case syscall.ENOENT, syscall.ENXIO, syscall.ENODEV:
		return "the root has no devpts at /dev/pts: choose dev minimal, or no terminal"
	case syscall.ENOSPC:
		return "there are no more terminals: as root: sysctl -w kernel.pty.max=8192"
	case syscall.EACCES:
		return "/dev/pts/ptmx is not for everybody there (mount option ptmxmode): choose dev minimal, or no terminal"
	}
	return ""
}

func (s step) rlimits() string {
	switch s.errno {
	case syscall.EPERM:
		return "a hard limit can be raised only with CAP_SYS_RESOURCE over the host's user namespace: ask for less than cutaway's own (ulimit -H -a)"
	case syscall.EINVAL:
		return "the soft limit must not be above the hard one"
	}
	return ""
}

func (s step) capabilities() string {
	switch {
	case s.errno == syscall.EINVAL && s.of("setresuid", "setresgid", "setgroups"):
		return "that id is not mapped in the sandbox's user namespace: map it, or run the command as another"
	case s.errno == syscall.EPERM && s.of("setgroups"):
		return "groups cannot be set where the map of groups was written without privileges (/proc/PID/setgroups is deny): leave them out, or map a range"
	case s.errno == syscall.EPERM && s.of("capset"):
		return "a capability that cutaway does not have itself cannot be kept without a user namespace: capsh --print shows them"
	case s.errno == syscall.EPERM && s.of("CAPBSET"):
		return "dropping from the bounding set takes CAP_SETPCAP: make a user namespace as well, or run cutaway as root"
	}
	return ""
}

func (s step) landlock() string {
	switch s.errno {
	case syscall.ENOSYS, syscall.EOPNOTSUPP:
		if found := s.m.needFilters(&Need{Landlock: true}); len(found) > 0 {
			return clauses("Landlock: "+found[0].Value, "", found[0].Advice)
		}
	case syscall.ENOENT:
		return "a path that Landlock is to allow is not in the sandbox's root"
	case syscall.E2BIG:
		return "at most 16 Landlock rulesets can be stacked: start cutaway outside of other sandboxes"
	case syscall.EPERM:
		return "Landlock takes no_new_privs or CAP_SYS_ADMIN: turn no_new_privs on"
	}
	return ""
}

func (s step) seccomp() string {
	switch s.errno {
	case syscall.EACCES:
		return "a filter takes no_new_privs or CAP_SYS_ADMIN: turn no_new_privs on"
	case syscall.EINVAL, syscall.ENOSYS:
		return "the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER), or does not know an action of this one: choose seccomp off"
	case syscall.ENOMEM:
		return "the filters around cutaway and this one are too long together (32768 instructions)"
	case syscall.EBUSY, syscall.ESRCH:
		return "another thread of the sandbox's first process has a filter of its own"
	}
	return ""
}

// exec is about the command, execve(2).
func (s step) exec() string {
	switch s.errno {
	case syscall.ENOENT:
		if s.of("chdir") {
			return "the working directory must exist inside: choose another"
		}
		if !strings.Contains(s.Path, "/") {
			return "no directory of the sandbox's own PATH has it"
		}
		return "it is not in the sandbox's root, or the interpreter or loader that it names is not (file PROGRAM says which)"
	case syscall.EACCES:
		if s.of("chdir") {
			return "the working directory is not searchable for the command's user"
		}
		return "it must be an executable file, on a mount without noexec, in directories that the command's user may search; with Landlock also one that may be read"
	case syscall.ENOEXEC:
		return "it is no program for this machine, or a script without #! in its first line"
	case syscall.E2BIG:
		return "arguments and environment are too long together: keep fewer variables"
	case syscall.EAGAIN:
		return "a limit on processes is reached: the user's (ulimit -u) or the cgroup's (pids.max)"
	case syscall.EPERM:
		if s.m.NoNewPrivs() {
			return "no_new_privs is set for cutaway, and the program wants more rights than it may have"
		}
	}
	return ""
}
