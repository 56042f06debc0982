package check

import (
	"strings"
	"syscall"
	"testing"

	"cutaway/inspect/proc"
)

// isolated is what the preset of that name asks for.
func isolated() Need {
	n := Need{Pivot: true, Proc: true, Sys: true, Seccomp: true, NoNewPrivs: true, UIDs: ranges(), GIDs: ranges()}
	n.New = [proc.NSKinds]bool{true, true, true, true, true, true, true, false}
	return n
}

func ranges() []proc.IDMapping { return []proc.IDMapping{{Inside: 0, Outside: 100000, Count: 65536}} }

func need(change func(*Need)) Need {
	n := isolated()
	change(&n)
	return n
}

func rootless(n *Need) {
	n.UIDs = []proc.IDMapping{{Inside: 0, Outside: 1000, Count: 1}, {Inside: 1, Outside: 100000, Count: 65536}}
	n.GIDs = n.UIDs
}

func single(n *Need) {
	n.UIDs = []proc.IDMapping{{Inside: 0, Outside: 1000, Count: 1}}
	n.GIDs = n.UIDs
}

// only makes namespaces of some kinds and nothing else.
func only(kinds ...proc.NSKind) Need {
	var n Need
	for _, kind := range kinds {
		n.New[kind] = true
	}
	return n
}

func TestRefusals(t *testing.T) {
	ubuntu := map[string]string{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n", "/proc/sys/kernel/osrelease": "6.8.0-31-generic\n"}
	with := func(files map[string]string, path, text string) map[string]string {
		more := map[string]string{path: text}
		for k, v := range files {
			more[k] = v
		}
		return more
	}
	for _, c := range []struct {
		name    string
		machine fixture
		need    Need
		want    []string // "refused user namespaces: words that it must hold", in this order
	}{
		{"debian, a user, a single id though more may be had", fixture{}, need(single), nil},
		{"debian, a user with ranges", fixture{}, need(rootless), nil},
		{"debian, root", fixture{root: true}, isolated(), nil},
		{
			"debian 10, a user",
			fixture{files: map[string]string{"/proc/sys/kernel/unprivileged_userns_clone": "0\n"}},
			need(rootless),
			[]string{"refused user namespaces: sysctl -w kernel.unprivileged_userns_clone=1"},
		},
		{"debian 10, root", fixture{root: true, files: map[string]string{"/proc/sys/kernel/unprivileged_userns_clone": "0\n"}}, isolated(), nil},
		{
			"debian 10, root of a container",
			fixture{
				root: true, files: map[string]string{
					"/proc/sys/kernel/unprivileged_userns_clone": "0\n", "/proc/self/uid_map": "0 100000 65536\n", "/proc/self/gid_map": "0 100000 65536\n",
				},
			},
			need(func(n *Need) { n.UIDs[0].Outside = 1; n.UIDs[0].Count = 1000; n.GIDs = n.UIDs }),
			[]string{"refused user namespaces: kernel.unprivileged_userns_clone is 0"},
		},
		{
			"ubuntu, unconfined",
			fixture{files: ubuntu},
			need(rootless),
			[]string{"refused user namespaces: without capabilities: the first mount fails"},
		},
		{"ubuntu, only a user namespace", fixture{files: ubuntu}, only(proc.User), []string{"limited user namespaces: no capabilities"}},
		{
			"ubuntu, a profile of its own",
			fixture{files: with(ubuntu, "/proc/self/attr/apparmor/current", "cutaway (unconfined)\n")},
			need(rootless),
			[]string{"limited user namespaces: profile cutaway has the rule userns"},
		},
		{"ubuntu, root", fixture{root: true, files: ubuntu}, isolated(), nil},
		{
			"rhel, root",
			fixture{root: true, files: map[string]string{"/proc/sys/user/max_user_namespaces": "0\n"}},
			isolated(),
			[]string{"refused user namespaces: user.max_user_namespaces is 0; clone(2) gives ENOSPC, to root too; as root: sysctl -w user.max_user_namespaces=10000"},
		},
		{
			"no network namespaces",
			fixture{files: map[string]string{"/proc/sys/user/max_net_namespaces": "0\n"}},
			need(rootless),
			[]string{"refused net namespaces: user.max_net_namespaces is 0"},
		},
		{"docker, isolated", docker(), need(func(n *Need) { n.UIDs[0] = proc.IDMapping{Outside: 0, Count: 1}; n.GIDs = n.UIDs }), []string{
			"refused seccomp: refuses clone, unshare, mount, open_tree and mount_setattr",
			"refused new /proc: /proc is covered by proc on /proc/bus (ro), proc on /proc/fs (ro), proc on /proc/sys (ro) and 2 more",
			"refused new /sys: /sys is covered by tmpfs on /sys/firmware (ro)",
			"limited confinement: docker-default",
		}},
		{
			"docker, only a PID namespace", docker(), only(proc.PID, proc.Mnt),
			[]string{"refused privileges: mnt and pid namespaces take CAP_SYS_ADMIN", "refused seccomp: docker run --security-opt seccomp=unconfined", "limited confinement: "},
		},
		{"docker, a limit", docker(), Need{Controllers: []string{"memory"}}, []string{"refused seccomp: clone3", "refused cgroup memory: read-only"}},
		{"docker --privileged", func() fixture {
			f := docker()
			f.caps, f.answers, f.readOnly = 0, nil, false
			f.status["Seccomp"] = "0"
			f.files["/proc/self/mountinfo"] = hostMounts
			f.files["/proc/self/attr/apparmor/current"] = "unconfined\n"
			return f
		}(), isolated(), nil},
		{"podman, rootless, isolated", func() fixture {
			f := docker()
			f.files["/run/.containerenv"] = "x\n"
			f.files["/proc/self/uid_map"] = "0 1000 1\n1 100000 65536\n"
			f.files["/proc/self/gid_map"] = f.files["/proc/self/uid_map"]
			f.files["/proc/self/attr/apparmor/current"] = ""
			return f
		}(), isolated(), []string{
			"refused seccomp: podman run --security-opt seccomp=unconfined",
			"refused uid map: uids 100000 to 165535 outside do not exist", "refused gid map: ",
			"refused new /proc: podman run --security-opt unmask=ALL", "refused new /sys: ",
		}},
		{"fedora's container", fixture{root: true, caps: dockerCaps, files: map[string]string{
			"/proc/self/attr/apparmor/current": "", "/proc/self/attr/current": "system_u:system_r:container_t:s0:c1,c2\x00", "/sys/fs/selinux/enforce": "1",
		}}, only(proc.User, proc.Mnt), []string{"limited confinement: container_t"}},
		{
			"a filter that kills",
			fixture{status: map[string]string{"Seccomp": "2"}, answers: map[string]syscall.Errno{"mount": deadly}},
			need(rootless),
			[]string{"refused seccomp: ends who calls mount"},
		},
		{
			"wsl 1",
			fixture{files: map[string]string{"/proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft\n", "/proc/self/ns/user": "", "/proc/self/ns/time": ""}},
			need(rootless),
			[]string{"refused user namespaces: wsl --set-version NAME 2"},
		},
		{"wsl 2", fixture{files: map[string]string{"/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2\n"}}, need(rootless), nil},
		{
			"no time namespaces",
			fixture{root: true, files: map[string]string{"/proc/self/ns/time": ""}},
			only(proc.Time),
			[]string{"refused time namespaces: Linux 5.6 or newer"},
		},
		{
			"an old kernel",
			fixture{root: true, answers: map[string]syscall.Errno{"mount_setattr": syscall.ENOSYS}, files: map[string]string{"/proc/sys/kernel/osrelease": "5.10.0-28-amd64\n"}},
			isolated(),
			[]string{"refused system calls: has no mount_setattr (Linux 5.12)"},
		},
		{
			"an old kernel, an overlay",
			fixture{files: map[string]string{"/proc/sys/kernel/osrelease": "5.10.0-28-amd64\n"}},
			need(func(n *Need) { rootless(n); n.Overlay = true }),
			[]string{"limited overlay: since Linux 5.11"},
		},
		{"no overlay", fixture{root: true, files: map[string]string{"/proc/filesystems": "\text4\n"}}, Need{Overlay: true}, []string{"limited overlay: modprobe overlay"}},
		{
			"a chroot",
			fixture{files: map[string]string{"/proc/self/mountinfo": "22 21 0:19 / /proc rw - proc proc rw\n23 21 0:20 / /sys rw - sysfs sysfs rw\n"}},
			need(rootless),
			[]string{"refused user namespaces: cutaway runs in a chroot"},
		},
		{
			"an initramfs",
			fixture{root: true, files: map[string]string{"/proc/self/mountinfo": "1 1 0:2 / / rw - rootfs rootfs rw\n" + strings.Join(strings.SplitAfter(hostMounts, "\n")[1:], "")}},
			isolated(),
			[]string{"refused pivot_root: initramfs"},
		},
		{
			"a noexec home",
			fixture{files: map[string]string{"/proc/self/mountinfo": strings.Replace(hostMounts, " /home ", " /usr/local/bin ", 1)}},
			need(rootless),
			[]string{"refused program: /usr/local/bin/cutaway lies on /usr/local/bin, which is mounted noexec"},
		},
		{
			"an unmapped user",
			fixture{files: map[string]string{"/proc/self/uid_map": "0 5000 1\n"}},
			only(proc.User),
			[]string{"refused user namespaces: not mapped"},
		},
		{
			"/proc read-only",
			fixture{files: map[string]string{"/proc/self/mountinfo": strings.Replace(hostMounts, "/proc rw,", "/proc ro,", 1)}},
			need(rootless),
			[]string{"refused user namespaces: EROFS", "refused new /proc: proc on /proc (ro)"},
		},
		{
			"/proc without PIDs of its own",
			fixture{},
			need(func(n *Need) { rootless(n); n.New[proc.PID], n.New[proc.Net] = false, false }),
			[]string{"refused new /proc: make a PID namespace as well", "refused new /sys: make a network namespace as well"},
		},
		{"mqueue and cgroups without namespaces", fixture{}, need(func(n *Need) {
			rootless(n)
			n.MQueue, n.Cgroups, n.New[proc.IPC], n.New[proc.Cgroup] = true, true, false, false
		}), []string{"refused new mqueue: ipc", "refused new cgroup file systems: cgroup"}},
		{"a user, no user namespace", fixture{}, only(proc.Net), []string{"refused privileges: net namespaces take CAP_SYS_ADMIN"}},
		{"a user, only chroot", fixture{}, Need{Chroot: true}, []string{"refused privileges: CAP_SYS_CHROOT"}},
		{"a user joins", fixture{}, Need{Joined: [proc.NSKinds]bool{proc.Net: true}}, []string{"refused privileges: joining net"}},
		{"a user joins a user namespace", fixture{}, Need{Joined: [proc.NSKinds]bool{proc.Net: true, proc.User: true}}, nil},
		{"a user makes a user namespace and joins", fixture{}, func() Need {
			n := only(proc.User)
			n.Joined[proc.Net] = true
			return n
		}(), []string{"refused privileges: joining net"}},
		{"root joins", fixture{root: true}, Need{Joined: [proc.NSKinds]bool{proc.Net: true}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.machine.build(t).Refusals(c.need), c.want) })
	}
}

// expect compares findings with "health name: words".
func expect(t *testing.T, found []Finding, want []string) {
	t.Helper()
	for i, f := range found {
		text := f.Health.String() + " " + f.String()
		if i >= len(want) {
			t.Errorf("not expected: %s", text)
			continue
		}
		head, words, _ := strings.Cut(want[i], ": ")
		if !strings.HasPrefix(text, head+": ") || !strings.Contains(text, words) {
			t.Errorf("%s\n does not say %s", text, want[i])
		}
		if f.Value == "" || f.Reason+f.Advice == "" {
			t.Errorf("%s: says neither why nor what to do", text)
		}
	}
	for _, w := range want[min(len(found), len(want)):] {
		t.Errorf("missing: %s", w)
	}
}
