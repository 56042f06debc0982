package check

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
)

func TestMapRefusals(t *testing.T) {
	noRanges := map[string]string{"/etc/subuid": "bob:100000:65536\n", "/etc/subgid": "bob:100000:65536\n"}
	nosuid := map[string]string{"/proc/self/mountinfo": strings.Replace(hostMounts, " /home ", " /usr/bin ", 1)}
	for _, c := range []struct {
		name    string
		machine fixture
		need    Need
		want    []string
	}{
		{
			"newuidmap is not installed, one id",
			fixture{helper: "-"},
			need(single),
			[]string{"limited uid map: only uid 1000 is mapped: newuidmap is not installed; chown to others fails inside: apt, dpkg and what changes its user break; install it: apt install uidmap"},
		},
		{"newuidmap is not installed, ranges", fixture{helper: "-"}, need(rootless), []string{"refused uid map: apt install uidmap", "refused gid map: newgidmap"}},
		{"newuidmap has lost its bit", fixture{helper: "none"}, need(rootless), []string{"refused uid map: chmod u+s /usr/bin/newuidmap", "refused gid map: "}},
		{"newuidmap has file capabilities", fixture{helper: "caps"}, need(rootless), nil},
		{"newuidmap on a nosuid mount", fixture{files: nosuid}, need(rootless), []string{"refused uid map: lies on /usr/bin, which is mounted nosuid", "refused gid map: "}},
		{"no_new_privs, ranges", fixture{status: map[string]string{"NoNewPrivs": "1"}}, need(rootless), []string{"refused uid map: no_new_privs is set for cutaway", "refused gid map: "}},
		{"no_new_privs, one id", fixture{status: map[string]string{"NoNewPrivs": "1"}}, need(single), []string{"limited uid map: no_new_privs"}},
		{"no_new_privs, root", fixture{root: true, status: map[string]string{"NoNewPrivs": "1"}}, isolated(), nil},
		{"no ranges, one id", fixture{files: noRanges}, need(single), []string{"limited uid map: /etc/subuid gives alice no range; chown to others fails inside: apt, dpkg and what changes its user break; as root: usermod --add-subuids 100000-165535 alice"}},
		{"no ranges", fixture{files: noRanges}, need(rootless), []string{"refused uid map: /etc/subuid gives alice no uids 100000 to 165535", "refused gid map: usermod --add-subgids"}},
		{"ranges by number", fixture{files: map[string]string{"/etc/subuid": "1000:100000:65536\n", "/etc/subgid": "1000:100000:65536\n"}}, need(rootless), nil},
		{"no ranges of groups", fixture{files: map[string]string{"/etc/subgid": ""}}, need(single), []string{"limited gid map: /etc/subgid gives alice no range"}},
		{"another user's id", fixture{}, need(func(n *Need) { n.UIDs[0] = proc.IDMapping{Outside: 0, Count: 1}; n.GIDs = nil }), []string{"refused uid map: gives alice no uids 0 to 0"}},
		{"a range too long", fixture{}, need(func(n *Need) { n.UIDs[0].Count = 65537; n.GIDs = nil }), []string{"refused uid map: no uids 100000 to 165536"}},
		{"root maps root", fixture{root: true}, need(func(n *Need) { n.UIDs[0].Outside = 0 }), nil},
		{"root without CAP_SETFCAP maps root", fixture{root: true, caps: allCaps &^ (1 << unix.CAP_SETFCAP)}, need(func(n *Need) { n.UIDs[0].Outside = 0 }), []string{"refused uid map: CAP_SETFCAP"}},
		{"a user namespace below", fixture{root: true, files: map[string]string{"/proc/self/uid_map": "0 1000 1\n1 100000 65536\n"}}, need(func(n *Need) {
			n.UIDs = []proc.IDMapping{{Outside: 1, Count: 65537}}
			n.GIDs = nil
		}), []string{"refused uid map: uids 1 to 65537 outside do not exist"}},
		{"groups, a user", fixture{}, need(func(n *Need) { single(n); n.Groups = true }), []string{"refused supplementary groups: a user who maps their own group alone"}},
		{"groups, ranges", fixture{}, need(func(n *Need) { rootless(n); n.Groups = true }), nil},
		{"groups, no user namespace", fixture{}, Need{Groups: true}, []string{"refused supplementary groups: CAP_SETGID"}},
		{"groups, denied", fixture{root: true, files: map[string]string{"/proc/self/setgroups": "deny\n"}}, Need{Groups: true}, []string{"refused supplementary groups: is deny"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.machine.build(t).Refusals(c.need), c.want) })
	}
}

func TestRightsRefusals(t *testing.T) {
	for _, c := range []struct {
		name    string
		machine fixture
		need    Need
		want    []string
	}{
		{"veth, a user", fixture{}, Need{Veth: true}, []string{"refused veth: CAP_NET_ADMIN"}},
		{"veth, root", fixture{root: true}, Need{Veth: true}, nil},
		{"Landlock is off", fixture{landlock: &Landlock{Errno: unix.EOPNOTSUPP}}, Need{Landlock: true}, []string{"refused Landlock: turned off at boot"}},
		{"Landlock is not built in", fixture{landlock: &Landlock{Errno: unix.ENOSYS}}, Need{Landlock: true}, []string{"refused Landlock: CONFIG_SECURITY_LANDLOCK"}},
		{"Landlock is filtered", fixture{landlock: &Landlock{Errno: unix.EPERM}}, Need{Landlock: true}, []string{"refused Landlock: seccomp filter"}},
		{"Landlock", fixture{}, Need{Landlock: true}, nil},
		{"no seccomp", fixture{status: map[string]string{"Seccomp": "-"}}, Need{Seccomp: true}, []string{"refused seccomp: CONFIG_SECCOMP_FILTER"}},
		{"capabilities, root", fixture{root: true, caps: allCaps &^ (1 << unix.CAP_SYS_RESOURCE)}, Need{Caps: caps.Of(unix.CAP_SYS_RESOURCE, unix.CAP_KILL)}, []string{"refused capabilities: lacks cap_sys_resource"}},
		{"capabilities, a user namespace", fixture{}, need(func(n *Need) { single(n); n.Caps = caps.Of(unix.CAP_SYS_RESOURCE) }), nil},
		{"no_new_privs is inherited", fixture{root: true, status: map[string]string{"NoNewPrivs": "1"}}, Need{}, []string{"limited no_new_privs: set for cutaway itself"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.machine.build(t).Refusals(c.need), c.want) })
	}
}

func TestRlimitRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		root bool
		caps uint64
		user bool
		hard uint64
		want []string
	}{
		{name: "less", hard: 1000},
		{name: "as much", hard: 20000},
		{name: "more", hard: 20001, want: []string{"refused resource limit nofile: hard limit is 20000"}},
		{name: "unlimited", hard: unix.RLIM_INFINITY, want: []string{"refused resource limit nofile: CAP_SYS_RESOURCE"}},
		{name: "more, root", root: true, hard: 20001},
		{name: "more, root without the capability", root: true, caps: 1 << unix.CAP_SYS_ADMIN, hard: 20001, want: []string{"refused resource limit nofile: "}},
		{name: "more, in a user namespace", root: true, user: true, hard: 20001, want: []string{"refused resource limit nofile: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := (&fixture{root: c.root, caps: c.caps}).build(t)
			m.Rlimits = map[int]unix.Rlimit{unix.RLIMIT_NOFILE: {Cur: 1024, Max: 20000}}
			n := Need{Rlimits: map[int]uint64{unix.RLIMIT_NOFILE: c.hard}}
			n.New[proc.User] = c.user
			expect(t, m.Refusals(n), c.want)
		})
	}
}

func TestCgroupRefusals(t *testing.T) {
	const scope = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope"
	delegated := map[string]string{"/proc/self/cgroup": "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n"}
	for path, controllers := range map[string][2]string{
		"/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service":           {"memory pids", "memory pids"},
		"/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice": {"memory pids", "memory pids"},
		scope: {"memory pids", "\n"},
	} {
		delegated[path+"/cgroup.controllers"] = controllers[0]
		delegated[path+"/cgroup.subtree_control"] = controllers[1]
		delegated[path+"/cgroup.events"] = "populated 1\n"
		delegated[path+"/cgroup.procs"] = "\n"
	}
	delegated[scope+"/cgroup.procs"] = "4242\n"
	user := []string{"user.slice/user-1000.slice/user@1000.service"}
	boxed := map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cgroup.events": "populated 1\n"}
	v1 := map[string]string{"/proc/self/cgroup": "4:memory:/\n3:pids:/\n", "/sys/fs/cgroup/memory/cgroup.procs": "1\n", "/sys/fs/cgroup/pids/cgroup.procs": "1\n"}
	for path := range standardFiles {
		if strings.HasPrefix(path, "/sys/fs/cgroup/") {
			v1[path] = ""
		}
	}
	none := map[string]string{}
	for path, text := range v1 {
		if text == "" {
			none[path] = ""
		}
	}
	for _, c := range []struct {
		name    string
		machine fixture
		need    Need
		want    []string
	}{
		{"a login session", fixture{}, Need{Controllers: []string{"memory", "pids"}}, []string{"refused cgroup memory pids: session-2.scope cannot be written: permission denied; it is not delegated to cutaway's user: start it with systemd-run --user --scope -p Delegate=yes"}},
		{"a login session, no limits", fixture{}, Need{Cgroup: true}, []string{"refused cgroup: session-2.scope"}},
		{"root", fixture{root: true}, Need{Controllers: []string{"memory", "pids"}}, nil},
		{"root, a controller that the top alone has", fixture{root: true}, Need{Controllers: []string{"memory", "io"}}, nil},
		{"delegated", fixture{files: delegated, writable: user}, Need{Controllers: []string{"memory", "pids"}}, nil},
		{"delegated, not that one", fixture{files: delegated, writable: user}, Need{Controllers: []string{"memory", "cpu"}}, []string{"refused cgroup memory cpu: holds processes"}},
		{"a cgroup namespace", fixture{root: true, files: boxed}, Need{Controllers: []string{"cpuset"}}, []string{"refused cgroup cpuset: /sys/fs/cgroup holds processes, so that its children cannot have the controller cpuset"}},
		{"no such controller", fixture{root: true}, Need{Controllers: []string{"rdma"}}, []string{"refused cgroup controller rdma: no cgroup hierarchy here has it"}},
		{"read-only", fixture{root: true, readOnly: true}, Need{Controllers: []string{"memory"}}, []string{"refused cgroup memory: read-only"}},
		{"version 1, a user", fixture{files: v1}, Need{Controllers: []string{"memory"}}, []string{"refused cgroup controller memory: version 1 of cgroups is root's"}},
		{"version 1, a user, no limits", fixture{files: v1}, Need{Cgroup: true}, []string{"refused cgroup: version 1"}},
		{"version 1, root", fixture{root: true, files: v1}, Need{Cgroup: true, Controllers: []string{"memory", "pids"}}, nil},
		{"version 1, no such controller", fixture{root: true, files: v1}, Need{Controllers: []string{"cpu"}}, []string{"refused cgroup controller cpu: no cgroup hierarchy here"}},
		{"nothing mounted", fixture{root: true, files: none}, Need{Cgroup: true}, []string{"refused cgroup: no cgroup hierarchy is mounted"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.machine.build(t).Refusals(c.need), c.want) })
	}
}
