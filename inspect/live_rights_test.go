package inspect_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cutaway/inspect/caps"
	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
)

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("decode %q: %v", text, err)
	}
}

// statusOf is the status that the scanner read of a process.
func statusOf(t *testing.T, pid int) *proc.Status {
	t.Helper()
	p := liveScan(t, liveScanner(t, "/")).ByPID(pid)
	if p == nil || !p.Facts.Status.OK() {
		t.Fatalf("the status of process %d was not read", pid)
	}
	return p.Facts.Status.Value
}

// capsh asks capsh which names are in a mask.
func capsh(t *testing.T, mask uint64) []string {
	t.Helper()
	livetest.NeedTools(t, "capsh")
	out, err := exec.Command("capsh", fmt.Sprintf("--decode=%016x", mask)).Output()
	if err != nil {
		t.Fatalf("capsh --decode: %v", err)
	}
	_, names, ok := strings.Cut(strings.TrimSpace(string(out)), "=")
	if !ok {
		t.Fatalf("understand capsh's answer %q", out)
	}
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}

func TestLiveCapabilities(t *testing.T) {
	for name, test := range map[string]struct {
		flags []string
		want  caps.Set
	}{
		"default":   {nil, caps.DockerDefault},
		"drop all":  {[]string{"--cap-drop=ALL"}, 0},
		"drop some": {[]string{"--cap-drop=NET_RAW", "--cap-drop=MKNOD"}, caps.DockerDefault &^ capSet(t, "cap_net_raw", "cap_mknod")},
		"add":       {[]string{"--cap-add=NET_ADMIN"}, caps.DockerDefault | capSet(t, "cap_net_admin")},
	} {
		t.Run(name, func(t *testing.T) {
			status := statusOf(t, livetest.Docker(t).Run(t, test.flags...).PID)
			if diff := cmp.Diff(test.want.Names(), caps.Set(status.CapEff).Names()); diff != "" {
				t.Errorf("effective set (-want +got):\n%s", diff)
			}
			if got := caps.Set(status.CapBnd.Value); got != test.want {
				t.Errorf("bounding set is %s, want %s", got.Hex(), test.want.Hex())
			}
			agreesWithCapsh(t, status.CapEff)
		})
	}
}

// TestLivePrivileges has a container with nearly all that this root has. How many capabilities "ALL" are depends on the
// engine: Docker 20.10 knows 38.
func TestLivePrivileges(t *testing.T) {
	c := livetest.Docker(t).Run(t, "--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt=seccomp=unconfined")
	status := statusOf(t, c.PID)
	want := capSet(t, "cap_sys_admin", "cap_sys_ptrace", "cap_net_admin") | caps.DockerDefault
	if missing := want &^ caps.Set(status.CapEff); missing != 0 {
		t.Errorf("%v are missing in %016x", missing.Names(), status.CapEff)
	}
	if extra := caps.Set(status.CapEff) & capSet(t, "cap_sys_resource"); extra != 0 {
		t.Errorf("%v was dropped", extra.Names())
	}
	agreesWithCapsh(t, status.CapEff)
}

// agreesWithCapsh compares the names of the capabilities in a mask.
func agreesWithCapsh(t *testing.T, mask uint64) {
	t.Helper()
	if diff := cmp.Diff(capsh(t, mask), caps.Set(mask).Names(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("names in %016x (-capsh +cutaway):\n%s", mask, diff)
	}
}

// capSet is the set of capabilities with these names.
func capSet(t *testing.T, names ...string) caps.Set {
	t.Helper()
	all := (^caps.Set(0)).Caps()
	var set caps.Set
	for _, name := range names {
		i := slices.IndexFunc(all, func(c caps.Cap) bool { return c.String() == name })
		if i < 0 {
			t.Fatalf("no capability is called %s", name)
		}
		set |= caps.Of(all[i])
	}
	return set
}

// TestLiveCapabilitiesOfAUser has a container that is not root: what it was granted is in the bounding set only.
func TestLiveCapabilitiesOfAUser(t *testing.T) {
	status := statusOf(t, livetest.Docker(t).Run(t, "--user", "1000:1000").PID)
	if status.CapEff != 0 || caps.Set(status.CapBnd.Value) != caps.DockerDefault {
		t.Errorf("effective %016x, bounding %016x", status.CapEff, status.CapBnd.Value)
	}
	if want := [4]uint32{1000, 1000, 1000, 1000}; status.UID != want || status.GID != want {
		t.Errorf("uids %v, gids %v", status.UID, status.GID)
	}
}

func TestLivePodmanCapabilities(t *testing.T) {
	c := livetest.Podman(t).Run(t)
	var record struct{ EffectiveCaps []string }
	c.Decode(t, &record)
	var want caps.Set
	for _, name := range record.EffectiveCaps {
		want |= capSet(t, strings.ToLower(name))
	}
	if got := caps.Set(statusOf(t, c.PID).CapEff); got != want || got == 0 {
		t.Errorf("effective set is %v, podman inspect says %v", got.Names(), want.Names())
	}
}

func TestLiveSeccomp(t *testing.T) {
	for name, test := range map[string]struct {
		flags     []string
		mode      uint8
		filters   uint32
		noNewPriv bool
	}{
		"default":    {nil, 2, 1, false},
		"unconfined": {[]string{"--security-opt=seccomp=unconfined"}, 0, 0, false},
		"no new":     {[]string{"--security-opt=no-new-privileges"}, 2, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			status := statusOf(t, livetest.Docker(t).Run(t, test.flags...).PID)
			if status.Seccomp.Value != test.mode || status.SeccompFilters.Value != test.filters || status.NoNewPrivs.Value != test.noNewPriv {
				t.Errorf("mode %v, filters %v, no_new_privs %v", status.Seccomp, status.SeccompFilters, status.NoNewPrivs)
			}
		})
	}
}

// TestLiveIDMaps compares the maps of a user namespace with the engine's words.
func TestLiveIDMaps(t *testing.T) {
	c := livetest.Podman(t).Run(t, "--uidmap", "0:200000:1000", "--gidmap", "0:300000:2000")
	snapshot := liveScan(t, liveScanner(t, "/"))
	maps, ok := snapshot.IDMaps[livetest.Namespace(t, c.PID, "user")]
	if !ok || !maps.UID.OK() || !maps.GID.OK() {
		t.Fatalf("the maps were not read: %+v", maps)
	}
	if diff := cmp.Diff([]proc.IDMapping{{Inside: 0, Outside: 200000, Count: 1000}}, maps.UID.Value); diff != "" {
		t.Errorf("uid_map (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]proc.IDMapping{{Inside: 0, Outside: 300000, Count: 2000}}, maps.GID.Value); diff != "" {
		t.Errorf("gid_map (-want +got):\n%s", diff)
	}
	var record inspectedMaps
	c.Decode(t, &record)
	if want := []string{"0:200000:1000"}; !cmp.Equal(want, record.HostConfig.IDMappings.UidMap) {
		t.Errorf("podman inspect says %v", record.HostConfig.IDMappings)
	}
}

type inspectedMaps struct {
	HostConfig struct {
		IDMappings struct{ UidMap, GidMap []string }
	}
}
