package cgroup

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/reading"
)

// TestEffective builds small hierarchies; File is compared below the machine's directory.
func TestEffective(t *testing.T) {
	const (
		v2   = "2 1 0:25 / /sys/fs/cgroup rw - cgroup2 c rw\n"
		part = "2 1 0:25 /a /sys/fs/cgroup rw - cgroup2 c rw\n"
		up   = "2 1 0:25 /.. /sys/fs/cgroup rw - cgroup2 c rw\n"
		v1   = "2 1 0:25 / /sys/fs/cgroup rw - cgroup c rw,memory,cpu,pids\n"
		v1in = "2 1 0:25 /a /sys/fs/cgroup rw - cgroup c rw,memory,cpu,pids\n"
	)
	root2 := files{"cgroup.controllers": "cpu memory pids\n", "cgroup.procs": ""}
	root1 := files{"cgroup.sane_behavior": "0\n"}
	type limits struct{ memory, cpu, pids Effective }
	none := Effective{Limit: unlimited()}
	tests := []struct {
		name             string
		mountinfo, lines string
		files            files
		want             limits
	}{
		{
			"v2: a different cgroup binds for each", v2, "0::/a/b/c\n",
			root2.with("a", files{"memory.max": "100\n", "cpu.max": "max 100000\n", "pids.max": "9\n"}).
				with("a/b", files{"memory.max": "200\n", "cpu.max": "10000 50000\n", "pids.max": "10\n"}).
				with("a/b/c", files{"memory.max": "max\n", "cpu.max": "30000 100000\n", "pids.max": "9\n"}),
			limits{
				Effective{Limit: limited(100), Path: "/a", File: "a/memory.max"},
				Effective{Limit: limited(200), Path: "/a/b", File: "a/b/cpu.max"},
				Effective{Limit: limited(9), Path: "/a/b/c", File: "a/b/c/pids.max"}, // the nearest of two alike
			},
		},
		{
			"v2: no limit anywhere", v2, "0::/a/b\n",
			root2.with("a", files{"memory.max": "max\n"}).with("a/b", files{"memory.max": "max\n", "pids.max": "max\n"}),
			limits{
				Effective{Limit: unlimited(), Path: "/a/b", File: "a/b/memory.max"},
				none,
				Effective{Limit: unlimited(), Path: "/a/b", File: "a/b/pids.max"},
			},
		},
		{"v2: the root itself", v2, "0::/\n", root2, limits{none, none, none}},
		{
			"v2: a controller that ends on the way down", v2, "0::/a/b\n", root2.with("a", files{"memory.max": "5\n"}).with("a/b", files{"cgroup.procs": ""}),
			limits{Effective{Limit: limited(5), Path: "/a", File: "a/memory.max"}, none, none},
		},
		{
			"v2: own cgroup namespace", v2, "0::/\n", root2.with("", files{"cgroup.events": "populated 1\n", "memory.max": "7\n"}),
			limits{Effective{Limit: limited(7), Path: "/", File: "memory.max", Above: true}, Effective{Limit: unlimited(), Above: true}, Effective{Limit: unlimited(), Above: true}},
		},
		{
			"v2: a subtree", part, "0::/a/b\n", root2.with("", files{"memory.max": "9\n"}).with("b", files{"memory.max": "7\n"}),
			limits{Effective{Limit: limited(7), Path: "/a/b", File: "b/memory.max", Above: true}, Effective{Limit: unlimited(), Above: true}, Effective{Limit: unlimited(), Above: true}},
		},
		{
			"v2: mounted from above the namespace", up, "0::/../x\n", root2.with("x", files{"pids.max": "3\n"}),
			limits{none, none, Effective{Limit: limited(3), Path: "/../x", File: "x/pids.max"}},
		},
		{
			"v2: hostile numbers above", v2, "0::/a/b\n", root2.with("a", files{"pids.max": "none\n", "cpu.max": "5 0\n"}).with("a/b", files{"pids.max": "3\n", "cpu.max": "1000 100000\n", "memory.max": "\n"}),
			limits{
				Effective{Limit: missing[Limit](reading.Failed)},
				Effective{Limit: limited(10), Path: "/a/b", File: "a/b/cpu.max", Above: true},
				Effective{Limit: limited(3), Path: "/a/b", File: "a/b/pids.max", Above: true},
			},
		},
		{
			"v1: an ancestor binds", v1, "1:memory,cpu,pids:/a/b\n",
			root1.with("", files{"memory.limit_in_bytes": "9223372036854771712\n", "cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"}).
				with("a", files{"memory.limit_in_bytes": "4096\n", "cpu.cfs_quota_us": "50000\n", "cpu.cfs_period_us": "100000\n", "pids.max": "max\n"}).
				with("a/b", files{
					"memory.limit_in_bytes": "8192\n", "memory.stat": "hierarchical_memory_limit 4096\n",
					"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n", "pids.max": "4\n",
				}),
			limits{
				Effective{Limit: limited(4096), Path: "/a", File: "a/memory.limit_in_bytes"},
				Effective{Limit: limited(500), Path: "/a", File: "a/cpu.cfs_quota_us"},
				Effective{Limit: limited(4), Path: "/a/b", File: "a/b/pids.max"},
			},
		},
		{
			"v1: an ancestor without use_hierarchy does not bind", v1, "1:memory,cpu,pids:/a/b\n",
			root1.with("a", files{"memory.limit_in_bytes": "4096\n"}).
				with("a/b", files{"memory.limit_in_bytes": "8192\n", "memory.stat": "hierarchical_memory_limit 8192\n"}),
			limits{Effective{Limit: limited(8192), Path: "/a/b", File: "a/b/memory.limit_in_bytes"}, none, none},
		},
		{
			"v1: the kernel tells of a limit above what is mounted", v1in, "1:memory,cpu,pids:/a\n",
			files{"memory.limit_in_bytes": "9223372036854771712\n", "memory.stat": "hierarchical_memory_limit 4096\n", "pids.max": "4\n"},
			limits{
				Effective{Limit: limited(4096), File: "memory.stat", Above: true},
				Effective{Limit: unlimited(), Above: true},
				Effective{Limit: limited(4), Path: "/a", File: "pids.max", Above: true},
			},
		},
		{
			"v1: no memory.stat", v1, "1:memory,cpu,pids:/a/b\n",
			root1.with("a", files{"memory.limit_in_bytes": "4096\n"}).with("a/b", files{"memory.limit_in_bytes": "8192\n"}),
			limits{Effective{Limit: limited(4096), Path: "/a", File: "a/memory.limit_in_bytes"}, none, none},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, dir := machine(t, test.mountinfo, test.files)
			u := h.Usage(member(test.lines))
			got := limits{u.EffectiveMemory, u.EffectiveCPU, u.EffectivePIDs}
			for _, e := range []*Effective{&got.memory, &got.cpu, &got.pids} {
				if e.File != "" {
					e.File, _ = filepath.Rel(dir, e.File)
				}
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(limits{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEffectiveDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs a normal user: root reads files of mode 0")
	}
	h, dir := machine(t, "2 1 0:25 / /sys/fs/cgroup rw - cgroup2 c rw\n", files{
		"cgroup.controllers": "memory pids\n", "cgroup.procs": "", "a/memory.max": "4\n", "a/b/memory.max": "5\n", "a/b/pids.max": "6\n",
	})
	for _, name := range []string{"a/memory.max", "a/b/pids.max"} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	u := h.Usage(member("0::/a/b\n"))
	if u.EffectiveMemory.Limit != limited(5) || !u.EffectiveMemory.Above {
		t.Errorf("with an ancestor denied: %+v, want 5 and perhaps less above", u.EffectiveMemory)
	}
	if u.EffectivePIDs.Limit.State != reading.Denied {
		t.Errorf("with its own denied: %+v", u.EffectivePIDs)
	}
}
