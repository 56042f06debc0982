package inspect_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect"
	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
)

// TestLiveLinks compares all ten links of containers' processes with readlink(1)'s answer.
func TestLiveLinks(t *testing.T) {
	pids := []int{
		os.Getpid(),
		livetest.Unshare(t, "--user", "--pid", "--fork", "--mount-proc", "--uts", "--time").PID,
		livetest.Bwrap(t, "--unshare-all").PID,
	}
	if os.Geteuid() == 0 {
		pids = append(pids, livetest.Docker(t).Run(t).PID)
	}
	snapshot := liveScan(t, liveScanner(t, "/"))
	for _, pid := range pids {
		p := snapshot.ByPID(pid)
		if p == nil || p.Facts.NS == nil {
			t.Fatalf("the namespaces of %d were not read", pid)
		}
		got, want := map[string]uint64{}, map[string]uint64{}
		for link := range proc.NSLink(proc.NSLinks) {
			name := proc.NSLinkName(link)
			if p.Facts.NS.How[link].OK() {
				got[name] = p.Facts.NS.Ino[link]
			}
			if _, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, name)); err == nil {
				want[name] = livetest.Namespace(t, pid, name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("process %d (-readlink +cutaway):\n%s", pid, diff)
		}
	}
}

// listed is a namespace as lsns lists it.
type listed struct {
	NS     uint64 `json:"ns"`
	Type   string `json:"type"`
	NProcs int    `json:"nprocs"`
	PID    int    `json:"pid"`
}

func lsns(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("lsns", "-J", "-o", "NS,TYPE,NPROCS,PID").Output()
	if err != nil {
		t.Fatalf("lsns: %v", err)
	}
	var answer struct{ Namespaces []listed }
	decode(t, string(out), &answer)
	return answer.Namespaces
}

// TestLiveNamespacesAgreeWithLsns: all that lsns lists, we list. Others may start and end processes meanwhile, so what
// counts is what lsns lists both before and after, and a difference must last.
func TestLiveNamespacesAgreeWithLsns(t *testing.T) {
	livetest.NeedTools(t, "lsns")
	livetest.Unshare(t, "--user", "--pid", "--fork", "--mount-proc", "--uts", "--ipc", "--net", "--cgroup")
	if os.Geteuid() == 0 {
		docker := livetest.Docker(t)
		docker.Run(t, "--name", "db")
		docker.Run(t, "--net", "container:db")
	}
	s := liveScanner(t, "/")
	before := lsns(t)
	settles(t, s, func(snapshot *inspect.Snapshot) string {
		after := lsns(t)
		defer func() { before = after }()
		var lasting []listed
		for _, l := range before {
			if slices.Contains(after, l) {
				lasting = append(lasting, l)
			}
		}
		if len(lasting) < 2*proc.NSKinds-1 {
			return fmt.Sprintf("- namespaces of the host and of a container\n+ %v\n", lasting)
		}
		return unlike(t, snapshot, lasting)
	})
}

// unlike tells which namespaces of lsns's list are not, or not the same, in a snapshot.
func unlike(t *testing.T, snapshot *inspect.Snapshot, list []listed) string {
	t.Helper()
	var text strings.Builder
	for _, l := range list {
		kind, ok := proc.NSKindByName(l.Type)
		if !ok {
			t.Fatalf("lsns lists the unknown type %q", l.Type)
		}
		got := snapshot.Namespace(kind, l.NS)
		if got == nil || len(got.Members) == 0 {
			fmt.Fprintf(&text, "- %s:[%d] of %d\n", l.Type, l.NS, l.PID)
			continue
		}
		if lsnsIsIn := livetest.Namespace(t, os.Getpid(), l.Type) == l.NS; lsnsIsIn {
			continue
		}
		if first := snapshot.Procs[got.Members[0]].PID; first != l.PID || len(got.Members) != l.NProcs {
			fmt.Fprintf(&text, "- %s:[%d] has %d members from %d on\n+ %d from %d on\n",
				l.Type, l.NS, l.NProcs, l.PID, len(got.Members), first)
		}
	}
	return text.String()
}

// TestLiveSharing: two containers in one network namespace, and only there, carry the same letter there.
func TestLiveSharing(t *testing.T) {
	docker := livetest.Docker(t)
	db := docker.Run(t, "--name", "db")
	web := docker.Run(t, "--name", "web", "--net", "container:db")
	settles(t, liveScanner(t, docker.Machine.Root), func(snapshot *inspect.Snapshot) string {
		for _, share := range snapshot.Shares() {
			var kinds, names []string
			for _, n := range share.Namespaces {
				kinds = append(kinds, n.Kind.String())
			}
			for _, c := range share.Containers {
				names = append(names, c.Name)
			}
			if seen(snapshot, db.PID) != nil && slices.Contains(share.Containers, seen(snapshot, db.PID)) &&
				slices.Contains(share.Containers, seen(snapshot, web.PID)) {
				return cmp.Diff([][]string{{"net"}, {"db", "web"}}, [][]string{kinds, names}) + sameLetter(snapshot, db.PID, web.PID)
			}
		}
		return "- db and web share net\n"
	})
}

// sameLetter compares the fingerprints of two containers that share their network namespace only.
func sameLetter(s *inspect.Snapshot, a, b int) string {
	one, other := s.Fingerprint(seen(s, a).NS)[proc.Net], s.Fingerprint(seen(s, b).NS)[proc.Net]
	if one.Kind != inspect.CellShared || one != other {
		return fmt.Sprintf("- the same letter\n+ %v and %v\n", one, other)
	}
	if cell := s.Fingerprint(seen(s, a).NS)[proc.Mnt]; cell.Kind != inspect.CellOwn {
		return fmt.Sprintf("- a mount namespace of its own\n+ %v\n", cell)
	}
	return ""
}

// TestLiveHostNamespaces: what a container borrows of the host is the host's.
func TestLiveHostNamespaces(t *testing.T) {
	docker := livetest.Docker(t)
	c := docker.Run(t, "--pid=host", "--uts=host", "--ipc=host")
	snapshot := liveScan(t, liveScanner(t, "/"))
	cells := snapshot.Fingerprint(snapshot.ByPID(c.PID).Facts.NS)
	for _, kind := range []proc.NSKind{proc.PID, proc.UTS, proc.IPC, proc.User, proc.Time} {
		if cells[kind].Kind != inspect.CellHost {
			t.Errorf("%s is not the host's: %v", kind, cells[kind])
		}
	}
	if cells[proc.Mnt].Kind != inspect.CellOwn {
		t.Errorf("mnt is not its own: %v", cells[proc.Mnt])
	}
}

// TestLiveNSpid compares the PIDs in nested PID namespaces with what a process there sees of itself.
func TestLiveNSpid(t *testing.T) {
	livetest.NeedTools(t, "nsenter")
	livetest.NeedRoot(t)
	c := livetest.Docker(t).RunCommand(t, nil, "/bin/sh", "-c", "sleep 3601 & sleep 3602 & wait")
	s := liveScanner(t, "/")
	settles(t, s, func(snapshot *inspect.Snapshot) string {
		out, err := exec.Command("nsenter", "-t", strconv.Itoa(c.PID), "-p", "-m", "/bin/ps", "-o", "pid,args").Output()
		if err != nil {
			return fmt.Sprintf("+ nsenter: %v\n", err)
		}
		want := map[string]string{}
		for line := range strings.Lines(string(out)) {
			if fields := strings.Fields(line); len(fields) == 3 && strings.HasSuffix(fields[1], "sleep") {
				want[fields[2]] = fields[0]
			}
		}
		got := map[string]string{}
		for i := range snapshot.Procs {
			p := &snapshot.Procs[i]
			args := strings.Split(p.Facts.Cmdline.Value, "\x00")
			if p.Container != nil && p.Container == seen(snapshot, c.PID) && len(args) > 1 && filepath.Base(args[0]) == "sleep" {
				chain := p.Facts.Status.Value.NSpid
				if len(chain) != 2 || chain[0] != p.PID {
					return fmt.Sprintf("+ the chain of %d is %v\n", p.PID, chain)
				}
				got[args[1]] = strconv.Itoa(chain[1])
			}
		}
		if len(want) != 2 {
			return fmt.Sprintf("- two sleeps\n+ %s\n", out)
		}
		return cmp.Diff(want, got)
	})
}

// census takes one and finds a namespace in it.
func census(t *testing.T, kind proc.NSKind, inode uint64) *inspect.NamespaceObject {
	t.Helper()
	result, err := inspect.NewNamespaceReader(inspect.Options{}).Namespaces(context.Background(), liveScan(t, liveScanner(t, "/")))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range result.Namespaces {
		if n.Kind == kind && n.ID.Ino == inode {
			return n
		}
	}
	t.Fatalf("%s:[%d] is not found", kind, inode)
	return nil
}

func TestLiveIPNetns(t *testing.T) {
	inode := livetest.IPNetns(t, "lonely")
	n := census(t, proc.Net, inode)
	if len(n.Members) != 0 || len(n.Holders) != 1 {
		t.Fatalf("%d members, holders %v", len(n.Members), n.Holders)
	}
	if h := n.Holders[0]; h.Kind != inspect.HeldByMount || h.Path != "/run/netns/lonely" ||
		h.MountNS != livetest.Namespace(t, livetest.UseMachine(t).PID, "mnt") {
		t.Errorf("held by %v in mnt:[%d]", h, h.MountNS)
	}
	if want := livetest.Namespace(t, os.Getpid(), "user"); !n.Owner.OK() || n.Owner.Value.Ino != want {
		t.Errorf("owner is %v, want user:[%d]", n.Owner, want)
	}
}

func TestLiveHeldByDescriptor(t *testing.T) {
	fd, inode := livetest.HeldByDescriptor(t)
	n := census(t, proc.UTS, inode)
	if len(n.Members) != 0 || len(n.Holders) != 1 {
		t.Fatalf("%d members, holders %v", len(n.Members), n.Holders)
	}
	if h := n.Holders[0]; h.Kind != inspect.HeldByFD || h.PID != os.Getpid() || h.FD != fd {
		t.Errorf("held by %v, want descriptor %d of %d", h, fd, os.Getpid())
	}
}

// TestLiveHierarchy compares owners and parents with lsns, which asks the same ioctls.
func TestLiveHierarchy(t *testing.T) {
	livetest.NeedTools(t, "lsns")
	c := livetest.Unshare(t, "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--uts")
	for link, kind := range map[string]proc.NSKind{"user": proc.User, "pid": proc.PID, "uts": proc.UTS} {
		inode := livetest.Namespace(t, c.PID, link)
		n := census(t, kind, inode)
		out, err := exec.Command("lsns", "-n", "-o", "NS,PNS,ONS", "-p", strconv.Itoa(c.PID), "-t", link).Output()
		if err != nil {
			t.Fatalf("lsns: %v", err)
		}
		want := strings.Fields(string(out))
		got := []string{strconv.FormatUint(inode, 10), related(n.Parent.OK(), n.Parent.Value), related(n.Owner.OK(), n.Owner.Value)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-lsns +cutaway):\n%s", link, diff)
		}
	}
}

// related writes a related namespace as lsns does: 0 when there is none to see.
func related(known bool, id inspect.NSID) string {
	if !known {
		return "0"
	}
	return strconv.FormatUint(id.Ino, 10)
}
