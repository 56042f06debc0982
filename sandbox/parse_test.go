package sandbox

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/sandbox/limit"
)

func TestPresetsAreValidAndRoundTrip(t *testing.T) {
	for _, p := range Presets() {
		s, notes := p.Spec(nil)
		if len(notes) > 0 {
			t.Errorf("%s left something out of nothing: %q", p.Name, notes)
		}
		if p.NeedsDir {
			s.Root.Path = "/srv"
		}
		if p.Target {
			s.Namespaces.Net = "container:db"
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		again, err := Parse(bytes.NewReader(s.JSON()))
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if diff := cmp.Diff(string(s.JSON()), string(again.JSON())); diff != "" {
			t.Errorf("%s changed on the way:\n%s", p.Name, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown field", `{"version":1,"command":["sh"],"secomp":"strict"}`, `unknown field "secomp"; there are capabilities, `},
		{"unknown field inside", `{"root":{"kind":"host","tpm":[]}}`, `unknown field "root.tpm"`},
		{"unknown field of a mount", `{"mounts":[{"kind":"tmpfs","target":"/a","sise":5}]}`, `unknown field "mounts.[].sise"`},
		{"unknown field of an option", `{"network":{"veth":{"hots":"10.0.0.1/30"}}}`, `unknown field "network.veth.hots"`},
		{"another case", `{"Seccomp":"strict"}`, `unknown field "Seccomp"`},
		{"twice", `{"seccomp":"strict","seccomp":"off"}`, `"seccomp" is there twice`},
		{"twice inside", `{"env":{"set":{"A":"1","A":"2"}}}`, `"env.set.A" is there twice`},
		{"trailing", `{"version":1,"command":["sh"]} {}`, "after top-level value"},
		{"newer", `{"version":9,"command":["sh"]}`, "newer cutaway"},
		{"kind of value", `{"init":"yes"}`, `the field "init" cannot be a string`},
		{"kind of value inside", `{"root":{"tmp":"/tmp"}}`, `the field "root.tmp" cannot be a string`},
		{"negative id", `{"user":{"uid":-1,"gid":0}}`, `the field "user.uid" cannot be a number`},
		{"list", `[]`, "one object"},
		{"null", `null`, "one object"},
		{"half", `{"version":1,`, "unexpected end of JSON"},
		{"nothing", ``, "unexpected end of JSON"},
		{"line", "{\n\"version\":1,\n\"dir\":,\n}", "line 3"},
		{"deep", strings.Repeat("[", 100_000), "depth"},
		{"deep but whole", `{"command":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}", "holds too much"},
		{"long", `{"dir":"` + strings.Repeat("x", maxSpec) + `"}`, "longer than"},
		{"hostile name", `{"\u001b[2Jx":1}`, `\x1b[2Jx`},
		{"not JSON", `version: 1`, "line 1"},
		{"limit", `{"limits":{"memory":-7}}`, "limit"},
		{"invalid", `{"uid_map":[{"inside":0,"outside":0,"count":1}]}`, "core_pattern"},
	} {
		_, err := Parse(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v, want one that says %q", c.name, err, c.want)
		}
	}
}

// What is missing is as in the default; what JSON leaves out when it is empty is empty.
func TestParseDefaults(t *testing.T) {
	for text, change := range map[string]func(*Spec){
		`{}`:                                      func(*Spec) {},
		`{"command":["ls","-l"]}`:                 func(s *Spec) { s.Command = []string{"ls", "-l"} },
		`{"limits":{}}`:                           func(s *Spec) { s.Limits = limit.Set{} },
		`{"env":{}}`:                              func(s *Spec) { s.Env = Env{} },
		`{"root":{"kind":"dir","path":"/srv"}}`:   func(s *Spec) { s.Root = Root{Kind: RootDir, Path: "/srv", Switch: PivotRoot} },
		`{"namespaces":{"user":"host"}}`:          func(s *Spec) { s.Namespaces.User = HostNamespace },
		`{"capabilities":["kill"],"hostname":""}`: func(s *Spec) { s.Capabilities, s.Hostname = []string{"kill"}, "" },
		`{"no_new_privs":false,"init":false}`:     func(s *Spec) { s.NoNewPrivs, s.Init = false, false },
	} {
		want := Default()
		want.Preset = ""
		change(&want)
		got, err := Parse(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range Presets() {
		s, _ := p.Spec(nil)
		f.Add(s.JSON())
		f.Add(bytes.ReplaceAll(s.JSON(), []byte("new"), []byte("process:1")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := Parse(bytes.NewReader(s.JSON()))
		if err != nil {
			t.Fatalf("what was accepted is refused the second time: %v\n%s", err, s.JSON())
		}
		if !bytes.Equal(again.JSON(), s.JSON()) {
			t.Errorf("changed:\n%s\n%s", s.JSON(), again.JSON())
		}
		compile(s, site{})
	})
}
