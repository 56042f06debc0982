package security

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/reading"
)

func TestLSMs(t *testing.T) {
	root := t.TempDir()
	if got := LSMs(root); got.State != reading.Absent {
		t.Errorf("without securityfs the list is %+v", got)
	}
	put(t, root, LSMFile, "lockdown,capability,landlock,yama,apparmor,bpf")
	want := reading.Value([]string{"lockdown", "capability", "landlock", "yama", "apparmor", "bpf"})
	if diff := cmp.Diff(want, LSMs(root)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSELinuxEnforcing(t *testing.T) {
	root := t.TempDir()
	if got := SELinuxEnforcing(root); got.State != reading.Absent {
		t.Errorf("without selinuxfs it is %+v", got)
	}
	for text, want := range map[string]reading.Of[bool]{
		"1": reading.Value(true), "0": reading.Value(false), "x": reading.Missing[bool](reading.Failed), "": reading.Missing[bool](reading.Failed),
	} {
		put(t, root, EnforceFile, text)
		if got := SELinuxEnforcing(root); got != want {
			t.Errorf("%q reads as %+v, want %+v", text, got, want)
		}
	}
}

func TestSysctls(t *testing.T) {
	root := t.TempDir()
	put(t, root, "sys/kernel/yama/ptrace_scope", "1\n")
	put(t, root, "sys/user/max_user_namespaces", "0\n")
	put(t, root, "sys/kernel/unprivileged_userns_clone", "1\n")
	put(t, root, "sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
	put(t, root, "sys/kernel/kptr_restrict", "77\n")
	facts := map[string]Fact{}
	for _, f := range Sysctls(root) {
		facts[f.Name] = f
		if f.Meaning == "" {
			t.Errorf("%s means nothing", f.Name)
		}
		if f.Limits != (f.Change != "") {
			t.Errorf("%s limits: %v, and the change is %q", f.Name, f.Limits, f.Change)
		}
	}
	yama := facts["kernel.yama.ptrace_scope"]
	if yama.Value != reading.Value("1") || yama.Limits || yama.File != filepath.Join(root, "sys/kernel/yama/ptrace_scope") {
		t.Errorf("Yama is %+v", yama)
	}
	for name, change := range map[string]string{
		"user.max_user_namespaces":                     "sysctl -w user.max_user_namespaces=10000",
		"kernel.unprivileged_userns_clone":             "",
		"kernel.apparmor_restrict_unprivileged_userns": "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
		"kernel.kptr_restrict":                         "",
		"kernel.dmesg_restrict":                        "",
	} {
		if got := facts[name].Change; got != change {
			t.Errorf("%s is to be changed with %q, want %q", name, got, change)
		}
	}
	if got := facts["kernel.kptr_restrict"].Meaning; got != "A value that this program does not know." {
		t.Errorf("kptr_restrict 77 means %q", got)
	}
	if got := facts["kernel.dmesg_restrict"].Value.State; got != reading.Absent {
		t.Errorf("dmesg_restrict is %v without its file", got)
	}
}

// A value that could not be read, for another reason than that the kernel lacks it, means nothing.
func TestSysctlDenied(t *testing.T) {
	f := sysctls[0].fact("/proc/sys/x", reading.Missing[string](reading.Denied))
	if f.Meaning != "" || f.Limits || f.Change != "" {
		t.Errorf("a denied reading is %+v", f)
	}
}

// sysctl(8) reads the same values from this kernel.
func TestSysctlsAgreeWithSysctl(t *testing.T) {
	sysctl, err := exec.LookPath("sysctl")
	if err != nil {
		if sysctl, err = exec.LookPath("/usr/sbin/sysctl"); err != nil {
			t.Skip("needs sysctl (package procps)")
		}
	}
	for _, f := range Sysctls("/proc") {
		out, err := exec.Command(sysctl, "-n", f.Name).Output()
		if f.Value.OK() != (err == nil) {
			t.Errorf("%s: sysctl ends with %v, we have %v", f.Name, err, f.Value.How)
			continue
		}
		if got := strings.TrimRight(string(out), "\n"); got != f.Value.Value {
			t.Errorf("%s is %q, sysctl says %q", f.Name, f.Value.Value, got)
		}
	}
}

func TestSysctlTable(t *testing.T) {
	var names []string
	for _, s := range sysctls {
		names = append(names, s.name)
		for value, m := range s.values {
			if !strings.HasSuffix(m.text, ".") && !strings.HasSuffix(m.text, ").") {
				t.Errorf("%s=%s: %q is no sentence", s.name, value, m.text)
			}
			if m.limits && s.lift == "" {
				t.Errorf("%s=%s limits and nothing lifts it", s.name, value)
			}
		}
	}
	if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("a switch is there twice: %v", names)
	}
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func FuzzParseLSMs(f *testing.F) {
	f.Add("lockdown,capability,yama")
	f.Add(",,")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range parseLSMs(text) {
			if name == "" || strings.Contains(name, ",") {
				t.Errorf("parseLSMs(%q) holds %q", text, name)
			}
		}
	})
}
