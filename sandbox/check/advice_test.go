package check

import (
	"strings"
	"syscall"
	"testing"

	"cutaway/sandbox/stage"
)

func TestAdvice(t *testing.T) {
	user, root := fixture{}, fixture{root: true}
	ubuntu := fixture{files: map[string]string{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n"}}
	debian10 := fixture{files: map[string]string{"/proc/sys/kernel/unprivileged_userns_clone": "0\n"}}
	rhel := fixture{files: map[string]string{"/proc/sys/user/max_user_namespaces": "0\n"}}
	initramfs := fixture{root: true, files: map[string]string{"/proc/self/mountinfo": "1 1 0:2 / / rw - rootfs rootfs rw\n"}}
	old := fixture{files: map[string]string{"/proc/sys/kernel/osrelease": "5.4.0\n"}}
	selinux := fixture{files: map[string]string{
		"/proc/self/attr/apparmor/current": "", "/proc/self/attr/current": "user_u:user_r:user_t:s0\x00", "/sys/fs/selinux/enforce": "1",
	}}
	box := docker()
	v1 := fixture{files: map[string]string{"/proc/self/mountinfo": "30 21 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"}}
	for _, c := range []struct {
		stage, what, path string
		errno             syscall.Errno
		machine           *fixture // nil is none
		want              string   // "" is no advice
	}{
		{"clone", "clone with new namespaces", "", syscall.EPERM, &debian10, "sysctl -w kernel.unprivileged_userns_clone=1"},
		{"clone", "clone with new namespaces", "", syscall.EPERM, &box, "docker run --security-opt seccomp=unconfined"},
		{"clone", "clone with new namespaces", "", syscall.EPERM, &user, "unless a user namespace is made"},
		{"clone", "clone with new namespaces", "", syscall.EPERM, &root, ""},
		{"clone", "setns", "", syscall.EPERM, &user, "join its user namespace as well"},
		{"clone", "clone with new namespaces", "", syscall.ENOSPC, &rhel, "sysctl -w user.max_user_namespaces=10000"},
		{"clone", "clone with new namespaces", "", syscall.ENOSPC, &user, "nested 32 deep"},
		{"clone", "clone with new namespaces", "", syscall.EUSERS, &user, "32 levels"},
		{"clone", "clone with new namespaces", "", syscall.EAGAIN, &user, "ulimit -u"},
		{"clone", "clone with new namespaces", "", syscall.EINVAL, &fixture{files: map[string]string{"/proc/self/ns/uts": ""}}, "uts namespaces: this kernel"},
		{"clone", "clone with new namespaces", "", syscall.EINVAL, nil, "ls /proc/self/ns"},
		{"clone", "clone with new namespaces", "", syscall.EBUSY, nil, "no internal processes"},
		{"clone", "clone with new namespaces", "", syscall.ENOSYS, &box, "hides this system call"},
		{"clone", "clone with new namespaces", "", syscall.ENOSYS, &old, "5.4.0"},
		{"clone", "clone with new namespaces", "", syscall.EACCES, &ubuntu, "apparmor_restrict_unprivileged_userns=0"},
		{"clone", "clone with new namespaces", "", syscall.ENOMEM, nil, "no memory"},
		{"maps", "write gid_map \"0 1000 1\"", "", syscall.EPERM, &user, "after deny was written"},
		{"maps", "write uid_map \"0 0 1\"", "", syscall.EPERM, &fixture{root: true, caps: allCaps &^ (1 << 31)}, "CAP_SETFCAP"},
		{"maps", "write uid_map \"0 5 9\"", "", syscall.EPERM, &user, "newuidmap(1) and /etc/subuid"},
		{"maps", "write uid_map \"0 5 9\"", "", syscall.EINVAL, &user, "overlap"},
		{"maps", "write uid_map", "/proc/5/uid_map", syscall.EACCES, &user, "hidepid"},
		{"maps", "write setgroups deny", "/proc/5/setgroups", syscall.EROFS, &user, "remount,bind,rw /proc"},
		{"maps", "newuidmap: exit status 1: uid range [0-1) -> [5-6) not allowed", "", 0, &user, "65536 ids from 100000; as root: usermod --add-subuids"},
		{"maps", "newgidmap: exit status 1", "", 0, &fixture{helper: "none"}, "chmod u+s /usr/bin/newgidmap"},
		{"cgroup", "make the cgroup", "/sys/fs/cgroup/a", syscall.EACCES, &user, "systemd-run --user --scope -p Delegate=yes"},
		{"cgroup", "make the cgroup", "/sys/fs/cgroup/memory/a", syscall.EACCES, &v1, "version 1 of cgroups is root's"},
		{"cgroup", "make the cgroup", "/sys/fs/cgroup/a", syscall.EROFS, &box, "mounted read-only"},
		{"cgroup", "write +memory", "/sys/fs/cgroup/a/cgroup.subtree_control", syscall.EBUSY, &user, "no internal processes"},
		{"cgroup", "write 4096", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", syscall.EBUSY, &v1, "more memory is in use"},
		{"cgroup", "write 0", "/sys/fs/cgroup/cpuset/a/tasks", syscall.ENOSPC, &v1, "cpuset.mems"},
		{"cgroup", "open", "/sys/fs/cgroup/a/io.max", syscall.ENOENT, &user, "does not offer that controller"},
		{"cgroup", "write 8:1", "/sys/fs/cgroup/a/io.max", syscall.ENODEV, &user, "lsblk"},
		{"cgroup", "unshare: a new cgroup namespace", "", syscall.EINVAL, &old, "no cgroup namespaces"},
		{"time", "unshare: a new time namespace", "", syscall.EINVAL, &old, "no time namespaces"},
		{"time", "write monotonic", "/proc/self/timens_offsets", syscall.ERANGE, nil, "offset"},
		{"mounts", "open_tree of the root", "/", syscall.EACCES, &ubuntu, "apparmor_restrict_unprivileged_userns=0"},
		{"mounts", "mount --make-rslave", "/", syscall.EPERM, &ubuntu, "apparmor_restrict_unprivileged_userns=0"},
		{"mounts", "mount --make-rslave", "/", syscall.EACCES, &box, "docker-default confines cutaway"},
		{"mounts", "mount tmpfs", "/tmp", syscall.EACCES, &selinux, "ausearch"},
		{"mounts", "open_tree", "/home/bob/x", syscall.EACCES, &user, "namei -l /home/bob/x"},
		{"mounts", "mount overlay", "/usr", syscall.EINVAL, &root, "dmesg"},
		{"mounts", "mount overlay", "/usr", syscall.ENODEV, &root, "modprobe"},
		{"mounts", "mount overlay", "/usr", syscall.EPERM, &old, "since Linux 5.11"},
		{"mounts", "mount_setattr", "/x", syscall.ENOSYS, &old, "5.4.0"},
		{"mounts", "open_tree", "/x", syscall.EINVAL, nil, "bound only with what is mounted below"},
		{"mounts", "move_mount", "/x", syscall.ENOSPC, nil, "fs.mount-max"},
		{"proc", "open the place to mount on", "/proc", syscall.EROFS, nil, "make it (mkdir, touch)"},
		{"mounts", "mount tmpfs", "/x", syscall.EROFS, nil, "findmnt -T"},
		{"mounts", "make", "/x", syscall.EOVERFLOW, nil, "not mapped"},
		{"mounts", "mount the root with its owners mapped", "/x", syscall.EINVAL, nil, "cannot map owners"},
		{"proc", "mount proc", "/proc", syscall.EPERM, &box, "systempaths=unconfined"},
		{"proc", "fsopen sysfs", "/sys", syscall.EPERM, &box, "/sys/firmware"},
		{"proc", "mount proc", "/proc", syscall.EPERM, &user, "new PID namespace"},
		{"proc", "mount sysfs", "/sys", syscall.EPERM, &user, "new network namespace"},
		{"proc", "a symbolic link where a directory must be", "/proc", syscall.ELOOP, &user, "hostile"},
		{"binds", "open_tree", "/nowhere", syscall.ENOENT, &user, "must exist"},
		{"root", "pivot_root", ".", syscall.EINVAL, &initramfs, "initramfs"},
		{"root", "pivot_root", ".", syscall.EINVAL, &user, "mount point"},
		{"root", "chroot", "/x", syscall.EPERM, &user, "CAP_SYS_CHROOT"},
		{"hostname", "sethostname", "x", syscall.EPERM, &user, "uts namespace"},
		{"network", "ioctl(SIOCSIFFLAGS)", "lo", syscall.EPERM, &user, "net namespace"},
		{"network", "make the veth pair", "eth0", syscall.EEXIST, &root, "there already"},
		{"terminal", "open a terminal", "/dev/ptmx", syscall.ENOENT, &user, "dev minimal"},
		{"terminal", "open a terminal", "/dev/ptmx", syscall.ENOSPC, &user, "kernel.pty.max"},
		{"rlimits", "prlimit nofile", "", syscall.EPERM, &root, "CAP_SYS_RESOURCE"},
		{"capabilities", "setresuid 33", "", syscall.EINVAL, &user, "not mapped"},
		{"capabilities", "setgroups", "", syscall.EPERM, &user, "deny"},
		{"capabilities", "capset", "", syscall.EPERM, &root, "does not have itself"},
		{"capabilities", "prctl(PR_CAPBSET_DROP) of capability 5", "", syscall.EPERM, &user, "CAP_SETPCAP"},
		{"landlock", "landlock_create_ruleset", "", syscall.EOPNOTSUPP, &fixture{landlock: &Landlock{Errno: syscall.EOPNOTSUPP}}, "lsm="},
		{"landlock", "open for a Landlock rule", "/x", syscall.ENOENT, &user, "not in the sandbox's root"},
		{"landlock", "landlock_restrict_self", "", syscall.E2BIG, &user, "16"},
		{"seccomp", "seccomp(SECCOMP_SET_MODE_FILTER)", "", syscall.EACCES, &user, "no_new_privs"},
		{"seccomp", "seccomp(SECCOMP_SET_MODE_FILTER)", "", syscall.EINVAL, &user, "CONFIG_SECCOMP_FILTER"},
		{"exec", "execve", "nosuch", syscall.ENOENT, &user, "the sandbox's own PATH"},
		{"exec", "execve", "/etc/passwd", syscall.EACCES, &user, "noexec"},
		{"exec", "execve", "x", syscall.ENOEXEC, &user, "#!"},
		{"exec", "execve", "x", syscall.E2BIG, &user, "fewer variables"},
		{"exec", "chdir to the working directory", "/x", syscall.ENOENT, &user, "exist inside"},
		{"exec", "execve", "x", syscall.EMFILE, &user, "ulimit -n"},
		{"exec", "execve", "x", 0, &user, ""},
		{"nosuchstage", "x", "", syscall.ENFILE, nil, "fs.file-max"},
		{"nosuchstage", "x", "", syscall.EPERM, nil, ""},
	} {
		t.Run(c.stage+" "+c.what+" "+c.errno.Error(), func(t *testing.T) {
			var m *Machine
			if c.machine != nil {
				m = c.machine.build(t)
			}
			got := Advice(stage.Failure{Stage: c.stage, What: c.what, Path: c.path, Errno: uint64(c.errno)}, m)
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("advice %q, want %q", got, c.want)
			}
			if strings.HasSuffix(got, ".") || strings.HasSuffix(got, " ") || strings.Contains(got, "; ;") {
				t.Errorf("no clause: %q", got)
			}
		})
	}
}

// Every failure that the first process and the launcher can report gets an answer without a panic, known or not.
func FuzzAdvice(f *testing.F) {
	f.Add("clone", "setns", "/x", uint(1), true)
	f.Add("proc", "mount proc", "", uint(40), false)
	f.Fuzz(func(t *testing.T, name, what, path string, errno uint, known bool) {
		m := unknown
		if known {
			m = &Machine{Engine: "Docker"}
			m.Self.NoNewPrivs.Value = true
		}
		_ = Advice(stage.Failure{Stage: name, What: what, Path: path, Errno: uint64(errno)}, m)
	})
}
