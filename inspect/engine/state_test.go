package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func stateFile(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "state", name))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

var sameFound = cmp.AllowUnexported(found{})

func TestParseDockerConfig(t *testing.T) {
	pod := `{"Name":"/k8s_app_web-0_prod_u_0","Config":{"Image":"nginx@sha256:1","Labels":{` +
		`"io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"prod","io.kubernetes.pod.uid":"u"}}}`
	tests := []struct {
		name, text string
		want       *found
	}{
		{"a real one", string(stateFile(t, "docker-config.v2.json")), &found{name: "db", image: "bb:1"}},
		{"of a pod", pod, &found{name: "app", image: "nginx@sha256:1", pod: Pod{UID: "u", Name: "web-0", Namespace: "prod"}}},
		{"a name like a path", `{"Name":"/../../etc/passwd"}`, &found{name: "../../etc/passwd"}},
		{"no name", `{"Config":null}`, nil},
		{"another type", `{"Name":7}`, nil},
		{"not JSON", "Name=/db", nil},
		{"empty", "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseDockerConfig([]byte(test.text))
			if (err == nil) != (test.want != nil) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got, sameFound); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseOCIConfig(t *testing.T) {
	tests := []struct {
		name, text string
		want       *found
	}{
		{"containerd's, with CRI's annotations", string(stateFile(t, "containerd-config.json")), &found{
			name: "app", pod: Pod{Name: "web-0", Namespace: "prod"},
		}},
		{"podman's, in a pod", string(stateFile(t, "podman-config.json")), &found{
			pod: Pod{UID: "f5738c84e6f71eec067b30de2a7e4dfce07d147400aec741a93e90cdfd410079"},
		}},
		{"CRI-O's", `{"annotations":{"io.container.manager":"cri-o","io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-0",` +
			`"io.kubernetes.pod.namespace":"prod","io.kubernetes.pod.uid":"u","io.kubernetes.cri-o.ImageName":"nginx:1",` +
			`"io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.cri-o.SandboxID":"s"}}`, &found{
			name: "app", image: "nginx:1", pod: Pod{UID: "u", Name: "web-0", Namespace: "prod"},
		}},
		{"a sandbox", `{"annotations":{"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"web-0"}}`, &found{
			name: "pause", pod: Pod{Name: "web-0"},
		}},
		{"nerdctl's", `{"annotations":{"nerdctl/name":"web"}}`, &found{name: "web"}},
		{"none", `{}`, &found{}},
		{"not JSON", "x", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseOCIConfig([]byte(test.text))
			if (err == nil) != (test.want != nil) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got, sameFound); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRuntimeStates(t *testing.T) {
	runc, err := parseRuncState(stateFile(t, "runc-state.json"))
	if want := (runtimeState{runtime: Runc, id: "r2", pid: 3865, start: 412019}); err != nil || runc.pid != want.pid || runc.id != want.id || runc.start == 0 {
		t.Errorf("runc: %+v, %v, want %+v", runc, err, want)
	}
	crun, err := parseCrunStatus(stateFile(t, "crun-status"))
	if want := (runtimeState{runtime: Crun, pid: 10815, start: 275827}); err != nil || crun != want {
		t.Errorf("crun: %+v, %v, want %+v", crun, err, want)
	}
	for _, text := range []string{"", "{}", `{"init_process_pid":-1,"pid":-1}`, `{"init_process_pid":"1","pid":"1"}`, `[]`, `{"pid":1e99}`} {
		if s, err := parseRuncState([]byte(text)); err == nil {
			t.Errorf("runc's %q gives %+v", text, s)
		}
		if s, err := parseCrunStatus([]byte(text)); err == nil {
			t.Errorf("crun's %q gives %+v", text, s)
		}
	}
	if _, err := parseCrunStatus([]byte("{}")); !errors.Is(err, errNoInit) {
		t.Errorf("error %v, want one that says that no process is named", err)
	}
}

func TestParseStorage(t *testing.T) {
	list := stateFile(t, "containers.json")
	const one = "047001af2d3b6de25525bb60161275fe2a35d25710dbd6fc85fccf29277f8f36"
	got, id, err := parseStorage(list, one, "")
	if err != nil || id != one || got.name != "p1" || got.image != "localhost/bb:1" {
		t.Errorf("by id: %+v, %s, %v", got, id, err)
	}
	if _, id, err = parseStorage(list, "", "p1"); err != nil || id != one {
		t.Errorf("by name: %s, %v", id, err)
	}
	for _, name := range []string{"", "p3"} {
		if got, _, err := parseStorage(list, id2(), name); !errors.Is(err, errNotStored) {
			t.Errorf("a stranger: %+v, %v", got, err)
		}
	}
	if got, _, err := parseStorage([]byte(`[{"id":"x","metadata":"{"}]`), "x", ""); err != nil || got.name != "" {
		t.Errorf("without names and with broken metadata: %+v, %v", got, err)
	}
}

func id2() string { return id(2) }

func TestParseFlatpak(t *testing.T) {
	if pid, err := parseBwrapInfo([]byte(`{"child-pid": 4711, "mnt-namespace": 4026532000}`)); err != nil || pid != 4711 {
		t.Errorf("pid %d, %v", pid, err)
	}
	tests := []struct{ text, want string }{
		{"[Application]\nname=org.gnome.Maps\nruntime=x\n\n[Instance]\nname=other\n", "org.gnome.Maps"},
		{"[Instance]\nname=other\n[Runtime]\nname=org.gnome.Sdk\n", "org.gnome.Sdk"},
		{"[Application]\r\nname=a\r\n", "a"},
		{"name=x\n", ""},
		{"[Application]\nname=\n", ""},
		{"", ""},
	}
	for _, test := range tests {
		got, err := parseFlatpakInfo([]byte(test.text))
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%q gives %q, %v", test.text, got, err)
		}
	}
}

func TestHomeOf(t *testing.T) {
	passwd := "root:x:0:0:root:/root:/bin/bash\nbroken:x:1000\nu:x:1000:1000::/home/u:/bin/sh\nv:x:1001:1001::relative:/bin/sh"
	for uid, want := range map[uint32]string{0: "/root", 1000: "/home/u", 1001: "", 7: ""} {
		if got := homeOf([]byte(passwd), uid); got != want {
			t.Errorf("home of %d is %q, want %q", uid, got, want)
		}
	}
}

func TestDataRootOf(t *testing.T) {
	line := func(root, point string) string {
		return "1298 1280 254:0 " + root + " " + point + " rw,relatime - ext4 /dev/vda rw\n"
	}
	file := "/containers/" + id(1) + "/hostname"
	tests := []struct{ text, want string }{
		{line("/", "/") + line("/srv/docker"+file, "/etc/hostname"), "/srv/docker"},
		{line("/srv/docker/containers/"+id(2)+"/hostname", "/etc/hostname"), ""},
		{line("/srv/docker"+file, "/etc/hosts"), ""},
		{"1 2 3\n\n", ""},
	}
	for _, test := range tests {
		if got := dataRootOf(test.text, id(1)); got != test.want {
			t.Errorf("%q gives %q, want %q", test.text, got, test.want)
		}
	}
}

func TestParseHostConfig(t *testing.T) {
	for text, want := range map[string]string{
		`{"Runtime":"crun"}`: "crun", `{"Runtime":"io.containerd.runsc.v1"}`: "runsc", `{}`: "", `{"Runtime":1}`: "", "": "",
	} {
		if got := parseHostConfig([]byte(text)); got != want {
			t.Errorf("%s gives %q, want %q", text, got, want)
		}
	}
}

func FuzzParseDockerConfig(f *testing.F) {
	f.Add(stateFile(f, "docker-config.v2.json"))
	f.Add([]byte(strings.Repeat("[", 20000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := parseDockerConfig(text); err == nil && got.name == "" {
			t.Error("a container without a name")
		}
		_ = parseHostConfig(text)
	})
}

func FuzzParseOCIConfig(f *testing.F) {
	f.Add(stateFile(f, "containerd-config.json"))
	f.Add(stateFile(f, "podman-config.json"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := parseOCIConfig(text); (got == nil) != (err != nil) {
			t.Errorf("%+v with error %v", got, err)
		}
	})
}

func FuzzParseRuntimeState(f *testing.F) {
	f.Add(stateFile(f, "runc-state.json"))
	f.Add(stateFile(f, "crun-status"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, parse := range []func([]byte) (runtimeState, error){parseRuncState, parseCrunStatus} {
			if s, err := parse(text); err == nil && s.pid <= 0 {
				t.Errorf("a state of process %d", s.pid)
			}
		}
	})
}

func FuzzParseStorage(f *testing.F) {
	f.Add(stateFile(f, "containers.json"), "p1")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		if got, id, err := parseStorage(text, "x", name); (got == nil) != (err != nil) || err != nil && id != "" {
			t.Errorf("%+v, id %q with error %v", got, id, err)
		}
	})
}

func FuzzParseFlatpak(f *testing.F) {
	f.Add([]byte("[Application]\nname=org.gnome.Maps\n"))
	f.Add([]byte(`{"child-pid":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = parseBwrapInfo(text)
		if name, err := parseFlatpakInfo(text); (err == nil) != (name != "") {
			t.Errorf("name %q with error %v", name, err)
		}
	})
}

func FuzzPasswdAndMountinfo(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/sh\n", "x")
	f.Add("1 2 254:0 /var/lib/docker/containers/x/hostname /etc/hostname rw - ext4 /dev/vda rw\n", "x")
	f.Fuzz(func(t *testing.T, text, id string) {
		for _, dir := range []string{homeOf([]byte(text), 0), dataRootOf(text, id)} {
			if dir != "" && !filepath.IsAbs(dir) {
				t.Errorf("%q is no absolute path", dir)
			}
		}
	})
}
