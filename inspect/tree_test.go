package inspect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// known makes namespaces from inode numbers in the order of the kinds; 0 is a link that was denied.
func known(inos ...uint64) *proc.Namespaces {
	ns := &proc.Namespaces{}
	for link := range proc.NSLink(proc.NSLinks) {
		kind := proc.NSLinkKind(link)
		ns.Ino[link], ns.How[link] = inos[kind], reading.How{State: reading.Known}
		if inos[kind] == 0 {
			ns.How[link] = reading.How{State: reading.Denied}
		}
	}
	return ns
}

func member(path string) reading.Of[*cgroup.Membership] {
	return reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: path}}})
}

var epoch = time.Unix(1, 0)

var hostNS = known(1, 2, 3, 4, 5, 6, 7, 8)

func process(pid, ppid int, comm string, ns *proc.Namespaces, path string) Process {
	return Process{
		ID: ID{PID: pid, Start: uint64(pid)}, PPID: ppid, Comm: comm, CPU: float64(pid), RSS: uint64(pid) * 10,
		Facts: &Facts{Read: epoch, NS: ns, Cgroup: member(path)},
	}
}

// machine has a host with three processes, a container db, a container web in db's network, and a container with another
// one inside.
func machine() *Snapshot {
	db := known(11, 12, 13, 14, 15, 6, 7, 8)
	web := known(21, 12, 23, 24, 25, 6, 7, 8)
	outer := known(31, 32, 33, 34, 35, 6, 7, 8)
	inner := known(41, 42, 43, 44, 45, 46, 7, 8)
	procs := []Process{
		process(1, 0, "systemd", hostNS, "/"),
		process(2, 1, "containerd", hostNS, "/system.slice/containerd.service"),
		process(3, 2, "shim", hostNS, "/system.slice/containerd.service"),
		process(10, 3, "redis", db, "/docker/db"),
		process(20, 3, "nginx", web, "/docker/web"),
		process(21, 20, "worker", web, "/docker/web"),
		process(30, 3, "dockerd", outer, "/docker/outer"),
		process(40, 30, "inner", inner, "/docker/outer/docker/inner"),
	}
	found := []engine.Container{
		{Key: "db", Name: "db", Init: 10, Members: []int{10}},
		{Key: "web", Name: "web", Init: 20, Members: []int{20, 21}},
		{Key: "outer", Name: "outer", Init: 30, Members: []int{30}},
		{Key: "inner", Name: "inner", Init: 40, Members: []int{40}, Parent: "outer"},
	}
	return Assemble(Host{NS: hostNS}, procs, found)
}

func draw(nodes []*Node, indent string) string {
	var b strings.Builder
	for _, n := range nodes {
		name := n.Path
		switch n.Kind {
		case HostNode:
			name = "host"
		case ContainerNode:
			name = "[" + n.Container.Name + "]"
		case KindNode:
			name = n.NSKind.String()
		case NamespaceNode:
			name = fmt.Sprintf("%s:%d", n.NSKind, n.Namespace.ID.Ino)
		case ProcessNode:
			name = n.Process.Comm
		}
		fmt.Fprintf(&b, "%s%s %d\n", indent, name, n.Count)
		b.WriteString(draw(n.Children, indent+"  "))
	}
	return b.String()
}

func TestTree(t *testing.T) {
	s := machine()
	tests := []struct {
		name string
		by   Grouping
		o    TreeOptions
		want string
	}{
		{"by container", ByContainer, TreeOptions{}, `
host 3
  systemd 3
    containerd 2
      shim 1
[db] 1
  redis 1
[web] 2
  nginx 2
    worker 1
[outer] 2
  dockerd 1
  [inner] 1
    inner 1
`},
		{"by process", ByProcess, TreeOptions{}, `
systemd 8
  containerd 7
    shim 6
      redis 1
      nginx 2
        worker 1
      dockerd 2
        inner 1
`},
		{"by cgroup", ByCgroup, TreeOptions{}, `
/ 8
  systemd 1
  /docker 5
    /docker/db 1
      redis 1
    /docker/outer 2
      dockerd 1
      /docker/outer/docker 1
        /docker/outer/docker/inner 1
          inner 1
    /docker/web 2
      nginx 2
        worker 1
  /system.slice 2
    /system.slice/containerd.service 2
      containerd 2
        shim 1
`},
		{"sorted by memory", ByProcess, TreeOptions{Order: Orders["mem"], Keep: func(p *Process) bool { return p.PID >= 20 }}, `
dockerd 2
  inner 1
nginx 2
  worker 1
`},
		{"only the inner container", ByContainer, TreeOptions{Keep: func(p *Process) bool { return p.PID == 40 }}, `
[outer] 1
  [inner] 1
    inner 1
`},
		{"only the outer container", ByContainer, TreeOptions{Keep: func(p *Process) bool { return p.PID == 30 }}, `
[outer] 1
  dockerd 1
`},
		{"nothing kept", ByCgroup, TreeOptions{Keep: func(*Process) bool { return false }}, ""},
		{"no container kept", ByContainer, TreeOptions{Keep: func(*Process) bool { return false }}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := draw(Tree(s, tt.by, tt.o), "")
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), got); diff != "" {
				t.Errorf("tree differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTreeByNamespaceHoldsEveryMemberOnce(t *testing.T) {
	s := machine()
	for _, kind := range Tree(s, ByNamespace, TreeOptions{}) {
		if kind.Count != len(s.Procs) {
			t.Errorf("%s namespaces hold %d processes, want %d", kind.NSKind, kind.Count, len(s.Procs))
		}
	}
}

func TestFingerprint(t *testing.T) {
	s := machine()
	draw := func(pid int) string {
		out := ""
		for _, c := range s.Fingerprint(s.ByPID(pid).Facts.NS) {
			switch c.Kind {
			case CellHost:
				out += "."
			case CellOwn:
				out += "#"
			case CellShared:
				out += string(c.Letter)
			default:
				out += "?"
			}
		}
		return out
	}
	for pid, want := range map[int]string{1: "........", 10: "#A###...", 21: "#A###...", 30: "#####...", 40: "######.."} {
		if got := draw(pid); got != want {
			t.Errorf("fingerprint of %d is %s, want %s", pid, got, want)
		}
	}
	if shares := s.Shares(); len(shares) != 1 || len(shares[0].Containers) != 2 || shares[0].Namespaces[0].Kind != proc.Net {
		t.Errorf("shares = %+v, want the net namespace of db and web", shares)
	}
}

func TestFingerprintOfUnknown(t *testing.T) {
	s := Assemble(Host{NS: hostNS}, []Process{process(7, 1, "denied", known(0, 0, 0, 0, 0, 0, 0, 0), "/")}, nil)
	for kind, c := range s.Fingerprint(s.Procs[0].Facts.NS) {
		if c.Kind != CellUnknown {
			t.Errorf("cell %d of a denied link is %v, want unknown", kind, c.Kind)
		}
	}
	if s.Denied != 1 {
		t.Errorf("Denied = %d, want 1", s.Denied)
	}
}

func TestByIDKnowsAReusedPID(t *testing.T) {
	s := machine()
	if s.ByID(ID{PID: 10, Start: 10}) == nil {
		t.Error("the process itself is not found")
	}
	if s.ByID(ID{PID: 10, Start: 9}) != nil {
		t.Error("a process that reuses the PID is taken for the old one")
	}
}
