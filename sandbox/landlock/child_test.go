package landlock

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"cutaway/sandbox/stage"
)

// errand is what a child of the test binary does behind a ruleset.
type errand struct {
	UID   int // who it is; 0 stays who started it
	Op    *stage.Op
	Data  []byte // the operation's, which JSON would not carry as a string
	Deeds []deed
}

// deed is something that it tries on a path.
type deed struct{ What, Path string }

const errandEnv = "CUTAWAY_LANDLOCK_ERRAND"

func TestMain(m *testing.M) {
	if text := os.Getenv(errandEnv); text != "" {
		if err := runErrand(text); err != nil {
			fmt.Fprintln(os.Stderr, "errand:", err)
			os.Exit(99)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runErrand prints how each deed ended, as JSON: the name of an errno, or "ok".
func runErrand(text string) error {
	var e errand
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	if e.UID != 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setresgid(e.UID, e.UID, e.UID), syscall.Setresuid(e.UID, e.UID, e.UID)); err != nil {
			return err
		}
	}
	runtime.LockOSThread()
	if e.Op != nil {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("prctl(PR_SET_NO_NEW_PRIVS): %w", err)
		}
		e.Op.Data = string(e.Data)
		if err := enter(e.Op); err != nil {
			return err
		}
	}
	results := make([]string, len(e.Deeds))
	for i, d := range e.Deeds {
		err := deeds[d.What](d.Path)
		var errno syscall.Errno
		switch {
		case err == nil:
			results[i] = "ok"
		case errors.As(err, &errno):
			results[i] = unix.ErrnoName(errno)
		default:
			results[i] = err.Error()
		}
	}
	return json.NewEncoder(os.Stdout).Encode(results)
}

// enter applies an operation to this thread in the way that the stage does.
func enter(op *stage.Op) error {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: op.Flags, Handled_access_net: op.Attr, Scoped: uint64(op.M)}
	size := uintptr(24)
	if attr.Scoped == 0 {
		size = 8
	}
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("landlock_create_ruleset: %w", errno)
	}
	for i, path := range op.List {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return err
		}
		rule := [12]byte{}
		access := binary.LittleEndian.Uint64([]byte(op.Data[8*i:]))
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			access &= uint64(op.N)
		}
		binary.LittleEndian.PutUint64(rule[:], access)
		binary.LittleEndian.PutUint32(rule[8:], uint32(fd))
		if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, ruleset, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
			return fmt.Errorf("landlock_add_rule %s: %w", path, errno)
		}
		unix.Close(fd)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0); errno != 0 {
		return fmt.Errorf("landlock_restrict_self: %w", errno)
	}
	return nil
}

// deeds are what can be tried on a path. None needs a thread other than the restricted one.
var deeds = map[string]func(path string) error{
	"read":     func(p string) error { return opening(p, unix.O_RDONLY) },
	"write":    func(p string) error { return opening(p, unix.O_WRONLY) },
	"cut":      func(p string) error { return unix.Truncate(p, 1) },
	"cut open": func(p string) error { return opening(p, unix.O_RDONLY|unix.O_TRUNC) },
	"list":     func(p string) error { return opening(p, unix.O_RDONLY|unix.O_DIRECTORY) },
	"make":     func(p string) error { return opening(p, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL) },
	"mkdir":    func(p string) error { return unix.Mkdir(p, 0o755) },
	"rmdir":    unix.Rmdir,
	"unlink":   unix.Unlink,
	"fifo":     func(p string) error { return unix.Mkfifo(p, 0o600) },
	"symlink":  func(p string) error { return unix.Symlink("x", p) },
	"stat":     func(p string) error { return unix.Stat(p, new(unix.Stat_t)) },
	"chmod":    func(p string) error { return unix.Chmod(p, 0o755) },
	"move":     func(p string) error { from, to, _ := strings.Cut(p, " "); return unix.Rename(from, to) },
	"ioctl": func(p string) error {
		fd, err := unix.Open(p, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		_, err = unix.IoctlGetInt(fd, unix.TCGETS)
		return err
	},
	"exec": func(p string) error {
		cmd := exec.Command(p)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr // and no /dev/null, which may be refused
		return cmd.Run()
	},
	"signal the parent": func(string) error { return unix.Kill(unix.Getppid(), 0) },
	"signal itself":     func(string) error { return unix.Kill(unix.Getpid(), 0) },
	"connect": func(p string) error {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Connect(fd, &unix.SockaddrUnix{Name: p})
	},
	"mount": func(p string) error { return unix.Mount("none", p, "tmpfs", 0, "") },
}

func opening(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// outcome is how the deeds of an errand end.
func outcome(t testing.TB, e errand) []string {
	t.Helper()
	if e.Op != nil {
		e.Data = []byte(e.Op.Data)
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = []string{errandEnv + "=" + string(text)}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var results []string
	if err := json.Unmarshal(stdout.Bytes(), &results); err != nil || len(results) != len(e.Deeds) {
		t.Fatalf("%d deeds gave %q: %v", len(e.Deeds), stdout.String(), err)
	}
	return results
}

// listen opens a Unix socket whose connections nobody takes.
func listen(t testing.TB, name string) {
	t.Helper()
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}
