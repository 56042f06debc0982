package proc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseCgroup(t *testing.T) {
	for text, want := range map[string]CgroupLine{
		"0::/":                          {Path: "/"},
		"0::/system.slice/a.service":    {Path: "/system.slice/a.service"},
		"0::/a (deleted)":               {Path: "/a", Deleted: true},
		"0::/a (deleted) (deleted)":     {Path: "/a (deleted)", Deleted: true},
		"0::/../../b":                   {Path: "/../../b"},
		"0::/a:b::c":                    {Path: "/a:b::c"},
		"1:name=systemd:/x":             {Hierarchy: 1, Controllers: []string{"name=systemd"}, Path: "/x"},
		"5:cpu,cpuacct:/x y":            {Hierarchy: 5, Controllers: []string{"cpu", "cpuacct"}, Path: "/x y"},
		"6:memory,name=m:/":             {Hierarchy: 6, Controllers: []string{"memory", "name=m"}, Path: "/"},
		"7:pids:/really (deleted)":      {Hierarchy: 7, Controllers: []string{"pids"}, Path: "/really (deleted)"},
		"7995:name=cgrp2: (deleted)":    {Hierarchy: 7995, Controllers: []string{"name=cgrp2"}, Deleted: true},
		"0::/\x1b[31m\u202e\xff\t":      {Path: "/\x1b[31m\u202e\xff\t"},
		"2147483647:name=a=b,c=d:/":     {Hierarchy: 2147483647, Controllers: []string{"name=a=b", "c=d"}, Path: "/"},
		"0::/kubepods.slice/x.scope/..": {Path: "/kubepods.slice/x.scope/.."},
	} {
		got, err := ParseCgroup([]byte(text + "\n"))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff([]CgroupLine{want}, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}

func TestParseCgroupRefuses(t *testing.T) {
	for _, text := range []string{
		"\n", "0\n", "0:\n", "0::\n", "0::x\n", ":: /\n", "x::/\n", "-1::/\n", "0:/\n", "2147483648::/\n", "99999999999999999999::/\n",
		"0::/whole\n0::/cut short",
	} {
		if lines, err := ParseCgroup([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v and error %v, want an error that wraps ErrFormat", text, lines, err)
		}
	}
	lines, err := ParseCgroup([]byte("1:cpu:/a\nnonsense\n"))
	if len(lines) != 1 || err == nil {
		t.Errorf("%d lines and error %v, want the line before the nonsense and an error", len(lines), err)
	}
}

// The samples printed again are the samples.
func TestParseCgroupSamples(t *testing.T) {
	for name, b := range samples(t, "cgroup") {
		lines, err := ParseCgroup(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(string(b), printCgroup(lines)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func printCgroup(lines []CgroupLine) string {
	var b strings.Builder
	for _, l := range lines {
		path := l.Path
		if l.Deleted {
			path += " (deleted)"
		}
		fmt.Fprintf(&b, "%d:%s:%s\n", l.Hierarchy, strings.Join(l.Controllers, ","), path)
	}
	return b.String()
}

func FuzzParseCgroup(f *testing.F) {
	seed(f, "cgroup", "0::/a (deleted)\n", "1:: (deleted)\n", "0::/../..\n")
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := ParseCgroup(b)
		wantFormatError(t, err)
		if err != nil {
			return
		}
		again, err := ParseCgroup([]byte(printCgroup(lines)))
		if diff := cmp.Diff(lines, again); diff != "" || err != nil {
			t.Errorf("printed and parsed again: error %v, -want +got\n%s", err, diff)
		}
	})
}
