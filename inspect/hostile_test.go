package inspect

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

func liveScanner(t *testing.T) *Scanner {
	t.Helper()
	s, err := NewScanner(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// readNamespaceLinks asks readlink(2) for a process's namespaces.
func readNamespaceLinks(t *testing.T, pid int) map[string]string {
	t.Helper()
	links := map[string]string{}
	for link := range proc.NSLink(proc.NSLinks) {
		name := proc.NSLinkName(link)
		target, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/" + name)
		if err != nil {
			continue // a kernel without this kind
		}
		links[name] = target
	}
	return links
}

// linksOf says what a snapshot holds of a process's namespaces in the kernel's words.
func linksOf(ns *proc.Namespaces) map[string]string {
	links := map[string]string{}
	for link := range proc.NSLink(proc.NSLinks) {
		if ns.How[link].OK() {
			links[proc.NSLinkName(link)] = proc.NSLinkKind(link).String() + ":[" + strconv.FormatUint(ns.Ino[link], 10) + "]"
		}
	}
	return links
}

func TestANameThatBreaksParsers(t *testing.T) {
	child := role(t, "named")
	p := scan(t, liveScanner(t)).ByPID(child.Process.Pid)
	if p == nil || p.Comm != hostileName || p.PPID != os.Getpid() || p.State != 'S' && p.State != 'R' {
		t.Fatalf("the process is %+v", p)
	}
	if st := p.Facts.Status; !st.OK() || st.Value.Tgid != p.PID {
		t.Errorf("its status is %+v", st)
	}
}

func TestALongCommandLine(t *testing.T) {
	args := make([]string, 10)
	for i := range args {
		args[i] = strings.Repeat(string(rune('a'+i)), 10<<10)
	}
	child := role(t, "plain", args...)
	s := liveScanner(t)
	snap := scan(t, s)
	p := snap.ByPID(child.Process.Pid)
	whole := "/proc/self/exe\x00" + strings.Join(args, "\x00") + "\x00"
	if got := p.Facts.Cmdline; !got.OK() || got.Value != whole[:maxCmdline] {
		t.Errorf("the table has %d bytes of the command line, %v; want the first %d", len(got.Value), got.How, maxCmdline)
	}
	r, err := NewDetailReader(Options{}, s.Cgroups())
	if err != nil {
		t.Fatal(err)
	}
	if d := read(t, r, p.ID); d.Cmdline != reading.Value(whole) {
		t.Errorf("the detail has %d bytes of the command line, %v; want all %d", len(d.Cmdline.Value), d.Cmdline.How, len(whole))
	}
}

func TestARewrittenCommandLine(t *testing.T) {
	child := role(t, "retitled", strings.Repeat("x", 100))
	p := scan(t, liveScanner(t)).ByPID(child.Process.Pid)
	kernel, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Facts.Cmdline.Value; !strings.HasPrefix(got, newTitle) || got != string(kernel) {
		t.Errorf("command line %q, the kernel says %q", got, kernel)
	}
}

func TestAStoppedProcess(t *testing.T) {
	child := role(t, "plain")
	if err := child.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s := liveScanner(t)
	scanUntil(t, s, "the process is stopped", func(snap *Snapshot) bool {
		p := snap.ByPID(child.Process.Pid)
		return p.State == 'T' && p.Facts.Cmdline.Value == "/proc/self/exe\x00"
	})
}

// A zombie has given back nearly all; who saw it alive keeps what it was.
func TestAZombie(t *testing.T) {
	child := role(t, "plain", "remember", "me")
	pid := child.Process.Pid
	before := liveScanner(t)
	alive := scan(t, before).ByPID(pid)
	if err := child.Process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	isZombie := func(snap *Snapshot) bool { p := snap.ByPID(pid); return p != nil && p.State == 'Z' && p.Zombie() }
	scanUntil(t, before, "the process is a zombie", isZombie)
	snap := scan(t, before)
	z := snap.ByPID(pid)
	if z.ID != alive.ID || z.New || z.RSS != 0 || z.Threads != 1 {
		t.Errorf("the zombie is %+v", z)
	}
	if z.Facts.NS != alive.Facts.NS || z.Facts.Cmdline != alive.Facts.Cmdline || z.Facts.Exe != alive.Facts.Exe || z.Facts.Root != alive.Facts.Root {
		t.Errorf("what it was is forgotten: %+v, it was %+v", z.Facts, alive.Facts)
	}
	fresh := scan(t, liveScanner(t)).ByPID(pid)
	if fresh.State != 'Z' || fresh.Facts.Cmdline.Value != "" || fresh.Facts.NS.How[proc.Net].State != reading.Absent || !fresh.Facts.Status.OK() {
		t.Errorf("met as a zombie: %+v, %+v", fresh, fresh.Facts)
	}
}

// The files below /proc/PID answer for the main thread; where only others are alive, the process is what they have.
func TestAProcessWithoutItsMainThread(t *testing.T) {
	s := liveScanner(t)
	scan(t, s)
	whole, child := role(t, "plain"), role(t, "headless", "still", "here")
	pid := child.Process.Pid
	lost := func(snap *Snapshot) bool {
		p := snap.ByPID(pid)
		return p != nil && p.State == 'Z' && p.Facts.NS != nil
	}
	scanUntil(t, s, "the main thread is a zombie", lost)
	for which, snap := range map[string]*Snapshot{"met before": scan(t, s), "met after": scan(t, liveScanner(t))} {
		p := snap.ByPID(pid)
		if p.State != 'Z' || p.Zombie() || p.Threads < 2 || p.RSS == 0 || p.PPID != os.Getpid() {
			t.Errorf("%s: the process is %+v", which, p)
		}
		if diff := cmp.Diff(readNamespaceLinks(t, whole.Process.Pid), linksOf(p.Facts.NS)); diff != "" {
			t.Errorf("%s: namespaces (-want +got):\n%s", which, diff)
		}
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		if f := p.Facts; f.Cmdline.Value != "/proc/self/exe\x00still\x00here\x00" || f.Exe.Value != exe || f.Root.Value != "/" || !f.Cgroup.OK() {
			t.Errorf("%s: its facts are %+v", which, f)
		}
		if tasks, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*"); err != nil || len(tasks) != p.Threads {
			t.Errorf("%s: %d threads, the kernel has %v (%v)", which, p.Threads, tasks, err)
		}
	}
	// A tick that reads no facts has the memory all the same.
	s.o.Budget = time.Nanosecond
	if p := scan(t, s).ByPID(pid); p.RSS == 0 {
		t.Error("in the next tick it has no memory")
	}
}

// A container whose first process has lost its main thread runs on.
func TestAContainerWithoutItsMainThread(t *testing.T) {
	needRoot(t)
	child := roleIn(t, &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC}, "headless")
	snap := scanUntil(t, liveScanner(t), "the main thread is a zombie", func(snap *Snapshot) bool {
		p := snap.ByPID(child.Process.Pid)
		return p.State == 'Z' && p.Facts.NS != nil
	})
	p := snap.ByPID(child.Process.Pid)
	if c := p.Container; c == nil || c.Init != p.PID || c.NS != p.Facts.NS || c.RSS == 0 {
		t.Errorf("the container is %+v", c)
	}
}

// A parent that waits in vfork, and a child that has its memory: both are there, and neither holds up the scan.
func TestAVforkedChild(t *testing.T) {
	parent := role(t, "vforking").Process.Pid
	s := liveScanner(t)
	var child *Process
	snap := scanUntil(t, s, "the child is there", func(snap *Snapshot) bool {
		for i := range snap.Procs {
			if child = &snap.Procs[i]; child.PPID == parent {
				return snap.ByPID(parent).Facts.Status.OK() && child.Facts.Status.OK()
			}
		}
		return false
	})
	p := snap.ByPID(parent)
	if child.Facts.NS != p.Facts.NS || child.Facts.Cmdline != p.Facts.Cmdline || !child.Facts.Cmdline.OK() || child.Facts.Exe != p.Facts.Exe {
		t.Errorf("the child is %+v, its parent %+v", child.Facts, p.Facts)
	}
	if child.RSS == 0 || child.Comm != p.Comm {
		t.Errorf("the child is %+v, its parent %+v", child, p)
	}
}

// What is being read of a process may go while it ends; what was known of it stays, and is not mixed with nothing.
func TestAProcessThatEndsWhileItIsRead(t *testing.T) {
	f := newFixture(t)
	f.process(1, 0, "init", 10, nil)
	f.process(50, 1, "ending", 20, nil)
	s := f.scanner(Options{})
	before := scan(t, s).ByPID(50)
	// do_exit gives back the memory first and then the namespaces, with PF_EXITING in the flags and before it is a zombie.
	dir := filepath.Join(f.dir, "50")
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	f.write(dir, "stat", strings.Replace(string(stat), " 4194560 ", " 4194564 ", 1))
	f.write(dir, "cmdline", "")
	for _, gone := range []string{"/exe", "/cwd", "/root", "/ns/mnt", "/ns/net"} {
		if err := os.Remove(dir + gone); err != nil {
			t.Fatal(err)
		}
	}
	s.find(50).changed = true
	after := scan(t, s).ByPID(50)
	if after.Facts == before.Facts {
		t.Fatal("the facts were not read again")
	}
	if after.Facts.NS != before.Facts.NS || after.Facts.Cmdline != before.Facts.Cmdline || after.Facts.Exe != before.Facts.Exe || after.Facts.Root != before.Facts.Root {
		t.Errorf("half a process: %+v, it was %+v", after.Facts, before.Facts)
	}
}

// Processes that come and go while scans run leave no half values, descriptors or goroutines.
func TestScansOfProcessesThatComeAndGo(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("needs sleep (package coreutils)")
	}
	const many, atOnce = 300, 6
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	s, err := NewScanner(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for range atOnce {
		running.Go(func() {
			for i := range many / atOnce {
				if err := exec.Command(sleep, []string{"0.005", "0.05"}[i%2]).Run(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()
	scans, met := 0, map[ID]bool{}
	for more := true; more || scans < 20; scans++ {
		select {
		case <-ended:
			more = false
		default:
		}
		snap := scan(t, s)
		checkWhole(t, snap)
		for i := range snap.Procs {
			if p := &snap.Procs[i]; p.PPID == os.Getpid() {
				met[p.ID] = true
			}
		}
	}
	t.Logf("%d scans met %d of %d processes", scans, len(met), many)
	if len(met) == 0 {
		t.Error("no scan met a process that came and went")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	eventually(t, "descriptors are given back", func() bool { return openDescriptors(t) <= descriptors })
	eventually(t, "goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// checkWhole holds that each process of a snapshot is one process's and was read as a whole.
func checkWhole(t *testing.T, snap *Snapshot) {
	t.Helper()
	for i := range snap.Procs {
		p := &snap.Procs[i]
		f := p.Facts
		if p.How.OK() && (p.Start == 0 && p.PID != 1 || p.State == 0 || p.Threads == 0) {
			t.Errorf("half of a stat: %+v", p)
		}
		if f.Status.OK() && (f.Status.Value.Tgid != p.PID || len(f.Status.Value.NSpid) == 0) {
			t.Errorf("process %d has another one's status: %+v", p.PID, f.Status.Value)
		}
		for link := range proc.NSLink(proc.NSLinks) {
			if f.NS != nil && f.NS.How[link].State == reading.Gone {
				t.Errorf("process %d was taken though it had ended: %+v", p.PID, f.NS)
			}
		}
		if f.Cgroup.State == reading.Gone || f.Cmdline.State == reading.Gone || f.Status.State == reading.Gone || f.Status.State == reading.Absent {
			t.Errorf("process %d was taken though it had ended: %+v", p.PID, f)
		}
		if p.Container != nil && snap.ContainerByKey(p.Container.Key) != p.Container {
			t.Errorf("process %d is in a container that the snapshot does not have", p.PID)
		}
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
