package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutaway/inspect/livetest"
)

// diffRow is a row as `cutaway diff --json` prints it; a side is nil when it has no such thing, or why is not empty.
type diffRow struct {
	Key, State  string
	Left, Right *string
	Unread      map[string]string
}

func (r diffRow) right() string {
	switch {
	case r.Unread["right"] != "":
		return "(" + r.Unread["right"] + ")"
	case r.Right == nil:
		return "-"
	}
	return *r.Right
}

// diffRows runs `cutaway diff --json --all` and returns the rows by group and key.
func diffRows(t *testing.T, cmd *exec.Cmd) map[string]diffRow {
	t.Helper()
	r := finish(t, cmd)
	if r.status > 1 {
		t.Fatalf("%v: %s", cmd.Args, r.err)
	}
	var doc struct {
		Alike  bool
		Groups []struct {
			Name string
			Rows []diffRow
		}
	}
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatalf("%v: %q", err, r.out)
	}
	if doc.Alike != (r.status == 0) {
		t.Errorf("alike is %v, and the status %d", doc.Alike, r.status)
	}
	rows := map[string]diffRow{}
	for _, g := range doc.Groups {
		for _, row := range g.Rows {
			rows[g.Name+"/"+row.Key] = row
		}
	}
	return rows
}

// processWith finds the process that has a word as its last argument.
func processWith(t *testing.T, word string) int {
	t.Helper()
	for deadline := time.Now().Add(livetest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range files {
			text, _ := os.ReadFile(file)
			if args := bytes.Split(bytes.TrimSuffix(text, []byte{0}), []byte{0}); string(args[0]) == "sh" && string(args[len(args)-1]) == word {
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
				return pid
			}
		}
	}
	t.Fatalf("no process has the argument %s", word)
	return 0
}

// A sandbox of ours is seen from inside as it was asked for.
func TestLiveDiffSandbox(t *testing.T) {
	mark := "mark-" + strconv.Itoa(os.Getpid())
	cmd := cutaway(t, "run", "--hostname", "box", "--", "sh", "-c", "read line", mark)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	pid := strconv.Itoa(processWith(t, mark))
	rows := diffRows(t, cutaway(t, "diff", "self", pid, "--json", "--all"))
	for key, want := range map[string]string{
		"confinement/no_new_privs": "on", "capabilities/CapEff": "0000000000000000", "namespaces/net": nsNumber(t, pid, "net"), "identity/uid": "inside",
	} {
		if got := rows[key].right(); !strings.Contains(got, want) {
			t.Errorf("%s is %q, not %q", key, got, want)
		}
	}
	if os.Geteuid() == 0 {
		if got := rows["names/hostname"].right(); got != "box" {
			t.Errorf("hostname %q", got)
		}
		if got := rows["network/eth0"]; got.State != "" && got.State != "only_left" {
			t.Errorf("eth0 is %+v", got)
		}
	} else if got := rows["names/hostname"].right(); got != "(denied (operation not permitted))" {
		t.Errorf("without rights the hostname is %q", got)
	}
	if p := rows["processes/"+pid]; p.State != "different" || len(p.right()) > 2 {
		t.Errorf("the process is %+v", p)
	}
	if r := finish(t, cutaway(t, "diff", pid, pid)); r.status != 0 {
		t.Errorf("with itself: %d %s", r.status, r.out)
	}
}

func nsNumber(t *testing.T, pid, kind string) string {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatUint(livetest.Namespace(t, n, kind), 10)
}

// A reader in namespaces of its own sees the others' in theirs.
func TestLiveDiffFromElsewhere(t *testing.T) {
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "unshare", "hostname")
	cmd := cutaway(t)
	script := `hostname elsewhere && exec "$0" diff "$1" self --json --all`
	cmd.Args = []string{"unshare", "--net", "--uts", "--ipc", "sh", "-c", script, cmd.Path, strconv.Itoa(os.Getpid())}
	path, err := exec.LookPath("unshare")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = path
	rows := diffRows(t, cmd)
	name := rows["names/hostname"]
	if name.Left == nil || *name.Left != hostName(t) || name.right() != "elsewhere" {
		t.Errorf("hostname %+v", name)
	}
	if lo := rows["network/lo"]; !strings.HasPrefix(lo.right(), "down") || lo.Left == nil || !strings.Contains(*lo.Left, "127.0.0.1/8") {
		t.Errorf("lo: %+v", lo)
	}
}

// asUser has a command run by a user without rights.
func asUser(t *testing.T, cmd *exec.Cmd, uid string) *exec.Cmd {
	t.Helper()
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "setpriv")
	path, err := exec.LookPath("setpriv")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = append([]string{"setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = path
	return cmd
}

// To a normal user root's container is unknown where it has to be looked into, and never what the host is.
func TestLiveDiffDockerAsANormalUser(t *testing.T) {
	c := livetest.Docker(t).Run(t, "--hostname", "hidden")
	rows := diffRows(t, asUser(t, cutaway(t, "diff", "self", strconv.Itoa(c.PID), "--json", "--all"), "4242"))
	for _, key := range []string{"names/hostname", "names/domainname", "network/interfaces", "users/users", "users/groups", "root/system", "root/link", "environment/environ", "sysctls/net.ipv4.ip_forward"} {
		if r := rows[key]; r.State != "unknown" || r.Left == nil || r.Right != nil || !strings.HasPrefix(r.Unread["right"], "denied (") {
			t.Errorf("%s: %+v", key, r)
		}
	}
	if r := rows["capabilities/CapEff"]; r.right() != "00000000a80425fb" {
		t.Errorf("what everybody may read is %q", r.right())
	}
}

// Of his own rootless container a user reads what needs no entering.
func TestLiveDiffRootlessAsItsUser(t *testing.T) {
	c := livetest.PodmanRootless(t).Run(t, "-e", "GIVEN=yes")
	rows := diffRows(t, asUser(t, cutaway(t, "diff", "self", strconv.Itoa(c.PID), "--json", "--all"), "4711"))
	for key, want := range map[string]string{
		"environment/GIVEN": "yes", "users/user 0": "root /root /bin/sh", "identity/uid": "0 inside, 4711 outside", "root/link": "/", "users/group 0": "root",
		"names/hostname": "(denied (operation not permitted))", "network/interfaces": "(denied (operation not permitted))",
	} {
		if got := rows[key].right(); got != want {
			t.Errorf("%s is %q, not %q", key, got, want)
		}
	}
}
