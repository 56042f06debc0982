package engine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/rootfile"

	"cutaway/inspect/proc"
)

// put writes a file of a fixture root.
func put(t *testing.T, root, path, text string) {
	t.Helper()
	file := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// needOpenat2 skips where the safe way of opening files does not work: old kernels and some seccomp filters.
func needOpenat2(t *testing.T) {
	t.Helper()
	fd, err := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{Flags: unix.O_PATH, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		t.Skipf("needs openat2: %v", err)
	}
	unix.Close(fd)
}

// detectIn runs a detector over a table and a fixture of the file systems, patiently.
func detectIn(t *testing.T, m *table, root, procRoot string) []Container {
	t.Helper()
	return NewDetector(Options{Root: root, ProcRoot: procRoot, Patience: 10 * time.Second}).Detect(m.procs, m.host)
}

func TestNames(t *testing.T) {
	needOpenat2(t)
	a, b := id(1), id(2)
	dockerConfig := `{"Name":"/web","Config":{"Image":"nginx:1"}}`
	containers := `[{"id":"` + a + `","names":["web"],"metadata":"{\"image-name\":\"nginx:1\"}"},{"id":"` + b + `","names":["` + b[:12] + `-infra"]}]`
	annotated := `{"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"prod"}}`
	dockerd := func(m *table, args ...string) {
		m.add(Process{PID: 50, Exe: "/usr/bin/dockerd", Cmdline: "dockerd\x00" + strings.Join(args, "\x00") + "\x00"}, "/system.slice/docker.service")
	}
	docker := func(m *table) {
		m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
		m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, "/docker/"+a)
	}
	tests := []struct {
		name  string
		build func(m *table, root, procRoot string)
		want  summary
		image string
	}{
		{"docker", func(m *table, root, _ string) {
			put(t, root, "/var/lib/docker/containers/"+a+"/config.v2.json", dockerConfig)
			put(t, root, "/var/lib/docker/containers/"+a+"/hostconfig.json", `{"Runtime":"crun"}`)
			docker(m)
		}, summary{Docker, a, "web", Crun, false, Pod{}}, "nginx:1"},
		{"docker with a data root of its own", func(m *table, root, _ string) {
			put(t, root, "/srv/docker/containers/"+a+"/config.v2.json", dockerConfig)
			dockerd(m, "--data-root", "/srv/docker")
			docker(m)
		}, summary{Docker, a, "web", Runc, false, Pod{}}, "nginx:1"},
		{"docker with a data root in daemon.json, and user namespaces", func(m *table, root, _ string) {
			put(t, root, "/etc/docker/daemon.json", `{"data-root":"/srv/docker"}`)
			put(t, root, "/srv/docker/100000.100000/containers/"+a+"/config.v2.json", dockerConfig)
			dockerd(m)
			docker(m)
		}, summary{Docker, a, "web", Runc, false, Pod{}}, "nginx:1"},
		{"docker whose daemon is gone, by the container's mounts", func(m *table, root, procRoot string) {
			put(t, root, "/srv/docker/containers/"+a+"/config.v2.json", dockerConfig)
			put(t, procRoot, "/101/mountinfo", "9 8 254:0 /srv/docker/containers/"+a+"/hostname /etc/hostname rw - ext4 /dev/vda rw\n")
			docker(m)
		}, summary{Docker, a, "web", Runc, false, Pod{}}, "nginx:1"},
		{"docker whose daemon has a mount namespace of its own", func(m *table, _, procRoot string) {
			put(t, procRoot, "/50/root/srv/docker/containers/"+a+"/config.v2.json", dockerConfig)
			m.add(Process{PID: 50, Exe: "/usr/bin/dockerd", Cmdline: "dockerd\x00--data-root=/srv/docker\x00", NS: m.own(m.host, proc.Mnt)}, "")
			docker(m)
		}, summary{Docker, a, "web", Runc, false, Pod{}}, "nginx:1"},
		{"an unknown id that docker knows", func(m *table, root, _ string) {
			put(t, root, "/var/lib/docker/containers/"+a+"/config.v2.json", dockerConfig)
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/custom/"+a)
		}, summary{Docker, a, "web", "", false, Pod{}}, "nginx:1"},
		{"podman", func(m *table, root, _ string) {
			put(t, root, "/var/lib/containers/storage/overlay-containers/containers.json", containers)
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/libpod_parent/libpod-"+a)
		}, summary{Podman, a, "web", "", false, Pod{}}, "nginx:1"},
		{"podman with another storage, in a pod", func(m *table, root, _ string) {
			dir := "/srv/storage/vfs-containers"
			put(t, root, dir+"/containers.json", containers)
			put(t, root, dir+"/"+a+"/userdata/config.json", `{"annotations":{"io.container.manager":"libpod","io.kubernetes.cri-o.SandboxID":"`+b+`"}}`)
			put(t, root, dir+"/"+b+"/userdata/config.json", `{"hostname":"shop"}`)
			m.add(Process{PID: 100, Exe: "/usr/bin/conmon", Cmdline: "conmon\x00-c\x00" + a + "\x00-b\x00" + dir + "/" + a + "/userdata\x00-r\x00/usr/bin/crun\x00"}, "")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, "/libpod_parent/libpod-"+a)
		}, summary{Podman, a, "web", Crun, false, Pod{UID: b, Name: "shop"}}, "nginx:1"},
		{"podman, rootless", func(m *table, root, _ string) {
			put(t, root, "/etc/passwd", "u:x:1000:1000::/home/u:/bin/sh\n")
			put(t, root, "/home/u/.local/share/containers/storage/overlay-containers/containers.json", containers)
			m.add(Process{PID: 101, UID: 1000, Exe: "/bin/sleep", NS: m.isolated()}, "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-"+a+".scope")
		}, summary{Podman, a, "web", "", true, Pod{}}, "nginx:1"},
		{"cri-o", func(m *table, root, _ string) {
			dir := "/var/lib/containers/storage/overlay-containers"
			put(t, root, dir+"/containers.json", `[{"id":"`+a+`","names":["k8s_app_web-0_prod_u_0"]}]`)
			put(t, root, dir+"/"+a+"/userdata/config.json", `{"annotations":{"io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"prod"}}`)
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/kubepods/burstable/pod11111111-2222-3333-4444-555555555555/crio-"+a)
		}, summary{CRIO, a, "app", "", false, Pod{UID: "11111111-2222-3333-4444-555555555555", Name: "web-0", Namespace: "prod", QoS: "Burstable"}}, ""},
		{"kubernetes, second container of a pod whose shim stands in the first one's bundle", func(m *table, root, procRoot string) {
			dir := "/run/odd/io.containerd.runtime.v2.task/k8s.io/"
			put(t, root, dir+a+"/config.json", annotated)
			if err := os.MkdirAll(filepath.Join(procRoot, "100"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(dir+b, filepath.Join(procRoot, "100/cwd")); err != nil {
				t.Fatal(err)
			}
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("k8s.io", b)}, "")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, "/kubepods/pod11111111-2222-3333-4444-555555555555/"+a)
		}, summary{Kubernetes, a, "app", Runc, false, Pod{UID: "11111111-2222-3333-4444-555555555555", Name: "web-0", Namespace: "prod", QoS: "Guaranteed"}}, ""},
		{"containerd in the usual place", func(m *table, root, _ string) {
			put(t, root, "/run/containerd/io.containerd.runtime.v2.task/default/"+a+"/config.json", `{"annotations":{"nerdctl/name":"web"}}`)
			m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("default", a)}, "")
			m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, "/default/"+a)
		}, summary{Containerd, a, "web", Runc, false, Pod{}}, ""},
		{"runc, by its state", func(m *table, root, _ string) {
			put(t, root, "/run/runc/old/state.json", `{"init_process_pid":101,"init_process_start":7}`)
			put(t, root, "/run/runc/r1/state.json", `{"init_process_pid":101,"init_process_start":101}`)
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/r1")
		}, summary{Runc, "r1", "r1", Runc, false, Pod{}}, ""},
		{"crun, a user's", func(m *table, root, _ string) {
			put(t, root, "/run/user/1000/crun/c1/status", `{"pid":101,"process-start-time":101}`)
			m.add(Process{PID: 101, UID: 1000, Exe: "/bin/sleep", NS: m.isolated()}, session)
		}, summary{Crun, "c1", "c1", Crun, false, Pod{}}, ""},
		{"crun, another user's lie", func(m *table, root, _ string) {
			put(t, root, "/run/user/1001/crun/c1/status", `{"pid":101,"process-start-time":101}`)
			m.add(Process{PID: 101, UID: 1000, Exe: "/bin/sleep", NS: m.isolated()}, session)
		}, summary{Unshare, "", "sleep", "", false, Pod{}}, ""},
		{"flatpak without a cgroup", func(m *table, root, _ string) {
			put(t, root, "/run/user/1000/.flatpak/77/bwrapinfo.json", `{"child-pid":101}`)
			put(t, root, "/run/user/1000/.flatpak/77/info", "[Application]\nname=org.gnome.Maps\n")
			m.add(Process{PID: 100, UID: 1000, Exe: "/usr/bin/bwrap"}, session)
			m.add(Process{PID: 101, UID: 1000, PPID: 100, Exe: "/usr/bin/bwrap", NS: m.isolated()}, session)
		}, summary{Flatpak, "org.gnome.Maps", "org.gnome.Maps", "", true, Pod{}}, ""},
		{"a user's container takes no name from root's docker", func(m *table, root, procRoot string) {
			put(t, root, "/var/lib/docker/containers/"+a+"/config.v2.json", dockerConfig)
			dockerd(m, "--data-root", "/var/lib/docker")
			put(t, procRoot, "/101/mountinfo", "9 8 254:0 /var/lib/docker/containers/"+a+"/hostname /etc/hostname rw - ext4 /dev/vda rw\n")
			m.add(Process{PID: 101, UID: 1000, Exe: "/bin/sleep", NS: m.isolated()}, userApp+"/docker-"+a+".scope")
		}, summary{Docker, a, a[:12], "", true, Pod{}}, ""},
		{"a user's conmon takes no name from root's podman", func(m *table, root, _ string) {
			dir := "/srv/storage/vfs-containers"
			put(t, root, dir+"/containers.json", containers)
			m.add(Process{PID: 100, UID: 1000, Exe: "/home/u/conmon", Cmdline: "conmon\x00-c\x00" + a + "\x00-b\x00" + dir + "/" + a + "/userdata\x00"}, "")
			m.add(Process{PID: 101, UID: 1000, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, session)
		}, summary{Podman, a, a[:12], "", true, Pod{}}, ""},
		{"a user's shim takes no name from root's containerd", func(m *table, root, procRoot string) {
			put(t, root, "/run/containerd/io.containerd.runtime.v2.task/k8s.io/"+a+"/config.json", annotated)
			m.add(Process{PID: 100, UID: 1000, Exe: "/home/u/containerd-shim-runc-v2", Cmdline: shimArgs("k8s.io", a)}, "")
			m.add(Process{PID: 101, UID: 1000, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, session)
		}, summary{Kubernetes, a, a[:12], Runc, true, Pod{}}, ""},
		{"a user's own mount namespace is not looked into", func(m *table, root, procRoot string) {
			put(t, root, "/etc/passwd", "u:x:1000:1000::/home/u:/bin/sh\n")
			put(t, procRoot, "/100/root/home/u/.local/share/docker/containers/"+a+"/config.v2.json", dockerConfig)
			m.add(Process{PID: 100, UID: 1000, Exe: shimExe, Cmdline: shimArgs("moby", a), NS: m.own(m.host, proc.Mnt, proc.User)}, "")
			m.add(Process{PID: 101, UID: 1000, PPID: 100, Exe: "/bin/sleep", NS: m.isolated()}, session)
		}, summary{Docker, a, a[:12], Runc, true, Pod{}}, ""},
		{"a state that an earlier process of this PID left", func(m *table, root, _ string) {
			put(t, root, "/run/runc/r1/state.json", `{"init_process_pid":101,"init_process_start":7}`)
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/r1")
		}, summary{Unshare, "", "sleep", "", false, Pod{}}, ""},
		{"a user's state about what root's unshare made for him", func(m *table, root, _ string) {
			put(t, root, "/run/user/1000/crun/c1/status", `{"pid":101,"process-start-time":101}`)
			m.add(Process{PID: 100, Exe: "/usr/bin/unshare"}, "/")
			m.add(Process{PID: 101, PPID: 100, UID: 1000, Exe: "/bin/sleep", NS: m.isolated()}, "/")
		}, summary{Unshare, "", "sleep", "", false, Pod{}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, root, procRoot := newTable(t), t.TempDir(), t.TempDir()
			test.build(m, root, procRoot)
			got := detectIn(t, m, root, procRoot)
			if len(got) != 1 || summaryOf(got[0]) != test.want || got[0].Image != test.image {
				t.Errorf("found %+v\nwant %+v, image %q", got, test.want, test.image)
			}
		})
	}
}

// What is nested may have any id: it takes names from within its container only, and only from root's engine there.
func TestNestedNames(t *testing.T) {
	needOpenat2(t)
	a, b := id(1), id(2)
	config := func(name string) string { return `{"Name":"/` + name + `"}` }
	build := func(t *testing.T, uid uint32) []Container {
		m, root, procRoot := newTable(t), t.TempDir(), t.TempDir()
		put(t, root, "/var/lib/docker/containers/"+a+"/config.v2.json", config("outer"))
		put(t, root, "/var/lib/docker/containers/"+b+"/config.v2.json", config("somebody-elses"))
		put(t, procRoot, "/102/root/var/lib/docker/containers/"+b+"/config.v2.json", config("inner"))
		put(t, procRoot, "/103/root/var/lib/docker/containers/"+b+"/config.v2.json", config("inner"))
		outer := m.isolated()
		m.add(Process{PID: 50, Exe: "/usr/bin/dockerd"}, "/system.slice/docker.service")
		m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
		m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sh", NS: outer}, "/docker/"+a)
		m.add(Process{PID: 102, PPID: 101, UID: uid, Exe: "/usr/bin/dockerd", NS: outer}, "/docker/"+a)
		m.add(Process{PID: 103, PPID: 102, UID: uid, Exe: shimExe, Cmdline: shimArgs("moby", b), NS: outer}, "/docker/"+a)
		m.add(Process{PID: 104, PPID: 103, Exe: "/bin/sleep", NS: m.isolated()}, "/docker/"+a+"/docker/"+b)
		return detectIn(t, m, root, procRoot)
	}
	for uid, want := range map[uint32]string{0: "inner", 100000: b[:12]} {
		got := build(t, uid)
		if len(got) != 2 || got[0].Name != "outer" || got[1].Name != want || got[1].Parent != got[0].Key {
			t.Errorf("uid %d: found %+v, want outer and %s", uid, got, want)
		}
	}
}

func TestNestedTakesNoNameFromTheHost(t *testing.T) {
	needOpenat2(t)
	a, b := id(1), id(2)
	for name, parent := range map[string]Process{
		"a shim whose engine has no state": {Exe: shimExe, Cmdline: shimArgs("moby", b)},
		"no shim at all":                   {Exe: "/bin/sh"},
	} {
		m, root := newTable(t), t.TempDir()
		put(t, root, "/var/lib/docker/containers/"+b+"/config.v2.json", `{"Name":"/somebody-elses"}`)
		parent.PID, parent.NS = 101, m.isolated()
		m.add(Process{PID: 50, Exe: "/usr/bin/dockerd"}, "/system.slice/docker.service")
		m.add(parent, "/docker/"+a)
		m.add(Process{PID: 102, PPID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/docker/"+a+"/docker/"+b)
		if got := detectIn(t, m, root, t.TempDir()); len(got) != 2 || got[1].Name != b[:12] {
			t.Errorf("%s: found %+v", name, got)
		}
	}
}

// Whatever stands where a state file should be, nothing hangs, nothing outside of the root is read.
func TestHostileState(t *testing.T) {
	needOpenat2(t)
	a := id(1)
	dir := "/var/lib/docker/containers/" + a
	tests := []struct {
		name string
		make func(t *testing.T, root, file string)
	}{
		{"a FIFO", func(t *testing.T, _, file string) {
			if err := syscall.Mkfifo(file, 0o600); err != nil {
				t.Skipf("needs mkfifo: %v", err)
			}
		}},
		{"a directory", func(t *testing.T, _, file string) {
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		{"a link out of the root", func(t *testing.T, root, file string) {
			outside := filepath.Join(t.TempDir(), "config")
			put(t, "/", outside, `{"Name":"/outside"}`)
			if err := os.Symlink(outside, file); err != nil {
				t.Fatal(err)
			}
		}},
		{"a link upwards", func(t *testing.T, root, file string) {
			put(t, filepath.Dir(root), "outside.json", `{"Name":"/outside"}`)
			if err := os.Symlink(strings.Repeat("../", 20)+"outside.json", file); err != nil {
				t.Fatal(err)
			}
		}},
		{"a link to itself", func(t *testing.T, _, file string) {
			if err := os.Symlink("config.v2.json", file); err != nil {
				t.Fatal(err)
			}
		}},
		{"a huge file", func(t *testing.T, _, file string) {
			text := append([]byte(`{"Name":"/huge","x":"`), bytes.Repeat([]byte{'x'}, maxState)...)
			if err := os.WriteFile(file, append(text, `"}`...), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"deep nesting", func(t *testing.T, _, file string) {
			if err := os.WriteFile(file, bytes.Repeat([]byte{'['}, 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"nothing in it", func(t *testing.T, _, file string) {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, root := newTable(t), filepath.Join(t.TempDir(), "root")
			if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
				t.Fatal(err)
			}
			test.make(t, root, filepath.Join(root, dir, "config.v2.json"))
			m.add(Process{PID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/docker/"+a)
			got := detectIn(t, m, root, t.TempDir())
			if len(got) != 1 || got[0].Name != a[:12] {
				t.Errorf("found %+v, want the short id for a name", got)
			}
		})
	}
}

func TestViewReadsRegularFilesOnly(t *testing.T) {
	needOpenat2(t)
	v := view{t.TempDir()}
	put(t, v.root, "file", "text")
	if text, err := v.read("/file"); err != nil || string(text) != "text" {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := v.read("/"); !errors.Is(err, rootfile.ErrNotRegular) {
		t.Errorf("a directory: %v", err)
	}
	if _, err := v.read("/none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := (view{}).read("/etc/passwd"); err == nil {
		t.Error("a view of nothing reads the host's files")
	}
}

// A name that appears later is found by a later call.
func TestNameAppears(t *testing.T) {
	needOpenat2(t)
	m, root := newTable(t), t.TempDir()
	a := id(1)
	m.add(Process{PID: 101, Exe: "/bin/sleep", NS: m.isolated()}, "/docker/"+a)
	d := NewDetector(Options{Root: root, ProcRoot: t.TempDir(), Patience: 10 * time.Second})
	now := time.Now()
	d.names.now = func() time.Time { return now }
	name := func() string { return d.Detect(m.procs, m.host)[0].Name }
	if got := name(); got != a[:12] {
		t.Errorf("named %s without a state file", got)
	}
	put(t, root, "/var/lib/docker/containers/"+a+"/config.v2.json", `{"Name":"/web"}`)
	now = now.Add(time.Minute)
	poll(t, func() bool { return name() == "web" })
}

// A first process may run one program after the other (an entrypoint's exec): its container keeps its name.
func TestNameStaysOverExec(t *testing.T) {
	needOpenat2(t)
	m, root := newTable(t), t.TempDir()
	a := id(1)
	file := "/var/lib/docker/containers/" + a + "/config.v2.json"
	put(t, root, file, `{"Name":"/web"}`)
	m.add(Process{PID: 101, Exe: "/entrypoint.sh", NS: m.isolated()}, "/docker/"+a)
	d := NewDetector(Options{Root: root, ProcRoot: t.TempDir(), Patience: 10 * time.Second})
	first := d.Detect(m.procs, m.host)[0].Name
	if err := os.Remove(filepath.Join(root, file)); err != nil {
		t.Fatal(err)
	}
	m.procs[1].Exe, m.procs[1].Comm = "/usr/sbin/nginx", "nginx"
	if second := d.Detect(m.procs, m.host)[0].Name; first != "web" || second != "web" {
		t.Errorf("named %s, after exec %s", first, second)
	}
}

func poll(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("did not happen in ten seconds")
		}
	}
}

func TestUserOf(t *testing.T) {
	for path, want := range map[string]string{
		"/user.slice/user-1000.slice/session-1.scope": "1000", "/user.slice/user-.slice": "", "/user.slice/user-99999999999.slice/x": "", "/": "",
	} {
		uid, ok := userOf(path)
		if got := strconv.FormatUint(uint64(uid), 10); ok != (want != "") || ok && got != want {
			t.Errorf("%s gives %s, %v", path, got, ok)
		}
	}
}
