package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/compare"
	"cutaway/inspect/inside"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// diffFixture compares the fixture's host with its database, whose files are hostile.
func diffFixture(t *testing.T) ([2]*compare.Side, []compare.Group) {
	t.Helper()
	v := fixtureView()
	db, err := v.find("db")
	if err != nil {
		t.Fatal(err)
	}
	host := v.ByPID(1)
	outside := *fixtureDetail(v)
	outside.ID, outside.Cgroup = host.ID, nil
	outside.Environ = reading.Value([]proc.EnvVar{{Name: "PATH", Value: "/sbin:" + strings.Repeat("/usr/local/sbin:", 12) + "/bin"}, {Name: "HOME", Value: "/"}})
	outside.Limits = reading.Value([]proc.ResourceLimit{{Name: "Max open files", Soft: proc.LimitValue{N: 1024}, Hard: proc.LimitValue{N: 1024}, Unit: "files"}})
	outside.Mounts = reading.Value([]proc.Mount{
		{MountPoint: "/", Root: "/", FSType: "ext4", Source: "/dev/vda", Options: "rw,relatime", SuperOptions: "rw"},
		{MountPoint: "/var/lib/docker/overlay2/397f67197f60aabbccdd397f67197f60aabbccdd397f67197f60aabbccddeeff/merged", Root: "/", FSType: "overlay", Source: "overlay", Options: "rw"},
	})
	outside.TimeOffsets = reading.Value([]proc.TimeOffset{{Clock: "monotonic"}, {Clock: "boottime"}})
	users := []inside.User{{Name: "root", Home: "/root", Sh: "/bin/bash"}}
	for i, name := range strings.Fields("daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc") {
		users = append(users, inside.User{ID: uint32(i + 1), Name: name, Home: "/", Sh: "/usr/sbin/nologin"})
	}
	left := &compare.Side{Title: "host", Snapshot: v.Snapshot, Process: host, Detail: &outside, Inside: &inside.View{
		Kernel: inside.Kernel{
			Hostname: reading.Value("node7"), Domainname: reading.Value("(none)"), Cgroup: reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: "/init.scope"}}}),
			Interfaces: reading.Value([]inside.Interface{
				{Name: "lo", Up: true, MTU: 65536, Addresses: []string{"127.0.0.1/8", "::1/128"}},
				{Name: "eth0", Up: true, MTU: 1500, Hardware: "52:54:00:12:34:56", Addresses: []string{"192.168.1.7/24", "2001:db8:1234:5678:9abc:def0:1234:5678/64"}},
			}),
			Routes:  reading.Value([]inside.Route{{Destination: "default", Gateway: "192.168.1.1", Interface: "eth0", Metric: 100}}),
			Sysctls: []inside.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Kind: "net", Value: reading.Value("1024")}, {Name: "kernel.shmmax", Kind: "ipc", Value: reading.Value("1")}},
		},
		Files: inside.Files{
			System: reading.Value("Debian GNU/Linux 12 (bookworm)"), SystemFile: "/etc/os-release", Users: reading.Value(users),
			Groups: reading.Value([]inside.User{{Name: "root"}}),
		},
		Uptime: reading.Value(fixtureUptime),
	}}
	right := &compare.Side{
		Title: compare.Title(db.process, db.container), Snapshot: v.Snapshot, Process: db.process, Container: db.container, Detail: fixtureDetail(v),
		Inside: &inside.View{
			Kernel: inside.Kernel{
				Hostname: reading.Value(evil), Domainname: reading.Value("(none)"), Cgroup: reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: "/"}}}),
				Interfaces: reading.Error[[]inside.Interface](syscall.EPERM), Routes: reading.Value([]inside.Route{{Destination: "default", Gateway: "172.17.0.1", Interface: "eth0"}}),
				Sysctls: []inside.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Kind: "net", Value: reading.Value("0")}, {Name: "kernel.shmmax", Kind: "ipc", Value: reading.Value("1")}},
			},
			Files: inside.Files{
				System: reading.Value("Evil \x1b]0;owned\a\u202eOS"), SystemFile: "/etc/os-release",
				Users: reading.Value([]inside.User{{Name: "root\x00\n", Home: "/root", Sh: "/bin/sh"}}), Groups: reading.Error[[]inside.User](syscall.EMEDIUMTYPE),
			},
			Uptime: reading.Value(fixtureUptime + 1500*time.Millisecond),
		},
	}
	sides := [2]*compare.Side{left, right}
	return sides, compare.Compare(left, right)
}

func TestDiffGolden(t *testing.T) {
	sides, groups := diffFixture(t)
	for _, c := range []struct {
		name  string
		width int
		all   bool
		ascii bool
	}{{"diff", 0, false, false}, {"diff-80", 80, false, false}, {"diff-120", 120, false, false}, {"diff-40", 40, false, true}, {"diff-all", 100, true, false}} {
		st := &style{glyphs: text.Unicode, width: c.width}
		if c.ascii {
			st.glyphs = text.ASCII
		}
		var out bytes.Buffer
		if err := diffText(&app{out: &out}, st, sides, groups, c.all); err != nil {
			t.Fatal(err)
		}
		golden(t, c.name, out.String())
		for line := range strings.Lines(out.String()) {
			if w := text.Width(strings.TrimSuffix(line, "\n")); c.width >= 80 && w > c.width {
				t.Errorf("%s: %d cells wide: %q", c.name, w, line)
			}
		}
		if strings.Contains(out.String(), "hunter2") {
			t.Errorf("%s shows a secret", c.name)
		}
	}
}

// Two sides that are alike say so, and so do two of which something cannot be read.
func TestDiffAlike(t *testing.T) {
	sides, _ := diffFixture(t)
	print := func(l, r *compare.Side) string {
		var out bytes.Buffer
		if err := diffText(&app{out: &out}, &style{glyphs: text.Unicode}, [2]*compare.Side{l, r}, compare.Compare(l, r), false); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	known := *sides[0]
	if got := print(&known, &known); !strings.HasSuffix(got, "\nno difference in what can be read\n") || !strings.Contains(got, "memory limit") {
		t.Errorf("with a cgroup that cannot be read: %s", got)
	}
	known.Detail.Maps.GID = known.Detail.Maps.UID
	usage := *sides[1].Detail.Cgroup
	usage.CPUs = reading.Value[uint64](2)
	known.Detail.Cgroup = &usage
	if got := print(&known, &known); !strings.HasSuffix(got, "unknown\nno difference\n") {
		t.Errorf("with itself: %s", got)
	}
}

func TestDiffJSON(t *testing.T) {
	sides, groups := diffFixture(t)
	var out bytes.Buffer
	if err := diffJSON(&app{out: &out}, sides, groups, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "diff-json", out.String())
	type row struct {
		Key, Label, State, Note string
		Left, Right             *string
		Unread                  map[string]string
	}
	var doc struct {
		Left, Right struct {
			Title     string
			PID       int
			Container *struct{ Name string }
		}
		Alike  bool
		Groups []struct {
			Name   string
			Counts map[string]int
			Rows   []row
		}
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Alike || doc.Left.PID != 1 || doc.Left.Container != nil || doc.Right.Container.Name != "db" {
		t.Errorf("%+v, alike: %v", doc.Left, doc.Alike)
	}
	rows := map[string]row{}
	for _, g := range doc.Groups {
		listed := 0
		for _, r := range g.Rows {
			rows[g.Name+"/"+r.Key] = r
			listed++
			if r.State == "same" {
				t.Errorf("%s/%s is the same", g.Name, r.Key)
			}
		}
		if n := g.Counts; n["different"]+n["only_left"]+n["only_right"]+n["unknown"] != listed {
			t.Errorf("%s: %v, and %d rows", g.Name, n, listed)
		}
	}
	if r := rows["names/hostname"]; r.State != "different" || *r.Left != "node7" {
		t.Errorf("%+v", r)
	}
	if r := rows["environment/HOME"]; r.State != "only_left" || r.Right != nil || r.Unread != nil {
		t.Errorf("%+v", r)
	}
	if r := rows["network/interfaces"]; r.State != "unknown" || r.Right != nil || r.Unread["right"] != "denied (operation not permitted)" {
		t.Errorf("%+v", r)
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Error("a secret is shown")
	}
}

func TestChop(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"short", 10, "short"},
		{"two words here", 10, "two words|here"},
		{"/a/long/path/of/names", 10, "/a/long/|path/of/|names"},
		{"x /a/long/path/of/names y", 12, "x /a/long/|path/of/|names y"},
		{"0123456789abcdef", 10, "0123456789|abcdef"},
		{"ab 0123456789abcdef", 10, "ab|0123456789|abcdef"},
		{"rw,nosuid,nodev,noexec more", 11, "rw,nosuid,|nodev,|noexec more"},
		{"日本語日本語", 5, "日本|語日|本語"},
		{"a  b", 10, "a  b"},
		{"日", 1, "日"},
	} {
		if got := strings.Join(chop(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q in %d: %q, not %q", c.text, c.width, got, c.want)
		}
	}
}

func FuzzChop(f *testing.F) {
	f.Add("rw,nosuid /a/b/c 0123456789abcdef", 10)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s = text.Sanitise(s)
		if width < 2 || width > 200 || len(s) > 2000 {
			return
		}
		lines := chop(s, width)
		for _, line := range lines {
			if text.Width(line) > width {
				t.Errorf("%q is %d cells wide, not %d", line, text.Width(line), width)
			}
		}
		if got := strings.Join(lines, ""); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(s, " ", "") {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func TestSumUpUsers(t *testing.T) {
	var rows []compare.Row
	for _, id := range strings.Fields("1 2 3 4 5 6 7 8 9") {
		v := &compare.Value{Text: "name" + id + " /home", How: reading.How{State: reading.Known}}
		rows = append(rows, compare.Row{Key: "user " + id, Label: "user " + id, Left: v, State: compare.OnlyLeft})
		rows = append(rows, compare.Row{Key: "group " + id, Label: "group " + id, Left: v, Right: v, State: compare.Same})
	}
	got := sumUpUsers(rows)
	if len(got) != 10 || got[0].Label != "9 users" || got[0].Left.Text != "name1 name2 name3 name4 name5 name6 name7 name8 name9" || got[0].Right != nil {
		t.Errorf("%d rows, %+v", len(got), got[0])
	}
	if got := sumUpUsers(rows[:8]); len(got) != 8 || got[0].Label != "user 1" {
		t.Errorf("few users are summed up: %+v", got)
	}
}
