package sandbox

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"defaults", `{"version":1,"command":["sh"]}`, ""},
		{"unknown field", `{"version":1,"command":["sh"],"secomp":"strict"}`, "secomp"},
		{"trailing", `{"version":1,"command":["sh"]} {}`, ""},
		{"newer", `{"version":9,"command":["sh"]}`, "version"},
		{"no command", `{"version":1,"command":[]}`, "command"},
		{"host root mapped", `{"version":1,"uid_map":[{"inside":0,"outside":0,"count":1}]}`, "core_pattern"},
		{"hostname of the host", `{"version":1,"namespaces":{"uts":"host","mnt":"new"}}`, "hostname"},
		{"relative bind", `{"version":1,"mounts":[{"kind":"bind-rw","source":"x","target":"/x"}]}`, "mounts[0]"},
		{"bad capability", `{"version":1,"capabilities":["sys_everything"]}`, "capabilities"},
		{"bad limit", `{"version":1,"limits":{"memory":-7}}`, "limit"},
		{"rlimit", `{"version":1,"rlimits":[{"name":"nofile","soft":5,"hard":4}]}`, "rlimits"},
		{"variable", `{"version":1,"env":{"set":{"A=B":"c"}}}`, "env"},
		{"not JSON", `version: 1`, "read the spec"},
	} {
		_, err := Parse(strings.NewReader(c.text))
		if c.name == "defaults" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want one that says %q", c.name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range Presets() {
		s, _ := p.Spec(nil)
		f.Add(s.JSON())
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
