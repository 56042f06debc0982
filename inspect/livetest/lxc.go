package livetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// LXCMemory is the memory limit of the containers that LXC starts, in bytes.
const LXCMemory = 48 << 20

// LXC starts a container with lxc-start; its cgroup is /<bench>/lxc.payload.NAME.
func LXC(t testing.TB, name string) *Container {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "lxc-start", "lxc-info", "lxc-stop")
	m := UseMachine(t)
	dir := filepath.Join(m.Root, "var/lib/lxc", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	limit := fmt.Sprintf("lxc.cgroup.memory.limit_in_bytes = %d\nlxc.cgroup2.memory.max = %[1]d\n", LXCMemory)
	config := fmt.Sprintf(`lxc.uts.name = %s
lxc.rootfs.path = dir:%s
lxc.net.0.type = empty
lxc.cgroup.dir = %s
lxc.init.cmd = %s
`, name, useRootfs(t).Dir, m.bench.name, strings.Join(idle, " ")) + limit
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	log := m.logFile("lxc-" + name)
	if _, err := output(m.Command("lxc-start", "-n", name, "-l", "INFO", "-o", log)); err != nil {
		text, _ := os.ReadFile(log)
		t.Fatalf("lxc-start %s: %v: %s", name, err, text)
	}
	t.Cleanup(func() {
		if _, err := output(m.Command("lxc-stop", "-k", "-n", name)); err != nil {
			t.Errorf("lxc-stop %s: %v", name, err)
		}
		os.RemoveAll(dir)
	})
	pid, err := strconv.Atoi(m.Run(t, "lxc-info", "-n", name, "-p", "-H"))
	if err != nil {
		t.Fatalf("understand what lxc-info says of %s: %v", name, err)
	}
	return &Container{Engine: "lxc", ID: name, Name: name, PID: pid, inspect: func(t testing.TB) string {
		t.Helper()
		return m.Run(t, "lxc-info", "-n", name)
	}}
}
