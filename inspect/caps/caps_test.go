package caps

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/reading"
)

func TestNames(t *testing.T) {
	for c, want := range map[Cap]string{0: "cap_chown", 12: "cap_net_admin", 21: "cap_sys_admin", 40: "cap_checkpoint_restore", 41: "41", 63: "63"} {
		if got := c.String(); got != want {
			t.Errorf("Cap(%d) is %q, want %q", c, got, want)
		}
	}
	if got := Cap(13).Short(); got != "net_raw" {
		t.Errorf("Short is %q", got)
	}
	if LastKnown() != 40 {
		t.Errorf("LastKnown is %d", LastKnown())
	}
}

func TestSet(t *testing.T) {
	docker := []string{"chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "net_bind_service", "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap"}
	if diff := cmp.Diff(docker, DockerDefault.Short()); diff != "" {
		t.Errorf("Docker's default (-want +got):\n%s", diff)
	}
	added, missing := Diff(DockerDefault, PodmanDefault|Of(12))
	if diff := cmp.Diff([]Set{Of(12), Of(13, 27, 29)}, []Set{added, missing}); diff != "" {
		t.Errorf("Podman's default against Docker's (-want +got):\n%s", diff)
	}
	if got, want := Of(0, 41).String(), "cap_chown,41"; got != want {
		t.Errorf("String is %q, want %q", got, want)
	}
	if got, want := DockerDefault.Bits(), "0000 0000 0000 0000 0000 0000 0000 0000 1010 1000 0000 0100 0010 0101 1111 1011"; got != want {
		t.Errorf("Bits is %q, want %q", got, want)
	}
	if got := UpTo(63); got != ^Set(0) {
		t.Errorf("UpTo(63) is %s", got.Hex())
	}
	if got := UpTo(40).Hex(); got != "000001ffffffffff" {
		t.Errorf("UpTo(40) is %s", got)
	}
	if Set(0).Caps() == nil || Set(0).Len() != 0 || Set(0).String() != "" {
		t.Error("the empty set is not empty")
	}
	if !DockerDefault.Has(13) || DockerDefault.Has(12) {
		t.Error("Has does not find its bit")
	}
}

func TestSetInJSON(t *testing.T) {
	type doc struct {
		Effective Set `json:"effective"`
	}
	text, err := json.Marshal(doc{^Set(0)})
	if err != nil || string(text) != `{"effective":"ffffffffffffffff"}` {
		t.Fatalf("got %s, %v", text, err)
	}
	var back doc
	if err := json.Unmarshal(text, &back); err != nil || back.Effective != ^Set(0) {
		t.Errorf("got %v back, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"effective":"xyz"}`), &back); err == nil {
		t.Error("xyz was taken for a mask")
	}
}

func TestSummary(t *testing.T) {
	tests := []struct {
		name string
		set  Set
		last Cap
		want string
	}{
		{"none", 0, 40, "none"},
		{"root", 0x1ffffffffff, 40, "all 41"},
		{"root on an older kernel", 0x3fffffffff, 37, "all 38"},
		{"an older kernel's all on a newer one", 0x3fffffffff, 40, "all 41 − perfmon − bpf − checkpoint_restore"},
		{"root without one", 0x1fffeffffff, 40, "all 41 − sys_resource"},
		{"bits above the last", 0x3ffffffffff, 40, "all 41 + 41"},
		{"docker", DockerDefault, 40, "docker's default set"},
		{"podman", PodmanDefault, 40, "podman's default set"},
		{"docker and more", 0xa80c35fb, 40, "docker's default + net_admin + sys_ptrace"},
		{"docker with one changed", (DockerDefault | Of(12)) &^ Of(27), 40, "docker's default + net_admin − mknod"},
		{"podman and more", PodmanDefault | Of(21), 40, "podman's default + sys_admin"},
		{"few", 0x20000420, 40, "kill, net_bind_service, audit_write"},
		{"one", Of(10), 40, "net_bind_service"},
		{"near to none", 0x1ff, 40, "9 capabilities"},
		{"many", 0x1ffff, 40, "17 capabilities"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Summary(tt.set, tt.last); got != tt.want {
				t.Errorf("Summary(%s, %d) = %q, want %q", tt.set.Hex(), tt.last, got, tt.want)
			}
		})
	}
}

func TestLast(t *testing.T) {
	root := t.TempDir()
	if got := Last(root); got.State != reading.Absent {
		t.Errorf("without the file the reading is %v", got.How)
	}
	if err := os.MkdirAll(filepath.Join(root, "sys/kernel"), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]reading.Of[Cap]{
		"40\n": reading.Value(Cap(40)),
		"63":   reading.Value(Cap(63)),
		"64":   reading.Missing[Cap](reading.Failed),
		"-1":   reading.Missing[Cap](reading.Failed),
		"":     reading.Missing[Cap](reading.Failed),
		"many": reading.Missing[Cap](reading.Failed),
	} {
		if err := os.WriteFile(filepath.Join(root, LastFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := Last(root); got != want {
			t.Errorf("%q reads as %+v, want %+v", text, got, want)
		}
	}
	if got := Last("/proc"); !got.OK() || got.Value < 37 {
		t.Errorf("this kernel's last capability reads as %+v", got)
	}
}

func TestFiveSets(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if k.Meaning() == "" || seen[k.String()] || seen[k.Field()] {
			t.Errorf("set %d is %q, %q", k, k, k.Field())
		}
		seen[k.String()], seen[k.Field()] = true, true
	}
	var sets FiveSets
	if sets[Ambient].OK() {
		t.Error("a set that nobody read is known")
	}
	if diff := cmp.Diff(3, len(map[string]bool{
		Over(reading.Value(true)): true, Over(reading.Value(false)): true, Over(reading.Missing[bool](reading.Denied)): true,
	})); diff != "" {
		t.Errorf("the three cases of Over do not differ: %s", diff)
	}
}

func FuzzParseLast(f *testing.F) {
	f.Add("40\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parseLast(text); err == nil && c >= maskBits {
			t.Errorf("parseLast(%q) = %d", text, c)
		}
	})
}
