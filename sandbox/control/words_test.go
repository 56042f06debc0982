package control

import (
	"strings"
	"testing"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/limit"
)

// The words of a plan say what the kernel will do.
func TestEffect(t *testing.T) {
	limited := cgroup.Effective{Limit: reading.Value(cgroup.Limit{Value: 16 << 20}), Path: "/above"}
	free := cgroup.Effective{Limit: reading.Value(cgroup.Limit{Unlimited: true})}
	use := cgroup.Usage{
		Path: "/box", MemoryUsage: reading.Value[uint64](10 << 20), MemorySwap: reading.Value[uint64](2 << 20),
		PIDs: reading.Value[uint64](5), EffectiveMemory: free,
	}
	below := use
	below.EffectiveMemory = limited
	for _, c := range []struct {
		setting cgroups.Setting
		use     *cgroup.Usage
		says    string
		hurts   bool
	}{
		{cgroups.Setting{File: "memory.max", New: "8388608"}, &use, "below its present use of 10M: the kernel will reclaim, then kill processes", true},
		{cgroups.Setting{File: "memory.limit_in_bytes", New: "8388608"}, &use, "refuses the change (EBUSY)", true},
		{cgroups.Setting{File: "memory.max", New: "33554432"}, &use, "at most 32M of memory; it uses 10M now", false},
		{cgroups.Setting{File: "memory.max", New: "33554432"}, &below, "but what binds it is 16M of /above", false},
		{cgroups.Setting{File: "memory.max", New: "max"}, &use, "those of the cgroups above it hold", false},
		{cgroups.Setting{File: "memory.limit_in_bytes", New: "-1"}, &below, "a cgroup above it has 16M", false},
		{cgroups.Setting{File: "memory.max", New: "8388608"}, &cgroup.Usage{}, "at most 8M of memory", false},
		{cgroups.Setting{File: "memory.swap.max", New: "0"}, &use, "nothing of it may be swapped out; 2M are already", true},
		{cgroups.Setting{File: "memory.swap.max", New: "max"}, &use, "as there is swap", false},
		{cgroups.Setting{File: "memory.memsw.limit_in_bytes", New: "11534336"}, &use, "below the present 12M", true},
		{cgroups.Setting{File: "memory.memsw.limit_in_bytes", New: "-1"}, &use, "no limit", false},
		{cgroups.Setting{File: "cpu.max", New: "50000 100000"}, &use, "at most 50% of a processor's time, 50 ms in each 100 ms", false},
		{cgroups.Setting{File: "cpu.max", New: "max 100000"}, &use, "as much processor time as there is", false},
		{cgroups.Setting{File: "cpu.weight", New: "50"}, &use, "proportion 50 to 100", false},
		{cgroups.Setting{File: "cpu.shares", New: "512"}, &use, "proportion 512 to 1024", false},
		{cgroups.Setting{File: "pids.max", New: "5"}, &use, "it has 5: none is ended, but no new one can start", true},
		{cgroups.Setting{File: "pids.max", New: "6"}, &use, "it has 5", false},
		{cgroups.Setting{File: "pids.max", New: "max"}, &use, "as many processes", false},
		{cgroups.Setting{File: "cpuset.cpus", New: "0-1"}, &use, "processors 0-1 only", false},
		{cgroups.Setting{File: "cpuset.mems", New: "0"}, &use, "nodes 0 only", false},
		{cgroups.Setting{File: "io.max", Device: "8:0", New: "8:0 rbps=1048576 wiops=max"}, &use, "device 8:0: at most 1M read a second, as much as there can be writes a second", false},
		{cgroups.Setting{File: "blkio.throttle.write_iops_device", Device: "8:0", New: "8:0 100"}, &use, "device 8:0: at most 100 writes a second", false},
		{cgroups.Setting{File: "blkio.throttle.read_bps_device", Device: "8:0", New: "8:0 0"}, &use, "as much as there can be read a second", false},
	} {
		if what, hurts := effect(&c.setting, c.use, ""); !strings.Contains(what, c.says) || hurts != c.hurts {
			t.Errorf("%s %s: %q, hurts %v; want %q, %v", c.setting.File, c.setting.New, what, hurts, c.says, c.hurts)
		}
	}
	if what, _ := effect(&cgroups.Setting{File: "cpu.cfs_quota_us", New: "1000"}, &use, "100000"); !strings.Contains(what, "1% of a processor's time") {
		t.Errorf("with the period that is planned: %q", what)
	}
}

func everything() *limit.Set {
	cpus, weight := 0.5, uint64(50)
	return &limit.Set{
		Memory: amount(8 << 20), Swap: amount(-1), CPUs: &cpus, PIDs: amount(100), Weight: &weight, CPUSet: "0", MemSet: "0",
		IO: []limit.IO{{Device: "8:0", ReadBPS: 1 << 20, WriteIOPS: limit.Max}},
	}
}

func TestUnitWarning(t *testing.T) {
	was := systemdRuns
	t.Cleanup(func() { systemdRuns = was })
	systemdRuns = func() bool { return true }
	for path, unit := range map[string]string{
		"/system.slice/ssh.service": "ssh.service", "/system.slice/docker-ab.scope": "docker-ab.scope", "/user.slice": "user.slice",
		"/system.slice/ssh.service/child": "", "/docker/ab": "", "/": "", "/.service": "",
	} {
		if got := unitOf(path); got != unit {
			t.Errorf("the unit of %s is %q, want %q", path, got, unit)
		}
	}
	got := unitWarning(`/system.slice/a\x2db.service`, everything())
	want := `systemctl set-property --runtime 'a\x2db.service' MemoryMax=8388608 MemorySwapMax=infinity CPUQuota=50% CPUWeight=50 TasksMax=100 ` +
		`'IOReadBandwidthMax=/dev/block/8:0 1048576' 'IOWriteIOPSMax=/dev/block/8:0 infinity' AllowedCPUs=0 AllowedMemoryNodes=0`
	if !strings.HasSuffix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	systemdRuns = func() bool { return false }
	if got := unitWarning("/system.slice/ssh.service", everything()); got != "" {
		t.Errorf("without systemd: %s", got)
	}
}

func TestEngineWarning(t *testing.T) {
	p := &Plan{Writes: []Write{{File: "/c/memory.max", New: "8388608"}, {File: "/c/memory.swap.max", New: "max"}}}
	of := func(engine string, p *Plan, set *limit.Set) string {
		return (&Target{Name: Name{Title: "db", Engine: engine, ID: "my db"}}).engineWarning(p, set)
	}
	want := "(all but io): docker update --memory=8388608 --memory-swap=-1 --cpus=0.5 --cpu-shares=512 --pids-limit=100 --cpuset-cpus=0 --cpuset-mems=0 'my db'"
	if got := of("docker", p, everything()); !strings.HasSuffix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	v1 := &Plan{Writes: []Write{{File: "/c/memory.limit_in_bytes", New: "8388608"}, {File: "/c/memory.memsw.limit_in_bytes", New: "16777216"}}}
	if got := of("podman", v1, &limit.Set{Memory: amount(8 << 20)}); !strings.HasSuffix(got, ": podman update --memory=8388608 --memory-swap=16777216 'my db'") {
		t.Errorf("got %s", got)
	}
	v2 := &Plan{Writes: []Write{{File: "/c/memory.max", New: "8388608"}, {File: "/c/memory.swap.max", New: "1048576"}}}
	if got := of("docker", v2, &limit.Set{Memory: amount(8 << 20), Swap: amount(1 << 20)}); !strings.HasSuffix(got, " --memory=8388608 --memory-swap=9437184 'my db'") {
		t.Errorf("got %s", got)
	}
	if got := of("docker", &Plan{}, &limit.Set{Memory: amount(-1)}); !strings.Contains(got, "cannot change memory without a limit") {
		t.Errorf("got %s", got)
	}
	none := 0.0
	if got := of("docker", &Plan{}, &limit.Set{CPUs: &none, PIDs: amount(-1)}); !strings.HasSuffix(got, "docker update --cpu-quota=-1 --pids-limit=-1 'my db'") {
		t.Errorf("got %s", got)
	}
	for engine, says := range map[string]string{"kubernetes": "kubelet", "lxc": "lxc.cgroup", "containerd": "knows nothing", "cutaway": "", "": "", "unshare": ""} {
		if got := of(engine, p, everything()); !strings.Contains(got, says) || (says == "") != (got == "") {
			t.Errorf("%s: %q", engine, got)
		}
	}
}

func TestShellWrite(t *testing.T) {
	for file, want := range map[string]string{"/a": "echo 5 > /a", "/a b": "echo 5 > '/a b'"} {
		if got := shellWrite("5", file); got != want {
			t.Errorf("%s", got)
		}
	}
	if got := shellWrite("", "/a"); got != "echo > /a" {
		t.Errorf("%s", got)
	}
}
