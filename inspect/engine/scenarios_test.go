package engine

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/proc"
)

// line is one container as a scenario expects it: engine, name, members; "in" and the name of the one around it.
func line(list []Container, c Container) string {
	s := fmt.Sprintf("%s %s %v", c.Engine, c.Name, c.Members)
	for _, around := range list {
		if around.Key == c.Parent {
			s += " in " + around.Name
		}
	}
	if c.Rootless {
		s += " rootless"
	}
	return s
}

func shimArgs(namespace, id string) string {
	return "/usr/bin/containerd-shim-runc-v2\x00-namespace\x00" + namespace + "\x00-id\x00" + id + "\x00-address\x00/run/containerd/containerd.sock\x00"
}

const (
	shimExe = "/usr/bin/containerd-shim-runc-v2"
	session = "/user.slice/user-1000.slice/session-1.scope"
	userApp = "/user.slice/user-1000.slice/user@1000.service/app.slice"
)

func TestScenarios(t *testing.T) {
	a, b := id(1), id(2)
	const pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod11111111_2222_3333_4444_555555555555.slice"
	tests := []struct {
		name  string
		build func(*table)
		want  []string
	}{
		{"docker: the shim stays on the host, an exec belongs to the container", func(m *table) {
			ns := m.isolated()
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: ns}, "/system.slice/docker-"+a+".scope")
			m.add(Process{PID: 110, PPID: 100, Exe: "/bin/sh", NS: ns}, "/system.slice/docker-"+a+".scope")
			m.add(Process{PID: 111, PPID: 110, Exe: "/bin/ps", NS: ns}, "/system.slice/docker-"+a+".scope")
		}, []string{"docker " + a[:12] + " [101 110 111]"}},
		{"a shim in its container's cgroup stays on the host", func(m *table) {
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/docker/"+a)
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, "/docker/"+a)
		}, []string{"docker " + a[:12] + " [101]"}},
		{"docker --pid=host --net=host --ipc=host --uts=host", func(m *table) {
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.own(m.host, proc.Mnt)}, "/docker/"+a)
		}, []string{"docker " + a[:12] + " [101]"}},
		{"containerd --pid=host in a cgroup that says nothing", func(m *table) {
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("default", "web")}, "/system.slice/containerd.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.own(m.host, proc.Mnt)}, "/default/web")
		}, []string{"containerd web [101]"}},
		{"a container that enters the host's namespaces is still that container", func(m *table) {
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.own(m.host, proc.Mnt)}, "/docker/"+a)
			m.add(Process{PID: 102, PPID: 101, Exe: "/usr/bin/bash"}, "/docker/"+a)
		}, []string{"docker " + a[:12] + " [101 102]"}},
		{"a container with its own PIDs that enters the host's namespaces", func(m *table) {
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/docker/"+a)
			m.add(Process{PID: 102, PPID: 101, Exe: "/usr/bin/bash"}, "/docker/"+a)
		}, []string{"docker " + a[:12] + " [101 102]"}},
		{"a host process in a container's cgroup is the host's", func(m *table) {
			m.add(Process{PID: 100, Exe: "/usr/bin/bash"}, "/docker/"+a)
		}, nil},
		{"nsenter from the host", func(m *table) {
			ns := m.isolated()
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: ns}, "/docker/"+a)
			m.add(Process{PID: 200, Exe: "/usr/bin/bash"}, session)
			m.add(Process{PID: 201, PPID: 200, Exe: "/usr/bin/nsenter", NS: m.own(ns, proc.PID)}, session)
			m.add(Process{PID: 202, PPID: 201, Exe: "/bin/sh", NS: ns}, session)
		}, []string{"docker " + a[:12] + " [101 201 202]"}},
		{"nsenter of the network only", func(m *table) {
			ns := m.isolated()
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: ns}, "/docker/"+a)
			other := *m.host
			other.Ino[proc.Net] = ns.Ino[proc.Net]
			m.add(Process{PID: 201, Exe: "/usr/sbin/tcpdump", NS: &other}, session)
		}, []string{"docker " + a[:12] + " [101]"}},
		{"nsenter of the pid namespace only", func(m *table) {
			ns := m.isolated()
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: ns}, "/docker/"+a)
			other := *m.host
			other.Ino[proc.PID] = ns.Ino[proc.PID]
			m.add(Process{PID: 201, Exe: "/usr/bin/gdb", NS: &other}, session)
		}, []string{"docker " + a[:12] + " [101 201]"}},
		{"a container that enters another one's namespaces keeps its process", func(m *table) {
			ns, agent := m.isolated(), m.isolated()
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: ns}, "/docker/"+a)
			m.add(Process{PID: 201, Exe: "/agent", NS: agent}, "/docker/"+b)
			m.add(Process{PID: 202, PPID: 201, Exe: "/agent", NS: ns}, "/docker/"+b)
		}, []string{"docker " + a[:12] + " [101]", "docker " + b[:12] + " [201 202]"}},
		{"two shims that name the same id", func(m *table) {
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("one", "web")}, "/system.slice/containerd.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, "/one/web")
			m.add(Process{PID: 110, Exe: shimExe, Cmdline: shimArgs("two", "web")}, "/system.slice/containerd.service")
			m.add(Process{PID: 111, PPID: 110, Exe: "/bin/sleep", NS: m.isolated()}, "/two/web")
		}, []string{"containerd web [101]", "containerd web [111]"}},
		{"docker in docker", func(m *table) {
			outer, inner := m.isolated(), m.isolated()
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/usr/bin/dockerd", NS: outer}, "/docker/"+a)
			m.add(Process{PID: 102, PPID: 101, Exe: shimExe, Cmdline: shimArgs("moby", b), NS: outer}, "/docker/"+a)
			m.add(Process{PID: 103, PPID: 102, Exe: "/bin/sleep", NS: inner}, "/docker/"+a+"/docker/"+b)
		}, []string{"docker " + a[:12] + " [101 102]", "docker " + b[:12] + " [103] in " + a[:12]}},
		{"kind: a node with systemd, its services and a pod", func(m *table) {
			node := m.isolated()
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/usr/lib/systemd/systemd", NS: node}, "/docker/"+a+"/init.scope")
			m.add(Process{PID: 102, PPID: 101, Exe: "/usr/lib/systemd/systemd-journald", NS: m.own(node, proc.Mnt)}, "/docker/"+a+"/system.slice/systemd-journald.service")
			m.add(Process{PID: 103, PPID: 101, Exe: shimExe, Cmdline: shimArgs("k8s.io", b), NS: node}, "/docker/"+a+"/system.slice/containerd.service")
			m.add(Process{PID: 104, PPID: 103, Exe: "/pause", NS: m.own(node, proc.Mnt, proc.PID, proc.Net)}, "/docker/"+a+"/kubelet"+pod+"/cri-containerd-"+b+".scope")
		}, []string{"docker " + a[:12] + " [101 102 103]", "kubernetes " + b[:12] + " [104] in " + a[:12]}},
		{"a pod of two containers with one shim", func(m *table) {
			pause := m.isolated()
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("k8s.io", a)}, "/system.slice/containerd.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/pause", NS: pause}, pod+"/cri-containerd-"+a+".scope")
			m.add(Process{PID: 102, PPID: 100, Exe: "/app", NS: m.own(pause, proc.Mnt, proc.PID)}, pod+"/cri-containerd-"+b+".scope")
		}, []string{"kubernetes " + a[:12] + " [101]", "kubernetes " + b[:12] + " [102]"}},
		{"cri-o", func(m *table) {
			m.add(Process{PID: 100, Exe: "/usr/bin/conmon", Cmdline: "conmon\x00-c\x00" + a + "\x00-n\x00k8s_app\x00-r\x00/usr/bin/crun\x00--exit-dir\x00/var/run/crio/exits\x00"}, pod+"/crio-conmon-"+a+".scope")
			m.add(Process{PID: 101, PPID: 100, Exe: "/app", NS: m.isolated()}, pod+"/crio-"+a+".scope")
		}, []string{"cri-o " + a[:12] + " [101]"}},
		{"kubernetes' docker, cgroupfs driver", func(m *table) {
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
			m.add(Process{PID: 101, PPID: 100, Exe: "/app", NS: m.isolated()}, "/kubepods/burstable/pod11111111-2222-3333-4444-555555555555/"+a)
		}, []string{"docker " + a[:12] + " [101]"}},
		{"podman: containers of a pod that share a pid namespace", func(m *table) {
			first := m.isolated()
			m.add(Process{PID: 100, Exe: "/usr/bin/conmon", Cmdline: "conmon\x00-c\x00" + a + "\x00-n\x00one\x00-r\x00/usr/bin/crun\x00"}, "/machine.slice/libpod-conmon-"+a+".scope")
			m.add(Process{PID: 101, PPID: 100, Exe: "/app", NS: first}, "/machine.slice/libpod-"+a+".scope/container")
			m.add(Process{PID: 110, Exe: "/usr/bin/conmon", Cmdline: "conmon\x00-c\x00" + b + "\x00-n\x00two\x00-r\x00/usr/bin/crun\x00"}, "/machine.slice/libpod-conmon-"+b+".scope")
			m.add(Process{PID: 111, PPID: 110, Exe: "/app", NS: m.own(first, proc.Mnt)}, "/machine.slice/libpod-"+b+".scope/container")
		}, []string{"podman one [101]", "podman two [111]"}},
		{"podman rootless without a cgroup, and its pause process", func(m *table) {
			user := m.own(m.host, proc.User, proc.Mnt)
			m.add(Process{PID: 90, Exe: "/usr/bin/catatonit", Cmdline: "catatonit\x00-P\x00", UID: 1000, NS: user}, session)
			m.add(Process{PID: 100, Exe: "/usr/bin/conmon", UID: 1000, NS: user, Cmdline: "conmon\x00-c\x00" + a + "\x00-n\x00mine\x00-r\x00/usr/bin/runc\x00"}, session)
			m.add(Process{PID: 101, PPID: 100, UID: 1000, Exe: "/bin/sleep", NS: m.own(user, proc.Mnt, proc.PID, proc.Net)}, session)
		}, []string{"podman mine [101] rootless"}},
		{"lxc", func(m *table) {
			m.add(Process{PID: 100, Exe: "/usr/bin/lxc-start", Cmdline: "[lxc monitor] /var/lib/lxc box\x00"}, "/lxc.monitor.box-1")
			m.add(Process{PID: 101, PPID: 100, Exe: "/sbin/init", NS: m.isolated()}, "/lxc.payload.box-1/init.scope")
		}, []string{"lxc box [101]"}},
		{"nspawn in the caller's cgroup, with a private service inside", func(m *table) {
			ns := m.isolated()
			m.add(Process{PID: 100, Exe: "/usr/bin/systemd-nspawn", Cmdline: "systemd-nspawn\x00-q\x00--keep-unit\x00-D\x00/srv/bookworm\x00-b\x00"}, session)
			m.add(Process{PID: 101, PPID: 100, Exe: "/usr/lib/systemd/systemd", NS: ns}, session)
			m.add(Process{PID: 102, PPID: 101, Exe: "/usr/sbin/sshd", NS: m.own(ns, proc.Mnt)}, session)
		}, []string{"systemd-nspawn bookworm [101 102]"}},
		{"docker in nspawn that has no cgroup of its own", func(m *table) {
			ns := m.isolated()
			m.add(Process{PID: 100, Exe: "/usr/bin/systemd-nspawn", Cmdline: "systemd-nspawn\x00-M\x00box\x00"}, session)
			m.add(Process{PID: 101, PPID: 100, Exe: "/usr/lib/systemd/systemd", NS: ns}, session)
			m.add(Process{PID: 102, PPID: 101, Exe: shimExe, Cmdline: shimArgs("moby", a), NS: ns}, session)
			m.add(Process{PID: 103, PPID: 102, Exe: "/app", NS: m.isolated()}, "/docker/"+a)
		}, []string{"systemd-nspawn box [101 102]", "docker " + a[:12] + " [103] in box"}},
		{"machinectl: the supervisor is the host's", func(m *table) {
			m.add(Process{PID: 100, Exe: "/usr/bin/systemd-nspawn", Cmdline: "systemd-nspawn\x00--machine=box\x00"}, "/machine.slice/systemd-nspawn@box.service/supervisor")
			m.add(Process{PID: 101, PPID: 100, Exe: "/usr/lib/systemd/systemd", NS: m.isolated()}, "/machine.slice/systemd-nspawn@box.service/payload/init.scope")
		}, []string{"systemd-nspawn box [101]"}},
		{"bubblewrap in a container", func(m *table) {
			ns := m.isolated()
			inner := m.own(ns, proc.Mnt, proc.PID, proc.User)
			m.add(Process{PID: 101, Exe: "/bin/sh", NS: ns}, "/docker/"+a)
			m.add(Process{PID: 102, PPID: 101, Exe: "/usr/bin/bwrap", NS: ns}, "/docker/"+a)
			m.add(Process{PID: 103, PPID: 102, Exe: "/usr/bin/bwrap", NS: inner}, "/docker/"+a)
			m.add(Process{PID: 104, PPID: 103, Exe: "/bin/cat", NS: inner}, "/docker/"+a)
		}, []string{"docker " + a[:12] + " [101 102]", "bubblewrap cat [103 104] in " + a[:12]}},
		{"bubblewrap whose outer process is gone", func(m *table) {
			ns := m.isolated()
			m.add(Process{PID: 103, Exe: "/usr/bin/bwrap", NS: ns}, session)
			m.add(Process{PID: 104, PPID: 103, Exe: "/bin/cat", NS: ns}, session)
		}, []string{"bubblewrap cat [103 104]"}},
		{"flatpak: a browser with its own sandbox inside", func(m *table) {
			ns := m.own(m.host, proc.Mnt, proc.PID, proc.User)
			scope := userApp + "/app-flatpak-org.chromium.Chromium-100.scope"
			m.add(Process{PID: 100, Exe: "/usr/bin/bwrap", UID: 1000}, scope)
			m.add(Process{PID: 101, PPID: 100, Exe: "/usr/bin/bwrap", UID: 1000, NS: ns}, scope)
			m.add(Process{PID: 102, PPID: 101, Exe: "/app/chromium/chrome", UID: 1000, NS: ns}, scope)
			m.add(Process{PID: 103, PPID: 102, Exe: "/app/chromium/chrome", UID: 1000, NS: m.own(ns, proc.User, proc.PID, proc.Net)}, scope)
		}, []string{"flatpak org.chromium.Chromium [101 102 103] rootless"}},
		{"snap, strict and classic", func(m *table) {
			ns := m.own(m.host, proc.Mnt)
			m.add(Process{PID: 100, Exe: "/snap/firefox/1/firefox", UID: 1000, NS: ns}, userApp+"/snap.firefox.firefox-a1.scope")
			m.add(Process{PID: 101, PPID: 100, Exe: "/snap/firefox/1/firefox", UID: 1000, NS: m.own(ns, proc.User, proc.Net)}, userApp+"/snap.firefox.firefox-a1.scope")
			m.add(Process{PID: 102, Exe: "/snap/code/1/code", UID: 1000}, userApp+"/snap.code.code-b2.scope")
		}, []string{"snap firefox [100 101] rootless"}},
		{"firejail", func(m *table) {
			ns := m.isolated()
			m.add(Process{PID: 100, Exe: "/usr/bin/firejail", Cmdline: "firejail\x00--name=box\x00vlc\x00"}, session)
			m.add(Process{PID: 101, PPID: 100, Exe: "/usr/bin/firejail", Cmdline: "firejail\x00--name=box\x00vlc\x00", NS: ns}, session)
			m.add(Process{PID: 102, PPID: 101, Exe: "/usr/bin/vlc", NS: ns}, session)
		}, []string{"firejail box [101 102]"}},
		{"runc in the foreground", func(m *table) {
			m.add(Process{PID: 100, Exe: "/usr/sbin/runc", Cmdline: "runc\x00run\x00r1\x00"}, session)
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sh", NS: m.isolated()}, "/r1")
		}, []string{"runc r1 [101]"}},
		{"unshare twice, pid first and mnt later", func(m *table) {
			pid := m.own(m.host, proc.PID)
			m.add(Process{PID: 100, Exe: "/usr/bin/unshare"}, session)
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sh", NS: pid}, session)
			m.add(Process{PID: 102, PPID: 101, Exe: "/bin/sh", NS: m.own(pid, proc.Mnt)}, session)
			m.add(Process{PID: 103, PPID: 102, Exe: "/bin/cat", NS: m.procs[len(m.procs)-1].NS}, session)
		}, []string{"unshare sh [102 103]"}},
		{"unshare inside of unshare", func(m *table) {
			outer := m.isolated()
			inner := m.own(outer, proc.Mnt, proc.PID)
			m.add(Process{PID: 101, Exe: "/bin/sh", NS: outer}, session)
			m.add(Process{PID: 102, PPID: 101, Exe: "/usr/bin/unshare", NS: m.own(outer, proc.Mnt)}, session)
			m.add(Process{PID: 103, PPID: 102, Exe: "/bin/cat", NS: inner}, session)
		}, []string{"unshare sh [101 102]", "unshare cat [103] in sh"}},
		{"chroot, entered twice", func(m *table) {
			m.add(Process{PID: 101, Exe: "/srv/root/bin/sh", Root: "/srv/root"}, session)
			m.add(Process{PID: 102, PPID: 101, Exe: "/srv/root/bin/cat", Root: "/srv/root"}, session)
			m.add(Process{PID: 201, Exe: "/srv/root/bin/ls", Root: "/srv/root"}, session)
			m.add(Process{PID: 301, Exe: "/srv/other/bin/ls", Root: "/srv/other"}, session)
		}, []string{"chroot sh [101 102 201]", "chroot ls [301]"}},
		{"a daemon that locks itself into an empty directory", func(m *table) {
			m.add(Process{PID: 101, Exe: "/usr/sbin/avahi-daemon"}, "/system.slice/avahi-daemon.service")
			m.add(Process{PID: 102, PPID: 101, Exe: "/usr/sbin/avahi-daemon", Root: "/etc/avahi"}, "/system.slice/avahi-daemon.service")
		}, nil},
		{"services with private mounts, and with private PIDs", func(m *table) {
			m.add(Process{PID: 101, Exe: "/usr/lib/systemd/systemd-udevd", NS: m.own(m.host, proc.Mnt)}, "/system.slice/systemd-udevd.service/udev")
			m.add(Process{PID: 102, Exe: "/usr/sbin/ntpd", NS: m.own(m.host, proc.Mnt, proc.Net)}, "/system.slice/ntp.service")
			m.add(Process{PID: 103, Exe: "/usr/sbin/coy", NS: m.own(m.host, proc.Mnt, proc.PID)}, "/system.slice/coy.service")
			m.add(Process{PID: 104, Exe: "/usr/lib/systemd/systemd", UID: 1000}, "/user.slice/user-1000.slice/user@1000.service/init.scope")
			m.add(Process{PID: 105, PPID: 104, Exe: "/usr/bin/coy", UID: 1000, NS: m.own(m.host, proc.Mnt, proc.PID, proc.User)}, userApp+"/coy.service")
		}, nil},
		{"browsers", func(m *table) {
			sandbox := m.own(m.host, proc.User, proc.PID, proc.Net)
			m.add(Process{PID: 101, Exe: "/opt/google/chrome/chrome"}, session)
			m.add(Process{PID: 102, PPID: 101, Exe: "/opt/google/chrome/chrome", Cmdline: "chrome\x00--type=zygote\x00", NS: sandbox}, session)
			m.add(Process{PID: 103, PPID: 102, Exe: "/opt/google/chrome/chrome", Cmdline: "chrome\x00--type=renderer\x00", NS: sandbox, Root: "/proc/102/fdinfo"}, session)
			m.add(Process{PID: 201, Exe: "/usr/lib/firefox/firefox"}, session)
			m.add(Process{PID: 202, PPID: 201, Exe: "/usr/lib/firefox/firefox", NS: m.own(m.host, proc.User, proc.Net, proc.IPC)}, session)
		}, nil},
		{"a virtual machine of libvirt", func(m *table) {
			m.add(Process{PID: 101, Exe: "/usr/bin/qemu-system-x86_64", NS: m.own(m.host, proc.Mnt)}, `/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator`)
		}, nil},
		{"our own sandboxes", func(m *table) {
			m.add(Process{PID: 100, Exe: "/usr/local/bin/cutaway"}, session)
			m.add(Process{PID: 101, PPID: 100, Exe: "/usr/local/bin/cutaway", NS: m.isolated()}, session)
			m.add(Process{PID: 102, PPID: 101, Exe: "/bin/bash", NS: m.procs[len(m.procs)-1].NS}, session)
			m.add(Process{PID: 201, Exe: "/bin/bash", NS: m.isolated()}, "/a/cutaway-200-12345")
		}, []string{"cutaway bash [101 102]", "cutaway cutaway-200-12345 [201]"}},

		{"a process that only calls itself an engine", func(m *table) {
			m.add(Process{PID: 100, Comm: "bwrap", Exe: "/home/u/fool", UID: 1000}, session)
			m.add(Process{PID: 101, PPID: 100, Comm: "sleep", Exe: "/bin/sleep", UID: 1000}, session)
			m.add(Process{PID: 102, Exe: "/home/u/containerd-shim", Cmdline: shimArgs("moby", a), UID: 1000}, session)
			m.add(Process{PID: 103, PPID: 102, Exe: "/bin/sleep", UID: 1000}, session)
		}, nil},
		{"a sandbox below a process that lies in its name", func(m *table) {
			m.add(Process{PID: 100, Comm: "containerd-shim", Exe: "/home/u/fool", Cmdline: shimArgs("moby", a), UID: 1000}, session)
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", UID: 1000, NS: m.isolated()}, session)
		}, []string{"unshare sleep [101]"}},
		{"a user's shim that names a container of root's", func(m *table) {
			m.add(Process{PID: 90, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
			m.add(Process{PID: 91, PPID: 90, Exe: "/app", NS: m.isolated()}, "/docker/"+a)
			m.add(Process{PID: 100, Exe: "/home/u/containerd-shim", Cmdline: shimArgs("moby", a), UID: 1000}, session)
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", UID: 1000, NS: m.isolated()}, session)
		}, []string{"docker " + a[:12] + " [91]", "docker " + a[:12] + " [101] rootless"}},
		{"a user's cgroup that is named like a container of root's", func(m *table) {
			m.add(Process{PID: 91, Exe: "/app", NS: m.isolated()}, "/system.slice/docker-"+a+".scope")
			m.add(Process{PID: 101, Exe: "/bin/sleep", UID: 1000, NS: m.isolated()}, userApp+"/docker-"+a+".scope")
		}, []string{"docker " + a[:12] + " [91]", "docker " + a[:12] + " [101] rootless"}},
		{"a container that names an inner one like another of the host's", func(m *table) {
			m.add(Process{PID: 91, Exe: "/app", NS: m.isolated()}, "/docker/"+a)
			m.add(Process{PID: 101, Exe: "/evil", NS: m.isolated()}, "/docker/"+b)
			m.add(Process{PID: 102, PPID: 101, Exe: "/evil", NS: m.isolated()}, "/docker/"+b+"/docker/"+a)
		}, []string{"docker " + a[:12] + " [91]", "docker " + b[:12] + " [101]", "docker " + a[:12] + " [102] in " + b[:12]}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newTable(t)
			test.build(m)
			got := m.detect()
			var lines []string
			keys := map[string]bool{}
			for _, c := range got {
				lines = append(lines, line(got, c))
				if keys[c.Key] {
					t.Errorf("two containers have the key %s", c.Key)
				}
				keys[c.Key] = true
			}
			if diff := cmp.Diff(test.want, lines); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, got)
			}
		})
	}
}
