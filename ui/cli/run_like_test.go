package cli

import (
	"strconv"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// How a container of Docker's could be started by hand is how it was started, and a command can be run like it.
func TestLiveRunLikeDocker(t *testing.T) {
	livetest.NeedRoot(t)
	d := livetest.Docker(t)
	c := d.Run(t, "--cap-drop=ALL", "--cap-add=NET_RAW", "--memory=64m", "--pids-limit=50", "--user", "1234:1235", "--hostname", "db1")
	pid := strconv.Itoa(c.PID)
	printed := finish(t, cutaway(t, "run", "--like", pid, "--print", "docker"))
	for _, word := range []string{"--hostname=db1", "--user=1234:1235", "--memory=64M", "--pids-limit=50", "--cap-drop=ALL", "--cap-add=NET_RAW"} {
		if !strings.Contains(strings.ToLower(printed.out), strings.ToLower(word)) {
			t.Errorf("%s is not in\n%s", word, printed.out)
		}
	}
	if printed.status != 0 || !strings.Contains(printed.err, "docker export") {
		t.Errorf("status %d, and of its files it says %q", printed.status, printed.err)
	}
	got := runs(t, []string{"--like", pid, "--terminal", "never"}, "id -u; hostname; "+rightsOf("CapBnd"))
	if want := "1234\ndb1\nCapBnd: 0000000000002000\n"; got.out != want {
		t.Errorf("it says %+v, want %q", got, want)
	}
}
