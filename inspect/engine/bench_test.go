package engine

import (
	"fmt"
	"testing"
)

// BenchmarkDetect is the cost of a tick on a machine where one process in four is in a container.
func BenchmarkDetect(b *testing.B) {
	for _, size := range []int{2_000, 20_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			t := crowd(b, size)
			empty := b.TempDir()
			d := NewDetector(Options{Root: empty, ProcRoot: empty})
			found := d.Detect(t.procs, t.host)
			b.ReportAllocs()
			for b.Loop() {
				found = d.Detect(t.procs, t.host)
			}
			b.ReportMetric(float64(len(found)), "containers")
		})
	}
}

// crowd makes a table of containers with five processes each, sandboxes without a cgroup, and services.
func crowd(tb testing.TB, size int) *table {
	t := newTable(tb)
	for n := 0; len(t.procs) < size; n++ {
		shim := t.add(Process{
			Exe: "/usr/bin/containerd-shim-runc-v2", Cmdline: "containerd-shim-runc-v2\x00-namespace\x00moby\x00-id\x00x\x00",
		}, "/system.slice/docker.service").PID
		ns := t.isolated()
		path := fmt.Sprintf("/system.slice/docker-%064x.scope", n)
		first := t.add(Process{PPID: shim, Exe: "/bin/app", NS: ns}, path).PID
		for range 4 {
			t.add(Process{PPID: first, Exe: "/bin/app", NS: ns}, path)
		}
		outer := t.add(Process{Exe: "/usr/bin/bwrap"}, "/user.slice/user-1000.slice/session-1.scope").PID
		t.add(Process{PPID: outer, Exe: "/usr/bin/bwrap", NS: t.isolated()}, "/user.slice/user-1000.slice/session-1.scope")
		for service := range 12 {
			t.add(Process{Exe: "/usr/sbin/daemon"}, fmt.Sprintf("/system.slice/daemon-%d.service", service))
		}
	}
	return t
}
