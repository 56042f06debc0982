package inspect

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// A fixture is a copy of a proc file system on a disk.
type fixture struct {
	t   *testing.T
	dir string
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	return fixture{t, t.TempDir()}
}

// statLine is a stat file of a sleeping process.
func statLine(pid, ppid int, comm string, start int) string {
	return fmt.Sprintf("%d (%s) S %d %d %d 0 -1 4194560 0 0 0 0 7 5 0 0 20 0 1 0 %d 2314240 100 18446744073709551615"+
		" 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", pid, comm, ppid, pid, pid, start)
}

// process writes the files of one process; extra replaces or adds files, and an empty text leaves one out.
func (f fixture) process(pid, ppid int, comm string, start int, extra map[string]string) {
	f.t.Helper()
	dir := filepath.Join(f.dir, strconv.Itoa(pid))
	files := map[string]string{
		"stat":         statLine(pid, ppid, comm, start),
		"status":       fmt.Sprintf("Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nNSpid:\t%d\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\nCapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n", comm, pid, pid, ppid, pid),
		"cgroup":       "0::/\n",
		"cmdline":      comm + "\x00--flag\x00",
		"attr/current": "unconfined\n",
	}
	for name, text := range extra {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if text == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			f.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			f.t.Fatal(err)
		}
	}
	f.links(dir, map[string]string{"exe": "/bin/" + comm, "cwd": "/", "root": "/"})
	ns := map[string]string{}
	for link := range proc.NSLink(proc.NSLinks) {
		ns["ns/"+proc.NSLinkName(link)] = fmt.Sprintf("%s:[%d]", proc.NSLinkKind(link), 4026531830+int(proc.NSLinkKind(link)))
	}
	f.links(dir, ns)
}

func (f fixture) links(dir string, links map[string]string) {
	f.t.Helper()
	for name, target := range links {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			f.t.Fatal(err)
		}
		os.Remove(path)
		if err := os.Symlink(target, path); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f fixture) remove(pid int) {
	f.t.Helper()
	if err := os.RemoveAll(filepath.Join(f.dir, strconv.Itoa(pid))); err != nil {
		f.t.Fatal(err)
	}
}

func (f fixture) scanner(o Options) *Scanner {
	f.t.Helper()
	o.Proc = f.dir
	if o.Root == "" {
		o.Root = f.t.TempDir()
	}
	s, err := NewScanner(o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { s.Close() })
	return s
}

func scan(t *testing.T, s *Scanner) *Snapshot {
	t.Helper()
	snap, err := s.Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func TestScanReadsFacts(t *testing.T) {
	f := newFixture(t)
	f.process(1, 0, "init", 10, nil)
	f.process(50, 1, "evil) S 1 (\n", 20, map[string]string{"attr/current": "docker-default (enforce)\n"})
	snap := scan(t, f.scanner(Options{}))
	if len(snap.Procs) != 2 || snap.Pending != 0 {
		t.Fatalf("%d processes, %d pending; want 2 and 0", len(snap.Procs), snap.Pending)
	}
	init, evil := snap.ByPID(1), snap.ByPID(50)
	if evil.Comm != "evil) S 1 (\n" || evil.PPID != 1 || evil.Start != 20 {
		t.Errorf("evil is %+v", evil)
	}
	if got := init.Facts.Cmdline.Value; got != "init\x00--flag\x00" {
		t.Errorf("cmdline %q", got)
	}
	if got := init.Facts.Status.Value.CapEff; got != 0x1ffffffffff {
		t.Errorf("effective set %x", got)
	}
	if got := evil.Facts.Label.Value.Profile; got != "docker-default" {
		t.Errorf("label %q", got)
	}
	if init.Facts.NS != evil.Facts.NS {
		t.Error("equal namespaces are not one pointer")
	}
	if init.Facts.Cgroup.Value != evil.Facts.Cgroup.Value {
		t.Error("equal cgroups are not one pointer")
	}
}

// The first snapshot has the table only; nothing in it may look like a value that was read.
func TestFirstHasNoFacts(t *testing.T) {
	f := newFixture(t)
	f.process(1, 0, "init", 10, nil)
	snap, err := f.scanner(Options{}).First(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := snap.ByPID(1)
	if p == nil || p.Comm != "init" || snap.Pending != 1 {
		t.Fatalf("snapshot %+v", snap)
	}
	if p.Facts.Status.State != reading.NotRead || p.Facts.Cmdline.State != reading.NotRead {
		t.Errorf("facts look as if they were read: %+v", p.Facts)
	}
}

func TestAPIDThatIsUsedAgainIsAnotherProcess(t *testing.T) {
	f := newFixture(t)
	f.process(1, 0, "init", 10, nil)
	f.process(50, 1, "old", 20, nil)
	s := f.scanner(Options{})
	before := scan(t, s)
	f.remove(50)
	f.process(50, 1, "new", 99, nil)
	after := scan(t, s)
	p := after.ByPID(50)
	if p.Comm != "new" || p.Start != 99 || !p.New || p.CPU >= 0 {
		t.Errorf("the new process is %+v", p)
	}
	if got := p.Facts.Cmdline.Value; got == "old\x00--flag\x00" {
		t.Error("the new process has the old one's command line")
	}
	if before.ByPID(50).Comm != "old" {
		t.Error("the old snapshot changed")
	}
	if after.ByID(before.ByPID(50).ID) != nil {
		t.Error("the old identity finds the new process")
	}
}

// On a machine where the table alone takes longer than the budget, new processes are read all the same.
func TestNewProcessesAreReadOnABusyMachine(t *testing.T) {
	f := newFixture(t)
	for pid := 1; pid <= 60; pid++ {
		f.process(pid, 0, "p", pid, nil)
	}
	s := f.scanner(Options{Budget: time.Microsecond})
	scan(t, s)
	f.process(61, 1, "new", 61, nil)
	scanUntil(t, s, "the new process's facts are read", func(snap *Snapshot) bool { return snap.ByPID(61).Facts.Status.OK() })
}

func TestAProcessThatEndsLeavesNothing(t *testing.T) {
	f := newFixture(t)
	f.process(1, 0, "init", 10, nil)
	f.process(50, 1, "short", 20, nil)
	s := f.scanner(Options{})
	scan(t, s)
	f.remove(50)
	if p := scan(t, s).ByPID(50); p != nil {
		t.Errorf("an ended process is still there: %+v", p)
	}
}

// A process whose files are half gone (it ends while it is read) must not be in the table at all.
func TestAProcessThatVanishesInTheMiddle(t *testing.T) {
	f := newFixture(t)
	f.process(1, 0, "init", 10, nil)
	f.process(50, 1, "half", 20, map[string]string{"status": ""})
	if p := scan(t, f.scanner(Options{})).ByPID(50); p != nil {
		t.Errorf("half a process: %+v", p)
	}
}

// A file that never answers must cost a deadline, not the tree. A FIFO that is opened without O_NONBLOCK would do; the
// reader opens non-blocking, so the command line of a process stopped on a stuck FUSE mount is stood in for by a worker
// that is told to wait.
func TestAHungProcessDoesNotStopTheTree(t *testing.T) {
	f := newFixture(t)
	for pid := 1; pid <= 40; pid++ {
		f.process(pid, 0, "p"+strconv.Itoa(pid), pid, nil)
	}
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	s := f.scanner(Options{})
	s.beforeCmdline = func(pid int) {
		if pid == 7 {
			<-release
		}
	}
	snap := scan(t, s)
	if len(snap.Procs) != 40 {
		t.Fatalf("%d processes, want 40", len(snap.Procs))
	}
	p := snap.ByPID(7)
	if p.Facts.Cmdline.State != reading.Failed || p.Facts.Cmdline.Err() != syscall.ETIMEDOUT {
		t.Errorf("the hung command line reads %v, want failed with ETIMEDOUT", p.Facts.Cmdline.How)
	}
	if !p.Facts.Status.OK() {
		t.Errorf("the rest of the hung process was not read: %v", p.Facts.Status.How)
	}
	start := time.Now()
	scan(t, s)
	if took := time.Since(start); took > jobTimeout {
		t.Errorf("the next tick took %v: the hung process was tried again", took)
	}
}

func TestScanSeesChildrenComeAndGo(t *testing.T) {
	s, err := NewScanner(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	scan(t, s)
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	snap := scan(t, s)
	p := snap.ByPID(child.Process.Pid)
	if p == nil || !p.New || p.PPID != os.Getpid() {
		t.Fatalf("the child is %+v", p)
	}
	if q := scan(t, s).ByPID(child.Process.Pid); q == nil || q.New {
		t.Errorf("in the next tick the child is %+v", q)
	}
	child.Process.Kill()
	child.Wait()
	if p := scan(t, s).ByPID(child.Process.Pid); p != nil {
		t.Errorf("the ended child is still there: %+v", p)
	}
}

// The table must be the one that ps shows.
func TestScanAgreesWithPS(t *testing.T) {
	if _, err := exec.LookPath("ps"); err != nil {
		t.Skip("needs ps (package procps)")
	}
	s, err := NewScanner(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	snap := scan(t, s)
	out, err := exec.Command("ps", "-eo", "pid=,ppid=,comm=").Output()
	if err != nil {
		t.Fatal(err)
	}
	after := scan(t, s)
	for line := range strings.Lines(string(out)) {
		var pid, ppid int
		var comm string
		fmt.Sscan(line, &pid, &ppid, &comm)
		before, later := snap.ByPID(pid), after.ByPID(pid)
		if before == nil || later == nil || before.Start != later.Start {
			continue // came or went in between
		}
		if before.PPID != ppid && later.PPID != ppid {
			t.Errorf("parent of %d: %d, ps says %d", pid, before.PPID, ppid)
		}
		if !strings.HasPrefix(before.Comm, comm) && !strings.HasPrefix(later.Comm, comm) && before.State != 'Z' && !before.Kernel {
			t.Errorf("name of %d: %q, ps says %q", pid, before.Comm, comm)
		}
	}
}

func TestScannerGivesBackItsDescriptors(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := count()
	s, err := NewScanner(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		scan(t, s)
	}
	if during := count(); during <= before {
		t.Errorf("%d descriptors during, %d before: stat files are not kept open", during, before)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors after, %d before", after, before)
	}
}

func TestScanEndsWithItsContext(t *testing.T) {
	s, err := NewScanner(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Scan(ctx); err != context.Canceled {
		t.Errorf("err = %v, want context.Canceled", err)
	}
}

func TestSnapshotIsInOrder(t *testing.T) {
	f := newFixture(t)
	for _, pid := range []int{900, 10, 1, 100, 99} {
		f.process(pid, 0, "p", pid, nil)
	}
	snap := scan(t, f.scanner(Options{}))
	if !slices.IsSortedFunc(snap.Procs, func(a, b Process) int { return a.PID - b.PID }) {
		t.Error("processes are not in the order of their PIDs")
	}
}

// Where process 1 keeps its namespaces to itself, a kernel thread tells which are the host's; without either, the reader's
// own serve, and the snapshot says so.
func TestHostNamespaces(t *testing.T) {
	kthread := strings.Replace(statLine(2, 0, "kthreadd", 0), " 4194560 ", " 2129984 ", 1)
	tests := []struct {
		name     string
		kthreadd map[string]string
		seen     bool
	}{
		{"kernel thread", map[string]string{"stat": kthread}, true},
		{"a process that took PID 2", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.process(1, 0, "init", 10, nil)
			if err := os.RemoveAll(filepath.Join(f.dir, "1", "ns")); err != nil {
				t.Fatal(err)
			}
			f.process(2, 0, "kthreadd", 0, tt.kthreadd)
			host := scan(t, f.scanner(Options{})).Host
			if host.InitSeen != tt.seen {
				t.Errorf("InitSeen = %v, want %v", host.InitSeen, tt.seen)
			}
			if tt.seen && (host.NS == nil || !host.NS.How[proc.Mnt].OK()) {
				t.Errorf("the host's namespaces are %+v", host.NS)
			}
		})
	}
}
