package security

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

func TestHidePID(t *testing.T) {
	nobody := reading.Missing[uint32](reading.Absent)
	none := reading.Missing[ProcMount](reading.Absent)
	tests := []struct {
		name      string
		mountinfo string
		root      string
		want      reading.Of[ProcMount]
	}{
		{"nothing hidden", "22 27 0:21 / /proc rw,relatime - proc proc rw\n", "/proc", reading.Value(ProcMount{HidePID: "off", GID: nobody, Options: "rw"})},
		{"slash at the end", "22 27 0:21 / /proc rw,relatime - proc proc rw\n", "/proc/", reading.Value(ProcMount{HidePID: "off", GID: nobody, Options: "rw"})},
		{
			"all options", "4505 4457 0:254 / /host/proc rw,relatime - proc proc rw,gid=4,hidepid=invisible,subset=pid\n", "/host/proc",
			reading.Value(ProcMount{HidePID: "invisible", GID: reading.Value(uint32(4)), PIDOnly: true, Options: "rw,gid=4,hidepid=invisible,subset=pid"}),
		},
		{"numbers of older kernels", "22 27 0:21 / /proc rw - proc proc rw,hidepid=1\n", "/proc", reading.Value(ProcMount{HidePID: "noaccess", GID: nobody, Options: "rw,hidepid=1"})},
		{"newer than this", "22 27 0:21 / /proc rw - proc proc rw,hidepid=9,gid=-1\n", "/proc", reading.Value(ProcMount{HidePID: "9", GID: nobody, Options: "rw,hidepid=9,gid=-1"})},
		{
			"the last mount counts", "22 27 0:21 / /proc rw - proc proc rw\n23 22 0:44 / /proc rw - proc proc rw,hidepid=ptraceable\n", "/proc",
			reading.Value(ProcMount{HidePID: "ptraceable", GID: nobody, Options: "rw,hidepid=ptraceable"}),
		},
		{"something else on top", "22 27 0:21 / /proc rw - proc proc rw\n23 22 0:44 / /proc rw - tmpfs tmpfs rw\n", "/proc", none},
		{"not mounted", "22 27 0:21 / /sys rw - sysfs sysfs rw\n", "/proc", none},
		{"below a proc", "22 27 0:21 / /proc rw - proc proc rw\n", "/proc/1", none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mounts, err := proc.ParseMountinfo([]byte(tt.mountinfo))
			if err != nil {
				t.Fatal(err)
			}
			got := HidePID(mounts, tt.root)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestProcMountMeaning(t *testing.T) {
	for options, want := range map[string]string{
		"rw":                      "Every process can be seen by everyone.",
		"rw,gid=4":                "Every process can be seen by everyone.",
		"rw,hidepid=1":            "Of other users' processes only the number and owner can be seen without privileges.",
		"rw,hidepid=2,gid=4":      "Other users' processes cannot be seen without privileges. Members of group 4 see all.",
		"rw,hidepid=4,gid=4":      "Only processes that the reader may trace can be seen, even by the group that gid= names.",
		"rw,hidepid=9":            "hidepid=9 is newer than this program.",
		"rw,subset=pid,hidepid=0": "Every process can be seen by everyone. Nothing but the processes is there: no /proc/sys, no host-wide files.",
	} {
		m := parseProcOptions(options)
		if diff := cmp.Diff(want, m.Meaning()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", options, diff)
		}
		if m.Hides() != (m.HidePID != "off") {
			t.Errorf("%s hides: %v", options, m.Hides())
		}
	}
}

// What this kernel prints for a mount in a namespace of the test's own.
func TestHidePIDOfThisKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount proc in a mount namespace of its own")
	}
	if _, err := exec.LookPath("unshare"); err != nil {
		t.Skip("needs unshare (package util-linux)")
	}
	dir := t.TempDir()
	for option, want := range map[string]string{"hidepid=2,gid=4": "invisible", "hidepid=1": "noaccess"} {
		script := `mount -t proc -o "$1" proc "$2" && cat /proc/self/mountinfo`
		out, err := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", option, dir).CombinedOutput()
		if err != nil {
			t.Skipf("needs the right to mount proc: %s", strings.TrimSpace(string(out)))
		}
		mounts, err := proc.ParseMountinfo(out)
		if err != nil {
			t.Fatal(err)
		}
		got := HidePID(mounts, dir)
		if !got.OK() || got.Value.HidePID != want {
			t.Errorf("%s reads as %+v, want %s", option, got, want)
		}
	}
}

func FuzzParseProcOptions(f *testing.F) {
	f.Add("rw,gid=4,hidepid=invisible,subset=pid")
	f.Add("hidepid=,gid=99999999999,,=")
	f.Fuzz(func(t *testing.T, options string) {
		if m := parseProcOptions(options); m.Meaning() == "" {
			t.Errorf("%q means nothing", options)
		}
	})
}
