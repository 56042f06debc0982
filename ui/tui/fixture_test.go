package tui

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/record"
	"cutaway/inspect/security"
	"cutaway/sandbox"
	"cutaway/ui/text"
)

// evil is a name that would colour a terminal, ring its bell, turn text around and end in a byte that is not UTF-8.
const evil = "\x1b[31mevil\a\u202e\xff"

var denied = reading.How{State: reading.Denied, Errno: uint16(syscall.EACCES)}

// machine builds the snapshot of a small machine, process by process.
type machine struct {
	procs []inspect.Process
	found []engine.Container
	usage map[string]*cgroup.Usage
	boot  time.Time
}

// namespaces are the host's, but for those kinds that get an inode.
func namespaces(own map[proc.NSKind]uint64) *proc.Namespaces {
	ns := &proc.Namespaces{}
	for link := range proc.NSLink(proc.NSLinks) {
		kind := proc.NSLinkKind(link)
		ns.Ino[link], ns.How[link].State = 4026531830+uint64(kind), reading.Known
		if ino := own[kind]; ino != 0 {
			ns.Ino[link] = ino
		}
	}
	return ns
}

// from gives kinds of namespaces inodes that begin with first.
func from(first uint64, kinds ...proc.NSKind) map[proc.NSKind]uint64 {
	own := map[proc.NSKind]uint64{}
	for i, k := range kinds {
		own[k] = first + uint64(i)
	}
	return own
}

// add makes a process. The command line is given with blanks between the arguments; nspid is the PID inside.
func (m *machine) add(pid, ppid int, cmdline string, uid uint32, ns *proc.Namespaces, path string, inside int) *inspect.Process {
	comm, _, _ := strings.Cut(cmdline, " ")
	chain := []int{pid}
	if inside != 0 {
		chain = append(chain, inside)
	}
	m.procs = append(m.procs, inspect.Process{
		ID: inspect.ID{PID: pid, Start: uint64(100 * pid)}, How: reading.How{State: reading.Known},
		PPID: ppid, State: 'S', Threads: 5, Comm: comm, CPUTime: uint64(pid), RSS: uint64(pid) << 11, CPU: float64(pid%7) / 10,
		Facts: &inspect.Facts{
			Read: m.boot, NS: ns,
			Cgroup:  reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: path}}}),
			Label:   reading.Value(security.ParseLabel([]byte("docker-default (enforce)\n"), true)),
			Cmdline: reading.Value(strings.ReplaceAll(cmdline, " ", "\x00") + "\x00"),
			Exe:     reading.Value("/usr/bin/" + comm), Cwd: reading.Value("/"), Root: reading.Value("/"),
			Status: reading.Value(&proc.Status{
				Umask: reading.Value[uint32](0o22), Tgid: pid, UID: [4]uint32{uid, uid, uid, uid}, NSpid: chain,
				Kthread: reading.Value(false), SigCaught: 1<<14 | 1<<1, CapPrm: 0xa80425fb, CapEff: 0xa80425fb,
				CapBnd: reading.Value[uint64](0xa80425fb), CapAmb: reading.Value[uint64](0), NoNewPrivs: reading.Value(false),
				Seccomp: reading.Value[uint8](2), SeccompFilters: reading.Value[uint32](1),
			}),
		},
	})
	return &m.procs[len(m.procs)-1]
}

// contain makes a container of processes that were added.
func (m *machine) contain(kind, name, id string, pids ...int) *engine.Container {
	c := engine.Container{
		Key: kind + ":" + name, Engine: kind, ID: id, Name: name, Init: pids[0], Members: pids,
		Evidence: []engine.Evidence{
			{Source: "/proc/" + strconv.Itoa(pids[0]) + "/cgroup", Text: "/docker/" + id},
			{Source: "parent", Text: "containerd-shim-runc-v2"},
		},
	}
	m.found = append(m.found, c)
	return &m.found[len(m.found)-1]
}

// snapshot ends the building.
func (m *machine) snapshot(seq uint64) *inspect.Snapshot {
	slices.SortFunc(m.procs, func(a, b inspect.Process) int { return a.PID - b.PID })
	host := inspect.Host{
		Name: "node7", Kernel: "6.18.44-cloud", CgroupMode: cgroup.V2, CPUs: 4, Memory: 16 << 30, Boot: m.boot, InitSeen: true,
		NS: m.procs[0].Facts.NS,
	}
	s := inspect.Assemble(host, m.procs, m.found)
	s.Seq, s.Taken = seq, m.boot.Add(273*time.Hour+12*time.Minute+time.Duration(seq)*time.Second)
	s.IDMaps = map[uint64]inspect.IDMaps{
		4026532905: {
			UID:       reading.Value([]proc.IDMapping{{Inside: 0, Outside: 100000, Count: 65536}}),
			GID:       reading.Value([]proc.IDMapping{{Inside: 0, Outside: 100000, Count: 65536}}),
			Setgroups: reading.Value("deny"),
		},
	}
	for _, c := range s.Containers {
		c.Usage = m.usage[c.Name]
	}
	return s
}

func limitTo(n uint64) reading.Of[cgroup.Limit] { return reading.Value(cgroup.Limit{Value: n}) }

// dbUsage is the use of a container with limits.
func dbUsage() *cgroup.Usage {
	const path = "/system.slice/docker-397f67197f60.scope"
	return &cgroup.Usage{
		Path: path, MemoryUsage: reading.Value[uint64](8493465), MemoryWorking: reading.Value[uint64](6 << 20),
		MemoryPeak: reading.Value[uint64](12 << 20), MemoryLimit: limitTo(128 << 20), MemorySwap: reading.Value[uint64](0),
		SwapLimit: reading.Value(cgroup.Limit{Unlimited: true}), OOMKills: reading.Value[uint64](1),
		CPUTime: reading.Value[uint64](1_500_000), CPUQuota: limitTo(50_000), CPUPeriod: reading.Value[uint64](100_000),
		CPUWeight: reading.Value[uint64](100), Periods: reading.Value[uint64](2411), Throttled: reading.Value[uint64](12),
		ThrottledTime: reading.Value[uint64](340_000), PIDs: reading.Value[uint64](6), PIDsLimit: limitTo(64),
		Frozen:          reading.Value(false),
		CPUPressure:     reading.Value(cgroup.Pressure{Some: [3]float64{12, 3, 1}}),
		IOPressure:      reading.Of[cgroup.Pressure]{How: reading.How{State: reading.Absent}},
		EffectiveMemory: cgroup.Effective{Limit: limitTo(128 << 20), Path: path, File: "/sys/fs/cgroup" + path + "/memory.max"},
		EffectiveCPU:    cgroup.Effective{Limit: limitTo(500), Path: path, File: "/sys/fs/cgroup" + path + "/cpu.max"},
		EffectivePIDs:   cgroup.Effective{Limit: limitTo(64), Path: path, File: "/sys/fs/cgroup" + path + "/pids.max"},
	}
}

// newMachine has what the screen must tell apart: the host's own, shared namespaces, a pod, a user namespace, a hostile
// name, values that were denied, a kernel thread and a zombie.
func newMachine() *machine {
	m := &machine{boot: time.Unix(1_700_000_000, 0), usage: map[string]*cgroup.Usage{"db": dbUsage()}}
	host := namespaces(nil)
	m.add(1, 0, "systemd", 0, host, "/init.scope", 0).Facts.Status.Value.CapEff = uint64(caps.UpTo(40))
	kthreadd := m.add(2, 0, "kthreadd", 0, host, "/", 0)
	kthreadd.Kernel, kthreadd.RSS = true, 0
	m.add(712, 1, "containerd", 0, host, "/system.slice/containerd.service", 0)
	m.add(790, 712, "containerd-shim -id 397f", 0, host, "/system.slice/containerd.service", 0)
	m.add(840, 1, "sshd -D", 0, host, "/system.slice/ssh.service", 0)
	m.add(841, 840, "sh", 1000, host, "/system.slice/ssh.service", 0).State = 'Z'
	m.add(850, 1, evil+" two\nlines", 1000, host, "/system.slice/\x1b[2J", 0)
	private := m.add(860, 1, "private", 1000, &proc.Namespaces{}, "/", 0)
	private.Facts = &inspect.Facts{Read: m.boot, NS: &proc.Namespaces{}}
	for link := range private.Facts.NS.How {
		private.Facts.NS.How[link] = denied
	}
	private.Facts.Status.How, private.Facts.Cmdline.How, private.Facts.Cgroup.How, private.Facts.Label.How = denied, denied, denied, denied

	db := namespaces(from(4026532500, proc.Mnt, proc.PID, proc.IPC, proc.UTS, proc.Cgroup, proc.Net))
	m.add(4242, 790, "redis-server *:6379", 999, db, "/system.slice/docker-397f67197f60.scope", 1)
	m.contain(engine.Docker, "db", "397f67197f60aabb", 4242).Image = "redis:7"

	own := from(4026532600, proc.Mnt, proc.PID, proc.IPC, proc.UTS, proc.Cgroup)
	own[proc.Net] = db.Ino[proc.Net]
	web := namespaces(own)
	m.add(4310, 1, "nginx: master", 0, web, "/system.slice/docker-5555.scope", 1)
	m.add(4341, 4310, "nginx: worker", 101, web, "/system.slice/docker-5555.scope", 29)
	m.add(4342, 4310, "nginx: worker", 101, web, "/system.slice/docker-5555.scope", 30)
	m.contain(engine.Docker, "web", "555567197f60aabb", 4310, 4341, 4342)

	rootless := namespaces(from(4026532900, proc.Mnt, proc.Net, proc.PID, proc.IPC, proc.UTS, proc.User, proc.Cgroup))
	m.add(7120, 1, "make -j4", 100000, rootless, "/user.slice/libpod-77.scope", 1)
	m.contain(engine.Podman, "build", "7777aabbccdd", 7120).Rootless = true
	return m
}

// fakeScanner hands out snapshots one after the other, and the last one for ever.
type fakeScanner struct {
	snaps []*inspect.Snapshot
	next  int
	err   error
}

func (f *fakeScanner) First(ctx context.Context) (*inspect.Snapshot, error) { return f.Scan(ctx) }

func (f *fakeScanner) Scan(context.Context) (*inspect.Snapshot, error) {
	if f.err != nil {
		return nil, f.err
	}
	s := f.snaps[min(f.next, len(f.snaps)-1)]
	f.next++
	return s, nil
}

// fakeDetails knows the same environment of every process.
type fakeDetails struct{}

func (fakeDetails) ReadParts(_ context.Context, s *inspect.Snapshot, id inspect.ID, _ inspect.Part) (*inspect.Detail, error) {
	return &inspect.Detail{
		ID: id, Taken: s.Taken,
		Environ: reading.Value([]proc.EnvVar{
			{Name: "PATH", Value: "/usr/bin:/bin"}, {Name: "API_TOKEN", Value: "s3cr3t-value"}, {Name: evil, Value: "\x1b]0;owned\a"},
		}),
		OOMScoreAdj: reading.Value(-999), OOMScore: reading.Value(666),
		TimeOffsets: reading.Value([]proc.TimeOffset{{Clock: "monotonic"}, {Clock: "boottime", Offset: time.Hour}}),
		CgroupFiles: []cgroup.Entry{
			{Controller: "memory", Name: "memory.max", File: "/sys/fs/cgroup/memory.max", Raw: reading.Value("134217728\n")},
			{Controller: "memory", Name: "memory.min", File: "/sys/fs/cgroup/memory.min", Raw: reading.Of[string]{How: denied}},
		},
		Raw: map[string]reading.Of[string]{"status": reading.Value("Name:\tredis\nCapEff:\t00000000a80425fb\n")},
	}, nil
}

// testApp is a screen over snapshots of which the first two have been taken already.
func testApp(t testing.TB, w, h int, snaps ...*inspect.Snapshot) *driver {
	t.Helper()
	if len(snaps) == 0 {
		s := newMachine().snapshot(1)
		snaps = []*inspect.Snapshot{s, s}
	}
	o := Options{Interval: time.Second, Mouse: true}
	o.Inspect.Root = t.TempDir() // without passwd no user has a name
	t.Setenv("LANG", "C.UTF-8")
	t.Setenv("LC_ALL", "")
	k := kernel{last: 40}
	d := &driver{t: t, app: newApp(context.Background(), o, k, &fakeScanner{snaps: snaps}, fakeDetails{})}
	d.app.limits.ctl = newFakeControl()
	d.app.hands = hands{
		start: func(*order, context.Context, sandbox.Options) (*boxed, error, error) {
			return nil, nil, errors.New("nothing is launched by this test")
		},
		save: func(path, _ string, _ os.FileMode) (string, error) { return path, nil },
		look: lookFake,
		take: func(_ context.Context, _ record.Options, path string) error {
			return errorText("nothing is saved by this test in " + path)
		},
		run: func(_ context.Context, at runPlace, line string) ran {
			return ran{err: errorText("nothing is run by this test: " + line + " in " + at.name)}
		},
	}
	d.run(d.app.pull())
	d.size(w, h)
	return d
}

func newTestLook() look { return look{newTheme(nil), text.Unicode} }
