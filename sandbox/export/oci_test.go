package export

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox"
)

// Each preset's config.json is run by runc and by crun, and looked at from inside. runc makes time namespaces since 1.2,
// so there are none here.
func TestConfigsOfPresets(t *testing.T) {
	livetest.NeedRoot(t)
	for _, runtime := range []string{"runc", "crun"} {
		for _, name := range sandbox.PresetNames() {
			if name == "chroot" {
				continue // it has no /proc to look at
			}
			t.Run(runtime+"/"+name, func(t *testing.T) {
				livetest.NeedTools(t, runtime, "unshare")
				s := presetSpec(t, name)
				s.Namespaces.Time = sandbox.HostNamespace
				got := runConfig(t, runtime, s)
				compare(t, s, got, map[string]bool{"mnt": true})
				compareRights(t, s, got)
				if s.Namespaces.PID.IsNew() && got.fields["pid"] != "1" {
					t.Errorf("the command is process %s", got.fields["pid"])
				}
			})
		}
	}
}

// A root directory, mounts, a user, limits.
func TestConfig(t *testing.T) {
	livetest.NeedRoot(t)
	for _, runtime := range []string{"runc", "crun"} {
		t.Run(runtime, func(t *testing.T) {
			livetest.NeedTools(t, runtime, "unshare")
			s := presetSpec(t, "isolated")
			s.Namespaces.Time, s.Namespaces.User = sandbox.HostNamespace, sandbox.HostNamespace
			s.Root = sandbox.Root{Kind: sandbox.RootDir, Path: busyboxRoot(t), Switch: sandbox.PivotRoot}
			s.User = sandbox.User{UID: 1000, GID: 1000, Groups: []uint32{5}}
			s.Rlimits = []sandbox.Rlimit{{Name: "nofile", Soft: 100, Hard: 200}}
			s.Mounts = []sandbox.Mount{{Kind: sandbox.TmpFS, Target: "/mnt", Size: 1 << 20}}
			s.Command = []string{"/bin/sh", "-c", `[ $(ulimit -n) = 100 ] && [ "$(id -G)" = '1000 5' ] && grep -q ' /mnt ' /proc/self/mounts && [ -e /bin/busybox ] || exit 9` + "\n" + looks[2]}
			got := runConfig(t, runtime, s)
			compare(t, s, got, nil)
			compareRights(t, s, got)
		})
	}
}

// runConfig runs a Spec's config.json in a mount namespace of its own, where the host's root is bound to rootfs. crun takes
// a machine with any v2 tree for one with v2 only.
func runConfig(t *testing.T, runtime string, s *sandbox.Spec) seen {
	t.Helper()
	text, err := OCI(s)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(text.Text), &config); err != nil {
		t.Fatal(err)
	}
	id := "cutaway-test-export-" + itoa(os.Getpid())
	config["linux"].(map[string]any)["cgroupsPath"] = "/" + id
	b, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	bundle := t.TempDir()
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(bundle, "rootfs"), 0o755); err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	prelude := `cd "$1" && mount --rbind / rootfs && `
	if runtime == "crun" {
		if _, err := os.Stat("/sys/fs/cgroup/unified"); err == nil {
			prelude += "umount /sys/fs/cgroup/unified && "
		}
	}
	t.Cleanup(func() { _ = exec.Command(runtime, "--root", state, "delete", "--force", id).Run() })
	// Its input is a pipe: crun gives the files that it finds there to the container's root, and with /dev/null the host's.
	return run(t, exec.Command("unshare", "--mount", "--propagation", "slave", "sh", "-c", prelude+`: | "$0" --root "$2" run "$3"`, runtime, bundle, state, id))
}
