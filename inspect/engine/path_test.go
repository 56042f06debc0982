package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePath(t *testing.T) {
	a, b := id(1), id(2)
	const uid = "0b6c0c3c-8a5e-4d6f-9d3a-0123456789ab"
	underscored := strings.ReplaceAll(uid, "-", "_")
	user := "/user.slice/user-1000.slice/user@1000.service"
	pod := func(qos string) Pod { return Pod{UID: uid, QoS: qos} }
	tests := []struct {
		name, path string
		want       []level // without path, and without key where it is the id
	}{
		{"root", "/", nil},
		{"service", "/system.slice/ssh.service", nil},
		{"login", "/user.slice/user-1000.slice/session-3.scope", nil},
		{"docker cgroupfs", "/docker/" + a, []level{{engine: Docker, id: a}}},
		{"docker systemd", "/system.slice/docker-" + a + ".scope", []level{{engine: Docker, id: a}}},
		{"docker, custom parent", "/cutaway-test/" + a, []level{{id: a}}},
		{"docker, custom slice", "/my.slice/docker-" + a + ".scope", []level{{engine: Docker, id: a}}},
		{"seen from a cgroup namespace", "/../../docker/" + a, []level{{engine: Docker, id: a}}},
		{"below a container", "/docker/" + a + "/init.scope", []level{{engine: Docker, id: a}}},
		{"docker rootless", user + "/user.slice/docker-" + a + ".scope", []level{{engine: Docker, id: a, uid: "1000"}}},
		{"buildkit", "/docker/buildkit/lq1nv4aprn2v5x7rwtu9qhzk0", []level{{engine: Docker, id: "lq1nv4aprn2v5x7rwtu9qhzk0"}}},
		{"buildkit's directory", "/docker/buildkit", nil},
		{"github runner", "/actions_job/" + a, []level{{engine: Docker, id: a}}},
		{"docker in docker", "/docker/" + a + "/docker/" + b, []level{{engine: Docker, id: a}, {engine: Docker, id: b}}},
		{"docker in lxc", "/lxc.payload.c1/docker/" + b, []level{
			{engine: LXC, id: "c1", name: "c1", key: "lxc:c1"}, {engine: Docker, id: b},
		}},
		{
			"kind", "/docker/" + a + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/" +
				"kubelet-kubepods-besteffort-pod" + underscored + ".slice/cri-containerd-" + b + ".scope",
			[]level{{engine: Docker, id: a}, {engine: Kubernetes, id: b, pod: pod("BestEffort")}},
		},
		{
			"kubernetes cgroupfs", "/kubepods/burstable/pod" + uid + "/" + a,
			[]level{{engine: Kubernetes, id: a, pod: pod("Burstable")}},
		},
		{
			"kubernetes cgroupfs, guaranteed", "/kubepods/pod" + uid + "/" + a,
			[]level{{engine: Kubernetes, id: a, pod: pod("Guaranteed")}},
		},
		{
			"kubernetes, static pod", "/kubepods/burstable/pod" + strings.Repeat("9a", 16) + "/" + a,
			[]level{{engine: Kubernetes, id: a, pod: Pod{UID: strings.Repeat("9a", 16), QoS: "Burstable"}}},
		},
		{"a pod's own cgroup", "/kubepods/burstable/pod" + uid, nil},
		{
			"kubernetes systemd, guaranteed", "/kubepods.slice/kubepods-pod" + underscored + ".slice/cri-containerd-" + a + ".scope",
			[]level{{engine: Kubernetes, id: a, pod: pod("Guaranteed")}},
		},
		{
			"kubernetes systemd, docker", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + underscored +
				".slice/docker-" + a + ".scope",
			[]level{{engine: Docker, id: a, pod: pod("Burstable")}},
		},
		{
			"kubernetes systemd, cri-o", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + underscored +
				".slice/crio-" + a + ".scope/container",
			[]level{{engine: CRIO, id: a, pod: pod("BestEffort")}},
		},
		{
			"cri-o cgroupfs", "/kubepods/besteffort/pod" + uid + "/crio-" + a,
			[]level{{engine: CRIO, id: a, pod: pod("BestEffort")}},
		},
		{
			"cri-o's conmon", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + underscored +
				".slice/crio-conmon-" + a + ".scope", nil,
		},
		{
			"containerd, driver mismatch", "/system.slice/containerd.service/kubepods-burstable-pod" + underscored +
				".slice:cri-containerd:" + a,
			[]level{{engine: Kubernetes, id: a, pod: Pod{UID: uid, QoS: "Burstable"}}},
		},
		{"containerd cgroupfs", "/k8s.io/" + a, []level{{engine: Kubernetes, id: a}}},
		{"nerdctl", "/system.slice/nerdctl-" + a + ".scope", []level{{engine: Containerd, id: a}}},
		{"unknown prefix", "/system.slice/frob-" + a + ".scope", []level{{id: a}}},
		{"podman cgroupfs", "/libpod_parent/libpod-" + a, []level{{engine: Podman, id: a}}},
		{"podman's conmon", "/libpod_parent/conmon", nil},
		{"podman cgroupfs, pod", "/libpod_parent/" + b + "/libpod-" + a, []level{{engine: Podman, id: a, pod: Pod{UID: b}}}},
		{"podman systemd", "/machine.slice/libpod-" + a + ".scope/container", []level{{engine: Podman, id: a}}},
		{"podman's conmon, systemd", "/machine.slice/libpod-conmon-" + a + ".scope", nil},
		{
			"podman systemd, pod", "/machine.slice/machine-libpod_pod_" + b + ".slice/libpod-" + a + ".scope/container",
			[]level{{engine: Podman, id: a, pod: Pod{UID: b}}},
		},
		{"podman rootless", user + "/user.slice/libpod-" + a + ".scope", []level{{engine: Podman, id: a, uid: "1000"}}},
		{
			"podman rootless, pod", user + "/user.slice/user-libpod_pod_" + b + ".slice/libpod-" + a + ".scope/container",
			[]level{{engine: Podman, id: a, uid: "1000", pod: Pod{UID: b}}},
		},
		{"quadlet", "/system.slice/web.service/libpod-payload-" + a, []level{{engine: Podman, id: a}}},
		{"lxc", "/lxc.payload.c1", []level{{engine: LXC, id: "c1", name: "c1", key: "lxc:c1"}}},
		{"lxc, below", "/lxc.payload.c1/system.slice/cron.service", []level{{engine: LXC, id: "c1", name: "c1", key: "lxc:c1"}}},
		{"lxc's monitor", "/lxc.monitor.c1", nil},
		{"proxmox", "/lxc/101/ns/init.scope", []level{{engine: LXC, id: "101", name: "101", key: "lxc:101"}}},
		{"nspawn", `/machine.slice/machine-my\x2dbox.scope/payload`, []level{{engine: Nspawn, id: "my-box", name: "my-box", key: "machine:my-box"}}},
		{"nspawn service", "/machine.slice/systemd-nspawn@box.service/payload", []level{{engine: Nspawn, id: "box", name: "box", key: "machine:box"}}},
		{"virtual machine", `/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator`, nil},
		{"libvirt lxc", `/machine.slice/machine-lxc\x2d4711\x2dbox.scope`, []level{{engine: LXC, id: "box", name: "box", key: "lxc:box"}}},
		{"runc", "/system.slice/runc-r1.scope", []level{{engine: Runc, id: "r1", key: "runc:r1"}}},
		{"crun", "/user.slice/crun-c_1.scope", []level{{engine: Crun, id: "c_1", key: "crun:c_1"}}},
		{
			"snap", "/user.slice/user-1000.slice/user@1000.service/app.slice/snap.firefox.firefox-2a3b.scope",
			[]level{{engine: Snap, id: "firefox", name: "firefox", key: "snap:firefox", uid: "1000"}},
		},
		{"snap service", "/system.slice/snap.lxd.daemon.service", []level{{engine: Snap, id: "lxd", name: "lxd", key: "snap:lxd"}}},
		{
			"flatpak", user + `/app.slice/app-flatpak-org.gnome.Text\x2dEditor-4711.scope`,
			[]level{{
				engine: Flatpak, id: "org.gnome.Text-Editor", name: "org.gnome.Text-Editor",
				key: `flatpak:org.gnome.Text\x2dEditor-4711`, uid: "1000",
			}},
		},
		{"our sandbox", "/process_api/cutaway-4242-123456", []level{{engine: Cutaway, id: "cutaway-4242-123456"}}},
		{"our sandbox, numbered", "/cutaway-4242-123456-7", []level{{engine: Cutaway, id: "cutaway-4242-123456-7"}}},
		{"our sandbox, too many numbers", "/cutaway-4242-123456-7-8", nil},
		{"our sandbox, old name", "/sbx-4242-123456", []level{{engine: Cutaway, id: "sbx-4242-123456"}}},
		{"our test's cgroup", "/cutaway-test", nil},

		{"id too short", "/docker/" + a[1:], nil},
		{"id too long", "/docker/" + a + "0", nil},
		{"upper case", "/docker/" + strings.ToUpper(a), nil},
		{"scope, id too short", "/system.slice/docker-" + a[1:] + ".scope", nil},
		{"name like a pod", "/kubepods/burstable/podium/x", nil},
		{"kubepods inside a word", "/mykubepods.slice/x", nil},
		{"traversal in a machine's name", `/machine.slice/machine-\x2e\x2e\x2fetc.scope`, []level{
			{engine: Nspawn, id: "../etc", name: "../etc", key: `machine:..\x2fetc`},
		}},
		{"broken escape", `/machine.slice/machine-a\xzz.scope`, []level{{engine: Nspawn, id: `a\xzz`, name: `a\xzz`, key: `machine:a\xzz`}}},
		{"snap without an application", "/system.slice/snap.scope", nil},
		{"longer than a path can be", "/" + strings.Repeat("x", maxPath) + "/docker/" + a, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.want {
				if test.want[i].key == "" {
					test.want[i].key = test.want[i].id
				}
			}
			got := parsePath(test.path)
			for i := range got {
				if !strings.HasPrefix(test.path, got[i].path) {
					t.Errorf("%q is not above %q", got[i].path, test.path)
				}
				got[i].path = ""
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(level{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{
		"/docker/" + id(1), "/kubepods.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" + id(2) + ".scope",
		`/machine.slice/machine-\x2e.scope`, "/snap.a.b.scope", "/app-flatpak-a-1.scope", "/lxc/x/lxc.payload/y", "/a:b:" + id(3), "//..//",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for _, l := range parsePath(path) {
			if l.id == "" || l.key == "" || l.path == "" || !strings.HasPrefix(path, l.path) {
				t.Errorf("%q gives %+v", path, l)
			}
			if strings.Contains(l.key, "/") {
				t.Errorf("%q gives the key %q, which looks like two", path, l.key)
			}
		}
	})
}
