package veth

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"cutaway/inspect/livetest"
)

// ownNetwork in the environment says that the test process has a network namespace of its own.
const ownNetwork = "CUTAWAY_OWN_NETWORK"

// inOwnNetwork runs a test in a new network namespace, by executing the test binary again, so that the machine's own
// network is neither changed nor seen. A user without rights gets a user namespace around it.
func inOwnNetwork(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	livetest.NeedTools(t, "ip", "unshare")
	if os.Getenv(ownNetwork) != "" {
		ip(t, "link", "set", "lo", "up")
		test(t)
		return
	}
	args := []string{"--net", "--mount"}
	if os.Geteuid() != 0 {
		args = append(args, "--user", "--map-root-user")
		if exec.Command("unshare", "-Urn", "true").Run() != nil {
			t.Skip("needs root, or the right to make user namespaces")
		}
	}
	args = append(args, os.Args[0], "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v")
	cmd := exec.Command("unshare", args...)
	cmd.Env = append(os.Environ(), ownNetwork+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("the test did not run in its own network:\n%s", out)
	}
}

// ip runs ip(8) in the test's own network.
func ip(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// namespace is a process in a network namespace of its own, in place of a sandbox.
type namespace struct {
	pid   int
	netns *os.File
	end   func()
}

func newNamespace(t *testing.T) namespace {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := namespace{pid: cmd.Process.Pid}
	n.end = sync.OnceFunc(func() {
		n.netns.Close() // it would keep the namespace alive
		cmd.Process.Kill()
		cmd.Wait()
	})
	t.Cleanup(n.end)
	var err error
	if n.netns, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", n.pid)); err != nil {
		t.Fatal(err)
	}
	return n
}

// ip runs ip(8) inside.
func (n namespace) ip(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("nsenter", append([]string{"--target", fmt.Sprint(n.pid), "--net", "ip"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("inside: ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (n namespace) pair(t *testing.T, host, inside string, gateway bool) Pair {
	t.Helper()
	p := Pair{Name: HostName(n.pid), Gateway: gateway}
	var err error
	if p.Host, p.Inside, err = Addresses(host, inside); err != nil {
		t.Fatal(err)
	}
	return p
}

// links are the names of the interfaces, lo and those that tests make with "other" in their names aside.
func links(text string) (names []string) {
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(strings.Fields(line)[0], "@")
		if name != "lo" && !strings.HasPrefix(name, "other") {
			names = append(names, name)
		}
	}
	return names
}

func wantNoLinks(t *testing.T) {
	t.Helper()
	if left := links(ip(t, "-brief", "link")); len(left) > 0 {
		t.Errorf("left on the host: %v", left)
	}
}
