package steps

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// texts are the sentences of changes.
func texts(changes []Change) []string {
	list := make([]string, len(changes))
	for i, c := range changes {
		list[i] = c.File + ": " + c.Text
	}
	return list
}

// base is a process before anything happened.
func base() View {
	v := View{PID: 100, Comm: "cutaway-init", Root: "/", Unread: map[string]error{}}
	for link := range v.Namespaces {
		v.Namespaces[link] = uint64(1000 + link)
	}
	v.Namespaces[proc.PIDForChildren], v.Namespaces[proc.TimeForChildren] = v.Namespaces[proc.PID], v.Namespaces[proc.Time]
	all := uint64(caps.UpTo(40))
	v.Status = proc.Status{
		NSpid: []int{100}, CapPrm: all, CapEff: all, CapBnd: reading.Value(all), CapAmb: reading.Value(uint64(0)),
		NoNewPrivs: reading.Value(false), Seccomp: reading.Value(uint8(0)), SeccompFilters: reading.Value(uint32(0)),
	}
	v.UIDMap = []proc.IDMapping{{Inside: 0, Outside: 0, Count: 4294967295}}
	v.GIDMap = v.UIDMap
	v.Cgroups = []proc.CgroupLine{{Hierarchy: 3, Controllers: []string{"memory"}, Path: "/"}, {Path: "/user"}}
	v.Limits = []proc.ResourceLimit{{Name: "Max open files", Soft: proc.LimitValue{N: 1024}, Hard: proc.LimitValue{Unlimited: true}}}
	v.Mounts = []proc.Mount{
		{ID: 1, MountPoint: "/", Root: "/", FSType: "ext4", Options: "rw,relatime", Propagation: []string{"shared:1"}},
		{ID: 2, MountPoint: "/proc", Root: "/", FSType: "proc", Options: "rw", Propagation: []string{"shared:2"}},
	}
	v.Interfaces, v.Addresses = []string{"lo"}, []string{}
	return v
}

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		change func(v *View)
		want   []string
	}{
		"nothing": {func(*View) {}, nil},
		"clone": {
			func(v *View) {
				v.PID, v.Status.NSpid = 200, []int{200, 1}
				v.Namespaces[proc.PID], v.Namespaces[proc.PIDForChildren] = 2002, 2002
				v.Namespaces[proc.Mnt] = 2000
			},
			[]string{
				"status: a new process, PID 200", "status: a PID namespace of its own, in which it is PID 1",
				"ns/mnt: mnt namespace 1000 → 2000: another one", "ns/pid: pid namespace 1002 → 2002: another one",
			},
		},
		"unshare of time": {
			func(v *View) { v.Namespaces[proc.TimeForChildren] = 2009 },
			[]string{"ns/time_for_children: time_for_children 1007 → 2009: what it starts is in another one"},
		},
		"maps": {
			func(v *View) {
				v.UIDMap = []proc.IDMapping{{Inside: 0, Outside: 1000, Count: 1}, {Inside: 1, Outside: 100000, Count: 65536}}
				v.GIDMap = nil
				v.Status.UID = [4]uint32{1000, 1000, 1000, 1000}
				v.Status.GID = [4]uint32{5, 6, 7, 8}
				v.Status.Groups = []uint32{4, 5}
			},
			[]string{
				"uid_map: user ids are mapped: 0 inside is 1000 outside, 1 to 65536 inside are 100000 to 165535 outside",
				"gid_map: group ids are not mapped yet: all of them look like the overflow id, 65534, inside",
				"status: user 0 → 1000, which is 0 inside", "status: group 0 → 5 6 7 8", "status: supplementary groups: none → 4 5",
			},
		},
		"capabilities": {
			func(v *View) {
				keep := uint64(caps.Of(0, 13))
				v.Status.CapPrm, v.Status.CapEff, v.Status.CapBnd = keep, keep, reading.Value(uint64(0))
				v.Status.CapInh = uint64(caps.Of(5))
			},
			[]string{
				"status: CapInh: gained 1 (kill), has 1 now",
				"status: CapPrm, CapEff: lost 39 (dac_override, dac_read_search, fowner, fsetid, kill, setgid, setuid, setpcap and 31 more), has 2 now",
				"status: CapBnd: lost 41 (chown, dac_override, dac_read_search, fowner, fsetid, kill, setgid, setuid and 33 more), none is left",
			},
		},
		"confinement": {
			func(v *View) {
				v.Status.NoNewPrivs = reading.Value(true)
				v.Status.Seccomp, v.Status.SeccompFilters = reading.Value(uint8(2)), reading.Value(uint32(1))
			},
			[]string{
				"status: no_new_privs is set. Executing a program gives no privileges: set-user-ID bits and file capabilities are ignored, for it and its descendants for good.",
				"status: seccomp off → filter. One filter decides on each system call: it may allow it, fail it, or kill the process.",
			},
		},
		"an old kernel tells less": {
			func(v *View) {
				v.Status.NoNewPrivs, v.Status.CapAmb = reading.Missing[bool](reading.Absent), reading.Missing[uint64](reading.Absent)
			},
			nil,
		},
		"cgroup, root, limits, comm": {
			func(v *View) {
				v.Cgroups = []proc.CgroupLine{{Hierarchy: 3, Controllers: []string{"memory"}, Path: "/box"}, {Path: "/user"}, {Hierarchy: 4, Controllers: []string{"new"}, Path: "/"}}
				v.Root, v.Comm = "/srv/root", "bash"
				v.Limits = []proc.ResourceLimit{{Name: "Max open files", Soft: proc.LimitValue{N: 10}, Hard: proc.LimitValue{N: 10}}}
				v.Interfaces, v.Addresses = []string{"lo", "eth0"}, []string{"127.0.0.1", "::1"}
			},
			[]string{
				"comm: another program: cutaway-init → bash", "cgroup: its cgroup (memory) / → /box",
				"root: its root directory / → /srv/root, as our paths name it",
				"limits: Max open files: soft 1024, hard unlimited → soft 10, hard 10",
				"net/dev: network interface: eth0", "net/fib_trie: network addresses: 127.0.0.1, ::1",
			},
		},
		"slaves": {
			func(v *View) {
				v.Mounts[0].Propagation, v.Mounts[1].Propagation = []string{"master:1"}, []string{"master:2", "propagate_from:1"}
			},
			[]string{"mountinfo: propagation of 2 mounts: shared → slave (/, /proc)"},
		},
		"one mount read-only, one moved": {
			func(v *View) {
				v.Mounts[0].Options = "ro,relatime"
				v.Mounts[1].MountPoint = "/old/proc"
			},
			[]string{"mountinfo: options of /: rw → ro", "mountinfo: place of /old/proc: /proc → /old/proc"},
		},
		"mounts come and go": {
			func(v *View) {
				v.Mounts = append(v.Mounts[:1], proc.Mount{ID: 9, MountPoint: "/dev/null", Root: "/null", FSType: "devtmpfs", Options: "rw,nosuid"})
			},
			[]string{"mountinfo: mount removed: /proc type proc (rw)", "mountinfo: mount added: /dev/null type devtmpfs (rw,nosuid), the file system's /null"},
		},
		"a copied namespace has the same mounts under other ids": {
			func(v *View) {
				v.Namespaces[proc.Mnt] = 2000
				v.Mounts[0].ID, v.Mounts[1].ID = 2, 1
			},
			[]string{"ns/mnt: mnt namespace 1000 → 2000: another one"},
		},
		"unread": {
			func(v *View) {
				v.Unread["mountinfo"], v.Mounts = unix.EACCES, nil
				v.Unread["ns/net"], v.Namespaces[proc.Net] = unix.EACCES, 0
			},
			[]string{"mountinfo: could not be read: permission denied", "ns/net: could not be read: permission denied"},
		},
		"gone": {
			func(v *View) { *v = View{PID: 100, Unread: map[string]error{".": unix.ENOENT}} },
			[]string{".: could not be read: no such file or directory"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			after := base()
			c.change(&after)
			if got := texts(Compare(base(), after)); !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

func TestHundredsOfMountsAreCounted(t *testing.T) {
	before, after := base(), base()
	for i := range 5000 {
		after.Mounts = append(after.Mounts, proc.Mount{ID: 10 + i, MountPoint: fmt.Sprintf("/m%d", i), Root: "/", FSType: "tmpfs", Options: "rw"})
	}
	for _, c := range []struct {
		name    string
		changes []Change
		last    string
	}{
		{"added", Compare(before, after), "mountinfo: mount added: 4992 more like these"},
		{"removed", Compare(after, before), "mountinfo: mount removed: 4992 more like these"},
	} {
		if got := texts(c.changes); len(got) != listed+1 || got[listed] != c.last {
			t.Errorf("%s: %d lines, the last %q, want %q", c.name, len(got), got[len(got)-1], c.last)
		}
	}
	before.Mounts = slices.Clone(after.Mounts)
	for i := range after.Mounts {
		after.Mounts[i].Options += ",ro"
	}
	if got := texts(Compare(before, after)); len(got) != 1 {
		t.Errorf("one change of 5,000 mounts takes %d lines", len(got))
	}
}

// Everything that a process can choose, at its worst.
func TestLookAtHostileFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	line := `1 0 8:1 / /a\040b\012c\033[31m rw shared:1 - ext4 /dev/x rw` + "\n"
	write("mountinfo", strings.Repeat(line, maxFile/len(line)+10))
	write("status", "Name:\tx\nTgid: 1\nCapEff: zzz\n")
	write("cgroup", "no colons\n")
	write("limits", "")
	write("comm", "a\nb\n")
	write("net/dev", strings.Repeat("x", 1000))
	write("net/fib_trie", "|-- 1.2.3.4\n/32 host LOCAL\n|-- 1.2.3.4\n/32 host LOCAL\n|-- evil\n/32 host LOCAL\n/32 host LOCAL\n|-- 5.6.7.8\n/24 link UNICAST\n")
	write("net/if_inet6", "fd770000000000000000000000000001 02 40 00 80 eth0\nfd77 x\nzz\n\n")
	if err := unix.Mkfifo(filepath.Join(dir, "uid_map"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "gid_map")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "ns"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"root": "/\x1b]0;x\a", "ns/mnt": "net:[x]", "ns/net": "net:[7]"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	v := View{PID: 1, Unread: map[string]error{}}
	v.read(reader{root, v.Unread})

	if !errors.Is(v.Unread["mountinfo"], errCut) || len(v.Mounts) == 0 || v.Mounts[0].MountPoint != "/a b\nc\x1b[31m" {
		t.Errorf("mountinfo: %v, %d mounts", v.Unread["mountinfo"], len(v.Mounts))
	}
	for _, file := range []string{"status", "cgroup", "limits", "ns/mnt", "gid_map"} {
		if v.Unread[file] == nil {
			t.Errorf("%s was read without complaint", file)
		}
	}
	if v.UIDMap != nil || v.GIDMap != nil || v.Namespaces[proc.Net] != 7 || v.Namespaces[proc.Mnt] != 0 {
		t.Errorf("read: %v %v %v", v.UIDMap, v.GIDMap, v.Namespaces)
	}
	if want := []string{"1.2.3.4", "fd77::1"}; !slices.Equal(v.Addresses, want) {
		t.Errorf("addresses %v, want %v", v.Addresses, want)
	}
	if got := Compare(base(), v); len(got) == 0 {
		t.Error("nothing is different from a hostile process")
	}
}

func TestLookAtNobody(t *testing.T) {
	const none = 1 << 30
	if v := Look(none); v.Unread["."] == nil {
		t.Error("there is no such process")
	}
}
