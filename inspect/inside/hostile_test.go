package inside

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/aside"
	"cutaway/inspect/reading"
)

// hostileRoot is a directory with /etc and whatever else is put there.
func hostileRoot(t *testing.T, put func(etc string)) Target {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	etc := filepath.Join(dir, "etc")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	put(etc)
	return inRoot(t, dir)
}

// What stands at /etc/passwd is nothing that is opened, or leads nowhere outside.
func TestHostileFiles(t *testing.T) {
	unfit := reading.How{State: reading.Failed, Errno: uint16(unix.EMEDIUMTYPE)}
	absent := reading.How{State: reading.Absent, Errno: uint16(unix.ENOENT)}
	link := func(to string) func(string) error {
		return func(path string) error { return os.Symlink(to, path) }
	}
	for name, c := range map[string]struct {
		make func(path string) error
		want reading.How
	}{
		"fifo":      {func(path string) error { return unix.Mkfifo(path, 0o666) }, unfit},
		"device":    {func(path string) error { return unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))) }, unfit},
		"directory": {func(path string) error { return os.Mkdir(path, 0o755) }, unfit},
		"socket": {func(path string) error {
			l, err := net.Listen("unix", path)
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return err
		}, unfit},
		"to proc":     {link("/proc/self/environ"), absent},
		"to a device": {link("/dev/zero"), absent},
		"out":         {link("../../../../../../../../etc/shadow"), absent},
		"to itself":   {link("passwd"), reading.How{State: reading.Failed, Errno: uint16(unix.ELOOP)}},
		"10 MiB":      {func(path string) error { return os.WriteFile(path, make([]byte, 10<<20), 0o644) }, reading.How{State: reading.Failed, Errno: uint16(unix.EFBIG)}},
	} {
		t.Run(name, func(t *testing.T) {
			var failed error
			there := hostileRoot(t, func(etc string) { failed = c.make(filepath.Join(etc, "passwd")) })
			if failed != nil {
				t.Skipf("needs the rights to make it: %v", failed)
			}
			v := look(t, there)
			if v.Users.How != c.want || len(v.Users.Value) != 0 {
				t.Errorf("users: %v, %d of them", v.Users.How, len(v.Users.Value))
			}
			if v.Hostname != reading.Value("strange") {
				t.Errorf("hostname %v", v.Hostname)
			}
		})
	}
}

// Whoever waits for a reader of a FIFO still waits after a look.
func TestNoFIFOIsOpened(t *testing.T) {
	var fifo string
	there := hostileRoot(t, func(etc string) {
		for _, name := range []string{"passwd", "group", "os-release"} {
			fifo = filepath.Join(etc, name)
			if err := syscall.Mkfifo(fifo, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	})
	let := make(chan struct{})
	go func() {
		defer close(let)
		if f, err := os.OpenFile(fifo, os.O_WRONLY, 0); err == nil {
			f.Close()
		}
	}()
	v := look(t, there)
	select {
	case <-let:
		t.Error("the FIFO was opened")
	default:
	}
	if v.System.OK() || v.Groups.OK() {
		t.Errorf("system %v, groups %v", v.System, v.Groups)
	}
	unblock, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unblock.Close()
	<-let
}

func TestAnEndlessLine(t *testing.T) {
	v := look(t, hostileRoot(t, func(etc string) {
		text := "PRETTY_NAME=" + strings.Repeat("x", maxText-20)
		if err := os.WriteFile(filepath.Join(etc, "os-release"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}))
	if !v.System.OK() || len(v.System.Value) > maxLine {
		t.Errorf("%v, %d bytes", v.System.How, len(v.System.Value))
	}
}

// A root on a file system that does not answer costs its own values alone, once, and is left alone for a while.
func TestAHungRoot(t *testing.T) {
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skipf("needs /dev/fuse of this kernel, and the rights to it: %v", err)
	}
	needRoot(t)
	dir := t.TempDir()
	for _, name := range []string{"etc", "hung"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	there := inRoot(t, dir)
	g := newGuard(100 * time.Millisecond)
	for i := range 3 {
		began := time.Now()
		v, err := g.read(context.Background(), there)
		if err != nil {
			t.Fatal(err)
		}
		late := reading.FromError(aside.ErrLate)
		if v.Users.How != late || v.System.How != late || v.Hostname != reading.Value("strange") {
			t.Errorf("users %v, system %v, hostname %v", v.Users.How, v.System.How, v.Hostname)
		}
		if took := time.Since(began); i > 0 && took > 90*time.Millisecond {
			t.Errorf("look %d waited again: %v", i+1, took)
		}
	}
	if n := g.Busy(); n != 1 {
		t.Errorf("%d parts are stuck", n)
	}
}
