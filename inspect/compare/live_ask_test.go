package compare

import (
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/livetest"
	"cutaway/inspect/secret"
)

// questions asks inside of a container, as its own tools see it. $1 is the PID there of the process that stands for it.
const questions = `
say() { echo "@$1"; }
say self; echo $$
say hostname; hostname
say status; cat /proc/$1/status
say cgroup; cat /proc/$1/cgroup
say limits; cat /proc/$1/limits
say mounts; cat /proc/$1/mountinfo
say environ; tr '\0\n' '\n ' </proc/$1/environ
say pids; for p in /proc/[0-9]*; do echo ${p#/proc/}; done
say passwd; cat /proc/$1/root/etc/passwd || cat /etc/passwd
say dev; cat /proc/net/dev
say addr; ip -o addr
say route; ip route
say uptime; cat /proc/uptime
for f in net/ipv4/ip_forward net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range net/core/somaxconn net/ipv6/conf/all/disable_ipv6 \
    kernel/shmmax kernel/msgmni kernel/sem fs/mqueue/msg_max user/max_user_namespaces; do
  say sysctl/$f; cat /proc/sys/$f
done
exit 0`

// answers is what a container says to the questions, in lines.
type answers map[string][]string

func ask(t *testing.T, pid int, run func(argv ...string) *exec.Cmd) answers {
	t.Helper()
	cmd := run("sh", "-c", questions, "sh", strconv.Itoa(pid))
	out, err := cmd.Output() // what some question fails on is no answer
	if err != nil {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	a, key := answers{}, ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		if k, ok := strings.CutPrefix(line, "@"); ok {
			key = k
			a[key] = nil
			continue
		}
		a[key] = append(a[key], line)
	}
	for _, key := range []string{"self", "hostname", "status", "cgroup", "limits", "mounts", "environ", "pids", "dev", "uptime"} {
		if len(a[key]) == 0 {
			t.Fatalf("no answer about %s in\n%s", key, out)
		}
	}
	return a
}

// word is a word of the answer's line that begins with something: word("status", "CapEff:", 1).
func (a answers) word(key, start string, n int) string {
	for _, line := range a[key] {
		if f := strings.Fields(line); strings.HasPrefix(line, start) && n < len(f) {
			return f[n]
		}
	}
	return ""
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %q, inside it is %q", what, got, want)
	}
}

func checkKernel(t *testing.T, groups []Group, a answers, pid, in int) {
	t.Helper()
	for _, link := range []string{"mnt", "net", "pid", "ipc", "uts", "user"} {
		check(t, "namespace "+link, right(groups, "namespaces")[link], strconv.FormatUint(livetest.Namespace(t, pid, link), 10))
	}
	check(t, "hostname", right(groups, "names")["hostname"], strings.Join(a["hostname"], ""))
	uid := right(groups, "identity")["uid"]
	check(t, "user", strings.TrimSuffix(strings.Fields(uid)[0], ","), a.word("status", "Uid:", 2))
	sets := right(groups, "capabilities")
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		check(t, set, sets[set], a.word("status", set+":", 1))
	}
	confined := right(groups, "confinement")
	seccomp := map[string]string{"0": "off", "1": "strict", "2": "filter, " + a.word("status", "Seccomp_filters:", 1)}
	check(t, "seccomp", confined["seccomp"], seccomp[a.word("status", "Seccomp:", 1)])
	check(t, "no_new_privs", confined["no_new_privs"], map[string]string{"0": "off", "1": "on"}[a.word("status", "NoNewPrivs:", 1)])
	if where := right(groups, "cgroup")["inside"]; !strings.Contains(strings.Join(a["cgroup"], "\n")+"\n", ":"+where+"\n") {
		t.Errorf("the cgroup is %q, inside it is %q", where, a["cgroup"])
	}
	for name, value := range right(groups, "sysctls") {
		want, asked := a["sysctl/"+strings.ReplaceAll(name, ".", "/")]
		if asked && len(want) == 1 && value != "(not read)" {
			check(t, name, value, strings.Join(strings.Fields(want[0]), " "))
		}
	}
	uptime, err := time.ParseDuration(right(groups, "time")["uptime"])
	there, _ := strconv.ParseFloat(strings.Fields(strings.Join(a["uptime"], " ") + " x")[0], 64)
	if d := there - uptime.Seconds(); err != nil || d < -2 || d > 30 {
		t.Errorf("the machine is up for %v (%v), inside for %v s", uptime, err, there)
	}
	checkProcesses(t, groups, a, pid, in)
}

// checkProcesses compares the PIDs on the right with those inside, where they are few enough not to come and go meanwhile.
func checkProcesses(t *testing.T, groups []Group, a answers, pid, in int) {
	t.Helper()
	pids := right(groups, "processes")
	check(t, "its own PID", pids[strconv.Itoa(pid)], strconv.Itoa(in))
	if in == pid {
		return // it sees all of the machine's
	}
	want := slices.DeleteFunc(a["pids"], func(p string) bool { return p == a["self"][0] })
	got := slices.Collect(maps.Values(pids))
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("processes (-inside +got):\n%s", d)
	}
}

func checkFiles(t *testing.T, groups []Group, a answers) {
	t.Helper()
	points := map[string]bool{}
	for _, line := range a["mounts"] {
		points[strings.Fields(line)[4]] = true
	}
	want := slices.Sorted(maps.Keys(points))
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(right(groups, "mounts")))); d != "" {
		t.Errorf("mounts (-inside +got):\n%s", d)
	}
	users := right(groups, "users")
	for _, line := range a["passwd"] {
		if f := strings.Split(line, ":"); len(f) == 7 {
			check(t, "user "+f[2], users["user "+f[2]], strings.Join([]string{f[0], f[5], f[6]}, " "))
		}
	}
	env := right(groups, "environment")
	for _, line := range a["environ"] {
		if name, value, ok := strings.Cut(line, "="); ok && env[name] != secret.Mask {
			check(t, name, env[name], value)
		}
	}
	files := right(groups, "rlimits")["Max open files"]
	soft, hard := a.word("limits", "Max open files", 3), a.word("limits", "Max open files", 4)
	check(t, "open files", files, map[bool]string{true: soft, false: soft + " up to " + hard}[soft == hard]+" files")
}

func checkNetwork(t *testing.T, groups []Group, a answers) {
	t.Helper()
	got := right(groups, "network")
	for _, line := range a["dev"] {
		name, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		if _, there := got[name]; ok && !there {
			t.Errorf("the interface %s is missing", name)
		}
	}
	for _, line := range a["addr"] {
		f := strings.Fields(line)
		if len(f) > 3 && (f[2] == "inet" || f[2] == "inet6") && !strings.Contains(" "+got[f[1]]+" ", " "+f[3]+" ") {
			t.Errorf("%s has no address %s: %q", f[1], f[3], got[f[1]])
		}
	}
	for _, line := range a["route"] {
		if f := strings.Fields(line); len(f) > 4 && f[0] == "default" && f[1] == "via" {
			check(t, "default route", strings.Join(strings.Fields(got["route default"])[:4], " "), strings.Join(f[1:5], " "))
		}
	}
}
