package check

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"cutaway/inspect/livetest"
)

// inContainer runs the program in a container.
func inContainer(t *testing.T, e *livetest.Engine, flags ...string) map[string]verdict {
	t.Helper()
	dir := filepath.Dir(useProgram(t))
	c := e.Run(t, append([]string{"-v", dir + ":/check:ro"}, flags...)...)
	return decodeReport(t, []byte(e.Command(t, "exec", "-e", reportEnv+"=1", c.ID, "/check/report")))
}

func TestLiveDocker(t *testing.T) {
	docker := livetest.Docker(t)
	all := []string{"bare", "with user"}
	for _, c := range []struct {
		name    string
		flags   []string
		refused []string
	}{
		{"default", nil, all},
		{"a user", []string{"--user", "1000"}, all},
		{"no-new-privileges", []string{"--security-opt", "no-new-privileges", "--security-opt", "seccomp=unconfined"}, []string{"bare", "/proc", "/sys"}},
		{"no filter", []string{"--security-opt", "seccomp=unconfined"}, []string{"bare", "/proc", "/sys"}},
		{"no filter, a user", []string{"--user", "1000", "--security-opt", "seccomp=unconfined"}, []string{"bare", "/proc", "/sys"}},
		{"no filter, nothing masked", []string{"--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined"}, []string{"bare"}},
		{"CAP_SYS_ADMIN", []string{"--cap-add", "SYS_ADMIN"}, []string{"root", "bare root", "/proc", "/sys"}},
	} {
		t.Run(c.name, func(t *testing.T) { agree(t, inContainer(t, docker, c.flags...), c.refused...) })
	}
}

func TestLivePodman(t *testing.T) {
	for _, c := range []struct {
		name   string
		engine func(testing.TB) *livetest.Engine
	}{{"root", livetest.Podman}, {"rootless", livetest.PodmanRootless}} {
		t.Run(c.name, func(t *testing.T) {
			podman := c.engine(t)
			agree(t, inContainer(t, podman), "bare", "/proc", "/sys") // its filter lets user namespaces through
			agree(t, inContainer(t, podman, "--security-opt", "seccomp=unconfined"), "bare", "/proc", "/sys")
			agree(t, inContainer(t, podman, "--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL"), "bare")
		})
	}
}

// A user with subordinate ids maps them with newuidmap, as the bench's rootless user can.
func TestLiveRanges(t *testing.T) {
	podman := livetest.PodmanRootless(t)
	id := podman.Machine.Run(t, "id", "-u", "cutaway-rootless")
	as := []string{"setpriv", "--reuid", id, "--regid", id, "--init-groups"}
	ids := func(more ...string) Finding {
		t.Helper()
		argv := slices.Concat(as, more, []string{"env", reportEnv + "=ids", useProgram(t)})
		return decodeFinding(t, podman.Machine.Run(t, argv...))
	}
	if f := ids(); f.Health != Fine || !regexp.MustCompile(`^65536 of /etc/subuid from [0-9]+ were mapped by newuidmap$`).MatchString(f.Value) {
		t.Errorf("with ranges: %+v", f)
	}
	if f := ids("setpriv", "--no-new-privs"); f.Health != Limited || f.Advice == "" {
		t.Errorf("with no_new_privs: %+v", f)
	}
}
