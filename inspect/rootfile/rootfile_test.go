package rootfile

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// inTime fails the test when f does not return.
func inTime(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s holds the reader up", what)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLinksStayInTheRoot(t *testing.T) {
	outer := t.TempDir()
	write(t, filepath.Join(outer, "secret"), "outside")
	dir := filepath.Join(outer, "a/root")
	write(t, filepath.Join(dir, "usr/lib/os-release"), "inside")
	write(t, filepath.Join(dir, "secret"), "the root's own")
	for name, target := range map[string]string{
		"etc/relative": "../usr/lib/os-release", "etc/absolute": "/usr/lib/os-release", "etc/up": "../../../../../../../secret", "etc/out": "/secret",
		"etc/gone": filepath.Join(outer, "secret"), "etc/loop": "loop", "etc/magic": "/proc/self/root/etc/passwd",
	} {
		if err := os.MkdirAll(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"/etc/relative": "inside", "/etc/absolute": "inside", "/etc/up": "the root's own", "/etc/out": "the root's own",
		"/etc/gone": "", "/etc/loop": "", "/etc/magic": "",
	} {
		text, err := Root(dir).Read(name, 100)
		if string(text) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// A link in /proc that opens something else (proc_pid_fd(5)) is not followed, even where proc is mounted below the root.
func TestMagicLinksAreNotFollowed(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{"/proc/self/root/etc/passwd", "/proc/self/exe", "/proc/self/cwd/rootfile.go"} {
		if _, err := Root("/").Read(name, 1<<20); !errors.Is(err, unix.ELOOP) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// Whoever opened the FIFO for reading would let its writer in.
	if _, err := unix.Open(filepath.Join(dir, "fifo"), unix.O_WRONLY|unix.O_NONBLOCK, 0); err != unix.ENXIO {
		t.Fatalf("a FIFO that nobody reads: %v", err)
	}
	for _, name := range []string{"fifo", "directory", "socket"} {
		inTime(t, name, func() {
			if _, err := Root(dir).Read(name, 100); !errors.Is(err, ErrNotRegular) || !errors.Is(err, unix.EMEDIUMTYPE) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	for _, name := range []string{"/dev/null", "/dev/zero", "/dev/tty"} {
		if _, err := Root("/").Read(name, 100); err == nil || !errors.Is(err, ErrNotRegular) && !errors.Is(err, unix.ENOENT) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if names, err := Root(dir).List("/"); err != nil || len(names) != 3 {
		t.Errorf("%q, %v", names, err)
	}
	if _, err := Root(dir).List("/fifo"); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a list of a FIFO: %v", err)
	}
}

// To read a file of the kernel's may wait, or take away what it tells.
func TestFilesOfTheKernelAreNotOpened(t *testing.T) {
	for _, name := range []string{"/proc/kmsg", "/proc/version", "/proc/sys/kernel/hostname", "/sys/kernel/notes", "/proc/self/environ"} {
		if _, err := os.Lstat(name); err != nil {
			continue
		}
		inTime(t, name, func() {
			if _, err := Root("/").Read(name, 100); !errors.Is(err, ErrNotRegular) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// A lease on a file makes an open wait for its holder, up to 45 s (fcntl(2)).
func TestALeaseHoldsNobodyUp(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "leased"), "x")
	f, err := os.OpenFile(filepath.Join(dir, "leased"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Skipf("the file system has no leases, or there are no rights to one: %v", err)
	}
	inTime(t, "a lease", func() {
		if _, err := Root(dir).Read("/leased", 100); !errors.Is(err, unix.EAGAIN) {
			t.Errorf("a leased file: %v", err)
		}
	})
}

func TestSizesAreBounded(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "fits"), strings.Repeat("x", 100))
	write(t, filepath.Join(dir, "large"), strings.Repeat("x", 101))
	write(t, filepath.Join(dir, "huge"), strings.Repeat("x", 10<<20))
	if text, err := Root(dir).Read("/fits", 100); len(text) != 100 || err != nil {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	for _, name := range []string{"/large", "/huge"} {
		if text, err := Root(dir).Read(name, 100); text != nil || !errors.Is(err, unix.EFBIG) {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	if _, err := Root(dir).Read("/none", 100); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a file that is not there: %v", err)
	}
}
