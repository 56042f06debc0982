package livetest

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// image is the busybox root file system as Docker, Podman and containerd know it.
const image = "bb:1"

// idle is what containers run.
var idle = []string{"/bin/sleep", "3600"}

// Engine is an engine with Docker's command line: Docker itself or Podman.
type Engine struct {
	Name    string // "docker" or "podman"
	Machine *Machine

	client []string // its command line up to the subcommand
	flags  []string // that each run needs on this machine
	remove []string // the subcommand that ends and removes a container at once
}

// dockerCgroup is the part of Docker containers' cgroups below the bench's own: /<bench>/docker/<64 hex digits>.
const dockerCgroup = "docker"

var startDocker = sync.OnceValue(func() error {
	m, err := theMachine()
	if err != nil {
		return err
	}
	// As Debian's services do: Docker uses the containerd that runs, and finds it at its usual socket.
	if err := startContainerd(); err != nil {
		return err
	}
	if err := m.daemon("dockerd", "dockerd", "--exec-opt", "native.cgroupdriver=cgroupfs",
		"--cgroup-parent", m.Cgroup(dockerCgroup)); err != nil {
		return err
	}
	if err := m.answers("dockerd", "docker", "version"); err != nil {
		return err
	}
	return importImage(m, "docker")
})

// Docker starts dockerd at the first call and returns it.
func Docker(t testing.TB) *Engine {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "dockerd", "docker", "containerd", "runc", "iptables")
	m := UseMachine(t)
	useRootfs(t)
	if err := startDocker(); err != nil {
		t.Fatal(err)
	}
	return &Engine{Name: "docker", Machine: m, client: []string{"docker"}, remove: []string{"rm", "-f", "-v"}}
}

// importImage makes the image known to an engine with Docker's command line.
func importImage(m *Machine, client ...string) error {
	r, err := theRootfs()
	if err != nil {
		return err
	}
	_, err = output(m.Command(append(client, "import", r.Tar, image)...))
	if err != nil {
		return fmt.Errorf("import the image into %s: %w", client[0], err)
	}
	return nil
}

// Run starts a container with the flags of `docker run` that runs /bin/sleep.
func (e *Engine) Run(t testing.TB, flags ...string) *Container {
	t.Helper()
	return e.RunCommand(t, flags, idle...)
}

// removeContainer tries for a while: conmon's own clean-up after the container has ended may be at the same mounts.
func (e *Engine) removeContainer(t testing.TB, id string) {
	t.Helper()
	var err error
	removed := func() bool {
		_, err = output(e.Machine.Command(slices.Concat(e.client, e.remove, []string{id})...))
		return err == nil || strings.Contains(strings.ToLower(err.Error()), "no such container")
	}
	if !poll(20*time.Second, removed) {
		t.Errorf("remove the %s container %s: %v", e.Name, id, err)
	}
}

// RunCommand starts a container with the flags of `docker run` that runs a command of busybox's.
func (e *Engine) RunCommand(t testing.TB, flags []string, argv ...string) *Container {
	t.Helper()
	id := e.Command(t, slices.Concat([]string{"run", "-d"}, e.flags, flags, []string{image}, argv)...)
	t.Cleanup(func() { e.removeContainer(t, id) })
	c := &Container{Engine: e.Name, ID: id}
	c.inspect = func(t testing.TB) string {
		t.Helper()
		return e.record(t, id)
	}
	var record struct {
		Name  string
		State struct{ Pid int }
	}
	c.Decode(t, &record)
	c.Name, c.PID = strings.TrimPrefix(record.Name, "/"), record.State.Pid
	if c.PID == 0 {
		t.Fatalf("the %s container %s ended at once: %s", e.Name, id, e.Command(t, "logs", id))
	}
	return c
}

// record is the one element of `docker inspect`.
func (e *Engine) record(t testing.TB, id string) string {
	t.Helper()
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(e.Command(t, "inspect", id)), &list); err != nil {
		t.Fatalf("decode %s inspect %s: %v", e.Name, id, err)
	}
	if len(list) != 1 {
		t.Fatalf("%s inspect %s gives %d records", e.Name, id, len(list))
	}
	return string(list[0])
}

// Command runs a subcommand of the engine's command line and returns its output: Command(t, "pause", c.ID).
func (e *Engine) Command(t testing.TB, args ...string) string {
	t.Helper()
	return e.Machine.Run(t, slices.Concat(e.client, args)...)
}

// Exec prepares a program that runs in a container as `docker exec` runs it, to see what is seen from inside.
func (e *Engine) Exec(c *Container, argv ...string) *exec.Cmd {
	return e.Machine.Command(slices.Concat(e.client, []string{"exec", c.ID}, argv)...)
}
