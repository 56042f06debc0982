package cli

import (
	"os"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// A sandbox joins the network of a Docker container by the beginning of its id, as docker run --net=container:NAME does, and nothing else of
// it.
func TestLiveJoinsDocker(t *testing.T) {
	e := livetest.Docker(t)
	c := e.Run(t)
	r := finish(t, cutaway(t, "run", "--preset", "sharenet", "--net", "container:"+c.ID[:12], "--", "sh", "-c", "readlink /proc/self/ns/net /proc/self/ns/uts"))
	got := strings.Fields(r.out)
	if len(got) != 2 || got[0] != nsLink(c.PID, "net") || got[1] == nsLink(c.PID, "uts") || got[1] == nsLink(os.Getpid(), "uts") {
		t.Errorf("inside: %q %q; the container's network is %s", r.out, r.err, nsLink(c.PID, "net"))
	}
}

// Among a container's processes a sandbox of root's is nobody: by its /proc/PID/root they would read the host's files as root.
func TestLiveJoinedProcessesDoNotReachTheHost(t *testing.T) {
	e := livetest.Docker(t)
	c := e.Run(t)
	r := finish(t, cutaway(t, "run", "--pid", "container:"+c.ID[:12], "--", "sh", "-c", "id -u; grep CapPrm /proc/self/status"))
	got := strings.Fields(r.out)
	if len(got) != 3 || got[0] == "0" || got[2] != "0000000000000000" {
		t.Errorf("inside: %q %q", r.out, r.err)
	}
}

// A container is entered by its name, by the beginning of its id, and with the host's tools.
func TestLiveEnterByName(t *testing.T) {
	e := livetest.Docker(t)
	c := e.Run(t, "--hostname", "inside", "-e", "GIVEN=yes")
	for _, name := range []string{c.Name, c.ID[:10]} {
		r := finish(t, cutaway(t, "--root", e.Machine.Root, "enter", name, "-e", "MORE=1", "--", "sh", "-c", "hostname; echo $GIVEN $MORE $SECRET.; exit 7"))
		if r.out != "inside\nyes 1 .\n" || r.status != 7 {
			t.Errorf("%s: %q %q, status %d", name, r.out, r.err, r.status)
		}
	}
	r := finish(t, cutaway(t, "--root", e.Machine.Root, "enter", c.Name, "--host-tools", "--", "sh", "-c", "cat /proc/1/comm; hostname; cat /etc/os-release | grep -c ^ID="))
	if r.out != "sleep\ninside\n1\n" {
		t.Errorf("the host's tools: %q %q", r.out, r.err)
	}
	r = finish(t, cutaway(t, "--root", e.Machine.Root, "enter", c.Name, "--", "no-such-command"))
	if r.status != 127 || !strings.Contains(r.err, "--host-tools") {
		t.Errorf("a command that is not there: %d, %q", r.status, r.err)
	}
	if r := finish(t, cutaway(t, "--readonly", "enter", c.Name)); r.status != 125 {
		t.Errorf("--readonly: %d, %q", r.status, r.err)
	}
}
