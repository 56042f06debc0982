package livetest

import (
	"slices"
	"sync"
	"testing"
)

// RemapFirst is the first of the ids outside that containers of DockerRemapped have, for users and for groups.
const RemapFirst = 300000

// remapSocket is where the second dockerd answers, in the machine.
const remapSocket = "unix:///run/docker-remap.sock"

// remapUser makes the user whose subordinate ids the containers get; the machine's /etc is its own.
const remapUser = `useradd -M -r cutaway-remap && echo cutaway-remap:300000:65536 >>/etc/subuid && echo cutaway-remap:300000:65536 >>/etc/subgid`

var startRemapped = sync.OnceValue(func() error {
	m, err := theMachine()
	if err != nil {
		return err
	}
	if err := startContainerd(); err != nil {
		return err
	}
	if _, err := output(m.Command("sh", "-c", remapUser)); err != nil {
		return err
	}
	if err := m.daemon("dockerd-remap", "dockerd", "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", m.Cgroup(dockerCgroup),
		"--host", remapSocket, "--data-root", "/var/lib/docker-remap", "--exec-root", "/run/docker-remap", "--pidfile", "/run/docker-remap.pid",
		"--userns-remap", "cutaway-remap", "--bridge", "none", "--iptables=false"); err != nil {
		return err
	}
	if err := m.answers("dockerd-remap", "docker", "--host", remapSocket, "version"); err != nil {
		return err
	}
	return importImage(m, "docker", "--host", remapSocket)
})

// DockerRemapped starts a dockerd with --userns-remap at the first call and returns it. Its containers have no network.
func DockerRemapped(t testing.TB) *Engine {
	t.Helper()
	e := Docker(t)
	NeedTools(t, "useradd")
	if err := startRemapped(); err != nil {
		t.Fatal(err)
	}
	e.client = slices.Concat(e.client, []string{"--host", remapSocket})
	return e
}
