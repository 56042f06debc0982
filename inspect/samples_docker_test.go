package inspect

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
)

// inspected is what `docker inspect` and `podman inspect` said of a recorded container.
type inspected struct {
	ID              string `json:"Id"`
	Name            string
	State           struct{ Pid int }
	AppArmorProfile string
	Config          struct{ User string }
	HostConfig      struct {
		Memory, NanoCpus                                     uint64
		PidsLimit                                            uint64
		CapAdd, CapDrop, SecurityOpt                         []string
		Privileged                                           bool
		PidMode, NetworkMode, IpcMode, UTSMode, CgroupnsMode string
	}
}

// What the kernel's files say of a container must be what its engine was told to make.
func TestSamplesAgreeWithTheirEngines(t *testing.T) {
	for _, tt := range sampleTests {
		for _, name := range tt.samples {
			r := readRecording(t, name)
			if r["inspect.json"] == "" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				var want inspected
				if err := json.Unmarshal([]byte(r["inspect.json"]), &want); err != nil {
					t.Fatal(err)
				}
				m := newRecordedMachine(t, tt.host, true)
				pid := m.add(r)
				root := t.TempDir()
				m.write(filepath.Join(root, "var/lib/docker/containers", want.ID), "config.v2.json",
					`{"ID": "`+want.ID+`", "Name": "`+want.Name+`"}`)
				s := scan(t, m.scanner(Options{Cgroup: m.cgroups, Root: root}))
				p := s.ByPID(pid)
				if p == nil || p.Container == nil {
					t.Fatalf("no container: %+v", p)
				}
				agree(t, s, p, want)
				if _, limits := r["cg_pids.max"]; limits {
					agreeOnLimits(t, p.Container.Usage, want)
				}
			})
		}
	}
}

func agree(t *testing.T, s *Snapshot, p *Process, want inspected) {
	c, st, told := p.Container, p.Facts.Status.Value, want.HostConfig
	if c.ID != want.ID || c.Init != want.State.Pid {
		t.Errorf("id %s, first process %d; want %s, %d", c.ID, c.Init, want.ID, want.State.Pid)
	}
	if c.Engine == "docker" && c.Name != strings.TrimPrefix(want.Name, "/") {
		t.Errorf("name %q, want %q", c.Name, want.Name)
	}
	if got := p.Facts.Label.Value.Profile; want.AppArmorProfile != "" && got != want.AppArmorProfile {
		t.Errorf("label %q, want %q", got, want.AppArmorProfile)
	}
	open := told.Privileged || slices.Contains(told.SecurityOpt, "seccomp=unconfined")
	if (st.Seccomp.Value == 0) != open || (st.SeccompFilters.Value == 0) != open {
		t.Errorf("seccomp %d with %d filters; privileged or unconfined: %v", st.Seccomp.Value, st.SeccompFilters.Value, open)
	}
	if st.NoNewPrivs.Value != slices.Contains(told.SecurityOpt, "no-new-privileges") {
		t.Errorf("no_new_privs %v, want %v", st.NoNewPrivs.Value, told.SecurityOpt)
	}
	if user, _, _ := strings.Cut(want.Config.User, ":"); user != "" && (user != "1000" || st.UID[0] != 1000) {
		t.Errorf("uid %d, want %s", st.UID[0], user)
	}
	agreeOnCaps(t, st, want)
	modes := map[proc.NSKind]string{
		proc.PID: told.PidMode, proc.Net: told.NetworkMode, proc.IPC: told.IpcMode, proc.UTS: told.UTSMode, proc.Cgroup: told.CgroupnsMode,
	}
	if c.Engine != "docker" {
		delete(modes, proc.Cgroup) // Podman does not say
	}
	for kind, mode := range modes {
		if cell := s.Fingerprint(p.Facts.NS)[kind].Kind; (cell == CellHost) != (mode == "host") || cell == CellUnknown {
			t.Errorf("%v is %d, want %q", kind, cell, mode)
		}
	}
}

// agreeOnCaps compares with the bounding set, since a user other than root starts without the others.
func agreeOnCaps(t *testing.T, st *proc.Status, want inspected) {
	bounding, told := caps.Set(st.CapBnd.Value), want.HostConfig
	for _, list := range []struct {
		words []string
		held  bool
	}{{told.CapAdd, true}, {told.CapDrop, false}} {
		for _, word := range list.words {
			if word == "ALL" {
				continue
			}
			c, err := caps.Encode(strings.TrimPrefix(strings.ToLower(word), "cap_"))
			if err != nil {
				t.Fatal(err)
			}
			if (bounding&c != 0) != list.held {
				t.Errorf("%s is in the bounding set %s: %v", word, bounding.Hex(), !list.held)
			}
		}
	}
	switch added := slices.Contains(told.CapAdd, "ALL") || told.Privileged; {
	case slices.Contains(told.CapDrop, "ALL") && bounding != 0:
		t.Errorf("all are dropped, and %s is left", bounding.Hex())
	case added && bounding|sysResource != oldDockerAll:
		t.Errorf("all are added, and %s is there", bounding.Hex())
	case !added && len(told.CapAdd)+len(told.CapDrop) == 0 && bounding != dockerCaps:
		t.Errorf("Docker's default is %s, want %s", bounding.Hex(), dockerCaps.Hex())
	}
}

func agreeOnLimits(t *testing.T, u *cgroup.Usage, want inspected) {
	for _, l := range []struct {
		name string
		got  cgroup.Effective
		want uint64 // 0 when the engine sets none
	}{
		{"memory", u.EffectiveMemory, want.HostConfig.Memory},
		{"cpu", u.EffectiveCPU, want.HostConfig.NanoCpus / 1e6},
		{"pids", u.EffectivePIDs, want.HostConfig.PidsLimit},
	} {
		switch {
		case l.want != 0 && (!l.got.Limit.OK() || l.got.Limit.Value != cgroup.Limit{Value: l.want}):
			t.Errorf("%s is limited to %+v, want %d", l.name, l.got.Limit, l.want)
		case l.want == 0 && l.name != "pids" && !l.got.Limit.Value.Unlimited: // systemd limits pids by itself
			t.Errorf("%s is limited to %+v, want none", l.name, l.got.Limit)
		}
	}
}
