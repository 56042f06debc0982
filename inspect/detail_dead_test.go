package inspect

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A file is open on a FUSE file system whose server never answers. Whatever is asked of it, the detail comes in time.
func TestADeadFileSystemDoesNotHoldUpTheDetail(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	server, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("needs /dev/fuse: %v", err)
	}
	fd, err := openOnDeadMount(t.TempDir(), server)
	if err != nil {
		unix.Close(server)
		t.Skipf("needs the right to mount: %v", err)
	}
	answered := make(chan struct{})
	t.Cleanup(func() {
		unix.Close(server) // which ends all waiting
		unix.Close(fd)
		<-answered
	})
	go func() {
		defer close(answered)
		_, _ = os.Stat(filepath.Join("/proc/self/fd", strconv.Itoa(fd)))
	}()
	select {
	case <-answered:
		t.Skip("needs a file system that does not answer, and this one does")
	case <-time.After(100 * time.Millisecond):
	}
	r := liveReader(t)
	for range 2 {
		start := time.Now()
		d := read(t, r, idOf(t, os.Getpid()))
		if took := time.Since(start); took > 3*fileDeadline {
			t.Errorf("took %v", took)
		}
		if !d.Environ.OK() || !d.Files.OK() || !d.Mounts.OK() {
			t.Errorf("environ %v, files %v, mounts %v", d.Environ.How, d.Files.How, d.Mounts.How)
		}
	}
}

// openOnDeadMount mounts in a mount namespace that ends with its thread, and opens the mount's root.
func openOnDeadMount(dir string, server int) (fd int, err error) {
	onOwnThread(func() {
		if err = unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return
		}
		if err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return
		}
		options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", server)
		if err = unix.Mount("cutaway-test", dir, "fuse", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
			return
		}
		fd, err = unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	})
	return fd, err
}
