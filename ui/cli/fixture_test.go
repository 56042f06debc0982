package cli

import (
	"net/netip"
	"path/filepath"
	"syscall"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/inspect/users"
	"cutaway/ui/text"
)

// evil is a name that would colour a terminal, ring its bell and end in a byte that is not UTF-8.
const evil = "\x1b[31mevil\a\xff"

var (
	denied = reading.How{State: reading.Denied, Errno: uint16(syscall.EACCES)}
	absent = reading.How{State: reading.Absent, Errno: uint16(syscall.EINVAL)}
)

// hostNamespaces are ten links of the host.
func hostNamespaces() *proc.Namespaces {
	var ns proc.Namespaces
	for link := range ns.Ino {
		ns.Ino[link] = 4026531830 + uint64(proc.NSLinkKind(proc.NSLink(link)))
		ns.How[link].State = reading.Known
	}
	return &ns
}

// containerNamespaces are the host's with others for the kinds of a Docker container.
func containerNamespaces(first, net uint64) *proc.Namespaces {
	ns := hostNamespaces()
	for _, kind := range []proc.NSKind{proc.Mnt, proc.PID, proc.IPC, proc.UTS} {
		ns.Ino[kind] = first + uint64(kind)
	}
	ns.Ino[proc.PIDForChildren] = ns.Ino[proc.PID]
	ns.Ino[proc.Net] = net
	return ns
}

func known0(text string) reading.Of[string] { return reading.Value(text) }

// processOf makes a process of which everything is known.
func processOf(pid, ppid int, comm, cmdline string, uid uint32, ns *proc.Namespaces, path string, nspid ...int) inspect.Process {
	return inspect.Process{
		ID: inspect.ID{PID: pid, Start: uint64(100 * pid)}, How: reading.How{State: reading.Known},
		PPID: ppid, State: 'S', Threads: 1, Comm: comm, CPUTime: 150, RSS: 8<<20 + 300<<10,
		Facts: &inspect.Facts{
			Read:    time.Unix(1, 0),
			NS:      ns,
			Cgroup:  reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: path}}}),
			Label:   reading.Value(security.Label{LSM: "apparmor", Profile: "docker-default", Mode: "enforce", Raw: "docker-default (enforce)"}),
			Cmdline: known0(cmdline), Exe: known0("/usr/bin/" + comm), Cwd: known0("/"), Root: known0("/"),
			Status: reading.Value(&proc.Status{
				Umask: reading.Value[uint32](0o22), Tgid: pid, UID: [4]uint32{uid, uid, uid, uid}, GID: [4]uint32{uid, uid, uid, uid},
				Groups: []uint32{uid}, NSpid: nspid, Kthread: reading.Value(false),
				SigCaught: 1<<14 | 1<<1, CapPrm: 0xa80425fb, CapEff: 0xa80425fb, CapBnd: reading.Value[uint64](0xa80425fb),
				CapAmb: reading.Value[uint64](0), NoNewPrivs: reading.Value(true), Seccomp: reading.Value[uint8](2),
				SeccompFilters: reading.Value[uint32](1), VMSwap: reading.Value[uint64](0), VMHWM: reading.Value[uint64](9 << 20),
			}),
		},
	}
}

// refusedProcess is one of another user: only stat can be read.
func refusedProcess(pid int) inspect.Process {
	p := processOf(pid, 1, "private", "", 0, &proc.Namespaces{}, "/", pid)
	p.Facts = &inspect.Facts{Read: time.Unix(1, 0), NS: &proc.Namespaces{}}
	for link := range p.Facts.NS.How {
		p.Facts.NS.How[link] = denied
	}
	f := p.Facts
	f.Cgroup.How, f.Status.How, f.Cmdline.How = denied, denied, denied
	f.Exe.How, f.Cwd.How, f.Root.How, f.Label.How = denied, denied, denied, absent
	return p
}

// fixture is a small machine: the host, a database and a web server in its network, a hostile process and a closed one.
func fixture() *inspect.Snapshot {
	host := hostNamespaces()
	const dbPath = "/docker/397f67197f60aabbccdd397f67197f60aabbccdd397f67197f60aabbccddeeff"
	systemd := processOf(1, 0, "systemd", "/sbin/init\x00", 0, host, "/init.scope", 1)
	systemd.Facts.Status.Value.CapEff = 1<<41 - 1
	systemd.Facts.Label = reading.Value(security.Label{LSM: "apparmor", Profile: "unconfined", Raw: "unconfined"})
	kthreadd := processOf(2, 0, "kthreadd", "", 0, host, "/", 2)
	kthreadd.Kernel, kthreadd.RSS = true, 0
	kthreadd.Facts.Exe.How = absent
	sshd := processOf(840, 1, "sshd", "sshd: /usr/sbin/sshd -D\x00", 0, host, "/system.slice/ssh.service", 840)
	zombie := processOf(841, 840, "sh", "", 1000, host, "/system.slice/ssh.service", 841)
	zombie.State, zombie.RSS = 'Z', 0
	redis := processOf(4242, 1, "redis-server", "redis-server *:6379\x00", 999, containerNamespaces(4026532500, 4026532600), dbPath, 4242, 1)
	httpd := processOf(4310, 1, "httpd", "/bin/httpd\x00-f\x00-h\x00/my www\x00", 0, containerNamespaces(4026532700, 4026532600), "/docker/5555", 4310, 1)
	worker := processOf(4341, 4310, "httpd", "/bin/httpd\x00-f\x00", 0, httpd.Facts.NS, "/docker/5555", 4341, 29)
	hostile := processOf(5000, 840, evil, evil+"\x00two\nlines\x00", 1000, host, "/system.slice/\x1b[2J", 5000)
	usage := &cgroup.Usage{
		Path: dbPath, MemoryUsage: reading.Value[uint64](8 << 20), MemoryWorking: reading.Value[uint64](6 << 20),
		MemoryPeak: reading.Value[uint64](12 << 20), MemoryLimit: reading.Value(cgroup.Limit{Value: 128 << 20}),
		MemorySwap: reading.Value[uint64](0), SwapLimit: reading.Value(cgroup.Limit{Unlimited: true}),
		OOMKills: reading.Value[uint64](1), CPUTime: reading.Value[uint64](1_500_000),
		CPUQuota: reading.Value(cgroup.Limit{Value: 50_000}), CPUPeriod: reading.Value[uint64](100_000),
		CPUWeight: reading.Value[uint64](100), Periods: reading.Value[uint64](2411), Throttled: reading.Value[uint64](12),
		ThrottledTime: reading.Value[uint64](340_000), PIDs: reading.Value[uint64](6),
		PIDsLimit: reading.Value(cgroup.Limit{Value: 64}), Frozen: reading.Value(false), Populated: reading.Value(true),
		MemoryPressure:  reading.Value(cgroup.Pressure{Some: [3]float64{0.5, 0.25, 0}}),
		CPUPressure:     reading.Value(cgroup.Pressure{Some: [3]float64{12, 3, 1}}),
		IOPressure:      reading.Of[cgroup.Pressure]{How: absent},
		EffectiveMemory: cgroup.Effective{Limit: reading.Value(cgroup.Limit{Value: 128 << 20}), Path: dbPath, File: "/sys/fs/cgroup" + dbPath + "/memory.max"},
		EffectiveCPU:    cgroup.Effective{Limit: reading.Value(cgroup.Limit{Value: 500}), Path: dbPath, File: "/sys/fs/cgroup" + dbPath + "/cpu.max"},
		EffectivePIDs:   cgroup.Effective{Limit: reading.Value(cgroup.Limit{Unlimited: true}), Above: true},
	}
	machine := inspect.Host{
		Name: "node7", Kernel: "6.18.1", CgroupMode: cgroup.V2, CPUs: 2, Memory: 4 << 30, Boot: time.Unix(1_700_000_000, 0),
		InitSeen: true, NS: host, NSDev: 4,
	}
	s := inspect.Assemble(machine, []inspect.Process{
		systemd, kthreadd, refusedProcess(700), sshd, zombie, redis, httpd, worker, hostile,
	}, []engine.Container{
		{
			Key: "docker/397f", Engine: "docker", ID: dbPath[len("/docker/"):], Name: "db", Image: "deb-redis:1", Runtime: "runc",
			Init: 4242, Members: []int{4242}, Evidence: []engine.Evidence{{Source: "/proc/4242/cgroup", Text: dbPath}},
		},
		{
			Key: "kubernetes/5555", Engine: "kubernetes", ID: "5555", Name: "web", Pod: engine.Pod{UID: "b0d5", Name: "shop", Namespace: "prod", QoS: "Burstable"},
			Init: 4310, Members: []int{4310, 4341}, Evidence: []engine.Evidence{{Source: "parent", Text: "containerd-shim"}},
		},
	})
	s.Seq, s.Taken, s.Took = 1, time.Unix(1_700_086_400, 0).UTC(), 12*time.Millisecond
	s.Containers[0].Usage = usage
	return s
}

// fixtureUptime is a day.
const fixtureUptime = 24 * time.Hour

// fixtureView shows the fixture without a terminal.
func fixtureView() *view {
	v := &view{
		Snapshot: fixture(), st: &style{glyphs: text.Unicode}, uptime: fixtureUptime,
		names: users.Open(filepath.Join("testdata", "root")), eyes: &live{o: inspect.Options{Proc: "testdata/proc"}},
	}
	v.MeanCPU(v.uptime)
	return v
}

// fixtureDetail is what the detail reader may find out about the database.
func fixtureDetail(v *view) *inspect.Detail {
	p := v.ByPID(4242)
	d := &inspect.Detail{
		ID: p.ID, Cmdline: p.Facts.Cmdline, Taken: v.Taken,
		Environ: reading.Value([]proc.EnvVar{
			{Name: "PATH", Value: "/usr/bin:/bin"}, {Name: "DB_PASSWORD", Value: "hunter2"}, {Name: "EVIL", Value: evil}, {Name: "bare", Bare: true},
		}),
		Mounts: reading.Value([]proc.Mount{
			{ID: 900, Parent: 800, Minor: 51, Root: "/", MountPoint: "/", Options: "rw,relatime", Propagation: []string{"master:1"}, FSType: "overlay", Source: "overlay", SuperOptions: "rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w"},
			{ID: 901, Parent: 900, Minor: 52, Root: "/", MountPoint: "/my proc\n", Options: "rw", FSType: "proc", Source: "proc", SuperOptions: "rw"},
		}),
		Limits: reading.Value([]proc.ResourceLimit{
			{Name: "Max open files", Soft: proc.LimitValue{N: 1024}, Hard: proc.LimitValue{Unlimited: true}, Unit: "files"},
		}),
		Files: reading.Value([]inspect.OpenFile{
			{FD: 0, Kind: inspect.DeviceFile, Target: "/dev/null", Info: reading.Value(proc.FDInfo{Flags: 0o100002})},
			{FD: 6, Kind: inspect.SocketFile, Target: "socket:[77]", About: "tcp 0.0.0.0:6379 LISTEN", Info: reading.Of[proc.FDInfo]{How: denied}},
		}),
		OOMScore: reading.Value(670), OOMScoreAdj: reading.Value(0),
		TimeOffsets: reading.Value([]proc.TimeOffset{{Clock: "monotonic"}, {Clock: "boottime", Offset: 1500 * time.Millisecond}}),
		IO:          reading.Value(inspect.IO{ReadChars: 10, WriteChars: 20, ReadBytes: 4096, WriteBytes: 8192}),
		CPUWait:     reading.Value(7 * time.Millisecond),
		Interfaces:  reading.Value([]proc.Interface{{Name: "eth0", RxBytes: 2048, TxBytes: 100, RxErrors: 1}}),
		Listening: reading.Value([]inspect.Listener{
			{Socket: proc.Socket{Proto: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:6379"), State: "LISTEN", Inode: 77}, FD: 6},
			{Socket: proc.Socket{Proto: "unix", Path: "@\x1b[2J", State: "LISTEN", Inode: 78}, FD: -1},
		}),
		Maps: inspect.IDMaps{
			UID: reading.Value([]proc.IDMapping{{Outside: 100000, Count: 65536}}), GID: reading.Of[[]proc.IDMapping]{How: denied},
			Setgroups: reading.Value("allow\n"),
		},
		Cgroup: v.Containers[0].Usage,
		CgroupFiles: []cgroup.Entry{
			{Controller: "memory", Name: "memory.max", File: "/sys/fs/cgroup/docker/memory.max", Raw: reading.Value("134217728\n")},
			{Controller: "io", Name: "io.pressure", File: "/sys/fs/cgroup/docker/io.pressure", Raw: reading.Of[string]{How: absent}},
		},
		Cut: []string{"mountinfo"},
	}
	for link := range d.Namespaces {
		n := &d.Namespaces[link]
		n.Ino = reading.Value(p.Facts.NS.Ino[link])
		n.Owner = reading.Value(p.Facts.NS.Ino[proc.User])
		n.Parent.How, n.OwnerUID.How = absent, absent
	}
	d.Namespaces[proc.PID].Parent = reading.Value(v.Host.NS.Ino[proc.PID])
	d.Namespaces[proc.User].Parent.How = reading.How{State: reading.Denied, Errno: uint16(syscall.EPERM)}
	d.Namespaces[proc.User].OwnerUID = reading.Value[uint32](0)
	return d
}

// fixtureCensus is what the ns ioctls and a look at mounts and descriptors may add to the fixture.
func fixtureCensus(v *view) *inspect.Census {
	census := &inspect.Census{Unread: 1}
	user := inspect.NSID{Dev: 4, Ino: v.Host.NS.Ino[proc.User]}
	for _, n := range v.Namespaces {
		o := &inspect.NamespaceObject{Namespace: n, Owner: reading.Value(user)}
		o.Parent.How, o.CreatorUID.How = absent, absent
		if len(n.Members) > 0 {
			o.First = &v.Procs[n.Members[0]]
		}
		if n.Kind == proc.PID && !n.Host {
			o.Parent = reading.Value(inspect.NSID{Dev: 4, Ino: v.Host.NS.Ino[proc.PID]})
		}
		if n.Kind == proc.User {
			o.Owner.How = reading.How{State: reading.Denied, Errno: uint16(syscall.EPERM)}
			o.Parent.How, o.CreatorUID = o.Owner.How, reading.Value[uint32](0)
		}
		census.Namespaces = append(census.Namespaces, o)
	}
	bound := &inspect.NamespaceObject{
		Namespace: &inspect.Namespace{Kind: proc.Net, ID: inspect.NSID{Dev: 4, Ino: 4026532900}},
		Owner:     reading.Value(user),
		Holders: []inspect.Holder{
			{Kind: inspect.HeldByMount, PID: 1, Path: "/run/netns/\x1b[31mblue", MountNS: v.Host.NS.Ino[proc.Mnt]},
			{Kind: inspect.HeldByFD, PID: 840, FD: 7},
			{Kind: inspect.HeldByThread, PID: 840, TID: 845},
			{Kind: inspect.HeldForChildren, PID: 840},
			{Kind: inspect.HeldByNamespace, Namespace: v.Namespaces[0]},
		},
	}
	bound.Parent.How, bound.CreatorUID.How = absent, absent
	census.Namespaces = append(census.Namespaces, bound)
	return census
}
