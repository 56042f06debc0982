package proc

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The mounts of this process as findmnt sees them.
func TestMountinfoAsFindmnt(t *testing.T) {
	findmnt := need(t, "findmnt")
	var want, got []string
	// Others may mount something between our look and findmnt's.
	poll(t, "two looks in a row are the same", func() bool {
		before := readFile(t, "/proc/self/mountinfo")
		want = findmntLines(t, findmnt)
		got = mountLines(t, before)
		return string(before) == string(readFile(t, "/proc/self/mountinfo"))
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-findmnt +got\n%s", diff)
	}
	if len(got) == 0 {
		t.Error("not one mount to compare")
	}
}

func findmntLines(t *testing.T, findmnt string) []string {
	t.Helper()
	out, err := exec.Command(findmnt, "--list", "--json", "-o", "ID,PARENT,MAJ:MIN,FSROOT,TARGET,FSTYPE,PROPAGATION").Output()
	if err != nil {
		t.Fatalf("findmnt: %v", err)
	}
	var answer struct {
		FileSystems []struct {
			ID, Parent  int
			Device      string `json:"maj:min"`
			FSRoot      string
			Target      string
			FSType      string
			Propagation string
		}
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("findmnt: %v", err)
	}
	var lines []string
	for _, m := range answer.FileSystems {
		lines = append(lines, fmt.Sprintf("%d %d %s %q %q %s %s", m.ID, m.Parent, m.Device, m.FSRoot, m.Target, m.FSType, m.Propagation))
	}
	return lines
}

func mountLines(t *testing.T, mountinfo []byte) []string {
	t.Helper()
	mounts, err := ParseMountinfo(mountinfo)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range mounts {
		lines = append(lines, fmt.Sprintf("%d %d %d:%d %q %q %s %s", m.ID, m.Parent, m.Major, m.Minor, m.Root, m.MountPoint, m.FSType, findmntPropagation(&m)))
	}
	return lines
}

// findmntPropagation words the propagation as findmnt does.
func findmntPropagation(m *Mount) string {
	ours := m.PropagationString()
	words := []string{"private"}
	if strings.Contains(ours, "shared ") {
		words[0] = "shared"
	}
	if strings.Contains(ours, "slave of ") {
		words = append(words, "slave")
	}
	if strings.Contains(ours, "unbindable") {
		words = append(words, "unbindable")
	}
	return strings.Join(words, ",")
}

// Mounts with hostile names, made by the kernel itself.
func TestMountinfoLive(t *testing.T) {
	out := inNamespaces(t, `
		mount -t tmpfs '#a b' . && cd "$PWD"
		name=$(printf 'sp ace\ttab\nline\\040#')
		mkdir "$name" && mount --bind "$name" "$name"
		mkdir gone to && mount --bind gone to && rmdir gone
		mkdir one && mount -t tmpfs one one && mount --make-unbindable one
		mkdir two && mount -t tmpfs two two && mount --make-shared two
		cat /proc/self/mountinfo`, "-m")
	mounts, err := ParseMountinfo(out)
	if err != nil {
		t.Fatal(err)
	}
	byRoot, byPoint := map[string]Mount{}, map[string]Mount{}
	for _, m := range mounts {
		byRoot[m.Root] = m
		byPoint[m.MountPoint[strings.LastIndexByte(m.MountPoint, '/')+1:]] = m
	}
	const name = "sp ace\ttab\nline\\040#"
	if m := byPoint[name]; m.Root != "/"+name || m.Source != "#a b" {
		t.Errorf("the mount %q is %+v", name, m)
	}
	if m, ok := byRoot["/gone//deleted"]; !ok || !strings.HasSuffix(m.MountPoint, "/to") {
		t.Errorf("the mount of a deleted directory is %+v", m)
	}
	if m := byPoint["one"]; m.PropagationString() != "unbindable" {
		t.Errorf("the unbindable mount is %+v", m)
	}
	if m := byPoint["two"]; !strings.HasPrefix(m.PropagationString(), "shared ") {
		t.Errorf("the shared mount is %+v", m)
	}
}

func TestOverlayLive(t *testing.T) {
	if b := readFile(t, "/proc/filesystems"); !strings.Contains(string(b), "\toverlay\n") {
		t.Skip("needs overlay in the kernel")
	}
	out := inNamespaces(t, `
		mount -t tmpfs tmpfs . && cd "$PWD"
		mkdir a:b 'c d' e up work all
		mount -t overlay overlay -o 'lowerdir=a\:b:c d:e,upperdir=up,workdir=work' all
		grep ' - overlay overlay ' /proc/self/mountinfo`, "-m")
	mounts, err := ParseMountinfo(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mounts {
		if strings.HasSuffix(m.MountPoint, "/all") {
			got, _ := m.Overlay()
			want := Overlay{Lower: []string{"a:b", "c d", "e"}, Upper: "up", Work: "work"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			return
		}
	}
	t.Error("the overlay is not there")
}
