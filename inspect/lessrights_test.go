package inspect

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// self is the entry of the process that runs the test, which must always be there and be known.
func self(t *testing.T, s *Scanner, snap *Snapshot) *Process {
	t.Helper()
	p := snap.ByPID(s.selfPID())
	if p == nil || !p.How.OK() || !p.Facts.Status.OK() || !p.Facts.Cgroup.OK() || !p.Facts.NS.How[proc.Net].OK() || !p.Facts.Root.OK() {
		t.Fatalf("of itself the test sees %+v", p)
	}
	return p
}

// With hidepid=noaccess the PIDs of others are seen and nothing else, with hidepid=invisible not even those
// (proc(5), "Mount options").
func TestScanWithHidepid(t *testing.T) {
	needRoot(t)
	for _, options := range []string{"hidepid=1", "hidepid=2", "hidepid=ptraceable"} {
		t.Run(options, func(t *testing.T) {
			elsewhere(t, func(t *testing.T) {
				s := liveScanner(t)
				for range 3 { // the later ticks take other ways
					snap := scan(t, s)
					checkWhole(t, snap)
					p := self(t, s, snap)
					if snap.Host.InitSeen || snap.Host.NS != p.Facts.NS {
						t.Errorf("init seen %v; the host's namespaces are %v, the test's own %v", snap.Host.InitSeen, snap.Host.NS, p.Facts.NS)
					}
					init := snap.ByPID(1)
					if options != "hidepid=1" {
						if init != nil || snap.Denied != 0 {
							t.Errorf("process 1 is %+v, %d denied", init, snap.Denied)
						}
						continue
					}
					if init == nil || init.How.State != reading.Denied || init.Comm != "" || init.Start != 0 || snap.Denied == 0 {
						t.Fatalf("process 1 is %+v, %d denied", init, snap.Denied)
					}
					if f := init.Facts; f.Status.State != reading.Denied || f.Cmdline.State != reading.Denied || f.NS.How[proc.Net].State != reading.Denied {
						t.Errorf("of process 1 is known %+v", f)
					}
				}
			},
				step{
					attr: syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID},
					then: func() error { return mountProc(options) },
				},
				step{attr: asNobody()})
		})
	}
}

// Where only processes are mounted, there is neither /proc/stat nor /proc/meminfo.
func TestScanOfProcessesAlone(t *testing.T) {
	needRoot(t)
	elsewhere(t, func(t *testing.T) {
		if _, err := os.Stat("/proc/meminfo"); err == nil {
			t.Fatal("there is a meminfo")
		}
		s := liveScanner(t)
		snap := scan(t, s)
		if p := self(t, s, snap); p.PID != 1 || !snap.Host.InitSeen || snap.Host.Memory != 0 {
			t.Errorf("the test is %+v on %+v", p, snap.Host)
		}
	}, step{
		attr: syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID},
		then: func() error { return mountProc("subset=pid") },
	})
}

// Root in a user namespace is not root: it may not look into processes of the host.
func TestScanInAUserNamespace(t *testing.T) {
	outside := os.Getuid()
	if outside == 0 {
		outside = 100000
	}
	attr := syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: outside, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: outside, Size: 1}},
		Credential:  &syscall.Credential{NoSetGroups: true},
	}
	elsewhere(t, func(t *testing.T) {
		s := liveScanner(t)
		snap := scan(t, s)
		checkWhole(t, snap)
		p := self(t, s, snap)
		if snap.Host.UID != 0 || snap.Host.InitSeen || snap.Host.NS != p.Facts.NS || snap.Denied == 0 {
			t.Errorf("the host is %+v, %d denied", snap.Host, snap.Denied)
		}
		init := snap.ByPID(1)
		if !init.How.OK() || init.Facts.NS.How[proc.Net].State != reading.Denied || init.Facts.Root.State != reading.Denied {
			t.Errorf("process 1 is %+v, %+v", init, init.Facts)
		}
		// Users that this namespace has no id for show as the overflow uid (user_namespaces(7)).
		if st := init.Facts.Status; !st.OK() || st.Value.UID[0] != nobody {
			t.Errorf("the status of process 1 is %+v", st)
		}
		if cells := snap.Fingerprint(init.Facts.NS); cells[proc.Net].Kind != CellUnknown {
			t.Errorf("the namespaces of process 1 look like %v", cells)
		}
		maps := snap.IDMaps[p.Facts.NS.Ino[proc.User]]
		if !maps.UID.OK() || len(maps.UID.Value) != 1 || maps.UID.Value[0].Inside != 0 || maps.UID.Value[0].Count != 1 {
			t.Errorf("the user map is %+v", maps)
		}
	}, step{attr: attr})
}

// In a PID namespace with a proc file system of its own, process 1 is the first one there.
func TestScanInAPIDNamespace(t *testing.T) {
	needRoot(t)
	elsewhere(t, func(t *testing.T) {
		s := liveScanner(t)
		snap := scan(t, s)
		p := self(t, s, snap)
		if p.PID != 1 || p.PPID != 0 || len(snap.Procs) != 1 || !snap.Host.InitSeen || snap.Host.NS != p.Facts.NS {
			t.Errorf("%d processes, the test is %+v", len(snap.Procs), p)
		}
		if got := p.Facts.Status.Value.NSpid; len(got) != 1 || got[0] != 1 {
			t.Errorf("NSpid %v", got)
		}
		if p.Container != nil {
			t.Errorf("what is all that can be seen is called a container: %+v", p.Container)
		}
	}, step{
		attr: syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID},
		then: func() error { return mountProc("") },
	})
}

// In a PID namespace with the proc file system of the host, PIDs are the host's: getpid(2) answers for another world.
func TestScanInAPIDNamespaceWithTheHostsProc(t *testing.T) {
	needRoot(t)
	elsewhere(t, func(t *testing.T) {
		s := liveScanner(t)
		snap := scan(t, s)
		p := self(t, s, snap)
		if os.Getpid() != 1 || p.PID == 1 || !strings.Contains(p.Facts.Cmdline.Value, "-test.run=") {
			t.Errorf("the test is %+v, %q", p, p.Facts.Cmdline.Value)
		}
		if pids := p.Facts.Status.Value.NSpid; len(pids) < 2 || pids[0] != p.PID || pids[len(pids)-1] != 1 {
			t.Errorf("its PIDs are %v", pids)
		}
		init := snap.ByPID(1)
		if init == nil || init.Facts.NS == p.Facts.NS {
			t.Fatalf("process 1 is %+v", init)
		}
		if !snap.Host.InitSeen || snap.Host.NS != init.Facts.NS || snap.Fingerprint(p.Facts.NS)[proc.PID].Kind != CellOwn {
			t.Errorf("the host is %+v, the test's namespaces %v", snap.Host, snap.Fingerprint(p.Facts.NS))
		}
	},
		step{ // the host: its process 1 is one that root may look into, which this machine's need not be
			attr: syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID},
			then: func() error { return mountProc("") },
		},
		step{attr: syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}})
}

// The proc file system of a PID namespace in which the reader is not: no process there is the reader, and the mounts of
// process 1 are not the reader's.
func TestScanOfAnothersProc(t *testing.T) {
	needRoot(t)
	child := roleIn(t, &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID}, "contained")
	s, err := NewScanner(Options{Proc: "/proc/" + strconv.Itoa(child.Process.Pid) + "/root/proc"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	snap := scan(t, s)
	if pid := s.selfPID(); pid != 0 {
		t.Errorf("the test is process %d there", pid)
	}
	p := snap.ByPID(1)
	if len(snap.Procs) != 1 || p == nil || p.PPID != 0 || snap.Host.NS != p.Facts.NS || snap.Host.NSDev == 0 {
		t.Errorf("%d processes, process 1 is %+v, the host %+v", len(snap.Procs), p, snap.Host)
	}
	own := liveScanner(t)
	if got, want := s.Cgroups().Mode(), own.Cgroups().Mode(); got != want {
		t.Errorf("%v, want %v as the test's own mounts have it", got, want)
	}
	here := scan(t, own).ByPID(child.Process.Pid)
	got, want := s.Cgroups().Usage(p.Facts.Cgroup.Value), own.Cgroups().Usage(here.Facts.Cgroup.Value)
	if got.Path != want.Path || got.PIDsLimit != want.PIDsLimit {
		t.Errorf("its cgroup is %s with %v, want %s with %v", got.Path, got.PIDsLimit, want.Path, want.PIDsLimit)
	}
}

// What a process forbids with PR_SET_DUMPABLE is denied even to its own user; the rest is there.
func TestScanOfAPrivateProcess(t *testing.T) {
	asUser(t, func(t *testing.T) {
		child := role(t, "private")
		s := liveScanner(t)
		snap := scan(t, s)
		p := snap.ByPID(child.Process.Pid)
		f := p.Facts
		if !p.How.OK() || !f.Status.OK() || f.Status.Value.UID[0] != uint32(os.Getuid()) || !f.Cmdline.OK() || !f.Cgroup.OK() || snap.Denied == 0 {
			t.Errorf("the process is %+v, %+v, %d denied", p, f, snap.Denied)
		}
		for link := range proc.NSLink(proc.NSLinks) {
			if how := f.NS.How[link]; how.State != reading.Denied && how.State != reading.Absent {
				t.Errorf("ns/%s: %v", proc.NSLinkName(link), how)
			}
		}
		if f.Exe.State != reading.Denied || f.Root.State != reading.Denied || f.Cwd.State != reading.Denied {
			t.Errorf("exe %v, root %v, cwd %v", f.Exe.How, f.Root.How, f.Cwd.How)
		}
		r, err := NewDetailReader(Options{}, s.Cgroups())
		if err != nil {
			t.Fatal(err)
		}
		if d := read(t, r, p.ID); d.Environ.State != reading.Denied {
			t.Errorf("environ %v", d.Environ.How)
		}
	})
}

// Once a process is denied, nothing tells that it is the one that had its PID before.
func TestAPIDThatIsUsedAgainByADeniedProcess(t *testing.T) {
	asUser(t, func(t *testing.T) {
		f := newFixture(t)
		f.process(1, 0, "init", 10, nil)
		f.process(50, 1, "mine", 20, nil)
		s := f.scanner(Options{})
		scan(t, s)
		dir := filepath.Join(f.dir, "50")
		if err := os.Chmod(dir, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(dir, 0o755) })
		for range 2 {
			p := scan(t, s).ByPID(50)
			if p.How.State != reading.Denied || p.Start != 0 || p.Comm != "" || p.RSS != 0 || p.Facts.Cmdline.OK() || p.Facts.NS == nil || p.Facts.NS.How[proc.Net].OK() {
				t.Fatalf("the process is %+v, %+v", p, p.Facts)
			}
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if p := scan(t, s).ByPID(50); !p.How.OK() || p.Comm != "mine" || p.Start != 20 || !p.Facts.Cmdline.OK() {
			t.Errorf("the process is %+v, %+v", p, p.Facts)
		}
	})
}

// cgroupEnv tells the copy of the test binary which cgroup to enter.
const cgroupEnv = "CUTAWAY_TEST_CGROUP"

// In a cgroup namespace of its own, the test's cgroup is "/" and those above are "/..". Through the host's mounts they can
// still be seen; through a mount of its own, nobody knows what stands above.
func TestScanInACgroupNamespace(t *testing.T) {
	needRoot(t)
	enter := step{then: func() error { return os.WriteFile(os.Getenv(cgroupEnv)+"/cgroup.procs", []byte("0"), 0) }}
	usage := func(t *testing.T) (*Process, *cgroup.Usage, *Snapshot) {
		s := liveScanner(t)
		snap := scan(t, s)
		p := self(t, s, snap)
		return p, s.Cgroups().Usage(p.Facts.Cgroup.Value), snap
	}
	t.Run("host's mounts", func(t *testing.T) {
		makeCgroups(t)
		elsewhere(t, func(t *testing.T) {
			p, u, snap := usage(t)
			checkPaths(t, p, snap)
			if e := u.EffectivePIDs; !e.Limit.OK() || e.Limit.Value.Value != 77 || e.Path != "/.." || e.Above {
				t.Errorf("pids are limited to %+v", e)
			}
		}, enter, step{attr: syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWCGROUP}})
	})
	t.Run("own mounts", func(t *testing.T) {
		makeCgroups(t)
		elsewhere(t, func(t *testing.T) {
			p, u, snap := usage(t)
			checkPaths(t, p, snap)
			if e := u.EffectivePIDs; !e.Limit.OK() || !e.Limit.Value.Unlimited || !e.Above {
				t.Errorf("pids are limited to %+v", e)
			}
			if !u.PIDs.OK() || u.PIDs.Value == 0 {
				t.Errorf("%+v pids are in use", u.PIDs)
			}
		}, enter, step{
			attr: syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWCGROUP | unix.CLONE_NEWNS},
			then: mountCgroups,
		})
	})
}

// checkPaths holds that the test's cgroup is the namespace's root and that process 1 is somewhere above.
func checkPaths(t *testing.T, p *Process, snap *Snapshot) {
	t.Helper()
	path := func(p *Process) string {
		for _, line := range p.Facts.Cgroup.Value.Lines {
			if pidsLine(line) {
				return line.Path
			}
		}
		return "none"
	}
	if got := path(p); got != "/" {
		t.Errorf("the test is in %s", got)
	}
	if got := path(snap.ByPID(1)); !strings.HasPrefix(got, "/..") {
		t.Errorf("process 1 is in %s", got)
	}
}

// pidsLine tells whether a line is that of v1's pids, or of v2.
func pidsLine(line proc.CgroupLine) bool {
	return len(line.Controllers) == 0 && livetest.CgroupFile("pids", "/", "") == "" || len(line.Controllers) == 1 && line.Controllers[0] == "pids"
}

// makeCgroups makes a cgroup with a limit of 77 processes and one below it, which elsewhere's copy enters.
func makeCgroups(t *testing.T) {
	t.Helper()
	if os.Getenv(cgroupEnv) != "" {
		return
	}
	name := "/cutaway-test-" + strconv.Itoa(os.Getpid())
	outer := livetest.CgroupFile("pids", name, "")
	if outer == "" {
		outer = livetest.CgroupFile("", name, "")
	}
	inner := filepath.Join(outer, "inner")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		livetest.Skip(t, "needs the right to make cgroups: "+err.Error())
	}
	t.Cleanup(func() {
		for _, dir := range []string{inner, outer} {
			eventually(t, dir+" is removed", func() bool { return os.Remove(dir) == nil })
		}
	})
	if err := os.WriteFile(filepath.Join(outer, "pids.max"), []byte("77"), 0); err != nil {
		livetest.Skip(t, "needs the pids controller: "+err.Error())
	}
	t.Setenv(cgroupEnv, inner)
}

// mountCgroups mounts the hierarchy of pids as this cgroup namespace has it over all that is there.
func mountCgroups() error {
	fstype, options := "cgroup", "pids"
	if livetest.CgroupFile("pids", "/", "") == "" {
		fstype, options = "cgroup2", ""
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("cutaway-test", "/sys/fs/cgroup", "tmpfs", 0, ""); err != nil {
		return err
	}
	if err := os.Mkdir("/sys/fs/cgroup/pids", 0o755); err != nil {
		return err
	}
	return unix.Mount("cgroup", "/sys/fs/cgroup/pids", fstype, 0, options)
}
