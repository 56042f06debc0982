package export

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/livetest"
	"cutaway/sandbox"
)

var update = flag.Bool("update", false, "write the golden files anew")

// atHome makes the texts the same on every machine: one environment, one host, cgroups of one version.
func atHome(t *testing.T, v2 bool) {
	t.Helper()
	wasEnviron, wasThere, wasMachine, wasMay := environ, isThere, machineOf, mayWrite
	t.Cleanup(func() { environ, isThere, machineOf, mayWrite = wasEnviron, wasThere, wasMachine, wasMay })
	environ = func() []string { return []string{"TERM=xterm", "LANG=C.UTF-8", "LC_ALL=C", "SECRET=told"} }
	isThere = func(path string) (there, dir bool) {
		switch path {
		case "/etc/shadow", "/proc/keys", "/proc/kcore":
			return true, false
		case "/tmp", "/run", "/home", "/root", "/boot", "/sys/firmware":
			return true, true
		}
		return false, false
	}
	machineOf = func() (machine, error) { return home{v2}, nil }
	mayWrite = func(string) bool { return true }
}

// home is a machine with cgroups of one version.
type home struct{ v2 bool }

func (h home) place(controller string) (cgroup.Place, bool) {
	if h.v2 {
		return cgroup.Place{Dir: "/sys/fs/cgroup/mine/own", Mount: "/sys/fs/cgroup", V2: true}, true
	}
	return cgroup.Place{Dir: "/sys/fs/cgroup/" + controller, Mount: "/sys/fs/cgroup/" + controller}, true
}

// parent is above the caller's own, which holds processes.
func (h home) parent([]string) (at cgroup.Place, off []string, err error) {
	return cgroup.Place{Dir: "/sys/fs/cgroup/mine", Mount: "/sys/fs/cgroup", V2: true}, []string{"cpu"}, nil
}

// goldenSpec is a preset of no certain machine.
func goldenSpec(p sandbox.Preset) *sandbox.Spec {
	s, _ := p.Spec(nil)
	s.Root.Path = map[bool]string{true: "/srv/my root"}[p.NeedsDir]
	if p.Target {
		s.Namespaces.Net = "container:db"
	}
	for i, m := range s.Mounts { // which hierarchies there are differs
		if m.Kind == sandbox.CgroupFS {
			s.Mounts = append(s.Mounts[:i:i], s.Mounts[i+1:]...)
			break
		}
	}
	return &s
}

// rootsRange is the range of ids that root's sandboxes have here.
var rootsRange = regexp.MustCompile(`\b0 [1-9]\d* 65536\b|"hostID": [1-9]\d*`)

// The texts for root, of each preset in each form.
func TestGolden(t *testing.T) {
	livetest.NeedRoot(t)
	for _, tool := range Tools() {
		for _, p := range sandbox.Presets() {
			t.Run(tool.Name+"-"+p.Name, func(t *testing.T) {
				atHome(t, p.Name == "cgroup")
				script, err := tool.Write(goldenSpec(p))
				if err != nil {
					t.Fatal(err)
				}
				text := rootsRange.ReplaceAllStringFunc(script.Text, func(found string) string {
					if strings.HasPrefix(found, `"`) {
						return `"hostID": 100000`
					}
					return "0 100000 65536"
				})
				if tool.Name == "oci" {
					text = withoutFilter(t, text)
				}
				for _, m := range script.Missing {
					if tool.Name != "oci" && !strings.Contains(text, "# not expressible: "+m+"\n") {
						t.Errorf("the text does not say that it lacks %q", m)
					}
				}
				compareGolden(t, filepath.Join("testdata", tool.Name+"-"+p.Name+".golden"), text)
			})
		}
	}
}

// withoutFilter leaves out the filter of system calls, which sandbox/seccomp tests, and capabilities that depend on who asks.
func withoutFilter(t *testing.T, text string) string {
	t.Helper()
	var config map[string]any
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if linux := config["linux"].(map[string]any); linux["seccomp"] != nil {
		linux["seccomp"] = "…"
	}
	kept := config["process"].(map[string]any)["capabilities"].(map[string]any)
	for name, list := range kept {
		if len(list.([]any)) > 20 {
			kept[name] = "all of the caller's"
		}
	}
	b, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// What is printed is for a Spec that holds together.
func TestInvalidSpecIsRefused(t *testing.T) {
	s := sandbox.Default()
	s.Command = nil
	for _, tool := range Tools() {
		if _, err := As(tool.Name, &s); err == nil {
			t.Errorf("%s writes a Spec without a command", tool.Name)
		}
	}
	if _, err := As("yaml", &s); err == nil || !strings.Contains(err.Error(), "unshare") {
		t.Errorf("an unknown form: %v", err)
	}
}
