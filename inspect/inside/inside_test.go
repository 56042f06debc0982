package inside

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/reading"
)

// init keeps the program's first goroutine on the first thread, where TestMain wants it.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	if dir := os.Getenv("INSIDE_TEST_ROOT"); dir != "" {
		os.Exit(strange(dir))
	}
	if err := offTheFirstThread(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// offTheFirstThread holds that nothing enters a namespace on the first thread, which /proc/self tells of.
func offTheFirstThread() error {
	if unix.Gettid() != unix.Getpid() {
		return errors.New("the first goroutine is not on the first thread")
	}
	tid := 0
	onOwnThread(func() { tid = unix.Gettid() })
	if tid == 0 || tid == unix.Getpid() {
		return fmt.Errorf("a look ran on thread %d of process %d", tid, unix.Getpid())
	}
	return nil
}

// strange is a process whose root is a directory in which the hung file system of a daemon that never answers stands at /etc when
// there is /hung. It prints a line and waits for its standard input to end.
func strange(dir string) int {
	err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	if _, missing := os.Stat(filepath.Join(dir, "hung")); err == nil && missing == nil {
		var fd int
		if fd, err = unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
			err = unix.Mount("hung", filepath.Join(dir, "etc"), "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd))
		}
	}
	if err == nil {
		err = unix.Chroot(dir)
	}
	if err == nil {
		err = unix.Sethostname([]byte("strange"))
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	return 0
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// inRoot starts a process whose root is a directory, with a mount and a UTS namespace of its own.
func inRoot(t testing.TB, dir string) Target {
	t.Helper()
	needRoot(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"INSIDE_TEST_ROOT=" + dir}
	return start(t, cmd, syscall.CLONE_NEWNS|syscall.CLONE_NEWUTS)
}

// start starts a program that prints "ready" and ends with its standard input.
func start(t testing.TB, cmd *exec.Cmd, flags uintptr) Target {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("needs the rights to make namespaces: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Skipf("needs the rights to mount and to change the root: %q", line)
	}
	return target(t, cmd.Process.Pid)
}

func target(t testing.TB, pid int) Target {
	t.Helper()
	fd, err := unix.Open(fmt.Sprintf("/proc/%d", pid), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	return Target{PID: pid, Start: startOf(place(fd)), Ahead: reading.Value(time.Duration(0))}
}

// elsewhere starts a process in namespaces of its own.
func elsewhere(t testing.TB, flags uintptr) Target {
	t.Helper()
	needRoot(t)
	return start(t, exec.Command("sh", "-c", "echo ready; read line"), flags)
}

func look(t testing.TB, target Target) *View {
	t.Helper()
	v, err := Read(context.Background(), target)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOurselves(t *testing.T) {
	v := look(t, target(t, os.Getpid()))
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case v.Hostname != reading.Value(name):
		t.Errorf("hostname %v", v.Hostname)
	case !v.Cgroup.OK() || !strings.Contains(string(text), v.Cgroup.Value.Path()):
		t.Errorf("cgroup %v of %s", v.Cgroup, text)
	case !v.Interfaces.OK() || !v.Routes.OK():
		t.Errorf("network: %v, %v", v.Interfaces.How, v.Routes.How)
	case !v.Users.OK() || v.Users.Value[0].Name != "root":
		t.Errorf("users: %v", v.Users)
	}
	for i := range v.Sysctls {
		s := &v.Sysctls[i]
		text, err := os.ReadFile(s.File())
		if err == nil && s.Value != reading.Value(strings.Join(strings.Fields(string(text)), " ")) {
			t.Errorf("%s is %v, the file says %q", s.Name, s.Value, text)
		}
	}
}

// In namespaces of its own a process has no address, no name of the host's, and its own settings; ours stay as they were.
func TestElsewhere(t *testing.T) {
	there := elsewhere(t, syscall.CLONE_NEWUTS|syscall.CLONE_NEWNET|syscall.CLONE_NEWIPC)
	before := ownNamespaces(t)
	enterAs(t, there, "sh", "-c", "hostname inside; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 77 >/proc/sys/kernel/msgmni")
	v := look(t, there)
	if v.Hostname != reading.Value("inside") {
		t.Errorf("hostname %v", v.Hostname)
	}
	if len(v.Interfaces.Value) == 0 || v.Interfaces.Value[0].Name != "lo" || v.Interfaces.Value[0].Up || len(v.Interfaces.Value[0].Addresses) > 0 {
		t.Errorf("interfaces %+v", v.Interfaces)
	}
	if !v.Routes.OK() || len(v.Routes.Value) != 0 {
		t.Errorf("routes %+v", v.Routes)
	}
	for i := range v.Sysctls {
		s := &v.Sysctls[i]
		if want := map[string]string{"net.ipv4.ip_forward": "1", "kernel.msgmni": "77"}[s.Name]; want != "" && s.Value != reading.Value(want) {
			t.Errorf("%s is %v", s.Name, s.Value)
		}
	}
	if after := ownNamespaces(t); after != before {
		t.Errorf("we were in %s, and are in %s", before, after)
	}
}

// enterAs runs a program in the namespaces of a process.
func enterAs(t *testing.T, there Target, argv ...string) {
	t.Helper()
	if _, err := exec.LookPath("nsenter"); err != nil {
		t.Skip("needs nsenter, which is not installed")
	}
	argv = append([]string{"--target", fmt.Sprint(there.PID), "--uts", "--net", "--ipc"}, argv...)
	if out, err := exec.Command("nsenter", argv...).CombinedOutput(); err != nil {
		t.Skipf("needs the rights to change settings of namespaces: %s", out)
	}
}

func ownNamespaces(t testing.TB) string {
	t.Helper()
	var all []string
	for _, kind := range []string{"uts", "ipc", "net", "cgroup", "mnt"} {
		link, err := os.Readlink("/proc/self/ns/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, link)
	}
	return strings.Join(all, " ")
}

// Settings of another user namespace are not told by ours.
func TestSettingsOfAnotherUserNamespace(t *testing.T) {
	cmd := exec.Command("sh", "-c", "echo ready; read line")
	v := look(t, start(t, cmd, syscall.CLONE_NEWUSER))
	for i := range v.Sysctls {
		if s := &v.Sysctls[i]; s.Kind == "user" && s.Value.State != reading.NotRead {
			t.Errorf("%s is %v", s.Name, s.Value)
		}
	}
}

// As a normal user what has to be entered is refused, and is not taken from our own namespaces.
func TestWithoutRights(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs a normal user, without the rights of root")
	}
	there := start(t, exec.Command("sh", "-c", "echo ready; read line"), syscall.CLONE_NEWUSER|syscall.CLONE_NEWUTS|syscall.CLONE_NEWNET|syscall.CLONE_NEWIPC)
	v := look(t, there)
	refused := reading.How{State: reading.Denied, Errno: uint16(unix.EPERM)}
	if v.Hostname.How != refused || v.Interfaces.How != refused {
		t.Errorf("hostname %v, interfaces %v", v.Hostname, v.Interfaces)
	}
	for i := range v.Sysctls {
		if s := &v.Sysctls[i]; s.Kind != "user" && s.Value.How != refused {
			t.Errorf("%s: %v", s.Name, s.Value)
		}
	}
	if !v.Users.OK() {
		t.Errorf("users: %v", v.Users.How)
	}
}

func TestStrangers(t *testing.T) {
	us := target(t, os.Getpid())
	us.Start++
	if _, err := Read(context.Background(), us); !errors.Is(err, unix.ESRCH) {
		t.Errorf("another process with our PID: %v", err)
	}
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(context.Background(), Target{PID: cmd.Process.Pid, Start: 1}); !errors.Is(err, unix.ESRCH) {
		t.Errorf("a process that has ended: %v", err)
	}
}

// A thousand looks leave no thread, no file and no goroutine behind.
func TestNothingIsLeftBehind(t *testing.T) {
	there := elsewhere(t, syscall.CLONE_NEWUTS|syscall.CLONE_NEWNET|syscall.CLONE_NEWIPC)
	count := func() [3]int {
		tasks, err1 := os.ReadDir("/proc/self/task")
		fds, err2 := os.ReadDir("/proc/self/fd")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		return [3]int{len(tasks), len(fds), runtime.NumGoroutine()}
	}
	for range 50 {
		look(t, there)
	}
	before := count()
	for range 1000 {
		look(t, there)
	}
	const slack = 8 // the runtime keeps a few threads for the next time
	eventually(t, func() bool {
		after := count()
		return after[0] <= before[0]+slack && after[1] <= before[1]+1 && after[2] <= before[2]+1
	}, func() string { return fmt.Sprintf("threads, files and goroutines were %v and are %v", before, count()) })
}

func eventually(t *testing.T, holds func() bool, otherwise func() string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise())
		}
	}
}

func BenchmarkReadOurselves(b *testing.B) { benchmark(b, target(b, os.Getpid())) }

func BenchmarkReadElsewhere(b *testing.B) {
	benchmark(b, elsewhere(b, syscall.CLONE_NEWUTS|syscall.CLONE_NEWNET|syscall.CLONE_NEWIPC))
}

func benchmark(b *testing.B, t Target) {
	b.ReportAllocs()
	for b.Loop() {
		look(b, t)
	}
}
