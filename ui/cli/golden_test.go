package cli

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/ui/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares output with a file. What another process chose may never reach a terminal raw, so no golden file holds
// a control character.
func golden(t *testing.T, name, got string) {
	t.Helper()
	for _, line := range strings.Split(got, "\n") {
		if text.Sanitise(line) != line {
			t.Errorf("%s: not fit for a terminal: %q", name, line)
		}
	}
	file := filepath.Join("testdata", "golden", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

func TestPSGolden(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags psFlags
		order string
		width int
		ascii bool
	}{
		{name: "ps"},
		{name: "ps-80", width: 80},
		{name: "ps-40", width: 40},
		{name: "ps-container", flags: psFlags{tree: "container"}},
		{name: "ps-process", flags: psFlags{tree: "process"}, width: 80},
		{name: "ps-namespace", flags: psFlags{tree: "namespace"}},
		{name: "ps-cgroup", flags: psFlags{tree: "cgroup"}},
		{name: "ps-ascii", flags: psFlags{tree: "container", all: true}, width: 80, ascii: true},
		{name: "ps-all-columns", flags: psFlags{all: true, columns: strings.Join(psColumnNames(), ",")}},
		{name: "ps-mem", flags: psFlags{columns: "mem,pid", reverse: true}, order: "mem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := fixtureView()
			v.st.width = c.width
			if c.ascii {
				v.st.glyphs = text.ASCII
			}
			print, err := c.flags.printer()
			if err != nil {
				t.Fatal(err)
			}
			if c.order == "" {
				c.order = "pid"
			}
			var out bytes.Buffer
			keep := func(p *inspect.Process) bool { return c.flags.all || !p.Kernel }
			o := inspect.TreeOptions{Keep: keep, Order: inspect.Orders[c.order], Reverse: c.flags.reverse}
			if err := print(&app{out: &out}, v, o); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name, out.String())
			for line := range strings.Lines(out.String()) {
				if w := text.Width(strings.TrimSuffix(line, "\n")); c.width > 0 && w > c.width {
					t.Errorf("%d cells wide: %q", w, line)
				}
			}
		})
	}
}

func TestCapsGolden(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	v := fixtureView()
	var out bytes.Buffer
	a := &app{out: &out, inspect: inspect.Options{Proc: "testdata/proc"}}
	if err := capsText(a, v, v.ByPID(4242)); err != nil {
		t.Fatal(err)
	}
	golden(t, "caps-target", out.String())

	out.Reset()
	if err := capsText(a, v, v.ByPID(700)); err != nil {
		t.Fatal(err)
	}
	golden(t, "caps-refused", out.String())

	out.Reset()
	for _, mask := range []string{"a80425fb", "0", "00000000a80c25fb", "3fffffffff", "ffffffffffffffff"} {
		set, err := caps.Parse(mask)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeText(a, []caps.Set{set}); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "caps-decode", out.String())
}

func TestInspectGolden(t *testing.T) {
	for name, f := range map[string]inspectFlags{"inspect": {}, "inspect-source": {source: true, reveal: true}} {
		v := fixtureView()
		v.st.width = 100
		var out bytes.Buffer
		target, err := v.find("db")
		if err != nil {
			t.Fatal(err)
		}
		if err := inspectText(&app{out: &out}, v, target, fixtureDetail(v), f); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
		if strings.Contains(out.String(), "hunter2") != f.reveal {
			t.Errorf("%s: the secret is shown: %v", name, !f.reveal)
		}
		if strings.Contains(out.String(), noSource) {
			t.Errorf("%s: a value has no source", name)
		}
	}
}

// A process of which everything was refused says so in every place.
func TestInspectRefusedGolden(t *testing.T) {
	v := fixtureView()
	p := v.ByPID(700)
	d := &inspect.Detail{ID: p.ID}
	var out bytes.Buffer
	if err := inspectText(&app{out: &out}, v, target{process: p}, d, inspectFlags{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "inspect-refused", out.String())
}

func TestNSGolden(t *testing.T) {
	v := fixtureView()
	census := fixtureCensus(v)
	for name, f := range map[string]nsFlags{
		"ns": {}, "ns-net": {kind: "net"}, "ns-owner": {tree: treeByOwner}, "ns-parent": {tree: treeByParent}, "ns-owner-net": {tree: treeByOwner, kind: "net"},
	} {
		var out bytes.Buffer
		a := &app{out: &out}
		print := nsList
		if f.tree != "" {
			print = nsTree
		}
		if err := print(a, v, census, f); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
	}
}
