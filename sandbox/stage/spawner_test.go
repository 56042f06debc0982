package stage_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/stage"
)

// program is a spawner without cgo, as cutaway is built, and without the race detector.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cutaway-spawner-")
	if err != nil {
		return "", err
	}
	programDir = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "spawner")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "../testdata/child")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

var programDir string

func TestMain(m *testing.M) {
	status := m.Run()
	if programDir != "" {
		os.RemoveAll(programDir)
	}
	os.Exit(status)
}

// spawned is a spawner that was started with an order.
type spawned struct {
	t       *testing.T
	pid     int
	control int
	out     *os.File
}

// spawn starts a spawner. The order's first three descriptors are /dev/null, a pipe that is read, and the same again.
func spawn(t *testing.T, order *stage.Order, files ...*os.File) *spawned {
	t.Helper()
	exe, err := program()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.MemfdCreate("order", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	plan := os.NewFile(uintptr(fd), "order")
	defer plan.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pair[1])
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	attr := &syscall.ProcAttr{
		Env:   []string{stage.Variable + "=" + stage.RoleSpawner},
		Files: []uintptr{null.Fd(), null.Fd(), os.Stderr.Fd(), plan.Fd(), uintptr(pair[1]), null.Fd(), in.Fd(), in.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	}
	for _, f := range files {
		attr.Files = append(attr.Files, f.Fd())
	}
	order.FDs = len(attr.Files) - stage.ExtraFD
	if _, err := plan.Write(order.Encode()); err != nil {
		t.Fatal(err)
	}
	s := &spawned{t: t, control: pair[0], out: out}
	if s.pid, err = syscall.ForkExec(exe, []string{"spawner"}, attr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func (s *spawned) close() {
	if s.control >= 0 {
		syscall.Close(s.control)
		s.control = -1
	}
	s.out.Close()
	if s.pid != 0 {
		s.wait(s.pid)
		s.pid = 0
	}
}

func (s *spawned) wait(pid int) (status syscall.WaitStatus) {
	s.t.Helper()
	for {
		_, err := syscall.Wait4(pid, &status, 0, nil)
		if err != syscall.EINTR {
			if err != nil {
				s.t.Errorf("wait for process %d: %v", pid, err)
			}
			return status
		}
	}
}

// next is the spawner's next message; its kind is 0 at the end.
func (s *spawned) next() (kind stage.Kind, text string) {
	s.t.Helper()
	b := make([]byte, 1<<14)
	for {
		n, _, err := syscall.Recvfrom(s.control, b, 0)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return 0, ""
		}
		return stage.Kind(b[0]), string(b[1:n])
	}
}

// runs waits until the command runs, and returns its PID.
func (s *spawned) runs() (pid int) {
	s.t.Helper()
	for {
		switch kind, text := s.next(); kind {
		case stage.MsgSpawned:
			pid = int(binary.LittleEndian.Uint64([]byte(text)))
		case stage.MsgRunning:
			return pid
		case stage.MsgFailed:
			f, _ := stage.DecodeFailure([]byte(text))
			s.t.Fatalf("failed: %+v: %v", f, syscall.Errno(f.Errno))
		default:
			s.t.Fatalf("message %q %q before the command ran", kind, text)
		}
	}
}

// ends waits for the command's end.
func (s *spawned) ends() (out string, status syscall.WaitStatus) {
	s.t.Helper()
	b, err := io.ReadAll(s.out)
	if err != nil {
		s.t.Error(err)
	}
	kind, text := s.next()
	if kind != stage.MsgExited {
		s.t.Fatalf("message %q %q where the end was due", kind, text)
	}
	return string(b), syscall.WaitStatus(binary.LittleEndian.Uint32([]byte(text)))
}

// command is what makes a shell's script the command.
func command(script string) []stage.Op {
	return []stage.Op{
		{Verb: stage.Begin, Data: "exec"},
		{Verb: stage.Standard, N: 0, M: 1, Attr: 2},
		{Verb: stage.Session},
		{Verb: stage.ParentDeath},
		{Verb: stage.Exec, List: []string{"sh", "-c", script}, More: []string{"A=b"}, Path: "/no/such:/bin:/usr/bin"},
	}
}

func (s *spawned) prints(want string) {
	s.t.Helper()
	s.runs()
	out, status := s.ends()
	if out != want || status != 0 {
		s.t.Errorf("%q, status %#x; want %q", out, status, want)
	}
}

func TestSpawner(t *testing.T) {
	s := spawn(t, &stage.Order{Ops: command("echo $A $$; ls /proc/self/fd")})
	pid := s.runs()
	out, status := s.ends()
	if want := fmt.Sprintf("b %d\n0\n1\n2\n3\n", pid); out != want || status != 0 { // 3 is ls's own
		t.Errorf("%q, status %#x; want %q", out, status, want)
	}
}

func TestSpawnerStatus(t *testing.T) {
	for script, want := range map[string]syscall.WaitStatus{"exit 7": 7 << 8, "kill -9 $$": 9} {
		s := spawn(t, &stage.Order{Ops: command(script)})
		s.runs()
		if _, status := s.ends(); status != want {
			t.Errorf("%s: status %#x, want %#x", script, status, want)
		}
	}
}

func TestSpawnerForwardsSignals(t *testing.T) {
	s := spawn(t, &stage.Order{Ops: command("trap 'echo got; exit 3' USR1; echo ready; while :; do sleep 0.01; done")})
	s.runs()
	ready := make([]byte, 6)
	if _, err := io.ReadFull(s.out, ready); err != nil {
		t.Fatal(err)
	}
	if _, err := syscall.Write(s.control, []byte{byte(stage.MsgSignal), byte(syscall.SIGUSR1)}); err != nil {
		t.Fatal(err)
	}
	if out, status := s.ends(); out != "got\n" || status.ExitStatus() != 3 {
		t.Errorf("%q, %#x", out, status)
	}
}

// The failure names the step, and nothing was executed.
func TestSpawnerFailure(t *testing.T) {
	for _, c := range []struct {
		name string
		ops  []stage.Op
		want stage.Failure
	}{
		{
			"no command",
			[]stage.Op{{Verb: stage.Begin, Data: "exec"}, {Verb: stage.Exec, List: []string{"no-such"}, Path: "/bin:/usr/bin"}},
			stage.Failure{Stage: "exec", What: "execve", Path: "no-such", Errno: uint64(unix.ENOENT)},
		},
		{
			"not executable",
			[]stage.Op{{Verb: stage.Begin, Data: "exec"}, {Verb: stage.Exec, List: []string{"/etc/passwd"}}},
			stage.Failure{Stage: "exec", What: "execve", Path: "/etc/passwd", Errno: uint64(unix.EACCES)},
		},
		{
			"in the second process",
			[]stage.Op{{Verb: stage.Begin, Data: "exec"}, {Verb: stage.Fork}, {Verb: stage.Chdir, Target: "/no/such"}},
			stage.Failure{Stage: "exec", What: "chdir to the working directory", Path: "/no/such", Errno: uint64(unix.ENOENT)},
		},
		{
			"no namespace",
			[]stage.Op{{Verb: stage.Begin, Data: "join"}, {Verb: stage.Setns, N: 0, Data: "net", Path: "x"}},
			stage.Failure{Stage: "join", What: "setns into the net namespace", Path: "x", Errno: uint64(unix.EINVAL)},
		},
		{"nothing to execute", []stage.Op{{Verb: stage.Umask, N: 0}}, stage.Failure{Stage: "clone", What: "an order that executes nothing"}},
		{"an unknown operation", []stage.Op{{Verb: stage.Pivot}}, stage.Failure{Stage: "clone", What: "an operation that a spawner does not know"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := spawn(t, &stage.Order{Ops: c.ops})
			kind, text := s.next()
			got, ok := stage.DecodeFailure([]byte(text))
			if kind != stage.MsgFailed || !ok || got != c.want {
				t.Errorf("%q %+v, want %+v", kind, got, c.want)
			}
		})
	}
}

// children lists the children of a process, from the tables of the kernel.
func childrenOf(t *testing.T, pid int) []string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

// When the launcher goes, the command goes, and nothing is left of it, in its PID namespace too.
func TestSpawnerEndsWithItsLauncher(t *testing.T) {
	s := spawn(t, &stage.Order{Ops: append([]stage.Op{{Verb: stage.Fork}}, command("exec sleep 1000")...)})
	pid := s.runs()
	if got := childrenOf(t, s.pid); !slices.Equal(got, []string{strconv.Itoa(pid)}) {
		t.Errorf("the spawner's children: %v, the command: %d", got, pid)
	}
	syscall.Close(s.control)
	s.control = -1
	if status := s.wait(s.pid); status.ExitStatus() != 128+9 {
		t.Errorf("the spawner ended with %#x", status)
	}
	s.pid = 0
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("the command is still there: %v", err)
	}
}

// What the command started goes with it, but what left its group.
func TestSpawnerEndsThePipeline(t *testing.T) {
	s := spawn(t, &stage.Order{Ops: command("sleep 1000 | sleep 1001; true")})
	pid := s.runs()
	var pipeline []string
	livetest.WaitFor(t, "the pipeline", func() bool { pipeline = childrenOf(t, pid); return len(pipeline) == 2 })
	syscall.Close(s.control)
	s.control = -1
	s.wait(s.pid)
	s.pid = 0
	for _, child := range pipeline {
		livetest.WaitFor(t, "the pipeline's end", func() bool {
			b, _ := os.ReadFile("/proc/" + child + "/cmdline")
			return len(b) == 0
		})
	}
}

// kill -9 of the spawner ends the command too.
func TestKilledSpawnerEndsTheCommand(t *testing.T) {
	s := spawn(t, &stage.Order{Ops: command("exec sleep 1000")})
	pid := s.runs()
	if err := syscall.Kill(s.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	livetest.WaitFor(t, "the command to end", func() bool {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return len(b) == 0
	})
}

// kinds are the types of namespaces that unshare(1) makes, with their flags.
var kinds = map[string]string{
	"net": "--net", "ipc": "--ipc", "uts": "--uts", "cgroup": "--cgroup", "mnt": "--mount", "pid": "--pid", "time": "--time", "user": "--user",
}

func namespace(t *testing.T, pid int, kind string) *os.File {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// joins are the operations that enter the namespaces of a process; what comes first in the order is entered first.
func joins(t *testing.T, pid int, order ...string) (ops []stage.Op, files []*os.File) {
	t.Helper()
	for _, kind := range order {
		ops = append(ops, stage.Op{Verb: stage.Setns, N: int64(3 + len(files)), Data: kind, Path: kind})
		files = append(files, namespace(t, pid, kind))
	}
	if slices.Contains(order, "pid") {
		ops = append(ops, stage.Op{Verb: stage.Fork})
	}
	return ops, files
}

// Each type of namespace alone, and all of them, entered by a root that is root outside too, and by one that is not.
func TestSpawnerJoins(t *testing.T) {
	for kind, flag := range kinds {
		t.Run(kind, func(t *testing.T) {
			flags, order := []string{flag}, []string{kind}
			if os.Geteuid() != 0 && kind != "user" {
				flags, order = append(flags, "--user"), []string{"user", kind}
			}
			if kind == "pid" {
				flags = append(flags, "--fork")
			}
			checkJoin(t, flags, order)
		})
	}
	all := []string{"--user", "--map-root-user", "--fork", "--pid", "--mount-proc", "--net", "--ipc", "--uts", "--cgroup", "--time"}
	t.Run("all, user first", func(t *testing.T) {
		checkJoin(t, all, []string{"user", "net", "ipc", "uts", "cgroup", "time", "pid", "mnt"})
	})
	t.Run("all, user last", func(t *testing.T) {
		livetest.NeedRoot(t)
		checkJoin(t, all, []string{"net", "ipc", "uts", "cgroup", "time", "pid", "mnt", "user"})
	})
}

func checkJoin(t *testing.T, flags, order []string) {
	t.Helper()
	target := livetest.Unshare(t, flags...)
	ops, files := joins(t, target.PID, order...)
	s := spawn(t, &stage.Order{Ops: append(ops, command("exec sleep 1000")...)}, files...)
	pid := s.runs()
	for kind := range kinds {
		want := livetest.Namespace(t, os.Getpid(), kind)
		if slices.Contains(order, kind) {
			want = livetest.Namespace(t, target.PID, kind)
		}
		if got := livetest.Namespace(t, pid, kind); got != want {
			t.Errorf("%s is %d, want %d", kind, got, want)
		}
	}
	syscall.Close(s.control)
	s.control = -1
	s.wait(s.pid)
	s.pid = 0
	livetest.WaitFor(t, "the command to be gone", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH })
}

// A spawner that leaves makes its launcher's child, in new namespaces.
func TestSpawnerLeaves(t *testing.T) {
	flags := uint64(unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWTIME)
	s := spawn(t, &stage.Order{Leave: true, Clone: flags, Ops: command("exit 5")})
	kind, text := s.next()
	if kind != stage.MsgSpawned {
		if f, ok := stage.DecodeFailure([]byte(text)); ok && f.Errno == uint64(unix.EPERM) {
			livetest.Skip(t, "needs the right to make user namespaces")
		}
		t.Fatalf("message %q %q", kind, text)
	}
	if status := s.wait(int(binary.LittleEndian.Uint64([]byte(text)))); status.ExitStatus() != 5 {
		t.Errorf("status %#x", status)
	}
	if kind, text := s.next(); kind != 0 {
		t.Errorf("message %q %q after all", kind, text)
	}
}

// It executes cutaway's own program as the first process of a launch, which reads its plan and waits at the control socket.
func TestSpawnerExecutesAChild(t *testing.T) {
	exe, err := program()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fd, err := unix.MemfdCreate("plan", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	plan := os.NewFile(uintptr(fd), "plan")
	defer plan.Close()
	child := stage.Plan{Init: true, Ops: []stage.Op{{Verb: stage.Exec, List: []string{"/bin/echo", "hello"}}}}
	if _, err := plan.Write(child.Encode()); err != nil {
		t.Fatal(err)
	}
	s := spawn(t, &stage.Order{Leave: true, Ops: []stage.Op{
		{Verb: stage.Standard, N: 0, M: 1, Attr: 2},
		{Verb: stage.ExecFD, N: 3, M: 4, List: []string{"cutaway-init"}, More: []string{stage.Variable + "=" + stage.RoleChild}},
	}}, file, plan)
	kind, text := s.next()
	if kind != stage.MsgSpawned {
		t.Fatalf("message %q %q", kind, text)
	}
	pid := int(binary.LittleEndian.Uint64([]byte(text)))
	if _, err := syscall.Write(s.control, []byte{byte(stage.MsgGo)}); err != nil {
		t.Fatal(err)
	}
	if kind, text := s.next(); kind != stage.MsgRunning {
		t.Fatalf("message %q %q", kind, text)
	}
	if out, status := s.ends(); out != "hello\n" || status != 0 {
		t.Errorf("%q, %#x", out, status)
	}
	s.wait(pid)
}

// Credentials are as the order says, in the order that the kernel needs.
func TestSpawnerRights(t *testing.T) {
	livetest.NeedRoot(t)
	const chown, netRaw = 1 << 0, 1 << 13
	ops := []stage.Op{
		{Verb: stage.Guard},
		{Verb: stage.Keyring},
		{Verb: stage.Groups, List: []string{"7", "8"}},
		{Verb: stage.Rlimit, N: unix.RLIMIT_CORE, Flags: 1, Attr: 2, Data: "core"},
		{Verb: stage.Bounding, Flags: chown | netRaw, N: lastCap(t)},
		{Verb: stage.IDs, N: 1234, M: 1235},
		{Verb: stage.CapSets, Attr: chown | netRaw, Flags: netRaw, M: netRaw},
		{Verb: stage.NoNewPrivs},
		{Verb: stage.Umask, N: 0o27},
	}
	s := spawn(t, &stage.Order{Ops: append(ops, command("grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Umask):' /proc/self/status; ulimit -Sc; ulimit -Hc")...)})
	s.prints("Umask:\t0027\nUid:\t1234\t1234\t1234\t1234\nGid:\t1235\t1235\t1235\t1235\nGroups:\t7 8 \n" +
		"CapInh:\t0000000000002000\nCapPrm:\t0000000000002000\nCapEff:\t0000000000002000\nCapBnd:\t0000000000002001\nCapAmb:\t0000000000002000\n" +
		"NoNewPrivs:\t1\n0\n0\n")
}

func lastCap(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A terminal is the command's controlling one, and its master comes to the launcher.
func TestSpawnerTerminal(t *testing.T) {
	ops := []stage.Op{
		{Verb: stage.Standard, N: stage.TerminalFD, M: stage.TerminalFD, Attr: ^uint64(0)},
		{Verb: stage.Session},
		{Verb: stage.Exec, List: []string{"sh", "-c", "tty; exec </dev/tty && echo mine"}, Path: "/bin:/usr/bin"},
	}
	s := spawn(t, &stage.Order{Terminal: &stage.Terminal{Root: -1, UID: uint32(os.Getuid())}, Ops: ops})
	b, rights := make([]byte, 16), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := syscall.Recvmsg(s.control, b, rights, syscall.MSG_CMSG_CLOEXEC)
	if err != nil || b[0] != byte(stage.MsgTerminal) {
		t.Fatalf("%q %v", b, err)
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:n])
	if err != nil {
		t.Fatal(err)
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil {
		t.Fatal(err)
	}
	master := os.NewFile(uintptr(fds[0]), "master")
	defer master.Close()
	s.runs()
	text, _ := io.ReadAll(master) // EIO is the end
	if got := string(text); !strings.HasPrefix(got, "/dev/pts/") || !strings.HasSuffix(got, "\r\nmine\r\n") {
		t.Errorf("%q", got)
	}
}
