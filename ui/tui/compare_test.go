package tui

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect"
	"cutaway/inspect/compare"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
	"cutaway/inspect/record"
)

// lookFake is a look at a process of a fixture, from outside and from inside.
func lookFake(ctx context.Context, s *inspect.Snapshot, r compare.Reader, _ compare.Inside, p *inspect.Process, c *inspect.Container) (*compare.Side, error) {
	d, err := r.ReadParts(ctx, s, p.ID, inspect.PartMounts|inspect.PartFiles)
	if err != nil {
		return nil, err
	}
	side := &compare.Side{Title: compare.Title(p, c), Snapshot: s, Process: p, Container: c, Detail: d}
	host := "node7"
	if c != nil {
		host = c.Name + evil
	}
	side.Inside = &inside.View{Uptime: reading.Value(time.Hour)}
	k, f := &side.Inside.Kernel, &side.Inside.Files
	k.Hostname, k.Domainname = reading.Value(host), reading.Value("(none)")
	k.Interfaces = reading.Value([]inside.Interface{{Name: "lo", Up: true, MTU: 65536, Addresses: []string{"127.0.0.1/8"}}})
	k.Routes = reading.Value([]inside.Route(nil))
	k.Sysctls = []inside.Sysctl{{Name: "net.ipv4.ip_forward", Kind: "net", Value: reading.Of[string]{How: denied}}}
	f.System, f.SystemFile = reading.Value("Debian GNU/Linux 12"), "/etc/os-release"
	f.Users, f.Groups = reading.Value([]inside.User{{Name: "root", Home: "/root", Sh: "/bin/sh"}}), reading.Value([]inside.User(nil))
	if c != nil {
		side.Inside.Interfaces.Value = append(side.Inside.Interfaces.Value, inside.Interface{Name: "eth0", Up: true, MTU: 1500, Addresses: []string{"172.17.0.2/16"}})
	}
	return side, nil
}

// comparing is a screen that compares db with the host.
func comparing(t testing.TB, w, h int) *driver {
	t.Helper()
	d := testApp(t, w, h)
	d.press("#", "4", "2", "4", "2", "enter", "left", "c")
	return d
}

func TestGoldenCompare(t *testing.T) {
	cases := []struct {
		name string
		keys []string
	}{
		{"nothing", nil},
		{"differences", []string{"c"}},
		{"all", []string{"c", "=", "j", "j"}},
		{"folded", []string{"c", "*", "j"}},
		{"source", []string{"c", "j", "."}},
		{"filter", []string{"c", "/", "e", "t", "h", "0", "enter"}},
		{"command", []string{"c", ":", "tab"}},
		{"outputs", []string{"c", ":", "p", "s", "enter"}},
	}
	for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 60}} {
		for _, c := range cases {
			name := fmt.Sprintf("compare-%s-%dx%d", c.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				d := testApp(t, size[0], size[1])
				d.app.hands.run = psOnBothSides
				d.press("#", "4", "2", "4", "2", "enter", "left")
				if c.keys == nil {
					d.press("4")
				}
				d.press(c.keys...)
				golden(t, name, d.screen())
			})
		}
	}
}

// psOnBothSides is what ps says on the host and in a container.
func psOnBothSides(_ context.Context, at runPlace, _ string) ran {
	if at.entry == nil {
		return ran{output: "PID CMD\n1 systemd\n712 containerd\n4242 redis-server\n", took: 12 * time.Millisecond}
	}
	return ran{output: "PID CMD\n1 redis-server\t*:6379 \x1b[2J\n", code: 3, took: 40 * time.Millisecond}
}

// c compares with the host, V with what it marked; o turns the sides around, [ and ] go to other containers.
func TestCompareSides(t *testing.T) {
	d := comparing(t, 120, 36)
	d.has("─ host ─", "db (docker container, PID 4242)", "4026532500", "4026531830")
	d.press("o")
	if line := d.lines()[1]; strings.Index(line, "host") < strings.Index(line, "db (docker") {
		t.Errorf("the sides are not the other way round: %s", line)
	}
	d.press("1", "#", "4", "3", "1", "0", "enter", "left", "left", "V")
	d.has("marked web")
	d.press("1", "#", "4", "2", "4", "2", "enter", "left", "c")
	d.has("web (docker container", "db (docker container")
	d.press("H")
	d.has("─ host ─")
	d.press("]")
	d.has("web (docker container")
}

// What was compared before is there at once also where the machine has not been looked at again since.
func TestCompareAgain(t *testing.T) {
	d := comparing(t, 120, 36)
	d.has("4026532500")
	d.press("1", "c")
	d.has("4026532500")
}

// What differs is kept in sight while the machine changes, and a side that ends keeps what was known of it.
func TestCompareIsLive(t *testing.T) {
	m := newMachine()
	first := m.snapshot(1)
	m = newMachine()
	for i := range m.procs {
		if m.procs[i].PID == 4242 {
			m.procs[i].Facts.Status.Value.NoNewPrivs = reading.Value(true)
		}
	}
	second := m.snapshot(2)
	m = newMachine()
	m.procs = m.procs[:2]
	m.found = nil
	third := m.snapshot(3)
	d := testApp(t, 120, 36, first, first, second, third)
	d.press("#", "4", "2", "4", "2", "enter", "left", "c")
	d.hasNot("no_new_privs")
	d.tick()
	d.has("no_new_privs")
	d.tick()
	d.has("─ ended ╮", "no_new_privs")
}

func TestCompareFoldsAndFilters(t *testing.T) {
	d := comparing(t, 120, 36)
	d.press("space")
	d.hasNot("4026532500")
	d.has("▸ Namespaces", "differ")
	d.press("space", "/")
	d.typed("hostname")
	d.has("node7")
	d.hasNot("4026532500")
	d.press("esc")
	d.has("4026532500")
	d.press("/")
	d.typed("127.0.0.1")
	d.has("no row holds")
	d.press("esc", "=", "/")
	d.typed("127.0.0.1")
	d.has("the same", "127.0.0.1/8")
}

// Outputs of one command stand beside each other; what is the same is plain, all else is marked; control characters are shown as such.
func TestRunInBoth(t *testing.T) {
	d := comparing(t, 120, 36)
	d.app.hands.run = psOnBothSides
	d.press(":")
	d.has("try  ls -l /proc/self/ns")
	d.press("tab", "tab")
	d.has("hostname")
	d.press("ctrl+u")
	d.typed("ps")
	d.press("enter")
	d.has("exit 0", "exit 3", "PID CMD", "4242 redis-server", "$ ps")
	d.hasNot("\x1b")
	d.press("up")
	d.has("▸ ps")
	d.press("esc")
	d.has("Namespaces")
	d.press("R", ":")
	d.has("read-only")
}

func TestRunInBothWithoutAShell(t *testing.T) {
	d := comparing(t, 120, 36)
	var tools []bool
	d.app.hands.run = func(_ context.Context, at runPlace, _ string) ran {
		if at.entry == nil {
			return ran{output: "ok\n"}
		}
		tools = append(tools, at.entry.HostTools)
		if at.entry.HostTools {
			return ran{output: "the host's\n", tools: true}
		}
		return ran{err: errorText("no such file"), code: 127, absent: true}
	}
	d.press(":")
	d.typed("ps")
	d.press("enter")
	d.has("neither a shell nor this", "^T")
	d.press("ctrl+t")
	d.has("the host's tools", "ok")
	if len(tools) != 2 || tools[0] || !tools[1] {
		t.Errorf("ran with the host's tools: %v", tools)
	}
}

func TestAlignLines(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"", "", ""},
		{"a b c", "a b c", "a=a b=b c=c"},
		{"a b c", "a c", "a=a b=- c=c"},
		{"a c", "a b c", "a=a -=b c=c"},
		{"a x c", "a y c", "a=a x=y c=c"},
		{"x", "y z", "x=y -=z"},
		{"h 1 2 3 t", "h 2 9 t", "h=h 1=- 2=2 3=9 t=t"},
	} {
		a, b := strings.Fields(c.a), strings.Fields(c.b)
		var got []string
		for _, p := range alignLines(a, b) {
			l, r := "-", "-"
			if p.left >= 0 {
				l = a[p.left]
			}
			if p.right >= 0 {
				r = b[p.right]
			}
			got = append(got, l+"="+r)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q and %q: %s", c.a, c.b, diff)
		}
	}
	many := make([]string, 5000)
	if got := alignLines(many, append([]string{"x"}, many...)); len(got) != 5001 {
		t.Errorf("%d lines", len(got))
	}
}

// What is compared stands beside what a saved snapshot has of it, also when the container was made anew since.
func TestCompareWithASavedSnapshot(t *testing.T) {
	m := newMachine()
	for i := range m.found {
		if m.found[i].Name == "db" {
			m.found[i].Key = "docker:of another id"
		}
	}
	then := m.snapshot(1)
	file := filepath.Join(t.TempDir(), "before.snap")
	if err := record.New("1", then, nil).WriteFile(file); err != nil {
		t.Fatal(err)
	}
	d := comparing(t, 120, 36)
	d.press("f")
	d.typed(file)
	d.press("enter")
	d.has("PID 4242) in before.snap", "db (docker container, PID 4242)")
	d.press(":", "p", "s", "enter")
	d.has("nothing can be run in a saved snapshot")
	d.press("esc", "H", "f")
	d.typed("/none")
	d.press("enter")
	d.has("no such file")
	d.app.hands.take = takeSnapshot
	d.press("w", "ctrl+u")
	d.typed(file)
	d.press("enter")
	d.has("is there already")
}
