package inspect

import (
	"bufio"
	gocmp "cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// takeCensus scans this machine and looks for its namespaces.
func takeCensus(t *testing.T) (*Census, *Snapshot) {
	t.Helper()
	sc, err := NewScanner(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sc.Close()
	s := scan(t, sc)
	c, err := NewNamespaceReader(Options{}).Namespaces(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func (c *Census) find(kind proc.NSKind, ino uint64) *NamespaceObject {
	for _, n := range c.Namespaces {
		if n.Kind == kind && n.ID.Ino == ino {
			return n
		}
	}
	return nil
}

// inodeOf reads a namespace link.
func inodeOf(t *testing.T, path string) uint64 {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	_, ino, ok := proc.ParseNSLink([]byte(target))
	if !ok {
		t.Fatalf("%s leads to %q", path, target)
	}
	return ino
}

// lsnsEntry is one row of `lsns -J`.
type lsnsEntry struct {
	NS     uint64 `json:"ns"`
	Type   string `json:"type"`
	NProcs int    `json:"nprocs"`
	PID    int    `json:"pid"`
}

func lsns(t *testing.T) map[uint64]lsnsEntry {
	t.Helper()
	if _, err := exec.LookPath("lsns"); err != nil {
		t.Skip("needs lsns (package util-linux)")
	}
	out, err := exec.Command("lsns", "-J", "-o", "NS,TYPE,NPROCS,PID").Output()
	if err != nil {
		t.Fatalf("lsns: %v", err)
	}
	var answer struct{ Namespaces []lsnsEntry }
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("lsns: %v: %.200s", err, out)
	}
	list := map[uint64]lsnsEntry{}
	for _, e := range answer.Namespaces {
		list[e.NS] = e
	}
	return list
}

// All that lsns lists, we list. Processes come and go meanwhile, so only what lsns says both before and after counts, and
// a disagreement must last.
func TestCensusAgreesWithLsns(t *testing.T) {
	startInNamespaces(t)
	var disagreement string
	for range 5 {
		before := lsns(t)
		c, s := takeCensus(t)
		after := lsns(t)
		disagreement = ""
		for ino, e := range before {
			if after[ino] != e {
				continue
			}
			kind, _ := proc.NSKindByName(e.Type)
			n := c.find(kind, ino)
			switch {
			case n == nil:
				disagreement += "\nnot found: " + e.Type + " " + strconv.FormatUint(ino, 10)
			case n.Host:
				// lsns counts itself, and the whole machine's coming and going.
			case len(n.Members) != e.NProcs:
				disagreement += "\nmembers of " + e.Type + " " + strconv.FormatUint(ino, 10)
			case e.NProcs == 1 && n.First.PID != e.PID:
				disagreement += "\nfirst process of " + e.Type + " " + strconv.FormatUint(ino, 10)
			}
		}
		if len(before) == 0 || len(s.Procs) == 0 {
			t.Fatal("nothing to compare")
		}
		if disagreement == "" {
			return
		}
	}
	t.Error(disagreement)
}

// startInNamespaces starts a process in a user and a network namespace of its own.
func startInNamespaces(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "300")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("needs the right to make user namespaces: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

func TestCensusKnowsOwners(t *testing.T) {
	child := startInNamespaces(t)
	dir := "/proc/" + strconv.Itoa(child.Process.Pid) + "/ns/"
	c, s := takeCensus(t)
	net := c.find(proc.Net, inodeOf(t, dir+"net"))
	user := c.find(proc.User, inodeOf(t, dir+"user"))
	if net == nil || user == nil {
		t.Fatalf("net %v, user %v", net, user)
	}
	if net.Host || len(net.Members) != 1 || net.First != s.ByPID(child.Process.Pid) || net.Owner != reading.Value(user.ID) {
		t.Errorf("net %+v", net)
	}
	if net.Parent.State != reading.Absent || net.CreatorUID.State != reading.Absent {
		t.Errorf("a network namespace has no parent and no creator: %+v %+v", net.Parent, net.CreatorUID)
	}
	if user.CreatorUID != reading.Value(uint32(os.Getuid())) || user.Parent.Value.Ino != inodeOf(t, "/proc/self/ns/user") {
		t.Errorf("user %+v %+v", user.CreatorUID, user.Parent)
	}
}

// A namespace that only a descriptor holds is found, and so is the user namespace that owns it and has no process.
func TestCensusFindsWhatADescriptorHolds(t *testing.T) {
	child := startInNamespaces(t)
	dir := "/proc/" + strconv.Itoa(child.Process.Pid) + "/ns/"
	netIno, userIno := inodeOf(t, dir+"net"), inodeOf(t, dir+"user")
	held, err := os.Open(dir + "net")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	_ = child.Process.Kill()
	_ = child.Wait()

	c, _ := takeCensus(t)
	net, user := c.find(proc.Net, netIno), c.find(proc.User, userIno)
	if net == nil || user == nil {
		t.Fatalf("net %v, user %v", net, user)
	}
	want := []Holder{{Kind: HeldByFD, PID: os.Getpid(), FD: int(held.Fd())}}
	if diff := cmp.Diff(want, net.Holders); diff != "" || len(net.Members) > 0 || net.First != nil {
		t.Errorf("members %v, first %v, holders:\n%s", net.Members, net.First, diff)
	}
	if net.Owner != reading.Value(user.ID) {
		t.Errorf("owner %+v", net.Owner)
	}
	want = []Holder{{Kind: HeldByNamespace, Namespace: net.Namespace}}
	if diff := cmp.Diff(want, user.Holders); diff != "" || len(user.Members) > 0 {
		t.Errorf("members %v, holders:\n%s", user.Members, diff)
	}
	if user.CreatorUID != reading.Value(uint32(os.Getuid())) {
		t.Errorf("creator %+v", user.CreatorUID)
	}
	if got := net.Holders[0].String() + "; " + user.Holders[0].String(); !strings.Contains(got, "descriptor") || !strings.Contains(got, "belongs to it") {
		t.Error(got)
	}
}

// startScript starts a shell that has set something up, and returns the line that it then says.
func startScript(t *testing.T, name string, args ...string) (pid int, said string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("needs %s: %v", name, err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	said, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		t.Skipf("needs the right to run %s %s: %s", name, strings.Join(args, " "), stderr.String())
	}
	return cmd.Process.Pid, strings.TrimSpace(said)
}

// `ip netns add` leaves a namespace that only a mount holds. It is made below a /run of its own, so that none of it is
// seen on this machine.
func TestCensusFindsWhatAMountHolds(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs ip (package iproute2)")
	}
	pid, said := startScript(t, "unshare", "-m", "sh", "-ec",
		`mount -t tmpfs cutaway-test /run; ip netns add "with space"; stat -c %i "/run/netns/with space"; read -r end`)
	ino, err := strconv.ParseUint(said, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := takeCensus(t)
	n := c.find(proc.Net, ino)
	if n == nil {
		t.Fatalf("net %d not found", ino)
	}
	mnt := inodeOf(t, "/proc/"+strconv.Itoa(pid)+"/ns/mnt")
	want := []Holder{{Kind: HeldByMount, PID: pid, Path: "/run/netns/with space", MountNS: mnt}}
	if diff := cmp.Diff(want, n.Holders); diff != "" || len(n.Members) > 0 {
		t.Errorf("members %v, holders:\n%s", n.Members, diff)
	}
	if want := inodeOf(t, "/proc/self/ns/user"); n.Owner.Value.Ino != want || !n.Owner.OK() {
		t.Errorf("owner %+v, want %d", n.Owner, want)
	}
}

func TestCensusFindsWhatIsSetForChildren(t *testing.T) {
	pid, _ := startScript(t, "unshare", "-pf", "sh", "-c", "echo ready; read -r end")
	c, _ := takeCensus(t)
	n := c.find(proc.PID, inodeOf(t, "/proc/"+strconv.Itoa(pid)+"/ns/pid_for_children"))
	if n == nil {
		t.Fatal("not found")
	}
	if diff := cmp.Diff([]Holder{{Kind: HeldForChildren, PID: pid}}, n.Holders); diff != "" || len(n.Members) != 1 {
		t.Errorf("members %v, holders:\n%s", n.Members, diff)
	}
	if n.Parent.Value.Ino != inodeOf(t, "/proc/self/ns/pid") {
		t.Errorf("parent %+v", n.Parent)
	}
}

func TestCensusFindsWhatAThreadHolds(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	type result struct {
		tid int
		ino uint64
		err error
	}
	ready, end := make(chan result), make(chan struct{})
	defer close(end)
	go onOwnThread(func() {
		err := unix.Unshare(unix.CLONE_NEWUTS)
		var ino uint64
		if err == nil {
			target, _ := os.Readlink("/proc/thread-self/ns/uts")
			_, ino, _ = proc.ParseNSLink([]byte(target))
		}
		ready <- result{unix.Gettid(), ino, err}
		<-end
	})
	r := <-ready
	if r.err != nil {
		t.Skipf("needs the right to make namespaces: %v", r.err)
	}
	c, _ := takeCensus(t)
	n := c.find(proc.UTS, r.ino)
	if n == nil {
		t.Fatalf("uts %d not found", r.ino)
	}
	want := []Holder{{Kind: HeldByThread, PID: os.Getpid(), TID: r.tid}}
	if diff := cmp.Diff(want, n.Holders); diff != "" {
		t.Error(diff)
	}
}

// A copy of a proc tree answers no ioctl, but its links and mounts tell what they tell.
func TestCensusOfACopy(t *testing.T) {
	f := newFixture(t)
	f.process(1, 0, "init", 1, map[string]string{
		"mountinfo": "30 1 0:4 net:[4026599001] /run/netns/a rw - nsfs nsfs rw\n31 1 0:5 / / rw - ext4 /dev/x rw\n",
	})
	f.process(9, 1, "holder", 9, map[string]string{"mountinfo": "\xff nsfs - nsfs \n"})
	f.links(filepath.Join(f.dir, "9"), map[string]string{"fd/3": "mnt:[4026599002]", "fd/4": "/etc", "fd/5": "net:[x]"})
	s := scan(t, f.scanner(Options{}))
	c, err := NewNamespaceReader(Options{Proc: f.dir}).Namespaces(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if net := c.find(proc.Net, 4026599001); net == nil || len(net.Holders) != 1 || net.Holders[0].Path != "/run/netns/a" || net.Holders[0].PID != 1 {
		t.Errorf("net %+v", net)
	}
	if mnt := c.find(proc.Mnt, 4026599002); mnt == nil || len(mnt.Holders) != 1 || mnt.Holders[0].FD != 3 || mnt.Owner.State != reading.Absent {
		t.Errorf("mnt %+v", mnt)
	}
	sorted := slices.IsSortedFunc(c.Namespaces, func(a, b *NamespaceObject) int {
		return gocmp.Or(gocmp.Compare(a.Kind, b.Kind), gocmp.Compare(a.ID.Ino, b.ID.Ino))
	})
	if !sorted {
		t.Error("not in order")
	}
	hosts := 0
	for _, n := range c.Namespaces {
		if n.Host {
			hosts++
		}
	}
	if hosts != proc.NSKinds {
		t.Errorf("%d namespaces are the host's", hosts)
	}
}

func TestCensusAsNormalUser(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs a normal user")
	}
	c, s := takeCensus(t)
	if c.Unread == 0 && s.Denied > 0 {
		t.Error("some processes refused to be looked at, and none is counted")
	}
	if n := c.find(proc.User, inodeOf(t, "/proc/self/ns/user")); n == nil || !n.CreatorUID.OK() {
		t.Errorf("our own user namespace: %+v", n)
	}
}

func TestCensusGivesEverythingBack(t *testing.T) {
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	takeCensus(t)
	before := count()
	c, _ := takeCensus(t)
	if len(c.Namespaces) == 0 {
		t.Fatal("no namespaces")
	}
	eventually(t, "as many descriptors as before", func() bool { return count() <= before })
}

func TestCensusEndsWithItsContext(t *testing.T) {
	_, s := takeCensus(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NewNamespaceReader(Options{}).Namespaces(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("Namespaces = %v", err)
	}
}
