package sandbox

import (
	"slices"
	"strconv"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/limit"
)

// Parts of a Spec that no preset has come back too.
func TestLiveLikeOfSpecs(t *testing.T) {
	needRoot(t)
	shared, read := t.TempDir(), t.TempDir()
	maps := []IDMapping{{Inside: 0, Outside: 200000, Count: 10}, {Inside: 100, Outside: 300000, Count: 5}}
	for name, c := range map[string]struct {
		change func(*Spec)
		diff   []string
	}{
		"overlay": {change: func(s *Spec) {
			s.Root = Root{Kind: RootOverlay, Switch: PivotRoot}
			s.Mounts = []Mount{{Kind: BindRO, Source: read, Target: "/mnt"}, {Kind: TmpFS, Target: "/opt", Size: 1 << 20}}
		}},
		"dir, read-only": {change: func(s *Spec) {
			s.Root = Root{Kind: RootDir, Path: busyboxRoot(t), Switch: PivotRoot}
			s.Mounts = []Mount{{Kind: BindRW, Source: shared, Target: "/tmp"}, {Kind: TmpFS, Target: "/root", Size: 65536}}
		}},
		"dir, writable, kept": {change: func(s *Spec) {
			s.Namespaces.User = HostNamespace
			s.Root = Root{Kind: RootDir, Path: busyboxRoot(t), Writable: true, Switch: PivotRoot}
			s.Sys, s.Dev = SysEmpty, DevMinimal
		}},
		"tmpfs": {change: func(s *Spec) {
			s.Mounts = []Mount{{Kind: TmpFS, Target: "/srv", Size: 8192}, {Kind: BindRW, Source: shared, Target: "/mnt"}}
		}},
		"clocks and names": {change: func(s *Spec) {
			s.Namespaces.Time, s.Time = NewNamespace, TimeOffsets{Monotonic: 7, Boottime: -3}
			s.Hostname = "other.example"
		}},
		"ids": {change: func(s *Spec) {
			s.UIDMap, s.GIDMap = maps, maps
			s.User = User{UID: 101, GID: 102, Groups: []uint32{3, 104}}
		}},
		"an unprivileged user": {change: func(s *Spec) {
			s.Namespaces.User = HostNamespace
			s.User, s.Capabilities = User{UID: 1234, GID: 1235}, []string{"cap_chown", "cap_net_raw"}
		}},
		"limits": {change: func(s *Spec) {
			memory, pids, cpus, weight := limit.Amount(64<<20), limit.Amount(50), 0.25, uint64(39)
			s.Limits = limit.Set{Memory: &memory, PIDs: &pids, CPUs: &cpus, Weight: &weight, CPUSet: "0"}
			s.Cgroup = true
			s.Rlimits = []Rlimit{{"core", 0, 0}, {"nproc", 100, 200}, {"nofile", 64, 128}}
		}},
		"the host's network": {change: func(s *Spec) {
			s.Namespaces.Net, s.Sys, s.Network, s.Namespaces.User = HostNamespace, SysKeep, Network{}, HostNamespace
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, opts := presetOf(t, "isolated")
			s.Limits, s.Preset = limit.Set{}, ""
			s.Root.Hide = nil
			c.change(s)
			b := watch(t, s, "", opts)
			was := *b.box.spec
			was.Terminal = TerminalAuto
			l := likeOf(t, b.pid, nil)
			for _, m := range []struct{ asked, got *[]IDMapping }{{&was.UIDMap, &l.Spec.UIDMap}, {&was.GIDMap, &l.Spec.GIDMap}} {
				if *m.asked == nil {
					*m.got = nil // cutaway chose it
				}
			}
			if diff := differences(t, &was, &l.Spec); !slices.Equal(diff, c.diff) {
				t.Errorf("not as it was launched: %q\nmarks %q", diff, l.marks())
			}
			relaunch(t, likeOf(t, b.pid, opts.Machine))
		})
	}
}

// The ids of a rootless container are those that it has inside.
func TestLiveLikeOfPodmanRootless(t *testing.T) {
	livetest.NeedRoot(t)
	c := livetest.PodmanRootless(t).Run(t, "--user", "33:34")
	l := likeOf(t, c.PID, machineOf(t))
	if s := &l.Spec; !s.Namespaces.User.IsNew() || s.User.UID != 33 || s.User.GID != 34 || len(s.UIDMap) < 2 {
		t.Errorf("user %+v, map %s", s.User, strconv.Quote(string(mapText(s.UIDMap))))
	}
	relaunch(t, l)
}
