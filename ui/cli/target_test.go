package cli

import (
	"errors"
	"strings"
	"testing"

	"cutaway/inspect"
	"cutaway/inspect/engine"
)

func TestFind(t *testing.T) {
	v := fixtureView()
	for name, want := range map[string]struct {
		pid       int
		container string
	}{
		"4242": {4242, ""}, "1": {1, ""}, "db": {4242, "db"}, "web": {4310, "web"}, "397f": {4242, "db"},
		"5555": {4310, "web"}, // no process has this PID
	} {
		got, err := v.find(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.process.PID != want.pid || (got.container == nil) != (want.container == "") {
			t.Errorf("%s: process %d, container %v", name, got.process.PID, got.container)
		}
	}
	for _, name := range []string{"", "d", "DB", "0", "-1", "99999", "redis-server"} {
		if got, err := v.find(name); err == nil {
			t.Errorf("%q finds %d", name, got.process.PID)
		}
	}
}

// Two containers of one name are told apart by the person who asked, and by nobody else.
func TestFindAmbiguous(t *testing.T) {
	s := fixture()
	v := &view{Snapshot: inspect.Assemble(s.Host, s.Procs, []engine.Container{
		{Key: "a", Engine: "docker", ID: strings.Repeat("ab", 32), Name: "twin", Init: 4242, Members: []int{4242}},
		{Key: "b", Engine: "podman", ID: strings.Repeat("ac", 32), Name: "twin", Init: 4310, Members: []int{4310}},
	})}
	for name, want := range map[string]string{
		"twin": "twin (docker abababababab, PID 4242), twin (podman acacacacacac, PID 4310)",
		"a":    "fits 2 containers",
	} {
		_, err := v.find(name)
		var usage usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if got, err := v.find("abab"); err != nil || got.process.PID != 4242 {
		t.Errorf("an id cut short finds %v, %v", got.process, err)
	}
}
