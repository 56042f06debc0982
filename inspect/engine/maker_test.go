package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMakerOf(t *testing.T) {
	a := id(1)
	tests := []struct {
		name            string
		comm, exe, args string // args separated by spaces
		want            maker
	}{
		{
			"docker's shim", "containerd-shim", shimExe, "containerd-shim-runc-v2 -namespace moby -id " + a + " -address /run/c.sock",
			maker{program: "containerd-shim-runc-v2", engine: Docker, runtime: Runc, id: a, namespace: "moby"},
		},
		{
			"kubernetes' shim of kata", "containerd-shim", "/opt/kata/bin/containerd-shim-kata-v2", "x -namespace k8s.io -id " + a,
			maker{program: "containerd-shim-kata-v2", engine: Kubernetes, runtime: "kata", id: a, namespace: "k8s.io"},
		},
		{
			"a shim whose link cannot be read", "containerd-shim", "", "x -namespace default -id web",
			maker{program: "containerd-shim", engine: Containerd, runtime: Runc, id: "web", namespace: "default"},
		},
		{
			"a shim that was replaced by an update", "containerd-shim", shimExe + " (deleted)", "x -namespace default -id web",
			maker{program: "containerd-shim-runc-v2", engine: Containerd, runtime: Runc, id: "web", namespace: "default"},
		},
		{
			"the first generation of shims", "containerd-shim", "/usr/bin/containerd-shim", "x -namespace moby -workdir /var/lib/c/moby/" + a,
			maker{program: "containerd-shim", engine: Docker, runtime: Runc, id: a, namespace: "moby"},
		},
		{
			"docker 17's shim", "docker-containe", "/usr/bin/docker-containerd-shim", "docker-containerd-shim " + a + " /run/b docker-runc",
			maker{program: "docker-containerd-shim", engine: Docker, runtime: Runc, id: a, bundle: "/run/b"},
		},
		{"a shim without arguments", "containerd-shim", shimExe, "", maker{program: "containerd-shim-runc-v2", runtime: Runc}},
		{
			"podman's conmon", "conmon", "/usr/bin/conmon", "conmon --api-version 1 -c " + a + " -u " + a + " -r /usr/bin/crun -b /s/userdata -n web --exit-dir /run/libpod/exits",
			maker{program: "conmon", engine: Podman, runtime: Crun, id: a, name: "web", bundle: "/s/userdata"},
		},
		{
			"cri-o's conmon", "conmon", "/usr/bin/conmon", "conmon -c " + a + " -n k8s_x -r /usr/bin/runc --exit-dir=/var/run/crio/exits",
			maker{program: "conmon", engine: CRIO, runtime: Runc, id: a},
		},
		{"nspawn by its directory", "", "/usr/bin/systemd-nspawn", "systemd-nspawn -q -D /srv/box/ /bin/sh", maker{program: "systemd-nspawn", engine: Nspawn, id: "box", name: "box"}},
		{"nspawn by its image", "", "/usr/bin/systemd-nspawn", "systemd-nspawn --image=/srv/box.raw", maker{program: "systemd-nspawn", engine: Nspawn, id: "box", name: "box"}},
		{"nspawn by its name", "", "/usr/bin/systemd-nspawn", "systemd-nspawn -D / -M box", maker{program: "systemd-nspawn", engine: Nspawn, id: "box", name: "box"}},
		{"lxc in the foreground", "", "/usr/bin/lxc-start", "lxc-start -F -n box -P /srv/lxc", maker{program: "lxc-start", engine: LXC, id: "box", name: "box", bundle: "/srv/lxc"}},
		{"runc in the foreground", "", "/usr/sbin/runc", "runc run -b /b r1", maker{program: "runc", engine: Runc, runtime: Runc, id: "r1"}},
		{"runc with an id that is none", "", "/usr/sbin/runc", "runc run ../r1", maker{program: "runc", engine: Runc, runtime: Runc}},
		{"busybox's unshare", "unshare", "/bin/busybox", "unshare -p -f sh", maker{program: "unshare", engine: Unshare}},
		{"busybox as something else", "sh", "/bin/busybox", "sh -c unshare", maker{program: "busybox"}},
		{"a program like another", "bwrap", "/home/u/game", "bwrap", maker{program: "game"}},
		{"options after the end of options", "", "/usr/bin/firejail", "firejail -- x --name=y", maker{program: "firejail", engine: Firejail}},
		{"nothing known", "", "", "", maker{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := Process{Comm: test.comm, Exe: test.exe, Cmdline: strings.ReplaceAll(test.args, " ", "\x00") + "\x00"}
			if diff := cmp.Diff(test.want, makerOf(&p), cmp.AllowUnexported(maker{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	title := makerOf(&Process{Exe: "/snap/lxd/1/lxd", Cmdline: "[lxc monitor] /var/lib/lxc box\x00"})
	if want := (maker{program: "lxc monitor", engine: LXC, id: "box", name: "box", bundle: "/var/lib/lxc"}); title != want {
		t.Errorf("a monitor's title gives %+v, want %+v", title, want)
	}
}

func FuzzMakerOf(f *testing.F) {
	f.Add("containerd-shim", shimExe, shimArgs("moby", "x"))
	f.Add("conmon", "/usr/bin/conmon", "conmon\x00-c\x00x\x00--exit-dir=/crio/\x00-r\x00/\x00")
	f.Add("lxc-start", "", "[lxc monitor] a\x00")
	f.Add("systemd-nspawn", "", "x\x00-D\x00//\x00")
	f.Add("runc", "", "\x00\x00-")
	f.Fuzz(func(t *testing.T, comm, exe, cmdline string) {
		p := Process{Comm: comm, Exe: exe, Cmdline: cmdline}
		if m := makerOf(&p); m.id != "" && m.engine == "" && m.namespace != "" {
			t.Errorf("an id of no engine: %+v", m)
		}
		initMaker(&p)
	})
}
