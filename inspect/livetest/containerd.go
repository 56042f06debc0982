package livetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var startContainerd = sync.OnceValue(func() error {
	m, err := theMachine()
	if err != nil {
		return err
	}
	if err := m.daemon("containerd", "containerd"); err != nil {
		return err
	}
	return m.answers("containerd", "ctr", "version")
})

// importArchive makes the image known to containerd in a namespace of its own sense; `ctr images import` wants the
// archive that `docker save` writes, so the bench writes one (archive.go).
func importArchive(m *Machine, r *rootfs, namespace string) error {
	archive, err := r.archive()
	if err != nil {
		return err
	}
	if _, err := output(m.Command("ctr", "-n", namespace, "images", "import", archive)); err != nil {
		return fmt.Errorf("import the image into containerd's namespace %s: %w", namespace, err)
	}
	return nil
}

// Containerd is containerd with its own command line, ctr.
type Containerd struct {
	Machine   *Machine
	namespace string
}

var containerdImages sync.Map // namespace to func() error

// UseContainerd starts containerd at the first call and returns it for one of its namespaces: "k8s.io" is the one that
// Kubernetes uses, "default" is ctr's.
func UseContainerd(t testing.TB, namespace string) *Containerd {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "containerd", "ctr", "runc")
	m := UseMachine(t)
	r := useRootfs(t)
	if err := startContainerd(); err != nil {
		t.Fatal(err)
	}
	load, _ := containerdImages.LoadOrStore(namespace, sync.OnceValue(func() error { return importArchive(m, r, namespace) }))
	if err := load.(func() error)(); err != nil {
		t.Fatal(err)
	}
	return &Containerd{Machine: m, namespace: namespace}
}

// Run starts a container with a cgroup path below the bench's cgroup and flags of `ctr run`.
func (e *Containerd) Run(t testing.TB, id, cgroup string, flags ...string) *Container {
	t.Helper()
	ctr := []string{"ctr", "-n", e.namespace}
	e.Machine.Run(t, slices.Concat(ctr, []string{"run", "-d", "--cgroup", e.Machine.Cgroup(cgroup)}, flags,
		[]string{"docker.io/library/" + image, id}, idle)...)
	t.Cleanup(func() {
		for _, step := range [][]string{{"task", "rm", "-f", id}, {"container", "rm", id}} {
			if _, err := output(e.Machine.Command(slices.Concat(ctr, step)...)); err != nil {
				t.Errorf("ctr %s: %v", strings.Join(step, " "), err)
			}
		}
	})
	return &Container{Engine: "containerd", ID: id, Name: id, PID: e.taskPID(t, id), inspect: func(t testing.TB) string {
		t.Helper()
		return e.Machine.Run(t, slices.Concat(ctr, []string{"container", "info", id})...)
	}}
}

// taskPID finds a task's PID in the table that `ctr task ls` prints.
func (e *Containerd) taskPID(t testing.TB, id string) int {
	t.Helper()
	table := e.Machine.Run(t, "ctr", "-n", e.namespace, "task", "ls")
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == id {
			if pid, err := strconv.Atoi(fields[1]); err == nil {
				return pid
			}
		}
	}
	t.Fatalf("ctr task ls does not list %s:\n%s", id, table)
	return 0
}

// PodMemory is the memory limit of the containers that Pod starts, in bytes.
const PodMemory = 32 << 20

// Pod starts what Kubernetes' kubelet would: a container in a pod's cgroup of quality of service "burstable", with the
// annotations that the container runtime interface leaves in its config.json.
func (e *Containerd) Pod(t testing.TB, uid, pod, name, id string) *Container {
	t.Helper()
	return e.Run(t, id, "kubepods/burstable/pod"+uid+"/"+id,
		"--memory-limit", strconv.Itoa(PodMemory),
		"--annotation", "io.kubernetes.cri.container-type=container",
		"--annotation", "io.kubernetes.cri.container-name="+name,
		"--annotation", "io.kubernetes.cri.sandbox-name="+pod,
		"--annotation", "io.kubernetes.cri.sandbox-namespace=default",
		"--annotation", "io.kubernetes.cri.sandbox-uid="+uid,
		"--annotation", "io.kubernetes.cri.image-name=docker.io/library/"+image)
}
