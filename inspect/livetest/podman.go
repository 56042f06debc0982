package livetest

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// podmanFlags are what Podman needs for a root without CAP_SYS_RESOURCE: its own limits would be higher than the hard
// ones. crun, its default runtime, cannot use a hybrid machine's v2 tree.
var podmanFlags = []string{"--ulimit", "nofile=1024:2048", "--ulimit", "nproc=1000:2000"}

// podmanRemove does not wait ten seconds for a sleep that ignores SIGTERM, as the first process of a PID namespace does.
var podmanRemove = []string{"rm", "-f", "-v", "-t", "0"}

var preparePodman = sync.OnceValue(func() error {
	m, err := theMachine()
	if err != nil {
		return err
	}
	return importImage(m, "podman", "--runtime", "runc")
})

// Podman returns Podman as root runs it.
func Podman(t testing.TB) *Engine {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "podman", "runc", "conmon", "iptables")
	m := UseMachine(t)
	useRootfs(t)
	if err := preparePodman(); err != nil {
		t.Fatal(err)
	}
	return &Engine{
		Name: "podman", Machine: m,
		client: []string{"podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs"},
		flags:  slices.Concat(podmanFlags, []string{"--cgroup-parent", m.Cgroup("libpod_parent")}),
		remove: podmanRemove,
	}
}

// rootlessUID is a user who exists in the machine only.
const rootlessUID = 4711

var prepareRootless = sync.OnceValues(func() ([]string, error) {
	m, err := theMachine()
	if err != nil {
		return nil, err
	}
	uid, home := strconv.Itoa(rootlessUID), m.bench.path("rootless")
	if err := os.MkdirAll(home+"/run", 0o700); err != nil {
		return nil, err
	}
	for _, argv := range [][]string{
		{"useradd", "-M", "-d", home, "-u", uid, "-s", "/bin/sh", "cutaway-rootless"},
		{"chown", "-R", uid + ":" + uid, home},
	} {
		if _, err := output(m.Command(argv...)); err != nil {
			return nil, err
		}
	}
	client := []string{
		"setpriv", "--reuid", uid, "--regid", uid, "--init-groups",
		"env", "HOME=" + home, "XDG_RUNTIME_DIR=" + home + "/run", "podman", "--runtime", "runc",
	}
	return client, importImage(m, client...)
})

// PodmanRootless returns Podman as a user runs it, who exists in the machine only: it gives its containers no cgroup.
func PodmanRootless(t testing.TB) *Engine {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "podman", "runc", "conmon", "newuidmap", "setpriv", "useradd")
	m := UseMachine(t)
	useRootfs(t)
	client, err := prepareRootless()
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{
		Name: "podman", Machine: m, client: client, flags: slices.Concat(podmanFlags, []string{"--network", "none"}),
		remove: podmanRemove,
	}
}
