package engine

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// liveTable reads this machine's processes as the scanner would, sharing equal namespaces and memberships.
type liveTable struct {
	ns      map[proc.Namespaces]*proc.Namespaces
	cgroups map[string]*cgroup.Membership
}

func (l *liveTable) read(tb testing.TB) (procs []Process, host *proc.Namespaces) {
	tb.Helper()
	if l.ns == nil {
		l.ns, l.cgroups = map[proc.Namespaces]*proc.Namespaces{}, map[string]*cgroup.Membership{}
	}
	root, err := proc.OpenRoot("/proc")
	if err != nil {
		tb.Fatal(err)
	}
	defer root.Close()
	pids, err := root.PIDs(nil, make([]byte, 1<<16))
	if err != nil {
		tb.Fatal(err)
	}
	r := root.NewReader()
	defer r.Leave()
	for _, pid := range pids {
		if p, ok := l.process(r, pid); ok {
			procs = append(procs, p)
		}
	}
	for i := range procs {
		if procs[i].PID == 1 && procs[i].NS.How[proc.Mnt].OK() || procs[i].PID == os.Getpid() && host == nil {
			host = procs[i].NS
		}
	}
	return procs, host
}

func (l *liveTable) process(r *proc.Reader, pid int) (Process, bool) {
	if r.Enter(pid) != nil {
		return Process{}, false
	}
	text, err := r.File("stat")
	var stat proc.Stat
	if err != nil || proc.ParseStat(text, &stat) != nil {
		return Process{}, false
	}
	p := Process{
		PID: pid, PPID: stat.PPID, Start: stat.StartTime, Comm: string(stat.Comm),
		Kernel: stat.Flags&0x200000 != 0, Zombie: stat.State == 'Z',
	}
	if text, err = r.File("status"); err == nil {
		var status proc.Status
		if proc.ParseStatus(text, &status) == nil {
			p.UID, p.NSpid = status.UID[1], slices.Clone(status.NSpid)
		}
	}
	if text, err = r.File("cmdline"); err == nil {
		p.Cmdline = string(text)
	}
	if text, err = r.Link("exe"); err == nil {
		p.Exe = string(text)
	}
	if text, err = r.Link("root"); err == nil {
		p.Root = string(text)
	}
	p.NS = l.namespaces(r)
	if text, err = r.File("cgroup"); err == nil {
		p.Cgroup = l.membership(string(text))
	}
	return p, true
}

func (l *liveTable) namespaces(r *proc.Reader) *proc.Namespaces {
	var ns proc.Namespaces
	for link := range proc.NSLink(proc.NSLinks) {
		text, err := r.Link("ns/" + proc.NSLinkName(link))
		if ns.How[link] = reading.FromError(err); err == nil {
			_, ns.Ino[link], _ = proc.ParseNSLink(text)
		}
	}
	if l.ns[ns] == nil {
		l.ns[ns] = &ns
	}
	return l.ns[ns]
}

func (l *liveTable) membership(text string) *cgroup.Membership {
	if l.cgroups[text] == nil {
		lines, err := proc.ParseCgroup([]byte(text))
		if err != nil {
			return nil
		}
		l.cgroups[text] = &cgroup.Membership{Lines: lines}
	}
	return l.cgroups[text]
}

// start runs a command until the test ends.
func start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skipf("needs %s", args[0])
	}
	cmd := exec.Command(args[0], args[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// waitFor polls the machine until a container has a member that descends from the process.
func waitFor(t *testing.T, ancestor int, want func(Container) bool) Container {
	t.Helper()
	var table liveTable
	d := NewDetector(Options{})
	var last []Container
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		procs, host := table.read(t)
		last = last[:0]
		for _, c := range d.Detect(procs, host) {
			if !descends(procs, c.Init, ancestor) {
				continue
			}
			if want(c) {
				return c
			}
			last = append(last, c)
		}
	}
	t.Fatalf("no such container appeared below process %d, only %+v", ancestor, last)
	return Container{}
}

func descends(procs []Process, pid, ancestor int) bool {
	for range 64 {
		if pid == ancestor {
			return true
		}
		i := slices.IndexFunc(procs, func(p Process) bool { return p.PID == pid })
		if i < 0 {
			return false
		}
		pid = procs[i].PPID
	}
	return false
}

func TestLiveUnshare(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	cmd := start(t, "unshare", "-fpmn", "--mount-proc", "--kill-child", "sleep", "60")
	c := waitFor(t, cmd.Process.Pid, func(c Container) bool { return c.Engine == Unshare && c.Name == "sleep" })
	if len(c.Members) != 1 || c.Members[0] == cmd.Process.Pid {
		t.Errorf("members %v, want the child of %d only", c.Members, cmd.Process.Pid)
	}
}

func TestLiveBubblewrap(t *testing.T) {
	cmd := start(t, "bwrap", "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "sleep", "60")
	c := waitFor(t, cmd.Process.Pid, func(c Container) bool { return c.Engine == Bubblewrap && c.Name == "sleep" })
	if len(c.Members) != 2 || slices.Contains(c.Members, cmd.Process.Pid) {
		t.Errorf("members %v, want bwrap's inner process and sleep, not %d", c.Members, cmd.Process.Pid)
	}
}

func TestLiveBubblewrapSharingPIDs(t *testing.T) {
	cmd := start(t, "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "sleep", "60")
	waitFor(t, cmd.Process.Pid, func(c Container) bool { return c.Engine == Bubblewrap && c.Name == "sleep" })
}

func TestLiveNsenter(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	cmd := start(t, "unshare", "-fpmn", "--mount-proc", "--kill-child", "sleep", "60")
	c := waitFor(t, cmd.Process.Pid, func(c Container) bool { return c.Engine == Unshare && c.Name == "sleep" })
	start(t, "nsenter", "-t", strconv.Itoa(c.Init), "-p", "-m", "sleep", "61")
	c = waitFor(t, cmd.Process.Pid, func(c Container) bool { return c.Engine == Unshare && len(c.Members) > 1 })
	if last := c.Evidence[len(c.Evidence)-1]; !strings.Contains(last.Text, "in the namespaces of process") {
		t.Errorf("evidence %+v says nothing of nsenter", c.Evidence)
	}
}
