package sandbox

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect/livetest"
)

// inspectScript prints what a process of the target's has in common with the target.
const inspectScript = `for n in mnt net pid ipc uts cgroup; do readlink /proc/self/ns/$n; done
grep -E '^(Uid|Gid|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status; cat /proc/self/cgroup; ls /proc/self/fd`

// What is entered is a process like the target's own.
func TestLiveEnterDocker(t *testing.T) {
	livetest.NeedRoot(t)
	d := livetest.Docker(t)
	for _, options := range [][]string{nil, {"--cap-drop=ALL", "--security-opt", "no-new-privileges"}, {"--user", "1234:1235", "--net=host"}} {
		t.Run(strings.Join(options, " "), func(t *testing.T) {
			c := d.Run(t, options...)
			r, err := enterAndRun(t, &Entry{PID: c.PID, Start: startTime(c.PID), Command: []string{"/bin/sh", "-c", inspectScript}, Terminal: TerminalNever})
			if err != nil {
				t.Fatal(err)
			}
			got := lines(r)
			var want []string
			proc := "/proc/" + strconv.Itoa(c.PID)
			for _, n := range []string{"mnt", "net", "pid", "ipc", "uts", "cgroup"} {
				link, err := os.Readlink(proc + "/ns/" + n)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, link)
			}
			status, err := os.ReadFile(proc + "/status")
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lines(string(status)) {
				name, _, _ := strings.Cut(l, ":")
				if slices.Contains([]string{"Uid", "Gid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"}, name) {
					want = append(want, l)
				}
			}
			groups, err := os.ReadFile(proc + "/cgroup")
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, lines(string(groups))...)
			want = append(want, "0", "1", "2", "3") // 3 is ls's own
			if !slices.Equal(got, want) {
				t.Errorf("inside:\n%s\nthe target:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// A process that took the target's PID is not entered.
func TestEnterRefusesAStranger(t *testing.T) {
	_, err := enterAndRun(t, &Entry{PID: os.Getpid(), Start: startTime(os.Getpid()) + 1, Command: []string{"true"}, Terminal: TerminalNever})
	if !errors.Is(err, syscall.ESRCH) {
		t.Errorf("entered, or failed with %v", err)
	}
}

func enterAndRun(t *testing.T, e *Entry) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	out, done := pipe(t)
	box, _, err := Enter(ctx, e, Options{Stdout: out, Stderr: out, Exe: exe})
	out.Close()
	text := <-done
	if err != nil {
		return text, err
	}
	_, err = box.Wait()
	return text, err
}
