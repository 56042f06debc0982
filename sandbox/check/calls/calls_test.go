package calls

import (
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

// A child, which the program becomes with Variable set, answers as this process does, and neither succeeds with a call.
func TestChildAgrees(t *testing.T) {
	c := exec.Command("/proc/self/exe")
	c.Env = []string{Variable + "=1"}
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	child, here := Decode(out), Probe()
	if len(here.Errnos) != len(List) || !slices.Equal(child.Errnos, here.Errnos) || child.Landlock != here.Landlock || child.LandlockErrno != here.LandlockErrno {
		t.Errorf("child %+v, here %+v", child, here)
	}
	for i, errno := range here.Errnos {
		if errno == 0 {
			t.Errorf("%s succeeded", List[i].Name)
		}
		if errno == syscall.ENOSYS && List[i].Since == "" {
			t.Errorf("%s is not there, which every Linux has", List[i].Name)
		}
	}
}

// Asking changes nothing: the process has the namespaces that it had.
func TestProbeChangesNothing(t *testing.T) {
	namespaces := func() (links []string) {
		for _, kind := range []string{"mnt", "net", "pid_for_children", "ipc", "uts", "user", "cgroup"} {
			link, err := os.Readlink("/proc/thread-self/ns/" + kind)
			if err != nil {
				t.Fatal(err)
			}
			links = append(links, link)
		}
		return links
	}
	before := namespaces()
	Probe()
	if after := namespaces(); !slices.Equal(before, after) {
		t.Errorf("namespaces were %v, are %v", before, after)
	}
}

func TestDecode(t *testing.T) {
	whole := make([]byte, len(List)+2)
	for i := range List {
		whole[i] = byte(syscall.EINVAL)
	}
	whole[len(List)], whole[len(List)+1] = 7, 0
	for _, c := range []struct {
		name     string
		text     []byte
		answered int
		landlock int
	}{
		{"nothing", nil, 0, 0},
		{"ended at the fourth", whole[:3], 3, 0},
		{"ended before Landlock", whole[:len(List)], len(List), 0},
		{"half of Landlock", whole[:len(List)+1], len(List), 0},
		{"whole", whole, len(List), 7},
		{"too much", append(slices.Clone(whole), 1, 2, 3), len(List), 0},
	} {
		if a := Decode(c.text); len(a.Errnos) != c.answered || a.Landlock != c.landlock {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}
