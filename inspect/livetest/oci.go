package livetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// OCILimits are the limits of the containers that Runc and Crun start.
var OCILimits = struct{ Memory, Pids, CPUQuota, CPUPeriod int64 }{Memory: 32 << 20, Pids: 20, CPUQuota: 20000, CPUPeriod: 100000}

// Runc starts a container with runc's command line.
func Runc(t testing.TB, id string) *Container {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "runc")
	return startOCI(t, "runc", id, "")
}

// Crun starts a container with crun's command line. crun 1.8 takes a machine with any v2 tree for one with v2 only, so
// it runs where the tree of a hybrid machine is not mounted.
func Crun(t testing.TB, id string) *Container {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "crun", "runc", "umount")
	prelude := ""
	if h, ok := tracker(); ok && h.v2 && len(hierarchies()) > 1 {
		prelude = "umount " + h.mount + " && "
	}
	return startOCI(t, "crun", id, prelude)
}

func startOCI(t testing.TB, runtime, id, prelude string) *Container {
	t.Helper()
	m := UseMachine(t)
	bundle := writeBundle(t, m, id)
	log := m.logFile(runtime + "-" + id)
	// The container keeps the standard files of its runtime, so these must not be pipes of ours.
	script := prelude + `exec "$0" run -d --bundle "$1" "$2" </dev/null >"$3" 2>&1`
	if _, err := output(m.Command("unshare", "--mount", "--propagation", "slave", "--",
		"sh", "-c", script, runtime, bundle, id, log)); err != nil {
		text, _ := os.ReadFile(log)
		t.Fatalf("%s run %s: %v: %s", runtime, id, err, text)
	}
	t.Cleanup(func() {
		if _, err := output(m.Command(runtime, "delete", "--force", id)); err != nil {
			t.Errorf("%s delete %s: %v", runtime, id, err)
		}
	})
	c := &Container{Engine: runtime, ID: id, Name: id}
	c.inspect = func(t testing.TB) string {
		t.Helper()
		return m.Run(t, runtime, "state", id)
	}
	var state struct{ Pid int }
	c.Decode(t, &state)
	c.PID = state.Pid
	return c
}

// writeBundle writes the configuration of a container of the Open Container Initiative: what `runc spec` suggests, with
// our program, limits and cgroup.
func writeBundle(t testing.TB, m *Machine, id string) string {
	t.Helper()
	bundle := m.bench.path("bundles", id)
	if err := os.MkdirAll(bundle, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(bundle) })
	m.Run(t, "runc", "spec", "--bundle", bundle)
	file := filepath.Join(bundle, "config.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatalf("decode what runc spec wrote: %v", err)
	}
	set(spec, false, "process", "terminal")
	set(spec, idle, "process", "args")
	set(spec, useRootfs(t).Dir, "root", "path")
	set(spec, m.Cgroup(id), "linux", "cgroupsPath")
	set(spec, map[string]any{
		"memory": map[string]any{"limit": OCILimits.Memory},
		"pids":   map[string]any{"limit": OCILimits.Pids},
		"cpu":    map[string]any{"quota": OCILimits.CPUQuota, "period": OCILimits.CPUPeriod},
	}, "linux", "resources")
	if text, err = json.Marshal(spec); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return bundle
}

// set puts a value into nested JSON objects: set(spec, 1, "a", "b") is spec.a.b = 1.
func set(object map[string]any, value any, path ...string) {
	for _, name := range path[:len(path)-1] {
		inner, ok := object[name].(map[string]any)
		if !ok {
			panic("no object at " + strings.Join(path, "."))
		}
		object = inner
	}
	object[path[len(path)-1]] = value
}
