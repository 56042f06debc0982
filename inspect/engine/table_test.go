package engine

import (
	"testing"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
)

// table builds a process table by hand. Its host is a machine with systemd.
type table struct {
	tb      testing.TB
	procs   []Process
	host    *proc.Namespaces
	nextIno uint64
	cgroups map[string]*cgroup.Membership
}

func newTable(tb testing.TB) *table {
	t := &table{tb: tb, host: hostNS(4026531840, 4026531841), nextIno: 4026532000, cgroups: map[string]*cgroup.Membership{}}
	t.add(Process{PID: 1, Comm: "systemd", Exe: "/usr/lib/systemd/systemd"}, "/init.scope")
	return t
}

// add appends a process: on the host, below PID 1 and as old as its PID says, unless the fields say otherwise.
func (t *table) add(p Process, path string) *Process {
	if p.PID == 0 {
		p.PID = t.procs[len(t.procs)-1].PID + 1
	}
	if p.PPID == 0 && p.PID != 1 {
		p.PPID = 1
	}
	if p.Start == 0 {
		p.Start = uint64(p.PID)
	}
	if p.NS == nil {
		p.NS = t.host
	}
	if p.Root == "" {
		p.Root = "/"
	}
	if p.Comm == "" && p.Exe != "" {
		p.Comm = programOf(&p)
	}
	if path != "" {
		if t.cgroups[path] == nil {
			t.cgroups[path] = membership(t.tb, "0::"+path+"\n")
		}
		p.Cgroup = t.cgroups[path]
	}
	t.procs = append(t.procs, p)
	return &t.procs[len(t.procs)-1]
}

// own is base's namespaces with new ones of some kinds.
func (t *table) own(base *proc.Namespaces, kinds ...proc.NSKind) *proc.Namespaces {
	ns := *base
	for _, k := range kinds {
		t.nextIno++
		ns.Ino[k] = t.nextIno
	}
	return &ns
}

// isolated is what the engines give by default.
func (t *table) isolated() *proc.Namespaces {
	return t.own(t.host, proc.Mnt, proc.PID, proc.Net, proc.IPC, proc.UTS)
}

// detect runs a fresh detector on the table, with a file system that holds no state.
func (t *table) detect() []Container {
	empty := t.tb.TempDir()
	return NewDetector(Options{Root: empty, ProcRoot: empty}).Detect(t.procs, t.host)
}

// id is a container id of 64 digits.
func id(seed byte) string {
	digits := make([]byte, 64)
	for i := range digits {
		digits[i] = "0123456789abcdef"[(int(seed)*7+i*int(seed%5+1))%16]
	}
	return string(digits)
}
