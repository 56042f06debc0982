package cgroups

import (
	"encoding/json"
	"testing"
)

func TestLimitsOf(t *testing.T) {
	for _, c := range []struct {
		name    string
		present []Setting
		want    string
	}{
		{"nothing", nil, `{}`},
		{"no limits on v2", []Setting{
			{File: "memory.max", Old: "max"},
			{File: "memory.swap.max", Old: "max"},
			{File: "cpu.max", Old: "max 100000"},
			{File: "cpu.weight", Old: "100"},
			{File: "pids.max", Old: "max"},
		}, `{}`},
		{"v2", []Setting{
			{File: "memory.max", Old: "134217728"},
			{File: "memory.swap.max", Old: "0"},
			{File: "cpu.max", Old: "50000 100000"},
			{File: "cpu.weight", Old: "39"},
			{File: "pids.max", Old: "64"},
			{File: "cpuset.cpus", Old: "0-1"},
			{File: "io.max", Device: "8:0", Old: "8:0 rbps=max wbps=1048576 riops=max wiops=100"},
		}, `{"memory":134217728,"swap":0,"cpus":0.5,"pids":64,"io":[{"device":"8:0","write_bps":1048576,"write_iops":100}],"cpuset":"0-1","weight":39}`},
		{"no limits on v1", []Setting{
			{File: "memory.limit_in_bytes", Old: "-1"},
			{File: "memory.memsw.limit_in_bytes", Old: "-1"},
			{File: "cpu.cfs_quota_us", Old: "-1"},
			{File: "cpu.cfs_period_us", Old: "100000"},
			{File: "cpu.shares", Old: "1024"},
			{File: "pids.max", Old: "max"},
		}, `{}`},
		{"v1", []Setting{
			{File: "memory.limit_in_bytes", Old: "134217728"},
			{File: "memory.memsw.limit_in_bytes", Old: "268435456"},
			{File: "cpu.cfs_quota_us", Old: "30000"},
			{File: "cpu.cfs_period_us", Old: "20000"},
			{File: "cpu.shares", Old: "512"},
			{File: "pids.max", Old: "64"},
			{File: "blkio.throttle.read_bps_device", Device: "8:0", Old: "8:0 1048576"},
			{File: "blkio.throttle.write_iops_device", Device: "8:0", Old: "8:0 7"},
			{File: "blkio.throttle.write_iops_device", Device: "8:16", Old: "8:16 8"},
		}, `{"memory":134217728,"swap":134217728,"cpus":1.5,"pids":64,"io":[{"device":"8:0","read_bps":1048576,"write_iops":7},{"device":"8:16","write_iops":8}],"weight":50}`},
		{"memory limited on v1, swap not", []Setting{
			{File: "memory.limit_in_bytes", Old: "4096"}, {File: "memory.memsw.limit_in_bytes", Old: "-1"},
		}, `{"memory":4096}`},
		{"idle", []Setting{{File: "cpu.weight", Old: "0"}}, `{}`},
	} {
		s := LimitsOf(c.present)
		got, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
