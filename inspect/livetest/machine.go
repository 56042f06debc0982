package livetest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Machine is where the engines run: a mount and a network namespace of their own, held by a sleeping process.
type Machine struct {
	PID  int    // of the process that holds the namespaces
	Root string // the engines' state, laid out as at "/": Root/var/lib/docker, Root/run/containerd, …

	bench *bench
}

var theMachine = sync.OnceValues(newMachine)

// UseMachine returns the machine of this test binary, and starts it at the first call. It needs root.
func UseMachine(t testing.TB) *Machine {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "unshare", "nsenter", "ip", "mount")
	useBench(t)
	m, err := theMachine()
	if err != nil {
		Skip(t, fmt.Sprintf("needs the rights to make namespaces, mounts and cgroups: %v", err))
	}
	return m
}

// plan makes the machine's private places. /etc is the host's with a layer above, because engines make users and keys
// there; /dev/shm holds Podman's lock.
const plan = `set -e
mount -t tmpfs cutaway-test "$1/etc"
mkdir "$1/etc/up" "$1/etc/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$1/etc/up,workdir=$1/etc/work" cutaway-test /etc
mount --bind "$1/root/run" /run
mount --bind "$1/root/var" /var
mount -t tmpfs cutaway-test /dev/shm
ip link set lo up
echo ready
exec sleep infinity`

func newMachine() (*Machine, error) {
	b, err := theBench()
	if err != nil {
		return nil, err
	}
	m := &Machine{bench: b, Root: b.path("root")}
	if b.procs == "" {
		return nil, fmt.Errorf("make the bench's cgroup: %w", b.noCgroup)
	}
	if err := m.layOut(); err != nil {
		return nil, err
	}
	cmd := b.command("unshare", "--mount", "--net", "--propagation", "private", "--", "sh", "-c", plan, "machine", b.dir)
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe to the machine: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the machine: %w", err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		_ = cmd.Wait()
		return nil, fmt.Errorf("set up the machine: %s", strings.TrimSpace(trouble.String()))
	}
	m.PID = cmd.Process.Pid
	return m, nil
}

// layOut makes the directories that the engines expect.
func (m *Machine) layOut() error {
	for _, dir := range []string{"etc", "home", "log", "root/run/lock", "root/var/lib/lxc", "root/var/cache", "root/var/log"} {
		if err := os.MkdirAll(m.bench.path(dir), 0o755); err != nil {
			return fmt.Errorf("lay out the machine: %w", err)
		}
	}
	if err := os.MkdirAll(m.bench.path("root/var/tmp"), 0o777); err != nil {
		return fmt.Errorf("lay out the machine: %w", err)
	}
	if err := os.Chmod(m.bench.path("root/var/tmp"), os.ModeSticky|0o777); err != nil {
		return fmt.Errorf("lay out the machine: %w", err)
	}
	for link, target := range map[string]string{"root/var/run": "/run", "root/var/lock": "/run/lock"} {
		if err := os.Symlink(target, m.bench.path(link)); err != nil {
			return fmt.Errorf("lay out the machine: %w", err)
		}
	}
	return nil
}

// Cgroup is the path of a cgroup below the bench's own, which the janitor removes.
func (m *Machine) Cgroup(path string) string { return "/" + m.bench.name + "/" + path }

// Command prepares a program that runs in the machine.
func (m *Machine) Command(argv ...string) *exec.Cmd {
	inside := append([]string{"nsenter", "--target", strconv.Itoa(m.PID), "--mount", "--net", "--"}, argv...)
	return m.bench.command(inside...)
}

// Run runs a program in the machine to its end and returns its standard output without the last line end; it fails the
// test when the program fails.
func (m *Machine) Run(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := output(m.Command(argv...))
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(argv, " "), err)
	}
	return out
}

// output runs a command; its error carries what the command wrote to standard error.
func output(cmd *exec.Cmd) (string, error) {
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, bytes.TrimSpace(trouble.Bytes()))
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// command prepares a program that carries the bench's mark. Where the bench has a cgroup it moves in first: what an
// engine starts later inherits the cgroup even where it drops the environment.
func (b *bench) command(argv ...string) *exec.Cmd {
	if b.procs != "" {
		argv = append([]string{"sh", "-c", `echo $$ >"$0" && exec "$@"`, b.procs}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + b.path("home"),
		"LC_ALL=C.UTF-8",
		markEnv + "=" + b.name,
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// daemon starts a program that runs in the machine until the bench's end, with its output in a log file of a name.
func (m *Machine) daemon(name string, argv ...string) error {
	log, err := os.Create(m.logFile(name))
	if err != nil {
		return fmt.Errorf("make the log of %s: %w", name, err)
	}
	defer log.Close()
	cmd := m.Command(argv...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	go cmd.Wait() //nolint:errcheck // only reaps: who uses the daemon notices its end
	return nil
}

func (m *Machine) logFile(program string) string { return m.bench.path("log", program+".log") }

// answers waits until a program that asks a daemon succeeds; its error shows the end of the daemon's log.
func (m *Machine) answers(daemon string, argv ...string) error {
	var last error
	if poll(Patience, func() bool {
		_, last = output(m.Command(argv...))
		return last == nil
	}) {
		return nil
	}
	log, _ := os.ReadFile(m.logFile(daemon))
	return fmt.Errorf("%s does not answer: %w; its log ends with: %s", daemon, last, log[max(0, len(log)-2000):])
}
