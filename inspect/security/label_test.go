package security

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/reading"
)

func TestParseLabel(t *testing.T) {
	tests := []struct {
		text     string
		apparmor bool
		want     Label
	}{
		{"docker-default (enforce)\n", true, Label{AppArmor, "docker-default", "enforce", "docker-default (enforce)"}},
		{"docker-default (enforce)\n", false, Label{AppArmor, "docker-default", "enforce", "docker-default (enforce)"}},
		{"unconfined\n", true, Label{AppArmor, "unconfined", "unconfined", "unconfined"}},
		{"unconfined", false, Label{AppArmor, "unconfined", "unconfined", "unconfined"}},
		{"chrome (unconfined)\n", false, Label{AppArmor, "chrome", "unconfined", "chrome (unconfined)"}},
		{"/usr/sbin/cupsd//third_party (complain)\n", true, Label{AppArmor, "/usr/sbin/cupsd//third_party", "complain", "/usr/sbin/cupsd//third_party (complain)"}},
		{"lxd-c1//&:lxd-c1:unconfined (mixed)\n\x00", false, Label{AppArmor, "lxd-c1//&:lxd-c1:unconfined", "mixed", "lxd-c1//&:lxd-c1:unconfined (mixed)"}},
		{"my profile (v2) (kill)\n", true, Label{AppArmor, "my profile (v2)", "kill", "my profile (v2) (kill)"}},
		{"no-mode", true, Label{AppArmor, "no-mode", "", "no-mode"}},
		{"a:b:c", true, Label{AppArmor, "a:b:c", "", "a:b:c"}},
		{"system_u:system_r:container_t:s0:c1,c2\x00", false, Label{SELinux, "system_u:system_r:container_t:s0:c1,c2", "", "system_u:system_r:container_t:s0:c1,c2"}},
		{"unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\x00", false, Label{SELinux, "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", "", "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"}},
		{"user:role:type", false, Label{SELinux, "user:role:type", "", "user:role:type"}},
		{"kernel\x00", false, Label{SELinux, "kernel", "", "kernel"}},
		{"_", false, Label{Smack, "_", "", "_"}},
		{"Web", false, Label{"", "Web", "", "Web"}},
		{"::", false, Label{"", "::", "", "::"}},
		{"", false, Label{}},
		{"", true, Label{LSM: AppArmor}},
		{" (enforce)", false, Label{"", " (enforce)", "", " (enforce)"}},
		{"x (\x1b[31m)", false, Label{"", "x (\x1b[31m)", "", "x (\x1b[31m)"}},
		{"x ()", false, Label{"", "x ()", "", "x ()"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, ParseLabel([]byte(tt.text), tt.apparmor)); diff != "" {
			t.Errorf("ParseLabel(%q, %v) (-want +got):\n%s", tt.text, tt.apparmor, diff)
		}
	}
}

func TestParseLabelOfRealProcesses(t *testing.T) {
	for name, want := range map[string]Label{
		"vm-apparmor-host": {AppArmor, "probesleep", "enforce", "probesleep (enforce)"},
		"vm-docker-web":    {AppArmor, "docker-default", "enforce", "docker-default (enforce)"},
		"vm-docker-priv":   {AppArmor, "unconfined", "unconfined", "unconfined"},
		"vm-podman-p1":     {AppArmor, "containers-default-0.50.1", "enforce", "containers-default-0.50.1 (enforce)"},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", name+".label"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, ParseLabel(b, true)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLabelParts(t *testing.T) {
	stacked := ParseLabel([]byte("a//&:ns:b//c (enforce)\n"), true)
	if diff := cmp.Diff([]string{"a", ":ns:b//c"}, stacked.Stack()); diff != "" {
		t.Errorf("stack (-want +got):\n%s", diff)
	}
	if stacked.Type() != "" || stacked.Categories() != "" {
		t.Errorf("an AppArmor label has the type %q and the categories %q", stacked.Type(), stacked.Categories())
	}
	container := ParseLabel([]byte("system_u:system_r:container_t:s0:c1,c2\x00"), false)
	if container.Type() != "container_t" || container.Categories() != "c1,c2" {
		t.Errorf("type %q, categories %q", container.Type(), container.Categories())
	}
	if short := ParseLabel([]byte("u:r:t"), false); short.Type() != "t" || short.Categories() != "" {
		t.Errorf("type %q, categories %q", short.Type(), short.Categories())
	}
}

func TestLabelMeaning(t *testing.T) {
	yes, no, unread := reading.Value(true), reading.Value(false), reading.Missing[bool](reading.Denied)
	tests := []struct {
		text      string
		enforcing reading.Of[bool]
		want      string
	}{
		{"docker-default (enforce)", unread, "AppArmor refuses what profile docker-default does not allow."},
		{"a//&b (enforce)", unread, "AppArmor refuses what any one of the profiles a, b does not allow."},
		{"x (complain)", unread, "AppArmor refuses nothing: it only logs what profile x does not allow."},
		{"x (kill)", unread, "AppArmor kills it when it does what profile x does not allow."},
		{"x (prompt)", unread, "AppArmor asks the user about what profile x does not allow."},
		{"a//&b (mixed)", unread, "AppArmor applies the profiles a, b in different modes: what one enforces is refused, what another complains of is logged."},
		{"x (strange)", unread, "AppArmor applies the profile x in a mode that this program does not know."},
		{"unconfined", unread, "AppArmor does not confine it: it has no profile."},
		{"chrome (unconfined)", unread, "AppArmor does not confine it: the profile chrome only marks the program, for instance as one that may make user namespaces."},
		{"kernel", unread, "SELinux is on without a policy: it refuses nothing."},
		{"u:r:container_t:s0:c1,c2", yes, "SELinux refuses what its policy does not allow the type container_t. Its categories c1,c2 keep it apart from others of the same type."},
		{"u:r:container_t:s0", no, "SELinux is permissive: it refuses nothing and only logs what its policy does not allow container_t."},
		{"u:r:spc_t:s0", unread, "SELinux does not confine it: spc_t is the type of super privileged containers. Whether SELinux enforces its policy could not be read."},
		{"u:r:unconfined_t:s0", yes, "SELinux allows nearly everything to the type unconfined_t."},
		{"_", unread, "Smack compares its label, _, with those of what it touches."},
		{"Web", unread, "The text does not tell which security module's label this is."},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, ParseLabel([]byte(tt.text), false).Meaning(tt.enforcing)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func FuzzParseLabel(f *testing.F) {
	for _, s := range []string{"docker-default (enforce)\n", "unconfined", "u:r:t:s0:c1\x00", "kernel", "a//&b (mixed)", " ()", ""} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, apparmor bool) {
		l := ParseLabel(b, apparmor)
		if !strings.HasPrefix(string(b), l.Raw) || !strings.HasPrefix(l.Raw, l.Profile) {
			t.Errorf("ParseLabel(%q) = %+v is not made of its text", b, l)
		}
		if apparmor && l.LSM != AppArmor {
			t.Errorf("ParseLabel(%q) of AppArmor's own file = %+v", b, l)
		}
		if l.Meaning(reading.Value(true)) == "" || len(l.Stack()) == 0 {
			t.Errorf("%+v means nothing", l)
		}
	})
}
