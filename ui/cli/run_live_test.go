package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"cutaway/inspect/livetest"
)

// programDir is where the program of the live tests is built.
var programDir string

// program is cutaway as people run it, without cgo and without the race detector, built once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cutaway-program-")
	if err != nil {
		return "", err
	}
	programDir = dir
	path := filepath.Join(dir, "cutaway")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "cutaway")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, os.Chmod(dir, 0o755)
})

// tidy runs the tests and removes what was built for them.
type tidy struct{ m *testing.M }

func (t tidy) Run() int {
	status := t.m.Run()
	if programDir != "" {
		os.RemoveAll(programDir)
	}
	return status
}

// needSandboxes skips where this user may not make user namespaces, which nothing here works without.
func needSandboxes(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 && exec.Command("unshare", "-Ur", "true").Run() != nil {
		livetest.Skip(t, "needs the right to make user namespaces")
	}
}

// cutaway prepares the program with arguments.
func cutaway(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	needSandboxes(t)
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8", "TERM=xterm", "SECRET=hidden", "OTHER=given"}
	cmd.Dir = "/"
	return cmd
}

// ended is what a program wrote and its status.
type ended struct {
	out, err string
	status   int
}

// finish runs a program to its end.
func finish(t *testing.T, cmd *exec.Cmd) ended {
	t.Helper()
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	return ended{status: statusOf(t, cmd.Run()), out: out.String(), err: trouble.String()}
}

// statusOf is a status as a shell gives it.
func statusOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

// runs launches a sandbox with flags that runs a script.
func runs(t *testing.T, flags []string, script string) ended {
	t.Helper()
	return finish(t, cutaway(t, append(append([]string{"run"}, flags...), "--", "sh", "-c", script)...))
}

// rightsOf is a script that says what /proc/PID/status says of some fields.
func rightsOf(names ...string) string {
	return `grep -E '^(` + strings.Join(names, "|") + `):' /proc/self/status | tr -s '\t ' ' '`
}

// Each switch does inside what it says.
func TestLiveSwitches(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "f"), []byte("of the host\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags  string // DIR is a directory with a file f
		script string
		want   string // a regular expression for all of what it writes
		root   bool
	}{
		{flags: "--hostname box", script: "hostname; cat /proc/sys/kernel/hostname", want: "box\nbox\n"},
		{flags: "--uts host", script: "hostname", want: regexp.QuoteMeta(hostName(t)) + "\n"},
		{flags: "", script: "cat /sys/class/net/lo/flags", want: "0x9\n"}, // IFF_UP|IFF_LOOPBACK (netdevice(7))
		{flags: "--loopback=false", script: "cat /sys/class/net/lo/flags", want: "0x8\n"},
		{flags: "--net host", script: "ls -A /sys; readlink /proc/self/ns/net", want: regexp.QuoteMeta(ownNamespace(t, "net")) + "\n"},

		{flags: "--cap-add net_raw,chown", script: rightsOf("CapEff", "CapBnd", "CapAmb"), want: "CapEff: 0000000000002001\nCapBnd: 0000000000002001\nCapAmb: 0000000000000000\n"},
		{flags: "--preset docker --cap-drop net_raw", script: rightsOf("CapInh", "CapPrm", "CapBnd"), want: "CapInh: 0000000000000000\nCapPrm: 00000000a80405fb\nCapBnd: 00000000a80405fb\n"},
		{flags: "--preset docker --cap-drop all --cap-add CAP_KILL", script: rightsOf("CapEff"), want: "CapEff: 0000000000000020\n"},
		{flags: "--cap-add all", script: rightsOf("CapInh", "CapEff"), want: "CapInh: 0000000000000000\nCapEff: 0*[137f]f{6,}\n"},
		{flags: "", script: rightsOf("NoNewPrivs", "Seccomp"), want: "NoNewPrivs: 1\nSeccomp: 2\n"},
		{flags: "--no-new-privs=false", script: rightsOf("NoNewPrivs"), want: "NoNewPrivs: 0\n"},
		{flags: "--preset pid --no-new-privs", script: rightsOf("NoNewPrivs"), want: "NoNewPrivs: 1\n"},
		{flags: "--seccomp off", script: rightsOf("Seccomp") + "; unshare -U true && echo made", want: "Seccomp: " + ownStatus(t, "Seccomp") + "\nmade\n"},
		{flags: "--seccomp docker", script: rightsOf("Seccomp") + "; unshare -U true 2>/dev/null || echo refused", want: "Seccomp: 2\nrefused\n"},
		{flags: "--seccomp strict", script: rightsOf("Seccomp") + "; unshare -U true 2>/dev/null || echo refused", want: "Seccomp: 2\nrefused\n"},
		{flags: "--rlimit nofile=64:128 --rlimit core=0", script: "ulimit -Sn; ulimit -Hn; ulimit -Hc", want: "64\n128\n0\n"},
		{flags: "--landlock-ro /usr --landlock-ro /bin --landlock-ro /lib --landlock-ro /lib64 --landlock-rw /tmp", script: "cat /etc/passwd 2>/dev/null || echo refused; echo x >/tmp/x && cat /tmp/x; echo y 2>/dev/null >/run/y || echo refused", want: "refused\nx\nrefused\n"},

		{flags: "--ro-bind DIR:/mnt", script: "cat /mnt/f; touch /mnt/g 2>/dev/null || echo refused", want: "of the host\nrefused\n"},
		{flags: "--bind DIR", script: "cat DIR/f; echo new >DIR/g && cat DIR/g", want: "of the host\nnew\n"},
		{flags: "--tmpfs /mnt:1M", script: "df -Pk /mnt | tail -n 1 | tr -s ' ' | cut -d' ' -f1,2; head -c 2M /dev/zero >/mnt/x 2>/dev/null || echo full; grep -c ' /mnt .*nosuid,nodev' /proc/self/mountinfo", want: "tmpfs 1024\nfull\n1\n"},
		{flags: "--preset docker --overlay", script: "echo new >/etc/cutaway-switch && cat /etc/cutaway-switch", want: "new\n", root: true},
		{flags: "", script: "touch /etc/x 2>/dev/null || echo refused; touch /tmp/x && echo made", want: "refused\nmade\n"},
		{flags: "--proc-mount unmasked", script: "grep -c ' /proc/' /proc/self/mountinfo", want: "0\n"},
		{flags: "--proc-mount new", script: "grep -c ' /proc/sys ' /proc/self/mountinfo", want: "1\n"},
		{flags: "--sys-mount empty", script: "ls -A /sys; touch /sys/x 2>/dev/null || echo refused", want: "refused\n"},
		{flags: "--sys-mount new", script: "ls /sys/class/net; touch /sys/x 2>/dev/null || echo refused", want: "lo\nrefused\n"},
		{flags: "--dev-mount minimal", script: "ls /dev | tr '\n' ' '; echo x >/dev/null && echo written", want: "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero written\n"},

		{flags: "-e A=1 -e OTHER", script: "echo $A $OTHER $SECRET.", want: "1 given .\n"},
		{flags: "", script: "echo $OTHER$SECRET.; echo $TERM; echo $PATH", want: `\.` + "\nxterm\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"},
		{flags: "--clear-env", script: "echo $TERM$LANG.", want: `\.` + "\n"},
		{flags: "--preset nocaps", script: "echo $SECRET", want: "hidden\n"},
		{flags: "--workdir /usr/bin", script: "pwd; readlink /proc/self/cwd", want: "/usr/bin\n/usr/bin\n"},
		{flags: "--user 1000:1001", script: "id -u; id -g; " + rightsOf("CapEff"), want: "1000\n1001\nCapEff: 0000000000000000\n"},
		{flags: "--preset docker --user 1000:1001", script: "id -u; id -g; " + rightsOf("CapEff"), want: "1000\n1001\nCapEff: 0000000000000000\n"},
		{flags: "--uid-map 0:200000:10 --gid-map 0:300000:20", script: "tr -s ' ' ' ' </proc/self/uid_map; tr -s ' ' ' ' </proc/self/gid_map", want: " 0 200000 10\n 0 300000 20\n", root: true},
		{flags: "--boottime 86400000 --monotonic 1000", script: "tr -s ' ' ' ' </proc/self/timens_offsets; cut -d. -f1 /proc/uptime", want: "monotonic 1000 0\nboottime 86400000 0\n86[4-9].....\n"},
		{flags: "--preset pid --timens new --boottime 86400000", script: "cut -d. -f1 /proc/uptime", want: "86[4-9].....\n", root: true},
		{flags: "--no-init", script: "echo $$; cat /proc/1/comm", want: "1\nsh\n"},
		{flags: "", script: "echo $$; cat /proc/1/comm; readlink /proc/1/exe || echo hidden", want: "[2-9]\ncutaway-init\nhidden\n"},
		{flags: "--terminal always", script: "tty; test -t 1 && echo terminal", want: "/dev/pts/0\r\nterminal\r\n"},
		{flags: "--terminal never", script: "tty; test -t 1 || echo none", want: "not a tty\nnone\n"},
		{flags: "--pid host --proc-mount keep", script: "readlink /proc/self/ns/pid", want: regexp.QuoteMeta(ownNamespace(t, "pid")) + "\n"},
		{flags: "--cpuset-cpus 0", script: "nproc; " + rightsOf("Cpus_allowed_list"), want: "1\nCpus_allowed_list: 0\n", root: true},
		{flags: "-m 64M", script: "head -c 200M /dev/zero | tail >/dev/null; echo $?", want: "137\n", root: true},
		{flags: "--pids-limit 12", script: "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 100 & done 2>&1", want: "(?s).*[Cc]annot fork.*", root: true},
	} {
		t.Run(c.flags+" "+c.script, func(t *testing.T) {
			if c.root {
				livetest.NeedRoot(t)
			}
			r := runs(t, strings.Fields(strings.ReplaceAll(c.flags, "DIR", dir)), strings.ReplaceAll(c.script, "DIR", dir))
			if !regexp.MustCompile(`^(?:` + c.want + `)$`).MatchString(r.out) {
				t.Errorf("%s: wrote %q, want %q; %s (status %d)", c.flags, r.out, c.want, r.err, r.status)
			}
		})
	}
	if _, err := os.Stat("/etc/cutaway-switch"); err == nil {
		t.Error("the host has what was written to an overlay")
	}
	if b, err := os.ReadFile(filepath.Join(dir, "g")); string(b) != "new\n" {
		t.Errorf("a writable bind left %q on the host, %v", b, err)
	}
}

func hostName(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func ownNamespace(t *testing.T, name string) string {
	t.Helper()
	link, err := os.Readlink("/proc/self/ns/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func ownStatus(t *testing.T, name string) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("/proc/self/status has no %s", name)
	return ""
}

// Each type of namespace alone: that one is new, the others are ours, and so they are seen from outside by what the kernel
// compares, the links.
func TestLiveNamespaceSwitches(t *testing.T) {
	names := []string{"mnt", "net", "pid", "ipc", "uts", "user", "cgroup", "time"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			flags := []string{"--preset", "pid", "--new", name}
			if os.Geteuid() != 0 {
				flags[3] += ",user"
			}
			r := runs(t, flags, "for n in "+strings.Join(names, " ")+"; do readlink /proc/self/ns/$n; done")
			got := strings.Fields(r.out)
			if len(got) != len(names) {
				t.Fatalf("wrote %q %q (%d)", r.out, r.err, r.status)
			}
			for i, other := range names {
				isNew := other == name || other == "user" && os.Geteuid() != 0
				if (got[i] != ownNamespace(t, other)) != isNew {
					t.Errorf("%s is %s inside, %s outside", other, got[i], ownNamespace(t, other))
				}
			}
		})
	}
}

// A cutaway that lacks rights itself gives none, and says what it cannot do.
func TestLiveLauncherWithFewRights(t *testing.T) {
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "setpriv")
	const zero = "0000000000000000"
	for _, c := range []struct {
		name, setpriv string
		flags         string
		script        string
		want          string
		status        int
		complains     string
	}{
		{
			name: "root without CAP_SETPCAP gives up the rest", setpriv: "--bounding-set -setpcap --inh-caps -all", flags: "--preset nocaps",
			script: rightsOf("CapInh", "CapPrm", "CapEff", "NoNewPrivs"), want: "CapInh: " + zero + "\nCapPrm: " + zero + "\nCapEff: " + zero + "\nNoNewPrivs: 1\n",
		},
		{
			name: "root without CAP_SETPCAP, and what is executed might gain rights", setpriv: "--bounding-set -setpcap --inh-caps -all",
			flags: "--preset nocaps --no-new-privs=false", script: "echo ran", status: 125, complains: "CAP_SETPCAP",
		},
		{
			name: "inheritable capabilities", setpriv: "--reuid 1001 --regid 1001 --clear-groups --inh-caps -all,+net_raw --ambient-caps -all,+net_raw", flags: "--preset nocaps",
			script: rightsOf("CapInh", "CapPrm", "CapEff", "CapAmb"), want: "CapInh: " + zero + "\nCapPrm: " + zero + "\nCapEff: " + zero + "\nCapAmb: " + zero + "\n",
		},
		{
			name: "a user cannot become another", setpriv: "--reuid 1001 --regid 1001 --clear-groups --inh-caps -all", flags: "--preset nocaps --user 1234",
			script: "echo ran", status: 125, complains: "1234",
		},
		{
			name: "root without CAP_SETPCAP becomes the user", setpriv: "--bounding-set -setpcap --inh-caps -all", flags: "--preset nocaps --user 1234",
			script: "id -u; id -g; " + rightsOf("CapPrm"), want: "1234\n1234\nCapPrm: " + zero + "\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := cutaway(t, append(append([]string{"run"}, strings.Fields(c.flags)...), "--", "sh", "-c", c.script)...)
			cmd.Args = append(append([]string{"setpriv"}, strings.Fields(c.setpriv)...), append([]string{cmd.Path}, cmd.Args[1:]...)...)
			path, err := exec.LookPath("setpriv")
			if err != nil {
				t.Fatal(err)
			}
			cmd.Path = path
			r := finish(t, cmd)
			if r.out != c.want || r.status != c.status || !strings.Contains(r.err, c.complains) {
				t.Errorf("wrote %q, want %q; %s(status %d, want %d)", r.out, c.want, r.err, r.status, c.status)
			}
		})
	}
}
