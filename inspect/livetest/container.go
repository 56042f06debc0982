package livetest

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Container is a running container. It ends with the test that started it.
type Container struct {
	Engine string // as cutaway names it: "docker", "podman", "lxc", …
	ID     string // the engine's id, "" when it has none
	Name   string // the engine's name, "" when it has none
	PID    int    // of its first process, as the host sees it

	inspect func(testing.TB) string
}

// Inspect is what the engine itself says of the container: JSON for Docker, Podman, containerd, runc and crun, lines
// of text for LXC. It fails the test for engines that keep no record.
func (c *Container) Inspect(t testing.TB) string {
	t.Helper()
	if c.inspect == nil {
		t.Fatalf("%s keeps no record of its containers", c.Engine)
	}
	return c.inspect(t)
}

// Decode decodes what the engine says of the container, where that is JSON.
func (c *Container) Decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(c.Inspect(t)), into); err != nil {
		t.Fatalf("decode what %s says of %s: %v", c.Engine, c.Name, err)
	}
}

// Namespace is the inode of the namespace behind /proc/PID/ns/LINK.
func Namespace(t testing.TB, pid int, link string) uint64 {
	t.Helper()
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, link))
	if err != nil {
		t.Fatal(err)
	}
	_, number, _ := strings.Cut(strings.TrimSuffix(target, "]"), ":[")
	inode, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		t.Fatalf("understand the link %q: %v", target, err)
	}
	return inode
}
