package nsfs_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cutaway/inspect/nsfs"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// openDir opens a directory as a holder of /proc/PID does.
func openDir(t *testing.T, path string) int {
	t.Helper()
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func open(t *testing.T, dir int, link string) *nsfs.File {
	t.Helper()
	f, err := nsfs.Open(dir, link)
	if errors.Is(err, unix.ENOENT) {
		t.Skipf("this kernel has no %s", link)
	}
	if err != nil {
		t.Fatalf("Open(%s): %v", link, err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// inode reads a namespace's inode from its link.
func inode(t *testing.T, path string) uint64 {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	_, ino, ok := proc.ParseNSLink([]byte(target))
	if !ok {
		t.Fatalf("%s leads to %q", path, target)
	}
	return ino
}

func TestOpenOwn(t *testing.T) {
	self := openDir(t, "/proc/self")
	for link := range proc.NSLink(proc.NSLinks) {
		name := "ns/" + proc.NSLinkName(link)
		t.Run(proc.NSLinkName(link), func(t *testing.T) {
			f := open(t, self, name)
			kind, err := f.Kind()
			if err != nil || kind != proc.NSLinkKind(link) {
				t.Errorf("Kind() = %v, %v", kind, err)
			}
			var st unix.Stat_t
			if err := unix.Stat("/proc/self/"+name, &st); err != nil {
				t.Fatal(err)
			}
			id, err := f.ID()
			if want := (nsfs.ID{Dev: uint64(st.Dev), Ino: inode(t, "/proc/self/"+name)}); err != nil || id != want {
				t.Errorf("ID() = %v, %v; want %v", id, err, want)
			}
		})
	}
}

func TestRelationsOfOwn(t *testing.T) {
	self := openDir(t, "/proc/self")
	net := open(t, self, "ns/net").Relations()
	if net.Parent.State != reading.Absent || net.OwnerUID.State != reading.Absent {
		t.Errorf("a network namespace has neither parent nor creator: %+v", net)
	}
	switch net.Owner.State {
	case reading.Known:
		if net.Owner.Value.Ino == 0 || net.Owner.Value.Dev == 0 {
			t.Errorf("owner without identity: %+v", net.Owner)
		}
	case reading.Denied: // in a user namespace below the one that made it
	default:
		t.Errorf("owner: %v", net.Owner.How)
	}
	user := open(t, self, "ns/user").Relations()
	if !user.OwnerUID.OK() {
		t.Errorf("creator of a user namespace: %v", user.OwnerUID.How)
	}
	if diff := cmp.Diff(user.Owner, user.Parent); diff != "" {
		t.Errorf("a user namespace's owner is its parent:\n%s", diff)
	}
}

func TestRelationsOfChild(t *testing.T) {
	child := startInUserNamespace(t)
	path := "/proc/" + strconv.Itoa(child)
	dir := openDir(t, path)
	user := open(t, dir, "ns/user").Relations()
	want := reading.Value(inode(t, "/proc/self/ns/user"))
	if got := (reading.Of[uint64]{Value: user.Parent.Value.Ino, How: user.Parent.How}); got != want {
		t.Errorf("Parent = %+v, want %+v", got, want)
	}
	if got, want := user.OwnerUID, reading.Value(uint32(os.Geteuid())); got != want {
		t.Errorf("OwnerUID = %+v, want %+v", got, want)
	}
	net := open(t, dir, "ns/net").Relations()
	if got, want := net.Owner.Value.Ino, inode(t, path+"/ns/user"); !net.Owner.OK() || got != want {
		t.Errorf("owner of the network namespace = %d (%v), want %d", got, net.Owner.How, want)
	}
}

// startInUserNamespace starts a process in a user and a network namespace of its own.
func startInUserNamespace(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("needs the right to make user namespaces: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

func TestNotANamespace(t *testing.T) {
	self := openDir(t, "/proc/self")
	for _, link := range []string{"exe", "cwd", "root", "status"} {
		if _, err := nsfs.Open(self, link); !errors.Is(err, nsfs.ErrNotNamespace) {
			t.Errorf("Open(%s): %v", link, err)
		}
	}
	if _, err := nsfs.Open(self, "ns/nothing"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("Open of nothing: %v", err)
	}
}

func TestOpenInHostileRoot(t *testing.T) {
	dir := t.TempDir()
	for name, target := range map[string]string{"out": "/proc/self/ns/net", "up": "../../../../proc/self/ns/net", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := openDir(t, dir)
	for _, path := range []string{"/out", "/up", "/loop", "/none"} {
		if f, err := nsfs.OpenIn(root, path); err == nil {
			f.Close()
			t.Errorf("OpenIn(%s) got out of the root", path)
		}
	}
	if _, err := nsfs.OpenIn(root, "/fifo"); !errors.Is(err, nsfs.ErrNotNamespace) {
		t.Errorf("OpenIn(/fifo): %v", err)
	}
	// Magic links may not be walked even where the root holds a proc of its own.
	if f, err := nsfs.OpenIn(openDir(t, "/"), "/proc/self/ns/net"); err == nil {
		f.Close()
		t.Error("OpenIn followed a magic link")
	}
}

func TestHow(t *testing.T) {
	for err, want := range map[error]reading.State{
		nil: reading.Known, unix.EPERM: reading.Denied, unix.EACCES: reading.Denied, unix.EINVAL: reading.Absent,
		unix.ENOTTY: reading.Absent, unix.ESRCH: reading.Gone, unix.EIO: reading.Failed, nsfs.ErrNotNamespace: reading.Absent,
	} {
		if got := nsfs.How(err).State; got != want {
			t.Errorf("How(%v) = %v, want %v", err, got, want)
		}
	}
}

func TestDescriptorsAreGivenBack(t *testing.T) {
	self := openDir(t, "/proc/self")
	before := descriptors(t)
	for range 10 {
		f, err := nsfs.Open(self, "ns/pid")
		if err != nil {
			t.Fatal(err)
		}
		f.Relations()
		f.Close()
		_, _ = nsfs.Open(self, "exe")
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// bound is mountinfo as `ip netns add probe` leaves it.
const bound = `4464 4443 0:240 / /run/netns rw,relatime shared:1 - tmpfs t rw
4465 4464 0:4 net:[4026546778] /run/netns/probe rw shared:2 - nsfs nsfs rw
4466 4464 0:4 mnt:[4026546779] /run/my\040own rw - nsfs nsfs rw
`

func TestBinds(t *testing.T) {
	dev := unix.Mkdev(0, 4)
	want := []nsfs.Bind{
		{ID: nsfs.ID{Dev: dev, Ino: 4026546778}, Kind: proc.Net, MountPoint: "/run/netns/probe"},
		{ID: nsfs.ID{Dev: dev, Ino: 4026546779}, Kind: proc.Mnt, MountPoint: "/run/my own"},
	}
	if diff := cmp.Diff(want, nsfs.Binds([]byte(bound))); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{
		"",
		"\n",
		"1 2 0:4 net:[x] /a rw - nsfs nsfs rw\n",
		"1 2 0:4 wat:[1] /a rw - nsfs nsfs rw\n",
		"1 2 0:5 net:[1] /a rw - ext4 /dev/x rw\n",
		"1 2 0:5 / /net:[1] rw - ext4 /dev/\\040-\\040nsfs rw\n",
		"1 2 0:5 net:[1] /a rw - fuse x - nsfs rw\n",
		" - nsfs ",
	} {
		if got := nsfs.Binds([]byte(text)); len(got) > 0 {
			t.Errorf("Binds(%q) = %v", text, got)
		}
	}
}

func FuzzBinds(f *testing.F) {
	f.Add([]byte(bound))
	f.Add([]byte(" - nsfs "))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got := nsfs.Binds(text); len(got) > bytes.Count(text, []byte(" - nsfs ")) {
			t.Errorf("%d binds in %q", len(got), text)
		}
	})
}
