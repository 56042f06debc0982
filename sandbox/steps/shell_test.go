package steps

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
	"cutaway/sandbox/stage"
	"cutaway/sandbox/veth"
	"cutaway/ui/text"
)

// Names that a shell must not take apart. One with a newline is written in a way that older shells than bash do not know.
const (
	hostile     = "/it's $(touch x) `y` \"z\"; & rm -rf \\ *"
	moreHostile = hostile + "\n#\x1b]0;x\a"
)

// everyVerb is a launch with each operation there is, with the flags that change its words.
func everyVerb(hostile string) *Launch {
	l := &Launch{
		Clone:    unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Joins:    []string{"/proc/77/ns/net", "/proc/77/ns/mnt"},
		UIDMap:   []proc.IDMapping{{Inside: 0, Outside: 1000, Count: 1}, {Inside: 1, Outside: 100000, Count: 65535}},
		GIDMap:   []proc.IDMapping{{Inside: 0, Outside: 1000, Count: 1}},
		Cgroups:  []string{"/sys/fs/cgroup" + hostile},
		Limits:   []Limit{{"/sys/fs/cgroup" + hostile + "/memory.max", "67108864"}},
		Veth:     &veth.Pair{Host: netip.MustParsePrefix("10.77.0.1/30"), Inside: netip.MustParsePrefix("10.77.0.2/30"), Gateway: true},
		Idmapped: []bool{true, false},
		Init:     true,
		Environ:  []string{"TERM=xterm", "TOKEN=secret", "odd%=1"},
	}
	begin := stage.Op{Verb: stage.Begin, Data: "cgroup"}
	for verb := stage.BecomeRoot; verb <= stage.Exec; verb++ {
		for _, flags := range []uint64{0, stage.Recursive | stage.Create, stage.Optional, stage.Device | stage.Create, unix.CLONE_NEWCGROUP, unix.CLONE_NEWTIME} {
			for n := range int64(2) {
				l.Ops = append(l.Ops, begin, stage.Op{
					Verb: verb, Path: hostile, Target: hostile, Data: hostile, Flags: flags, Attr: stage.AttrReadOnly | stage.AttrNoDev, N: n, M: 5,
					List: []string{"a", hostile}, More: []string{"TERM=xterm", "TOKEN=other", "odd%=1", "X=" + hostile},
				})
			}
		}
	}
	return l
}

// parses tells whether a shell understands a command; nothing is executed.
func parses(t *testing.T, shell, command string) {
	t.Helper()
	if out, err := exec.Command(shell, "-n", "-c", command).CombinedOutput(); err != nil {
		t.Errorf("%s does not understand it: %v\n%s\n%s", shell, err, command, out)
	}
}

func TestEveryCommandIsShell(t *testing.T) {
	livetest.NeedTools(t, "sh", "bash")
	seen := map[string]bool{}
	check := func(l *Launch, pid int, shell string) {
		for _, step := range l.Steps(pid, text.ShellQuote) {
			for _, command := range step.Commands {
				if strings.Contains(command, "no words yet") {
					t.Errorf("%s: an operation without words", step.Stage)
				}
				for line := range strings.Lines(command) {
					if line = strings.TrimSuffix(line, "\n"); text.Sanitise(line) != line {
						t.Errorf("not safe for a terminal: %q", line)
					}
				}
				if !seen[command] {
					seen[command] = true
					parses(t, shell, command)
				}
			}
		}
	}
	for _, unprivileged := range []bool{false, true} {
		for _, cloned := range []string{"", "/sys/fs/cgroup/mine"} {
			for name, shell := range map[string]string{hostile: "sh", moreHostile: "bash"} {
				l := everyVerb(name)
				l.Unprivileged, l.Cloned = unprivileged, cloned
				check(l, 0, shell)
				check(l, 4711, shell)
			}
		}
	}
}

func TestValuesOfTheEnvironmentAreNotShown(t *testing.T) {
	l := &Launch{
		Environ: []string{"TOKEN=secret", "PATH=/bin", "HOME=/root"},
		Ops:     []stage.Op{{Verb: stage.Begin, Data: "exec"}, {Verb: stage.Exec, List: []string{"env"}, More: []string{"TOKEN=secret", "PATH=/usr/bin"}}},
	}
	got := l.Steps(0, text.ShellQuote)[1].Commands[0]
	if want := `exec env -i TOKEN="$TOKEN" PATH=/usr/bin env`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A command that has all variables of the launcher's takes them over: there is nothing to list.
func TestWholeEnvironment(t *testing.T) {
	for _, c := range []struct {
		more []string
		want string
	}{
		{[]string{"A=1", "TOKEN=secret"}, "exec ls"},
		{[]string{"A=2", "TOKEN=secret", "B=3"}, "exec env A=2 B=3 ls"},
		{[]string{"A=1"}, `exec env -i A="$A" ls`},
		{nil, "exec env -i ls"},
	} {
		l := &Launch{
			Environ: []string{"A=1", "TOKEN=secret"},
			Ops:     []stage.Op{{Verb: stage.Begin, Data: "exec"}, {Verb: stage.Exec, List: []string{"ls"}, More: c.more}},
		}
		if got := l.Steps(0, text.ShellQuote)[1].Commands[0]; got != c.want {
			t.Errorf("%q: %s, want %s", c.more, got, c.want)
		}
	}
}

func TestLauncherCommands(t *testing.T) {
	one, more := []proc.IDMapping{{Inside: 0, Outside: 1000, Count: 1}}, []proc.IDMapping{{Inside: 0, Outside: 1000, Count: 1}, {Inside: 1, Outside: 100000, Count: 65536}}
	for _, c := range []struct {
		name   string
		launch Launch
		want   string
	}{
		{"no namespace", Launch{}, "bash"},
		{"course", Launch{Clone: unix.CLONE_NEWPID | unix.CLONE_NEWNS}, "unshare --mount --propagation unchanged --pid --fork bash"},
		{"joined", Launch{Clone: unix.CLONE_NEWPID, Joins: []string{"/proc/42/ns/net", "/proc/42/ns/ipc"}}, "nsenter --net=/proc/42/ns/net --ipc=/proc/42/ns/ipc unshare --pid --fork bash"},
		{
			"one id",
			Launch{Clone: unix.CLONE_NEWUSER, UIDMap: one, GIDMap: one, Unprivileged: true},
			"unshare --user --keep-caps --fork bash\n# in another terminal; 4711 is the shell inside\necho deny > /proc/4711/setgroups\nprintf '0 1000 1\\n' > /proc/4711/gid_map\nprintf '0 1000 1\\n' > /proc/4711/uid_map",
		},
		{
			"a range",
			Launch{Clone: unix.CLONE_NEWUSER, UIDMap: more, GIDMap: one, Unprivileged: true},
			"unshare --user --keep-caps --fork bash\n# in another terminal; 4711 is the shell inside\nnewuidmap 4711 0 1000 1 1 100000 65536\nnewgidmap 4711 0 1000 1",
		},
		{
			"a range as root",
			Launch{Clone: unix.CLONE_NEWUSER, UIDMap: more, GIDMap: one},
			"unshare --user --keep-caps --fork bash\n# in another terminal; 4711 is the shell inside\nprintf '0 1000 1\\n' > /proc/4711/gid_map\nenv printf '0 1000 1\\n1 100000 65536\\n' > /proc/4711/uid_map",
		},
		{
			"cgroup v2",
			Launch{Cgroups: []string{"/sys/fs/cgroup/a"}, Limits: []Limit{{"/sys/fs/cgroup/a/pids.max", "16"}}, Cloned: "/sys/fs/cgroup/a"},
			"mkdir /sys/fs/cgroup/a\necho 16 > /sys/fs/cgroup/a/pids.max\necho $$ > /sys/fs/cgroup/a/cgroup.procs\nbash",
		},
		{
			"veth",
			Launch{Clone: unix.CLONE_NEWNET, Veth: &veth.Pair{Host: netip.MustParsePrefix("10.77.0.1/30"), Inside: netip.MustParsePrefix("10.77.0.2/30"), Gateway: true}},
			"unshare --net --fork bash\n# in another terminal; 4711 is the shell inside\nip link add cw4711 type veth peer name eth0 netns 4711\n" +
				"echo 0 > /proc/sys/net/ipv6/conf/cw4711/accept_ra\necho 1 > /proc/sys/net/ipv6/conf/cw4711/disable_ipv6\nip address add 10.77.0.1/30 dev cw4711\nip link set cw4711 up\n" +
				"nsenter --target 4711 --net ip address add 10.77.0.2/30 dev eth0\nnsenter --target 4711 --net ip link set eth0 up\nnsenter --target 4711 --net ip route add default via 10.77.0.1",
		},
		{
			"veth of IPv6",
			Launch{Veth: &veth.Pair{Host: netip.MustParsePrefix("fd77::1/126"), Inside: netip.MustParsePrefix("fd77::2/126")}},
			"bash\n# in another terminal; 4711 is the shell inside\nip link add cw4711 type veth peer name eth0 netns 4711\necho 0 > /proc/sys/net/ipv6/conf/cw4711/accept_ra\n" +
				"ip address add fd77::1/126 dev cw4711 nodad\nip link set cw4711 up\n" +
				"nsenter --target 4711 --net ip address add fd77::2/126 dev eth0 nodad\nnsenter --target 4711 --net ip link set eth0 up",
		},
	} {
		var got []string
		for _, step := range c.launch.Steps(4711, text.ShellQuote) {
			got = append(got, step.Commands...)
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, strings.Join(got, "\n"), c.want)
		}
	}
}

// What the bind's source is decides what is made for it.
func TestBindMakesItsTarget(t *testing.T) {
	for source, want := range map[string]string{"/etc/passwd": "touch", "/etc": "mkdir -p", "/no/such": "mkdir -p"} {
		l := &Launch{Ops: []stage.Op{{Verb: stage.Begin, Data: "binds"}, {Verb: stage.Bind, Path: source, Target: "/x", Flags: stage.Create}}}
		if got := strings.Join(l.Steps(0, text.ShellQuote)[1].Commands, "\n"); !strings.Contains(got, want+" /x") {
			t.Errorf("%s: %q, want %s", source, got, want)
		}
	}
}
