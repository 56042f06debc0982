package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/sandbox/check"
)

// likeOf describes a process that must be there.
func likeOf(t *testing.T, pid int, m *check.Machine) *Likeness {
	t.Helper()
	l, err := Like(pid, startTime(pid), m)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Spec.Validate(); err != nil {
		t.Errorf("the Spec is not valid: %v", err)
	}
	return l
}

// marks are a likeness's, each a line: the field, with a "?" where a guess stands, and the text.
func (l *Likeness) marks() (list []string) {
	for _, m := range l.Marks {
		sign := ""
		if !m.Known {
			sign = "?"
		}
		list = append(list, m.Field+sign+": "+m.Text)
	}
	return list
}

// marked tells whether there is a mark of a field, known or not, with some words.
func (l *Likeness) marked(field string, known bool, words string) bool {
	return slices.ContainsFunc(l.Marks, func(m Mark) bool {
		return m.Field == field && m.Known == known && strings.Contains(m.Text, words)
	})
}

// differences lists the fields in which two Specs differ by their JSON, without the command, the working directory and the
// variables, which the tests' own command has. The order of mounts in different places says nothing.
func differences(t *testing.T, was, now *Spec) (list []string) {
	t.Helper()
	flat := func(s *Spec) map[string]string {
		sorted := *s
		sorted.Mounts = slices.SortedFunc(slices.Values(s.Mounts), func(a, b Mount) int { return strings.Compare(a.Target, b.Target) })
		sorted.Root.Tmp, sorted.Root.Hide = slices.Sorted(slices.Values(s.Root.Tmp)), slices.Sorted(slices.Values(s.Root.Hide))
		s = &sorted
		var tree map[string]any
		if err := json.Unmarshal(s.JSON(), &tree); err != nil {
			t.Fatal(err)
		}
		fields := map[string]string{}
		var walk func(at string, v any)
		walk = func(at string, v any) {
			if m, ok := v.(map[string]any); ok {
				for name, inner := range m {
					walk(strings.TrimPrefix(at+"."+name, "."), inner)
				}
				return
			}
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			fields[at] = string(b)
		}
		walk("", tree)
		for name := range fields {
			if name == "command" || name == "dir" || strings.HasPrefix(name, "env.") {
				delete(fields, name)
			}
		}
		return fields
	}
	a, b := flat(was), flat(now)
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if a[name] != b[name] {
			list = append(list, fmt.Sprintf("%s: %s -> %s", name, a[name], b[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[name]; !ok {
			list = append(list, fmt.Sprintf("%s:  -> %s", name, b[name]))
		}
	}
	return list
}

// What was launched from a Spec is described as that Spec, but for what nobody can tell.
func TestLiveLikeOfPresets(t *testing.T) {
	const (
		chosen  = `uid_map:  -> [{"count":65536,"inside":0,"outside":1610612736}]` // cutaway chose it
		chosenG = `gid_map:  -> [{"count":65536,"inside":0,"outside":1610612736}]`
		counted = "cgroup: false -> true" // it was made for the limits
	)
	for _, c := range []struct {
		preset string
		root   bool
		diff   []string // what is not as it was, of root's
		marks  []string // the fields, beside landlock's
	}{
		{preset: "isolated", diff: []string{counted, chosenG, chosen}, marks: []string{"seccomp?"}},
		{preset: "docker", marks: []string{"seccomp?"}},
		{preset: "pid"},
		{preset: "chroot"},
		{preset: "cgroup", root: true, diff: []string{counted}},
		{preset: "nocaps"},
		{
			preset: "sharenet", root: true, diff: []string{counted, `namespaces.net: "process:PID" -> "new"`, chosenG, chosen},
			marks: []string{"namespaces.net", "seccomp?"},
		},
		{preset: "rootless", diff: []string{chosenG, chosen}, marks: []string{"seccomp?"}},
	} {
		t.Run(c.preset, func(t *testing.T) {
			if c.root {
				needRoot(t)
			}
			s, opts := presetOf(t, c.preset)
			joinNeighbour(t, s, &opts)
			b := watch(t, s, "", opts)
			l := likeOf(t, b.pid, nil)
			was := *b.box.spec
			was.Preset, was.Terminal = "", TerminalAuto // which no process shows
			was.Root.Hide = slices.DeleteFunc(slices.Clone(was.Root.Hide), func(path string) bool {
				_, err := os.Stat(path)
				return errors.Is(err, os.ErrNotExist) // and was left out
			})
			if _, joined := was.Namespaces.Net.Joined(); joined {
				was.Namespaces.Net = "process:PID"
			}
			var fields []string
			for _, m := range l.marks() {
				if field, _, _ := strings.Cut(m, ":"); field != "landlock?" {
					fields = append(fields, field)
				}
			}
			if os.Geteuid() != 0 { // who is told less, and has other maps
				if c.preset == "nocaps" { // to take from the bounding set takes root
					was.Capabilities = []string{"all"}
				}
				for _, d := range differences(t, &was, &l.Spec) {
					if name, _, _ := strings.Cut(d, ":"); !slices.Contains([]string{"uid_map", "gid_map", "hostname", "user.uid", "user.gid", "user.groups"}, name) {
						t.Errorf("not as it was launched: %s, marks %q", d, l.marks())
					}
				}
				relaunch(t, likeOf(t, b.pid, opts.Machine))
				return
			}
			if diff := cmp.Diff(c.diff, differences(t, &was, &l.Spec)); diff != "" {
				t.Errorf("not as it was launched:\n%s\nmarks %q", diff, l.marks())
			}
			if diff := cmp.Diff(c.marks, fields); diff != "" {
				t.Errorf("the marks are %q:\n%s", l.marks(), diff)
			}
			again := likeOf(t, b.box.PID, nil)
			if diff := cmp.Diff(string(l.Spec.JSON()), string(again.Spec.JSON())); diff != "" {
				t.Errorf("the first process is described otherwise:\n%s", diff)
			}
			relaunch(t, likeOf(t, b.pid, opts.Machine))
		})
	}
}

// relaunch launches what was described, with another command.
func relaunch(t *testing.T, l *Likeness) {
	t.Helper()
	s := l.Spec
	s.Command, s.Terminal = []string{"/bin/sh", "-c", "exit 7"}, TerminalNever
	if r, err := try(t, &s, Options{}); err != nil || r.status.Code != 7 {
		t.Errorf("what is like it does not run: %v, %+v\n%s", err, r, s.JSON())
	}
}

func machineOf(t *testing.T) *check.Machine {
	t.Helper()
	m, err := check.Probe()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
