package export

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/livetest"
	"cutaway/sandbox"
	"cutaway/sandbox/limit"
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
	t.Run("flags", func(t *testing.T) {
		s := presetSpec(t, "docker")
		s.Root = sandbox.Root{Kind: sandbox.RootDir, Path: busyboxRoot(t), Switch: sandbox.PivotRoot}
		dir := filepath.Join(t.TempDir(), `it's a "b",c:d`)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		s.Mounts = []sandbox.Mount{
			{Kind: sandbox.BindRO, Source: dir, Target: `/mnt/it's "b",c`},
			{Kind: sandbox.BindRW, Source: dir, Target: "/mnt/rw"},
			{Kind: sandbox.TmpFS, Target: "/mnt/t", Size: 1 << 20},
			{Kind: sandbox.TmpFS, Target: "/mnt/t:u", Size: 1 << 20},
		}
		memory, swap, cpus, pids := limit.Amount(64<<20), limit.Amount(32<<20), 0.5, limit.Amount(50)
		s.Limits = limit.Set{Memory: &memory, Swap: &swap, CPUs: &cpus, PIDs: &pids, CPUSet: "0"}
		s.Rlimits = []sandbox.Rlimit{{Name: "nofile", Soft: 100, Hard: 200}, {Name: "as", Soft: -1, Hard: -1}}
		s.Hostname, s.User.Groups = "box-1", []uint32{5}
		s.Env.Set["ODD"] = "a\n'b"
		s.Command = []string{"/bin/sh", "-c", `cd "/mnt/it's \"b\",c" && [ -e f ] && ! touch g 2>/dev/null && touch /mnt/rw/g && rm /mnt/rw/g && touch /mnt/t/x /mnt/t:u/x && cd / &&
[ $(ulimit -n) = 100 ] && id -G | grep -q 5 && [ $(cat /proc/sys/kernel/hostname) = box-1 ] && [ "$ODD" = "a
'b" ] && grep -q 'Cpus_allowed_list:.0$' /proc/self/status || exit 9` + "\n" + looks[2]}
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
