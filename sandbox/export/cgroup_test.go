package export

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"cutaway/inspect/cgroup"
	"cutaway/sandbox"
	"cutaway/sandbox/limit"
)

// hybrid has pids on v1 and the rest on v2, where the caller may make nothing.
type hybrid struct{ home }

func (hybrid) place(controller string) (cgroup.Place, bool) {
	if controller == "cpuset" {
		return cgroup.Place{}, false
	}
	return home{v2: controller != "pids"}.place(controller)
}

func (h hybrid) parent(controllers []string) (cgroup.Place, []string, error) {
	at, _, _ := h.home.parent(controllers)
	return at, nil, errors.New("no")
}

func TestGroupOf(t *testing.T) {
	memory, swap, pids, cpus := limit.Amount(64<<20), limit.Amount(1<<20), limit.Amount(9), 0.5
	for _, c := range []struct {
		name    string
		machine machine
		limits  limit.Set
		make    string // commands
		missing string
	}{
		{
			"v1",
			home{},
			limit.Set{Memory: &memory, Swap: &swap, CPUs: &cpus, CPUSet: "0-1", IO: []limit.IO{{Device: "8:0", ReadBPS: 5, WriteIOPS: limit.Max}}},
			`mkdir /sys/fs/cgroup/memory/"cutaway-$$"
echo 67108864 > /sys/fs/cgroup/memory/"cutaway-$$"/memory.limit_in_bytes
echo 68157440 > /sys/fs/cgroup/memory/"cutaway-$$"/memory.memsw.limit_in_bytes
mkdir /sys/fs/cgroup/cpu/"cutaway-$$"
echo 50000 > /sys/fs/cgroup/cpu/"cutaway-$$"/cpu.cfs_quota_us
mkdir /sys/fs/cgroup/io/"cutaway-$$"
echo '8:0 5' > /sys/fs/cgroup/io/"cutaway-$$"/blkio.throttle.read_bps_device
mkdir /sys/fs/cgroup/cpuset/"cutaway-$$"
cat /sys/fs/cgroup/cpuset/cpuset.cpus > /sys/fs/cgroup/cpuset/"cutaway-$$"/cpuset.cpus
cat /sys/fs/cgroup/cpuset/cpuset.mems > /sys/fs/cgroup/cpuset/"cutaway-$$"/cpuset.mems
echo 0-1 > /sys/fs/cgroup/cpuset/"cutaway-$$"/cpuset.cpus`, "",
		},
		{
			"v1, swap alone",
			home{},
			limit.Set{Swap: &swap},
			`mkdir /sys/fs/cgroup/memory/"cutaway-$$"`,
			"a limit of swap without one of memory: cgroup v1 has one for both together",
		},
		{
			"v2",
			home{v2: true},
			limit.Set{Memory: &memory, Swap: &swap, IO: []limit.IO{{Device: "8:0", ReadBPS: 5, WriteIOPS: limit.Max}}},
			`echo +cpu > /sys/fs/cgroup/mine/cgroup.subtree_control
mkdir /sys/fs/cgroup/mine/"cutaway-$$"
echo 67108864 > /sys/fs/cgroup/mine/"cutaway-$$"/memory.max
echo 1048576 > /sys/fs/cgroup/mine/"cutaway-$$"/memory.swap.max
echo '8:0 rbps=5 wiops=max' > /sys/fs/cgroup/mine/"cutaway-$$"/io.max`, "",
		},
		{
			"hybrid, no rights, no cpuset",
			hybrid{},
			limit.Set{Memory: &memory, PIDs: &pids, CPUSet: "0"},
			`mkdir /sys/fs/cgroup/pids/"cutaway-$$"
echo 9 > /sys/fs/cgroup/pids/"cutaway-$$"/pids.max
mkdir /sys/fs/cgroup/mine/"cutaway-$$"
echo 67108864 > /sys/fs/cgroup/mine/"cutaway-$$"/memory.max`,
			"limits of cpuset: no cgroup hierarchy here has that controller\n" + strings.ReplaceAll(noRight, "%s", "memory"),
		},
		{
			"no disk",
			home{v2: true},
			limit.Set{PIDs: &pids, IO: []limit.IO{{Device: "/dev/null", ReadBPS: 5}}},
			`echo +cpu > /sys/fs/cgroup/mine/cgroup.subtree_control
mkdir /sys/fs/cgroup/mine/"cutaway-$$"
echo 9 > /sys/fs/cgroup/mine/"cutaway-$$"/pids.max`, "an I/O limit of /dev/null, which is no disk here",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			atHome(t, false)
			machineOf = func() (machine, error) { return c.machine, nil }
			s := sandbox.Default()
			s.Limits = c.limits
			var l lacks
			g, err := groupOf(&s, &l)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(g.make, "\n"); got != c.make {
				t.Errorf("got\n%s\nwant\n%s", got, c.make)
			}
			if got := strings.Join(l.missing, "\n"); got != c.missing {
				t.Errorf("missing %q, want %q", got, c.missing)
			}
			if dirs := slices.Compact(slices.Clone(g.dirs)); len(dirs) != strings.Count(c.make, "mkdir ") {
				t.Errorf("directories %v", dirs)
			}
		})
	}
}
