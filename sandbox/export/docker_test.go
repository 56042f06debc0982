package export

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/livetest"
	"cutaway/sandbox"
)

// Each preset's line is run by Docker, and looked at from inside.
func TestDockerLinesOfPresets(t *testing.T) {
	docker := livetest.Docker(t)
	own := caps.Set(ownStatus(t).CapPrm)
	for _, name := range sandbox.PresetNames() {
		t.Run(name, func(t *testing.T) {
			s := presetSpec(t, name)
			if _, all := s.Kept(); all && own != caps.UpTo(caps.LastKnown()) {
				// runc fails where it cannot give all, and Docker before 23 knows them up to cap_audit_read alone.
				s.Capabilities = (own & caps.UpTo(unix.CAP_AUDIT_READ)).Names()
			}
			if name == "sharenet" {
				target := docker.Run(t, "--network=none")
				s.Namespaces.Net = sandbox.Source("container:" + target.ID)
			}
			runDocker(t, docker, s, map[string]bool{"mnt": true, "user": false, "time": false})
		})
	}
	t.Run("a directory", func(t *testing.T) {
		s := presetSpec(t, "docker")
		s.Root = sandbox.Root{Kind: sandbox.RootDir, Path: busyboxRoot(t), Switch: sandbox.PivotRoot}
		s.Capabilities, s.NoNewPrivs = []string{"cap_kill"}, true
		s.User = sandbox.User{UID: 1000, GID: 1000}
		runDocker(t, docker, s, nil)
	})
}

func runDocker(t *testing.T, docker *livetest.Engine, s *sandbox.Spec, differs map[string]bool) {
	t.Helper()
	text, err := Docker(s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(text.Text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := docker.Machine.Command("env", "IMAGE=bb:1", "EXPORTED=yes", "bash", file)
	got := run(t, cmd)
	for _, name := range []string{"net", "cgroup"} { // docker's machine has its own of these
		if *s.Namespaces.Of(name) == sandbox.HostNamespace {
			delete(got.ns, name)
		}
	}
	compare(t, s, got, differs)
	compareRights(t, s, got)
}
