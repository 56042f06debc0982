package compare

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/inside"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/secret"
	"cutaway/inspect/security"
)

// numbered are ten links to namespaces; those of some kinds begin at another number than the host's.
func numbered(own uint64, kinds ...proc.NSKind) *proc.Namespaces {
	var ns proc.Namespaces
	for link := range ns.Ino {
		ns.Ino[link] = 100 + uint64(proc.NSLinkKind(proc.NSLink(link)))
		ns.How[link].State = reading.Known
	}
	for _, kind := range kinds {
		for link := range ns.Ino {
			if proc.NSLinkKind(proc.NSLink(link)) == kind {
				ns.Ino[link] += own
			}
		}
	}
	return &ns
}

func process(pid, ppid int, comm string, ns *proc.Namespaces, nspid ...int) inspect.Process {
	return inspect.Process{
		ID: inspect.ID{PID: pid, Start: uint64(pid)}, PPID: ppid, Comm: comm,
		Facts: &inspect.Facts{
			NS: ns, Cgroup: reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: "/" + comm}}}),
			Root: reading.Value("/"), Cmdline: reading.Value(comm + "\x00-x\x00"),
			Label: reading.Of[security.Label]{How: reading.How{State: reading.Absent}},
			Status: reading.Value(&proc.Status{
				NSpid: nspid, CapPrm: 7, CapEff: 7, CapBnd: reading.Value[uint64](7), CapAmb: reading.Value[uint64](0),
				NoNewPrivs: reading.Value(false), Seccomp: reading.Value[uint8](0),
			}),
		},
	}
}

// machine is a host with a shell, and a container of two processes, of which one made a PID namespace below; an exec'd process has a
// parent outside, and so has one in the namespace below.
func machine() *inspect.Snapshot {
	host, box := numbered(0), numbered(1000, proc.Mnt, proc.PID, proc.UTS, proc.Net, proc.User, proc.Time)
	below := numbered(2000, proc.PID)
	below.Ino[proc.Mnt] = box.Ino[proc.Mnt]
	procs := []inspect.Process{
		process(1, 0, "init", host, 1),
		process(2, 0, "kthreadd", host, 2),
		process(10, 1, "shell", host, 10),
		process(20, 1, "box", box, 20, 1),
		process(21, 20, "worker", box, 21, 7),
		process(22, 21, "deep", below, 22, 8, 1),
		process(30, 10, "exec", box, 30, 9),
		process(31, 10, "exec-deep", below, 31, 10, 2),
		process(32, 30, "child", numbered(0), 32, 11),
		process(40, 1, "other", numbered(3000, proc.PID), 40, 1),
	}
	procs[1].Kernel = true
	// Namespaces that cannot be read: the parents tell.
	procs[8].Facts.NS = &proc.Namespaces{}
	for link := range procs[8].Facts.NS.How {
		procs[8].Facts.NS.How[link] = reading.How{State: reading.Denied, Errno: uint16(syscall.EACCES)}
	}
	s := inspect.Assemble(inspect.Host{NS: host, InitSeen: true, Boot: time.Unix(1, 0)}, procs, nil)
	return s
}

func detailOf(p *inspect.Process) *inspect.Detail {
	return &inspect.Detail{
		ID: p.ID, Environ: reading.Value([]proc.EnvVar{{Name: "PATH", Value: "/bin"}, {Name: "TOKEN", Value: "one"}, {Name: "PATH", Value: "/second"}}),
		Mounts: reading.Value([]proc.Mount{
			{MountPoint: "/", FSType: "ext4", Source: "/dev/vda", Root: "/", Options: "rw", SuperOptions: "rw"},
			{MountPoint: "/mnt", FSType: "tmpfs", Source: "below", Root: "/", Options: "rw"},
			{MountPoint: "/mnt", FSType: "tmpfs", Source: "above", Root: "/sub", Options: "ro"},
		}),
		Limits:      reading.Value([]proc.ResourceLimit{{Name: "Max open files", Soft: proc.LimitValue{N: 1024}, Hard: proc.LimitValue{Unlimited: true}, Unit: "files"}}),
		TimeOffsets: reading.Value([]proc.TimeOffset{{Clock: "monotonic"}, {Clock: "boottime"}}),
		Listening: reading.Value([]inspect.Listener{
			{Socket: proc.Socket{Proto: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:80"), State: "LISTEN"}},
			{Socket: proc.Socket{Proto: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:80"), State: "LISTEN"}},
			{Socket: proc.Socket{Proto: "unix", Path: "/run/x", State: "LISTEN"}},
			{Socket: proc.Socket{Proto: "unix", Path: "@abstract", State: "LISTEN"}},
		}),
		Maps: inspect.IDMaps{
			UID: reading.Value([]proc.IDMapping{{Count: 1<<32 - 1}}), GID: reading.Value([]proc.IDMapping{{Count: 1<<32 - 1}}),
			Setgroups: reading.Value("allow\n"),
		},
		Cgroup: &cgroup.Usage{
			Path: "/box", EffectiveMemory: cgroup.Effective{Limit: reading.Value(cgroup.Limit{Unlimited: true})},
			EffectiveCPU: cgroup.Effective{Limit: reading.Value(cgroup.Limit{Unlimited: true}), Above: true},
			CPUWeight:    reading.Value[uint64](100),
		},
	}
}

func insideOf() *inside.View {
	v := &inside.View{Uptime: reading.Value(time.Hour)}
	v.Hostname, v.Domainname = reading.Value("host"), reading.Value("(none)")
	v.Cgroup = reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: "/box"}}})
	v.Sysctls = []inside.Sysctl{{Name: "net.ipv4.ip_forward", Kind: "net", Value: reading.Value("0")}}
	v.Interfaces = reading.Value([]inside.Interface{{Name: "lo", Up: true, MTU: 65536, Addresses: []string{"127.0.0.1/8"}}})
	v.Routes = reading.Value([]inside.Route{{Destination: "default", Gateway: "10.0.0.1", Interface: "eth0"}, {Destination: "10.0.0.0/8", Metric: 3}, {Destination: "10.0.0.0/8", Interface: "eth1"}})
	v.System, v.SystemFile = reading.Value("Debian"), "/etc/os-release"
	v.Users = reading.Value([]inside.User{{Name: "root", Home: "/root", Sh: "/bin/sh"}, {Name: "toor"}, {ID: 1000, Name: "me"}})
	v.Groups = reading.Value([]inside.User{{Name: "root"}})
	return v
}

func sideOf(s *inspect.Snapshot, pid int) *Side {
	p := s.ByPID(pid)
	return &Side{Title: p.Comm, Snapshot: s, Process: p, Detail: detailOf(p), Inside: insideOf()}
}

// find is a row by its group and key.
func find(t *testing.T, groups []Group, name, key string) *Row {
	t.Helper()
	for i := range groups {
		for j := range groups[i].Rows {
			if groups[i].Name == name && groups[i].Rows[j].Key == key {
				return &groups[i].Rows[j]
			}
		}
	}
	t.Fatalf("there is no row %s/%s", name, key)
	return nil
}

func rowText(r *Row) string {
	side := func(v *Value) string {
		switch {
		case v == nil || v.How.State == reading.Absent:
			return "-"
		case !v.How.OK():
			return "(" + v.How.String() + ")"
		}
		return v.Text
	}
	words := fmt.Sprintf("%s: %s | %s", r.State, side(r.Left), side(r.Right))
	if r.Note != "" {
		words += " | " + r.Note
	}
	return words
}

func TestWithItselfNothingDiffers(t *testing.T) {
	s := machine()
	for _, pid := range []int{1, 20, 22, 30} {
		groups := Compare(sideOf(s, pid), sideOf(s, pid))
		if Differ(groups) {
			t.Errorf("process %d differs from itself", pid)
		}
		for i := range groups {
			g := &groups[i]
			if len(g.Rows) == 0 || g.Title == "" || len(g.Try) == 0 {
				t.Errorf("%s: %d rows", g.Name, len(g.Rows))
			}
			for j := range g.Rows {
				if r := &g.Rows[j]; r.State != Same && g.Name != "cgroup" {
					t.Errorf("process %d, %s/%s: %s", pid, g.Name, r.Key, rowText(r))
				}
			}
		}
	}
}

func TestGroups(t *testing.T) {
	s := machine()
	l, r := sideOf(s, 1), sideOf(s, 20)
	st := r.Process.Facts.Status.Value
	st.UID, st.GID, st.Groups = [4]uint32{100000, 100000, 1, 1}, [4]uint32{5, 5, 5, 5}, []uint32{100010, 5}
	st.CapEff, st.Seccomp, st.SeccompFilters, st.NoNewPrivs = 1, reading.Value[uint8](2), reading.Value[uint32](1), reading.Value(true)
	r.Process.Facts.Label = reading.Value(security.Label{Raw: "docker-default (enforce)"})
	d := r.Detail
	d.Environ.Value = []proc.EnvVar{{Name: "TOKEN", Value: "two"}, {Name: "HOME", Value: "/root"}, {Name: "PATH", Value: "/bin"}}
	d.Maps.UID = reading.Value([]proc.IDMapping{{Outside: 100000, Count: 65536}})
	d.Maps.GID = d.Maps.UID
	d.Mounts.Value[0] = proc.Mount{MountPoint: "/", FSType: "overlay", Source: "overlay", Root: "/", Options: "ro", SuperOptions: "rw,lowerdir=/a:/b,upperdir=/u"}
	d.Limits.Value = nil
	d.TimeOffsets = reading.Value([]proc.TimeOffset{{Clock: "boottime", Offset: time.Hour}})
	d.Listening = reading.Of[[]inspect.Listener]{How: reading.How{State: reading.Denied, Errno: uint16(syscall.EACCES)}}
	d.Cgroup = &cgroup.Usage{
		Path: "/box", EffectiveMemory: cgroup.Effective{Limit: reading.Value(cgroup.Limit{Value: 64 << 20}), Path: "/above"},
		EffectiveCPU: cgroup.Effective{Limit: reading.Value(cgroup.Limit{Value: 1500}), Path: "/box"},
		CPUWeight:    reading.Value[uint64](100),
	}
	v := r.Inside
	v.Hostname, v.Uptime = reading.Value("box"), reading.Value(2*time.Hour)
	v.Cgroup = reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: "/"}}})
	v.Interfaces.Value = []inside.Interface{{Name: "lo", MTU: 65536}, {Name: "eth0", Up: true, MTU: 1500, Hardware: "02:42:ac:11:00:02"}}
	v.Routes.Value = []inside.Route{{Destination: "10.0.0.0/8", Interface: "eth0"}}
	v.System = reading.Error[string](syscall.ENOENT)
	v.Users = reading.Error[[]inside.User](syscall.EMEDIUMTYPE)
	v.Groups.Value = []inside.User{{Name: "wheel"}}
	v.Sysctls[0].Value = reading.Error[string](syscall.EPERM)
	groups := Compare(l, r)
	for key, want := range map[string]string{
		"namespaces/net":              fmt.Sprintf("different: %d | %d", 100+int(proc.Net), 1100+int(proc.Net)),
		"namespaces/cgroup":           fmt.Sprintf("same: %d | %[1]d", 100+int(proc.Cgroup)),
		"names/hostname":              "different: host | box",
		"names/domainname":            "same: (none) | (none)",
		"identity/uid":                "different: 0 | 0 inside, 100000 outside",
		"identity/gid":                "different: 0 | 5",
		"identity/groups":             "different:  | 10 inside, 100010 outside, 5",
		"identity/uid_map":            "different: every id to itself | 0→100000 +65536",
		"identity/setgroups":          "same: allow | allow",
		"processes/1":                 "only_left: 1 | -",
		"processes/20":                "different: 20 | 1",
		"processes/22":                "different: 22 | 8",
		"processes/30":                "different: 30 | 9",
		"processes/31":                "different: 31 | 10",
		"processes/32":                "different: 32 | 11",
		"processes/40":                "only_left: 40 | -",
		"capabilities/CapEff":         "different: 0000000000000007 | 0000000000000001 | only left: dac_override dac_read_search",
		"capabilities/CapPrm":         "same: 0000000000000007 | 0000000000000007",
		"confinement/seccomp":         "different: off | filter, 1",
		"confinement/no_new_privs":    "different: off | on",
		"confinement/label":           "only_right: - | docker-default (enforce)",
		"cgroup/path":                 "different: /init | /box",
		"cgroup/inside":               "different: /box | /",
		"cgroup/MemoryLimit":          "different: none | 64M | the right's is set by /above",
		"cgroup/EffectiveCPU":         "different: none here; a smaller one may stand above | 1.5 cores",
		"cgroup/CPUWeight":            "same: 100 | 100",
		"cgroup/Frozen":               "unknown: (not read) | (not read)",
		"root/mount":                  "different: ext4 /dev/vda writable | overlay overlay read-only",
		"root/layers":                 "different: none | 2 below, upper /u",
		"root/system":                 "only_left: Debian | -",
		"mounts//mnt":                 "same: tmpfs above[/sub] ro private | tmpfs above[/sub] ro private",
		"users/users":                 "unknown: 3 listed | (failed (wrong medium type)) | /etc/passwd is no regular file there, and is not opened",
		"users/group 0":               "different: root | wheel",
		"network/lo":                  "different: up 127.0.0.1/8 mtu 65536 | down mtu 65536",
		"network/eth0":                "only_right: - | up mtu 1500 02:42:ac:11:00:02",
		"network/route default":       "only_left: via 10.0.0.1 dev eth0 | -",
		"network/route 10.0.0.0/8":    "different: refused metric 3 | dev eth0",
		"network/route 10.0.0.0/8 2":  "only_left: dev eth1 | -",
		"network/listening":           "unknown: 2 listed | (denied (permission denied))",
		"environment/TOKEN":           "different: ******** | ********",
		"environment/HOME":            "only_right: - | /root",
		"environment/PATH":            "same: /bin | /bin",
		"rlimits/Max open files":      "only_left: 1024 up to unlimited files | -",
		"sysctls/net.ipv4.ip_forward": "unknown: 0 | (denied (operation not permitted))",
		"time/boottime":               "different: 0s | 1h0m0s",
		"time/monotonic":              "same: 0s | 0s",
		"time/uptime":                 "different: 1h0m0s | 2h0m0s",
	} {
		name, k, _ := strings.Cut(key, "/")
		if got := rowText(find(t, groups, name, k)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", key, got, want)
		}
	}
	for i := range groups {
		if groups[i].Name == "processes" {
			for _, r := range groups[i].Rows {
				if r.Key == "2" {
					t.Error("a kernel thread is a row")
				}
			}
		}
	}
	if !Differ(groups) {
		t.Error("they differ")
	}
}

// A secret is never in a value, nor in what tells where it comes from.
func TestSecretsAreMasked(t *testing.T) {
	s := machine()
	l, r := sideOf(s, 1), sideOf(s, 20)
	r.Detail.Environ.Value = []proc.EnvVar{{Name: "TOKEN", Value: "one"}, {Name: "DB_PASSWORD", Value: "hunter2"}}
	groups := Compare(l, r)
	if got := rowText(find(t, groups, "environment", "TOKEN")); got != "same: ******** | ********" {
		t.Error(got)
	}
	if all := fmt.Sprintf("%+v", groups); strings.Contains(all, "hunter2") || strings.Contains(all, "one|") {
		t.Error("a secret is shown")
	}
	if v := find(t, groups, "environment", "DB_PASSWORD").Right; v.Text != secret.Mask || v.From.Raw.Value == "hunter2" {
		t.Errorf("%+v", v)
	}
}

// What cannot be read is unknown, and no difference.
func TestRefused(t *testing.T) {
	denied := reading.How{State: reading.Denied, Errno: uint16(syscall.EACCES)}
	s := machine()
	p := s.ByPID(40)
	p.Facts = &inspect.Facts{NS: &proc.Namespaces{}}
	for link := range p.Facts.NS.How {
		p.Facts.NS.How[link] = denied
	}
	f := p.Facts
	f.Cgroup.How, f.Status.How, f.Cmdline.How, f.Root.How, f.Label.How = denied, denied, denied, denied, denied
	r := &Side{Title: "refused", Snapshot: s, Process: p, NotInside: denied}
	groups := Compare(sideOf(s, 1), r)
	if Differ(groups) {
		t.Error("what is unknown differs")
	}
	for i := range groups {
		for j := range groups[i].Rows {
			if row := &groups[i].Rows[j]; row.State != Unknown || row.Right.Text != "" {
				t.Errorf("%s/%s: %s", groups[i].Name, row.Key, rowText(row))
			}
		}
	}
}

// Many processes that one side alone sees are one row.
func TestManyProcessesAreCounted(t *testing.T) {
	host, box := numbered(0), numbered(1000, proc.PID)
	procs := []inspect.Process{process(1, 0, "init", host, 1), process(2, 1, "box", box, 2, 1)}
	for pid := 3; pid < 3+mostAlone; pid++ {
		procs = append(procs, process(pid, 1, "p", host, pid))
	}
	s := inspect.Assemble(inspect.Host{NS: host}, procs, nil)
	groups := Compare(sideOf(s, 1), sideOf(s, 2))
	if got := rowText(find(t, groups, "processes", "others")); got != fmt.Sprintf("only_left: %d more that the right does not see | -", mostAlone+1) {
		t.Error(got)
	}
	find(t, groups, "processes", "2")
	groups = Compare(sideOf(s, 2), sideOf(s, 1))
	if got := rowText(find(t, groups, "processes", "others_right")); !strings.HasPrefix(got, "only_right: - | ") {
		t.Error(got)
	}
}

// The file of offsets tells of the children's namespace; for a process whose children will be elsewhere it says nothing.
func TestOffsetsOfTheChildren(t *testing.T) {
	s := machine()
	moved := numbered(1000, proc.Time)
	moved.Ino[proc.Time] = 5
	p := s.ByPID(20)
	p.Facts.NS = moved
	r := sideOf(s, 20)
	r.Detail.TimeOffsets = reading.Value([]proc.TimeOffset{{Clock: "boottime", Offset: time.Hour}})
	if got := (&view{r}).ahead("boottime"); got.How.State != reading.NotRead {
		t.Errorf("offset %v", got)
	}
	moved.Ino[proc.Time] = s.Host.NS.Ino[proc.Time]
	if got := (&view{r}).ahead("boottime"); got != reading.Value(time.Duration(0)) {
		t.Errorf("the host's offset is %v", got)
	}
}

func TestHost(t *testing.T) {
	s := machine()
	if p := Host(s, 10); p.PID != 1 || HostTitle(p) != "host" {
		t.Errorf("the host is %v, %q", p.ID, HostTitle(p))
	}
	s.ByPID(1).Facts.NS = &proc.Namespaces{}
	if p := Host(s, 10); p.PID != 10 || HostTitle(p) != "cutaway itself" {
		t.Errorf("the host is %v, %q", p.ID, HostTitle(p))
	}
	if p := Host(s, 99999); p != nil {
		t.Errorf("the host is %v", p.ID)
	}
}
