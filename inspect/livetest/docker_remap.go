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

// remapPlan makes the user whose subordinate ids the containers get, and a bridge: the machine's /etc and its network are its own. Without
// a bridge dockerd would remove that of the first one.
const remapPlan = `set -e
useradd -M -r cutaway-remap
echo cutaway-remap:300000:65536 >>/etc/subuid
echo cutaway-remap:300000:65536 >>/etc/subgid
ip link add remap0 type bridge
ip addr add 172.31.0.1/24 dev remap0
ip link set remap0 up`

var startRemapped = sync.OnceValue(func() error {
	m, err := theMachine()
	if err != nil {
		return err
	}
	if err := startContainerd(); err != nil {
		return err
	}
	if _, err := output(m.Command("sh", "-c", remapPlan)); err != nil {
		return err
	}
	if err := m.daemon("dockerd-remap", "dockerd", "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", m.Cgroup(dockerCgroup),
		"--host", remapSocket, "--data-root", "/var/lib/docker-remap", "--exec-root", "/run/docker-remap", "--pidfile", "/run/docker-remap.pid",
		"--userns-remap", "cutaway-remap", "--bridge", "remap0", "--iptables=false"); err != nil {
		return err
	}
	if err := m.answers("dockerd-remap", "docker", "--host", remapSocket, "version"); err != nil {
		return err
	}
	return importImage(m, "docker", "--host", remapSocket)
})

// DockerRemapped starts a dockerd with --userns-remap at the first call and returns it. Its containers have a bridge of their own.
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
