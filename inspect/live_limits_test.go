package inspect_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/livetest"
)

// limits are the limits of a container in the words of its engine: bytes, thousandths of a core and processes; 0 is none.
type limits struct {
	Memory, CPU, PIDs uint64
}

// ownLimits are the limits that cutaway reads in the container's own cgroup.
func ownLimits(u *cgroup.Usage) (limits, error) {
	if !u.MemoryLimit.OK() || !u.CPUQuota.OK() || !u.PIDsLimit.OK() {
		return limits{}, fmt.Errorf("memory %v, cpu %v, pids %v", u.MemoryLimit.How, u.CPUQuota.How, u.PIDsLimit.How)
	}
	l := limits{Memory: number(u.MemoryLimit.Value), PIDs: number(u.PIDsLimit.Value)}
	if quota := number(u.CPUQuota.Value); quota > 0 {
		l.CPU = quota * 1000 / u.CPUPeriod.Value
	}
	return l, nil
}

// number is 0 for unlimited, as engines write it.
func number(l cgroup.Limit) uint64 {
	if l.Unlimited {
		return 0
	}
	return l.Value
}

// limited checks what cutaway reads as a container's limits.
func limited(t *testing.T, c *livetest.Container, want limits) {
	t.Helper()
	settles(t, liveScanner(t, "/"), func(snapshot *inspect.Snapshot) string {
		got := seen(snapshot, c.PID)
		if got == nil || got.Usage == nil {
			return "+ no usage\n"
		}
		own, err := ownLimits(got.Usage)
		if err != nil {
			return fmt.Sprintf("+ not known: %v\n", err)
		}
		return cmp.Diff(want, own)
	})
}

// dockerLimits are the limits that `docker inspect` and `podman inspect` tell.
func dockerLimits(t *testing.T, c *livetest.Container) limits {
	t.Helper()
	var record struct {
		HostConfig struct {
			Memory, NanoCpus uint64
			PidsLimit        *int64
			CpuQuota         uint64
			CpuPeriod        uint64
		}
	}
	c.Decode(t, &record)
	l := limits{Memory: record.HostConfig.Memory, CPU: record.HostConfig.NanoCpus / 1e6}
	if record.HostConfig.CpuPeriod > 0 && l.CPU == 0 {
		l.CPU = record.HostConfig.CpuQuota * 1000 / record.HostConfig.CpuPeriod
	}
	if p := record.HostConfig.PidsLimit; p != nil && *p > 0 {
		l.PIDs = uint64(*p)
	}
	return l
}

func TestLiveLimits(t *testing.T) {
	t.Run("docker", func(t *testing.T) {
		c := livetest.Docker(t).Run(t, "--memory", "128m", "--cpus", "0.5", "--pids-limit", "64")
		want := dockerLimits(t, c)
		if diff := cmp.Diff(limits{128 << 20, 500, 64}, want); diff != "" {
			t.Fatalf("docker inspect (-want +got):\n%s", diff)
		}
		limited(t, c, want)
	})
	t.Run("docker without", func(t *testing.T) {
		c := livetest.Docker(t).Run(t)
		limited(t, c, dockerLimits(t, c))
	})
	t.Run("docker update", func(t *testing.T) {
		docker := livetest.Docker(t)
		c := docker.Run(t, "--memory", "64m")
		docker.Command(t, "update", "--memory", "96m", "--memory-swap", "96m", "--pids-limit", "77", c.ID)
		limited(t, c, dockerLimits(t, c))
	})
	t.Run("podman", func(t *testing.T) {
		c := livetest.Podman(t).Run(t, "--memory", "64m", "--cpus", "0.25", "--pids-limit", "32")
		limited(t, c, dockerLimits(t, c))
	})
	t.Run("runc", func(t *testing.T) { limited(t, livetest.Runc(t, "bound"), ociLimits()) })
	t.Run("crun", func(t *testing.T) { limited(t, livetest.Crun(t, "bound"), ociLimits()) })
	t.Run("lxc", func(t *testing.T) { limited(t, livetest.LXC(t, "bound"), limits{Memory: livetest.LXCMemory}) })
	t.Run("kubernetes", func(t *testing.T) {
		c := livetest.UseContainerd(t, "k8s.io").Pod(t, "a-b", "pod", "name", "bound")
		limited(t, c, limits{Memory: livetest.PodMemory})
	})
}

func ociLimits() limits {
	l := livetest.OCILimits
	return limits{uint64(l.Memory), uint64(l.CPUQuota * 1000 / l.CPUPeriod), uint64(l.Pids)}
}

// used waits until a container's usage is as wanted.
func used(t *testing.T, c *livetest.Container, what string, wanted func(*cgroup.Usage) bool) {
	t.Helper()
	s := liveScanner(t, "/")
	livetest.WaitFor(t, what, func() bool {
		got := seen(liveScan(t, s), c.PID)
		return got != nil && got.Usage != nil && wanted(got.Usage)
	})
}

func TestLiveOOMKill(t *testing.T) {
	c := livetest.Docker(t).RunCommand(t, []string{"--memory", "32m"}, "/bin/sh", "-c", "tail /dev/zero; exec sleep 3600")
	used(t, c, "an OOM kill and a peak at the limit", func(u *cgroup.Usage) bool {
		return u.OOMKills.OK() && u.OOMKills.Value > 0 && u.MemoryPeak.OK() && u.MemoryPeak.Value > 30<<20
	})
}

func TestLiveThrottling(t *testing.T) {
	c := livetest.Docker(t).RunCommand(t, []string{"--cpus", "0.1"}, "/bin/sh", "-c", "while :; do :; done")
	used(t, c, "throttled periods", func(u *cgroup.Usage) bool {
		return u.Throttled.OK() && u.Throttled.Value > 0 && u.ThrottledTime.Value > 0 &&
			u.Periods.Value >= u.Throttled.Value && u.CPUTime.Value > 0
	})
}

func TestLivePause(t *testing.T) {
	docker := livetest.Docker(t)
	c := docker.Run(t)
	used(t, c, "a container that runs", func(u *cgroup.Usage) bool { return u.Frozen.OK() && !u.Frozen.Value })
	docker.Command(t, "pause", c.ID)
	used(t, c, "a frozen container", func(u *cgroup.Usage) bool { return u.Frozen.OK() && u.Frozen.Value })
	docker.Command(t, "unpause", c.ID)
}

// TestLiveMemory compares the working set with what `docker stats` shows: usage without inactive file pages.
func TestLiveMemory(t *testing.T) {
	docker := livetest.Docker(t)
	c := docker.RunCommand(t, []string{"--memory", "128m"}, "/bin/sh", "-c",
		"dd if=/dev/zero of=/tmp/file bs=1M count=16 2>/dev/null; exec sleep 3600")
	used(t, c, "16 MiB of page cache", func(u *cgroup.Usage) bool {
		return u.MemoryUsage.Value > 16<<20 && u.MemoryWorking.OK() && u.MemoryWorking.Value < u.MemoryUsage.Value-8<<20 &&
			u.MemoryPeak.Value >= u.MemoryUsage.Value
	})
	var stats struct{ MemUsage string }
	decode(t, docker.Command(t, "stats", "--no-stream", "--format", "{{json .}}", c.ID), &stats)
	var theirs float64
	var unit string
	if _, err := fmt.Sscanf(stats.MemUsage, "%f%s", &theirs, &unit); err != nil {
		t.Fatalf("understand the memory of docker stats, %q: %v", stats.MemUsage, err)
	}
	bytes := uint64(theirs * map[string]float64{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}[unit])
	used(t, c, fmt.Sprintf("a working set near the %s of docker stats", stats.MemUsage), func(u *cgroup.Usage) bool {
		return max(u.MemoryWorking.Value, bytes)-min(u.MemoryWorking.Value, bytes) < 1<<20
	})
}

// TestLiveEffectiveLimit has a container without a limit of its own below a cgroup that has one.
func TestLiveEffectiveLimit(t *testing.T) {
	c := livetest.UseContainerd(t, "default").Run(t, "inner", "outer/inner")
	m := livetest.UseMachine(t)
	livetest.LimitMemory(t, m.Cgroup("outer"), 50<<20)
	used(t, c, "the limit of the cgroup around", func(u *cgroup.Usage) bool {
		e := u.EffectiveMemory
		return u.MemoryLimit.Value.Unlimited && e.Limit.OK() && e.Limit.Value.Value == 50<<20 && e.Path == m.Cgroup("outer")
	})
}
