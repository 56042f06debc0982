package sandbox

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// naked is a sandbox that has nothing of its own.
func naked(script string) *Spec {
	s := isolated(script)
	for _, kind := range NamespaceTypes {
		*s.Namespaces.Of(kind) = HostNamespace
	}
	s.Root, s.Mounts, s.Hostname, s.Network = Root{Kind: RootKeep, Switch: PivotRoot}, nil, "", Network{}
	s.Proc, s.Sys, s.Dev, s.Seccomp, s.Capabilities = ProcKeep, SysKeep, DevKeep, SeccompOff, []string{"all"}
	return s
}

// resolveTo is a Resolve for one process.
func resolveTo(pid int) func(string) (int, uint64, error) {
	return func(string) (int, uint64, error) { return pid, startTime(pid), nil }
}

// unshareFlags are those of unshare(1) that make a namespace of each type.
var unshareFlags = map[string][]string{
	"mnt": {"--mount"}, "net": {"--net"}, "pid": {"--pid", "--fork"}, "ipc": {"--ipc"}, "uts": {"--uts"},
	"user": {"--user", "--map-root-user"}, "cgroup": {"--cgroup"}, "time": {"--time"},
}

// Each type of namespace alone is joined, and no other; without rights the user namespace comes along.
func TestJoinEach(t *testing.T) {
	for _, kind := range NamespaceTypes {
		t.Run(kind, func(t *testing.T) {
			kinds, flags := []string{kind}, unshareFlags[kind]
			if os.Geteuid() != 0 && kind != "user" {
				kinds, flags = append(kinds, "user"), slices.Concat(unshareFlags["user"], flags)
			}
			target := livetest.Unshare(t, flags...)
			checkJoins(t, target.PID, kinds)
		})
	}
}

// All namespaces of a process at once.
func TestJoinAll(t *testing.T) {
	target := livetest.Unshare(t, "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--ipc", "--uts", "--cgroup", "--time", "--mount-proc")
	checkJoins(t, target.PID, NamespaceTypes[:])
}

func checkJoins(t *testing.T, target int, kinds []string) {
	t.Helper()
	s := naked("for n in " + strings.Join(NamespaceTypes[:], " ") + "; do echo $n $(readlink /proc/self/ns/$n); done")
	for _, kind := range kinds {
		*s.Namespaces.Of(kind) = "container:it"
	}
	var want []string
	for _, kind := range NamespaceTypes {
		link, err := os.Readlink("/proc/self/ns/" + kind)
		if slices.Contains(kinds, kind) {
			link, err = os.Readlink(procDir(target) + "/ns/" + kind)
		}
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, kind+" "+link)
	}
	if got := lines(run(t, s, Options{Resolve: resolveTo(target)}).out); !slices.Equal(got, want) {
		t.Errorf("inside:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A sandbox with everything else of its own may be in a user namespace that is there already.
func TestJoinUserWithNewOthers(t *testing.T) {
	flags := []string{"--user", "--map-root-user"}
	if os.Geteuid() == 0 {
		flags = flags[:1]
	}
	target := livetest.Unshare(t, flags...)
	if os.Geteuid() == 0 { // no map to host root, which owns the host's files
		for _, file := range []string{"/gid_map", "/uid_map"} {
			if err := os.WriteFile(procDir(target.PID)+file, []byte("0 100000 65536\n"), 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := isolated("readlink /proc/self/ns/user; id -u; cat /proc/self/uid_map | tr -s ' '; grep CapEff /proc/self/status; cat /proc/1/comm; echo x 2>/dev/null >/etc/x || echo no")
	s.Namespaces.User = "process:1"
	r := run(t, s, Options{Resolve: resolveTo(target.PID)})
	link, err := os.Readlink(procDir(target.PID) + "/ns/user")
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(r.out); len(got) != 6 || got[0] != link || got[1] != "0" || !strings.HasPrefix(got[2], "0 ") ||
		got[3] != "CapEff:\t0000000000000000" || got[4] != "cutaway-init" || got[5] != "no" {
		t.Errorf("inside: %q %q, want %s first", got, r.errOut, link)
	}
}

// A launcher with much memory has another process fork, and the sandbox is the same.
func TestLargeLauncher(t *testing.T) {
	ballast := make([]byte, largeMemory+largeMemory/4)
	for i := 0; i < len(ballast); i += os.Getpagesize() {
		ballast[i] = 1
	}
	if !isLarge() {
		t.Fatal("this process is not large")
	}
	s := isolated("id -u; cat /proc/1/comm; grep CapEff /proc/self/status; ls /proc/self/fd | wc -l; cat /proc/self/cgroup | grep -c cutaway; exit 4")
	r := run(t, s, Options{})
	want := []string{"0", "cutaway-init", "CapEff:\t0000000000000000", "4", "0"}
	if got := lines(r.out); !slices.Equal(got, want) || r.status.Code != 4 {
		t.Errorf("inside: %q %q, status %d; want %q and 4", got, r.errOut, r.status.Code, want)
	}
	runtime.KeepAlive(ballast)
}
