package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// Inside a sandbox the test binary is the probe, which makes one system call and says how it ended.
func TestMain(m *testing.M) {
	if name := os.Getenv("CUTAWAY_PROBE"); name != "" {
		os.Exit(probe(name))
	}
	if os.Getenv("CUTAWAY_LAUNCHER") != "" {
		os.Exit(launcher())
	}
	status := livetest.Main(m)
	if childDir != "" {
		os.RemoveAll(childDir)
	}
	os.Exit(status)
}

var childDir string

// child is the program that launches re-execute, built once.
var child = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cutaway-child-")
	if err != nil {
		return "", err
	}
	childDir = dir
	path := filepath.Join(dir, "child")
	build := exec.Command("go", "build", "-o", path, "./testdata/child")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// probePlace is where specs of these tests bind the test binary.
const probePlace = "/run/probe"

// isolated is a sandbox with everything on, made by hand, so that these tests do not depend on what the presets choose.
func isolated(script string) *Spec {
	s := &Spec{
		Version: Version, Command: []string{"/bin/sh", "-c", script}, Dir: "/", Init: true, Hostname: "box", Terminal: TerminalNever,
		Env:        Env{Set: map[string]string{"PATH": defaultPath}},
		Namespaces: Namespaces{Mnt: NewNamespace, Net: NewNamespace, PID: NewNamespace, IPC: NewNamespace, UTS: NewNamespace, User: NewNamespace, Cgroup: NewNamespace, Time: HostNamespace},
		Root:       Root{Kind: RootHost, Switch: PivotRoot, Tmp: []string{"/tmp", "/run", "/home", "/root"}},
		Proc:       ProcNew, Sys: SysNew, Dev: DevMinimal, Network: Network{Loopback: true}, NoNewPrivs: true, Seccomp: SeccompStrict,
	}
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	s.Mounts = []Mount{{Kind: BindRO, Source: exe, Target: probePlace}}
	return s
}

// ran is what a sandbox's command wrote and how it ended.
type ran struct {
	out    string
	errOut string
	status Status
}

// run launches a Spec and waits for its end.
func run(t *testing.T, s *Spec, opts Options) ran {
	t.Helper()
	r, err := try(t, s, opts)
	if err != nil {
		t.Fatalf("launch: %v", err)
	}
	return r
}

// try is run for launches that may fail.
func try(t *testing.T, s *Spec, opts Options) (ran, error) {
	t.Helper()
	needNamespaces(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	out, outDone := pipe(t)
	errOut, errDone := pipe(t)
	opts.Stdout, opts.Stderr = out, errOut
	if opts.Exe, err = child(); err != nil {
		t.Fatal(err)
	}
	box, err := Start(ctx, s, opts)
	out.Close()
	errOut.Close()
	if err != nil {
		<-outDone
		<-errDone
		return ran{}, err
	}
	r := ran{out: <-outDone, errOut: <-errDone}
	if r.status, err = box.Wait(); err != nil {
		t.Errorf("clean-up: %v", err)
	}
	return r, nil
}

// pipe is a pipe whose other end is read to its end.
func pipe(t *testing.T) (*os.File, <-chan string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 1)
	go func() {
		var b bytes.Buffer
		io.Copy(&b, r)
		r.Close()
		done <- b.String()
	}()
	return w, done
}

// needNamespaces skips where this user may not make user namespaces, which nothing here works without.
func needNamespaces(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if err := exec.Command("unshare", "-Ur", "true").Run(); err != nil {
		t.Skip("needs the right to make user namespaces")
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// lines are the non-empty lines of a text.
func lines(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// probe makes the system call of a name and prints what the kernel said.
func probe(name string) int {
	call := func(n uintptr, args ...uintptr) {
		var a [6]uintptr
		copy(a[:], args)
		_, _, errno := unix.Syscall6(n, a[0], a[1], a[2], a[3], a[4], a[5])
		if errno == 0 {
			fmt.Println("ok")
			return
		}
		fmt.Println(unix.ErrnoName(errno))
	}
	bad := ^uintptr(0)
	switch name {
	case "io_uring_setup":
		call(425, 1, 0)
	case "open_by_handle_at":
		call(unix.SYS_OPEN_BY_HANDLE_AT, bad, 0, 0)
	case "bpf":
		call(unix.SYS_BPF, bad, 0, 0)
	case "clone3":
		call(435, 0, 0)
	case "tiocsti": // with a bit above the 32 that the kernel looks at (CVE-2019-10063)
		call(unix.SYS_IOCTL, 0, unix.TIOCSTI|1<<32, 0)
	case "x32 getpid":
		call(0x40000000 + unix.SYS_GETPID)
	case "unshare user":
		call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER)
	case "mount":
		call(unix.SYS_MOUNT, 0, 0, 0, 0, 0)
	case "setns":
		call(unix.SYS_SETNS, bad, 0)
	default:
		fmt.Println("no such probe")
		return 2
	}
	return 0
}

// busyboxRoot is a directory with a static busybox, as a container's root.
func busyboxRoot(t *testing.T) string {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("needs busybox (busybox-static)")
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil { // TempDir's is 0700, which a mapped user cannot enter
		t.Fatal(err)
	}
	for _, dir := range []string{"bin", "etc", "proc", "sys", "tmp", "dev", "root"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(busybox)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "bin/busybox"), b, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sh", "ls", "cat", "cut", "tr", "id", "ps", "touch", "mount", "hostname", "echo", "readlink", "grep", "chroot", "sleep"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
