package cgroup

import "testing"

// On files of a temporary folder: what the kernel takes to fill in cgroup files comes on top, see BenchmarkUsageLive.
func BenchmarkUsage(b *testing.B) {
	b.Run("v1", func(b *testing.B) {
		h, _ := machine(b, sample(b, "host-shell/mountinfo"), dockerOnV1(b))
		benchmark(b, h, member(sample(b, "docker-db/cgroup")))
	})
	b.Run("v2", func(b *testing.B) {
		h, _ := machine(b, sample(b, "vm-apparmor-host/mountinfo"), dockerOnV2(b))
		benchmark(b, h, member(sample(b, "vm-docker-web/cgroup")))
	})
}

func benchmark(b *testing.B, h *Hierarchies, m *Membership) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		h.Usage(m)
	}
}

// On a process with a cgroup of its own in every hierarchy, as a container has.
func BenchmarkUsageLive(b *testing.B) {
	h, self := here(b, "self")
	c := newCage(b, h, self, "memory", "cpu", "cpuacct", "pids", "freezer", "")
	c.write(b, "memory", "memory.limit_in_bytes", "67108864")
	c.write(b, "cpu", "cpu.cfs_quota_us", "20000")
	h, m := here(b, c.run(b))
	benchmark(b, h, m)
}
