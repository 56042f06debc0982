package export

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
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
	wasEnviron, wasThere, wasPlace := environ, isThere, placeOf
	t.Cleanup(func() { environ, isThere, placeOf = wasEnviron, wasThere, wasPlace })
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
	placeOf = func() (func(string) (cgroup.Place, bool), error) {
		return func(controller string) (cgroup.Place, bool) {
			if v2 {
				return cgroup.Place{Dir: "/sys/fs/cgroup/mine", Mount: "/sys/fs/cgroup", V2: true}, true
			}
			return cgroup.Place{Dir: "/sys/fs/cgroup/" + controller, Mount: "/sys/fs/cgroup/" + controller}, true
		}, nil
	}
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

// Hostile words stay words: each script is one that bash understands, and nothing but printable characters.
func TestHostileSpecs(t *testing.T) {
	livetest.NeedTools(t, "bash")
	const hostile = "/x'$(touch /tmp/cutaway-export-hostile)`y`\"\\;&|\nEND\n)\n\x1b]0;x\a #"
	for _, tool := range Tools() {
		for _, kind := range []sandbox.RootKind{sandbox.RootHost, sandbox.RootDir, sandbox.RootTar, sandbox.RootImage} {
			atHome(t, false)
			s := sandbox.Default()
			s.Command = []string{hostile, hostile, ""}
			s.Dir = hostile
			s.Env = sandbox.Env{Keep: []string{"T*"}, Set: map[string]string{hostile: hostile, "A": hostile}}
			delete(s.Env.Set, hostile)
			s.Env.Set["x\n;touch y"] = hostile
			environ = func() []string { return []string{"T$(touch z)=1", "TERM=" + hostile} }
			if kind == sandbox.RootHost {
				s.Root.Hide, s.Root.Tmp = []string{hostile}, []string{hostile}
				isThere = func(string) (bool, bool) { return true, true }
			} else {
				s.Root = sandbox.Root{Kind: kind, Path: hostile, Switch: sandbox.PivotRoot}
			}
			s.Mounts = []sandbox.Mount{{Kind: sandbox.BindRO, Source: hostile, Target: hostile}, {Kind: sandbox.TmpFS, Target: hostile}}
			s.Landlock = &sandbox.Landlock{Read: []string{hostile}}
			s.Namespaces.Net, s.Sys = sandbox.Source("container:"+hostile), sandbox.SysEmpty
			script, err := tool.Write(&s)
			if err != nil {
				t.Fatalf("%s: %v", tool.Name, err)
			}
			if strings.ContainsFunc(script.Text, func(r rune) bool { return r < ' ' && r != '\n' }) {
				t.Errorf("%s, %s: a control character in\n%q", tool.Name, kind, script.Text)
			}
			for _, m := range script.Missing {
				if strings.ContainsAny(m, "\n\x1b") {
					t.Errorf("%s, %s: a control character in %q", tool.Name, kind, m)
				}
			}
			if tool.Name == "json" || tool.Name == "oci" {
				continue
			}
			if out, err := exec.Command("bash", "-n", "-c", script.Text).CombinedOutput(); err != nil {
				t.Errorf("%s, %s: bash does not understand it: %v %s\n%s", tool.Name, kind, err, out, script.Text)
			}
		}
	}
	if _, err := os.Stat("/tmp/cutaway-export-hostile"); err == nil {
		t.Error("a word was executed")
		os.Remove("/tmp/cutaway-export-hostile")
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
