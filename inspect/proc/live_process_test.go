package proc

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// A real process with the most hostile name of 15 bytes, as ps sees it.
func TestStatAsPS(t *testing.T) {
	ps := need(t, "ps")
	for _, comm := range []string{"plain", ") S 1 (", "a b) (c\nd"} {
		pid := startSleeper(t, comm)
		var s Stat
		if err := ParseStat(readProc(t, pid, "stat"), &s); err != nil {
			t.Errorf("%q: %v", comm, err)
			continue
		}
		if s.PID != pid || string(s.Comm) != comm {
			t.Errorf("%q: parsed as process %d %q", comm, s.PID, s.Comm)
		}
		out, err := exec.Command(ps, "-o", "pid=,ppid=,s=,nlwp=", "-p", strconv.Itoa(pid)).Output()
		if err != nil {
			t.Fatalf("ps: %v", err)
		}
		got := fmt.Sprintf("%d %d %c %d", s.PID, s.PPID, s.State, s.Threads)
		if want := strings.Join(strings.Fields(string(out)), " "); got != want {
			t.Errorf("%q: %s, and ps says %s", comm, got, want)
		}
	}
}

// Every process here that does not change meanwhile, as ps sees it. One may change and change back between two looks, so
// only a difference that stays counts.
func TestStatusAsPS(t *testing.T) {
	ps := need(t, "ps")
	var differences []string
	for range 5 {
		var compared int
		compared, differences = compareWithPS(t, ps)
		if compared == 0 {
			t.Fatal("not one process to compare")
		}
		if len(differences) == 0 {
			return
		}
	}
	t.Errorf("-ps +got\n%s", strings.Join(differences, "\n"))
}

func compareWithPS(t *testing.T, ps string) (compared int, differences []string) {
	t.Helper()
	const columns = "pid=,ppid=,nlwp=,euid=,ruid=,suid=,fuid=,egid=,rgid=,sgid=,fgid=,blocked=,ignored=,caught="
	before := psLines(t)
	out, err := exec.Command(ps, "-eo", columns).Output()
	if err != nil {
		t.Fatalf("ps: %v", err)
	}
	after := psLines(t)
	for line := range strings.Lines(string(out)) {
		want := strings.Join(strings.Fields(line), " ")
		pid, _, _ := strings.Cut(want, " ")
		got := before[pid]
		if got == "" || got != after[pid] {
			continue
		}
		compared++
		if got != want {
			differences = append(differences, "- "+want, "+ "+got)
		}
	}
	return compared, differences
}

// psLines prints all processes as ps does in TestStatusAsPS, by PID.
func psLines(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, entry := range entries {
		pid := entry.Name()
		if _, err := strconv.Atoi(pid); err != nil {
			continue
		}
		statText, err1 := os.ReadFile("/proc/" + pid + "/stat")
		statusText, err2 := os.ReadFile("/proc/" + pid + "/status")
		if err1 != nil || err2 != nil {
			continue // ended
		}
		var stat Stat
		var status Status
		if err := ParseStat(statText, &stat); err != nil {
			t.Errorf("process %s: %v", pid, err)
		}
		if err := ParseStatus(statusText, &status); err != nil {
			t.Errorf("process %s: %v", pid, err)
		}
		u, g := status.UID, status.GID
		lines[pid] = fmt.Sprintf("%d %d %d %d %d %d %d %d %d %d %d %016x %016x %016x", status.Tgid, stat.PPID, stat.Threads,
			u[1], u[0], u[2], u[3], g[1], g[0], g[2], g[3], status.SigBlocked, status.SigIgnored, status.SigCaught)
	}
	return lines
}

func TestEnvironAndCmdlineLive(t *testing.T) {
	pid := startSleeper(t, "sleep", "A=1", "B=two\nlines=\xff", "C=", "bare")
	want := []EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "two\nlines=\xff"}, {Name: "C"}, {Name: "bare", Bare: true}}
	if diff := cmp.Diff(want, ParseEnviron(readProc(t, pid, "environ"))); diff != "" {
		t.Errorf("environ: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sleep", "1000"}, ParseCmdline(readProc(t, pid, "cmdline"))); diff != "" {
		t.Errorf("cmdline: -want +got\n%s", diff)
	}
}

func TestLimitsLive(t *testing.T) {
	limits, err := ParseLimits(readProc(t, os.Getpid(), "limits"))
	if err != nil {
		t.Fatal(err)
	}
	resources := map[string]int{
		"Max open files": unix.RLIMIT_NOFILE, "Max stack size": unix.RLIMIT_STACK, "Max cpu time": unix.RLIMIT_CPU,
		"Max core file size": unix.RLIMIT_CORE, "Max locked memory": unix.RLIMIT_MEMLOCK,
	}
	for _, l := range limits {
		resource, known := resources[l.Name]
		if !known {
			continue
		}
		delete(resources, l.Name)
		var want unix.Rlimit
		// With prlimit(2), since the language's own getrlimit may give what it was before it raised the number of files.
		if err := unix.Prlimit(0, resource, nil, &want); err != nil {
			t.Fatal(err)
		}
		if asRlimit(l.Soft) != want.Cur || asRlimit(l.Hard) != want.Max {
			t.Errorf("%s: %s and %s, want %d and %d", l.Name, l.Soft, l.Hard, want.Cur, want.Max)
		}
	}
	for name := range resources {
		t.Errorf("no limit is called %q", name)
	}
}

func asRlimit(v LimitValue) uint64 {
	if v.Unlimited {
		return unix.RLIM_INFINITY
	}
	return v.N
}

func TestIDMapLive(t *testing.T) {
	got, err := ParseIDMap(inNamespaces(t, "cat /proc/self/uid_map"))
	want := []IDMapping{{Inside: 0, Outside: uint32(os.Geteuid()), Count: 1}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got\n%s", err, diff)
	}
}

func TestTimensOffsetsLive(t *testing.T) {
	got, err := ParseTimensOffsets(inNamespaces(t, "cat /proc/self/timens_offsets", "-T", "--fork", "--monotonic", "500", "--boottime", "1000"))
	if err != nil {
		t.Fatal(err)
	}
	for i, seconds := range []float64{500, 1000} {
		if len(got) != 2 || got[i].Offset.Seconds() != seconds {
			t.Errorf("%v, want 500 s and 1000 s", got)
		}
	}
}

func TestFDInfoLive(t *testing.T) {
	pid := startSleeper(t, "sleep")
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	info, err := ParseFDInfo(readProc(t, os.Getpid(), "fdinfo/"+strconv.Itoa(fd)))
	if err != nil || !info.PID.OK() || info.PID.Value != pid {
		t.Errorf("a pidfd of process %d is said to be of %+v, error %v", pid, info.PID, err)
	}
	target, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if link := ParseFDLink([]byte(target)); err != nil || link.Kind != FDAnonInode || link.Name != "pidfd" {
		t.Errorf("%q is taken for %+v, error %v", target, link, err)
	}
}
