package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// As a normal user the links of others cannot be read: the cgroup has to be enough.
func TestNamespacesDenied(t *testing.T) {
	m := newTable(t)
	denied := new(proc.Namespaces)
	for link := range denied.How {
		denied.How[link] = reading.How{State: reading.Denied, Errno: 13}
	}
	m.add(Process{PID: 100, Comm: "containerd-shim", Cmdline: shimArgs("moby", id(1)), NS: denied}, "/system.slice/docker.service")
	m.add(Process{PID: 101, PPID: 100, Comm: "redis", NS: denied}, "/docker/"+id(1))
	m.add(Process{PID: 102, PPID: 1, Comm: "cron", NS: denied}, "/system.slice/cron.service")
	got := m.detect()
	if len(got) != 1 || line(got, got[0]) != "docker "+id(1)[:12]+" [101]" {
		t.Errorf("found %+v", got)
	}
}

// What is known of a process comes in steps, a parent's command line perhaps last: the key must not move.
func TestKeyIsStable(t *testing.T) {
	m := newTable(t)
	a := id(1)
	m.add(Process{PID: 100, Comm: "containerd-shim"}, "")
	m.add(Process{PID: 101, PPID: 100, Comm: "redis"}, "")
	empty := t.TempDir()
	d := NewDetector(Options{Root: empty, ProcRoot: empty})
	shim, redis := &m.procs[1], &m.procs[2]
	redis.NS, shim.NS = nil, nil
	if got := d.Detect(m.procs, m.host); len(got) != 0 {
		t.Errorf("found %+v while nothing is known", got)
	}
	steps := []struct {
		learn  func()
		engine string
	}{
		{func() { redis.Cgroup = membership(t, "0::/custom/"+a+"\n") }, Unknown},
		{func() { redis.NS = m.isolated() }, Unknown},
		{func() { shim.Exe, shim.NS, shim.Cmdline = shimExe, m.host, shimArgs("moby", a) }, Docker},
		{func() { shim.Comm = "" }, Docker},
	}
	for i, step := range steps {
		step.learn()
		got := d.Detect(m.procs, m.host)
		if len(got) != 1 || got[0].Key != a || got[0].Engine != step.engine {
			t.Errorf("step %d: found %+v, want key %s and engine %s", i, got, a, step.engine)
		}
	}
	m.procs = m.procs[:1]
	if got := d.Detect(m.procs, m.host); len(got) != 0 || len(d.groups) != 0 {
		t.Errorf("still there after its end: %+v, %d groups", got, len(d.groups))
	}
}

// A table is not read in one instant: parents may be missing, or be their own descendants.
func TestTornTables(t *testing.T) {
	m := newTable(t)
	ns := m.isolated()
	m.add(Process{PID: 100, PPID: 102, Exe: "/a", NS: ns}, session)
	m.add(Process{PID: 101, PPID: 100, Exe: "/b", NS: m.own(ns, proc.Mnt)}, session)
	m.add(Process{PID: 102, PPID: 101, Exe: "/c", NS: m.isolated()}, session)
	m.add(Process{PID: 103, PPID: 103, Exe: "/d", NS: ns}, session)
	m.add(Process{PID: 104, PPID: 77777, Exe: "/e", NS: m.isolated()}, "/docker/"+id(1))
	m.add(Process{PID: 105, PPID: 2, Comm: "kworker", Kernel: true}, "/")
	m.add(Process{PID: 106, PPID: 104, Zombie: true, Comm: "gone", NS: new(proc.Namespaces)}, "/docker/"+id(1))
	m.add(Process{PID: 107, Zombie: true, Comm: "gone", NS: new(proc.Namespaces)}, "/docker/"+id(2))
	seen := map[int]string{}
	for _, c := range m.detect() {
		for _, pid := range c.Members {
			if seen[pid] != "" {
				t.Errorf("process %d is in %s and in %s", pid, seen[pid], c.Key)
			}
			seen[pid] = c.Key
		}
	}
	if seen[104] == "" || seen[106] != seen[104] || seen[107] != "" || seen[105] != "" {
		t.Errorf("owners %v", seen)
	}
	m.host = nil
	for _, c := range m.detect() {
		if c.Engine != Docker {
			t.Errorf("without the host's namespaces found %+v", c)
		}
	}
}

// Ticks are 10 ms long, and PIDs begin anew: a child may have its parent's start time and a smaller PID.
func TestFirstProcess(t *testing.T) {
	m := newTable(t)
	ns := m.isolated()
	m.add(Process{PID: 101, PPID: 32000, Start: 77, Exe: "/child", NS: ns}, "/docker/"+id(1))
	m.add(Process{PID: 32000, Start: 77, Exe: "/init", NS: ns}, "/docker/"+id(1))
	m.add(Process{PID: 32001, Start: 70, Exe: "/usr/bin/nsenter", NS: ns}, session)
	if got := m.detect(); len(got) != 1 || got[0].Init != 32000 {
		t.Errorf("found %+v, want process 32000 as the first", got)
	}
}

func TestEvidence(t *testing.T) {
	m := newTable(t)
	a := id(1)
	m.add(Process{PID: 100, Exe: shimExe, Cmdline: shimArgs("moby", a)}, "/system.slice/docker.service")
	m.add(Process{PID: 4242, PPID: 100, Exe: "/bin/sleep", NS: m.own(m.host, proc.Mnt, proc.PID)}, "/docker/"+a)
	want := []Evidence{
		{"/proc/4242/cgroup", "/docker/" + a},
		{"parent", "containerd-shim-runc-v2 " + a[:12]},
		{"namespaces", "own mnt and pid namespaces"},
	}
	if diff := cmp.Diff(want, m.detect()[0].Evidence); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLongNamesAreBounded(t *testing.T) {
	m := newTable(t)
	m.add(Process{PID: 100, Exe: "/usr/bin/firejail", Cmdline: "firejail\x00--name=" + strings.Repeat("x", 1<<20)}, session)
	m.add(Process{PID: 101, PPID: 100, Exe: "/bin/sh", NS: m.isolated()}, session)
	if name := m.detect()[0].Name; len(name) > maxName {
		t.Errorf("the name has %d bytes", len(name))
	}
}

// A container with --pid=host is in the PID namespace that its engine runs in. When that is one of its own (a machine inside
// a machine), the engine and the other processes of the namespace must not become the container's.
func TestPIDHostInAnEnginesOwnPIDNamespace(t *testing.T) {
	m := newTable(t)
	engine := m.own(m.host, proc.Mnt, proc.PID)
	m.add(Process{PID: 100, Exe: "/usr/bin/dockerd", NS: engine, NSpid: []int{100, 1}}, "/init.scope")
	m.add(Process{PID: 110, PPID: 100, Exe: "/usr/bin/containerd-shim-runc-v2", NS: engine, NSpid: []int{110, 8}}, "/init.scope")
	m.add(Process{PID: 120, PPID: 110, Exe: "/bin/top", NS: m.own(engine, proc.Mnt, proc.Net), NSpid: []int{120, 20}}, "/docker/"+id(1))
	m.add(Process{PID: 130, PPID: 100, Exe: "/bin/sh", NS: engine, NSpid: []int{130, 30}}, "/init.scope")
	for _, c := range m.detect() {
		if c.ID == id(1) && !slices.Equal(c.Members, []int{120}) {
			t.Errorf("the container's processes are %v, want only 120", c.Members)
		}
	}
}
