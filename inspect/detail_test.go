package inspect

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// liveReader reads this machine's proc.
func liveReader(t *testing.T) *DetailReader {
	t.Helper()
	r, err := NewDetailReader(Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// idOf finds out who has a PID.
func idOf(t *testing.T, pid int) ID {
	t.Helper()
	dir, err := openProcDir("/proc", pid)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.release()
	st, err := dir.stat()
	if err != nil {
		t.Fatal(err)
	}
	return ID{PID: pid, Start: st.StartTime}
}

// startChild starts a process that reads from a pipe which nobody writes to, and waits until its program runs.
func startChild(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("cat")
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// onOwnThread runs a function on a thread that ends with it, so that the function may change the thread. It is never the
// main thread, which stands for the process and does not end (runtime.LockOSThread).
func onOwnThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return // locked, which ends the thread
		}
		onOwnThread(f) // this one being taken, on another
		runtime.UnlockOSThread()
	}()
	<-done
}

func TestDetailOfAChild(t *testing.T) {
	r := liveReader(t)
	child := startChild(t, "PATH=/bin", "PGPASSWORD=hunter2", "EMPTY=")
	id := idOf(t, child.Process.Pid)
	var d *Detail
	eventually(t, "the child runs its program", func() bool {
		d = read(t, r, id)
		return d.Cmdline == reading.Value("cat\x00") && d.Environ.OK()
	})
	wantEnv := []proc.EnvVar{{Name: "PATH", Value: "/bin"}, {Name: "PGPASSWORD", Value: "hunter2"}, {Name: "EMPTY"}}
	if diff := cmp.Diff(reading.Value(wantEnv), d.Environ); diff != "" {
		t.Error(diff)
	}
	if len(d.Files.Value) < 3 || d.Files.Value[0].Kind != PipeFile || proc.FDFlagNames(d.Files.Value[0].Info.Value.Flags) != "O_RDONLY" {
		t.Errorf("files %+v", d.Files)
	}
	for link, n := range d.Namespaces {
		own, err := os.Readlink("/proc/self/" + nsLinkPaths[link])
		if err != nil && n.Ino.State == reading.Absent {
			continue // an older kernel
		}
		if _, ino, _ := proc.ParseNSLink([]byte(own)); n.Ino != reading.Value(ino) {
			t.Errorf("%s: %+v, ours is %s", nsLinkPaths[link], n.Ino, own)
		}
	}
	if !d.IO.OK() || d.IO.Value.ReadChars == 0 {
		t.Errorf("io %+v", d.IO)
	}
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(d.Mounts.Value), strings.Count(string(mountinfo), "\n"); got != want {
		t.Errorf("%d mounts, want %d", got, want)
	}
}

func TestLimitsAgreeWithPrlimit(t *testing.T) {
	d := read(t, liveReader(t), idOf(t, os.Getpid()))
	resources := map[string]int{
		"Max open files": unix.RLIMIT_NOFILE, "Max stack size": unix.RLIMIT_STACK, "Max core file size": unix.RLIMIT_CORE,
		"Max processes": unix.RLIMIT_NPROC, "Max address space": unix.RLIMIT_AS, "Max locked memory": unix.RLIMIT_MEMLOCK,
	}
	seen := 0
	for _, l := range d.Limits.Value {
		resource, ok := resources[l.Name]
		if !ok {
			continue
		}
		seen++
		var want unix.Rlimit
		if err := unix.Prlimit(0, resource, nil, &want); err != nil {
			t.Fatal(err)
		}
		if l.Soft != limitValue(want.Cur) || l.Hard != limitValue(want.Max) {
			t.Errorf("%s: %v %v, prlimit says %v", l.Name, l.Soft, l.Hard, want)
		}
	}
	if seen != len(resources) {
		t.Errorf("%d of %d limits found", seen, len(resources))
	}
}

func limitValue(n uint64) proc.LimitValue {
	if n == unix.RLIM_INFINITY {
		return proc.LimitValue{Unlimited: true}
	}
	return proc.LimitValue{N: n}
}

func TestListeningSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skipf("needs a loopback interface: %v", err)
	}
	defer l.Close()
	unixPath := filepath.Join(t.TempDir(), "s")
	u, err := net.Listen("unix", unixPath)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	r := liveReader(t)
	find := func(d *Detail, match func(Listener) bool) *Listener {
		for i := range d.Listening.Value {
			if match(d.Listening.Value[i]) {
				return &d.Listening.Value[i]
			}
		}
		return nil
	}
	tcp := func(s Listener) bool { return s.Local.String() == l.Addr().String() }
	path := func(s Listener) bool { return s.Path == unixPath }
	own := read(t, r, idOf(t, os.Getpid()))
	child := read(t, r, idOf(t, startChild(t).Process.Pid))
	for name, match := range map[string]func(Listener) bool{"tcp": tcp, "unix": path} {
		if s := find(own, match); s == nil || !s.Own() {
			t.Errorf("our %s socket: %+v", name, s)
		}
		if s := find(child, match); s == nil || s.Own() {
			t.Errorf("our %s socket as the child's namespace has it: %+v", name, s)
		}
	}
	fd := find(own, tcp).FD
	for _, f := range own.Files.Value {
		if f.FD == fd && f.About != "tcp "+l.Addr().String()+" LISTEN" {
			t.Errorf("descriptor %d is %q", fd, f.About)
		}
	}
}

func TestFileKinds(t *testing.T) {
	dir := t.TempDir()
	regular := filepath.Join(dir, "plain")
	if err := os.WriteFile(regular, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[int]FileKind{}
	open := func(path string, flags int, kind FileKind) int {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		want[fd] = kind
		return fd
	}
	deleted := open(regular, unix.O_RDONLY, RegularFile)
	open(dir, unix.O_RDONLY, DirectoryFile)
	open(fifo, unix.O_RDWR, PipeFile)
	open("/dev/null", unix.O_RDONLY, DeviceFile)
	open("/proc/self/ns/net", unix.O_RDONLY, FileKind(proc.FDNamespace))
	memfd, err := unix.MemfdCreate("cutaway", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(memfd)
	want[memfd] = FileKind(proc.FDMemfd)
	if err := os.Remove(regular); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range read(t, liveReader(t), idOf(t, os.Getpid())).Files.Value {
		kind, ours := want[f.FD]
		if !ours {
			continue
		}
		found++
		if f.Kind != kind || f.Link.Deleted != (f.FD == deleted || f.FD == memfd) {
			t.Errorf("%s is %s, want %s", f.Target, f.Kind, kind)
		}
	}
	if found != len(want) {
		t.Errorf("%d of %d descriptors found", found, len(want))
	}
}

func TestDetailOfAZombie(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait() //nolint:errcheck // its end is all that is asked of it
	id := idOf(t, cmd.Process.Pid)
	r := liveReader(t)
	eventually(t, "the child ends", func() bool {
		return strings.Contains(read(t, r, id).Raw["status"].Value, "State:\tZ")
	})
	if d := read(t, r, id); d.Environ.State != reading.Absent {
		t.Errorf("a zombie has an environment: %+v", d.Environ)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(context.Background(), nil, id); !errors.Is(err, ErrGone) {
		t.Errorf("after its end: %v", err)
	}
}

func TestDetailOfAKernelThread(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir, err := openProcDir("/proc", 2)
	if err != nil {
		t.Skipf("needs to see the kernel's threads: %v", err)
	}
	defer dir.release()
	if st, err := dir.stat(); err != nil || !st.KernelThread() {
		t.Skip("needs to see the kernel's threads, which are in the first PID namespace")
	}
	d := read(t, liveReader(t), idOf(t, 2))
	if d.Environ.State != reading.Absent || !d.Limits.OK() || len(d.Files.Value) > 0 {
		t.Errorf("environ %v, limits %v, files %+v", d.Environ.How, d.Limits.How, d.Files)
	}
}

func TestDetailOfOthersAsNormalUser(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs a normal user")
	}
	d := read(t, liveReader(t), idOf(t, 1))
	if d.Environ.State != reading.Denied || d.Files.State != reading.Denied || d.Namespaces[proc.Net].Owner.State != reading.Denied {
		t.Errorf("environ %v, files %v, net %+v", d.Environ.How, d.Files.How, d.Namespaces[proc.Net])
	}
	if !d.Raw["status"].OK() || !d.Limits.OK() {
		t.Errorf("status %v, limits %v are for everyone", d.Raw["status"].How, d.Limits.How)
	}
}

// One process ends and another gets its PID while it is read, over and over: a detail is of the one or of the other.
func TestNeverHalfOfOneAndHalfOfAnother(t *testing.T) {
	f := newFixture(t)
	const pid = 77
	mark := func(name string) map[string]string {
		return map[string]string{
			"environ": "MARK=" + name + "\x00", "limits": "", "oom_score": name + "\n", "comm": name + "\n",
			"io": "rchar: " + name + "\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n",
		}
	}
	dirs := [2]string{}
	for i, name := range []string{"111", "222"} {
		f.process(pid, 1, name, 100+i, mark(name))
		dirs[i] = filepath.Join(f.dir, "away"+name)
		if err := os.Rename(filepath.Join(f.dir, strconv.Itoa(pid)), dirs[i]); err != nil {
			t.Fatal(err)
		}
	}
	here := filepath.Join(f.dir, strconv.Itoa(pid))
	become := func(i int) {
		next := here + ".next"
		if err := errors.Join(os.Symlink(dirs[i], next), os.Rename(next, here)); err != nil {
			t.Error(err)
		}
	}
	r := f.details()
	become(0)
	read(t, r, ID{PID: pid, Start: 100})
	whole, ended := 0, 0
	for i := range 300 {
		become(0)
		changed := make(chan struct{})
		go func() {
			defer close(changed)
			for start := time.Now(); time.Since(start) < time.Duration(i)*5*time.Microsecond; {
				runtime.Gosched()
			}
			become(1)
		}()
		d, err := r.Read(context.Background(), nil, ID{PID: pid, Start: 100})
		<-changed
		switch {
		case errors.Is(err, ErrGone):
			ended++
		case err != nil:
			t.Fatal(err)
		default:
			whole++
			if d.Environ.Value[0].Value != "111" || d.OOMScore.Value != 111 || d.IO.Value.ReadChars != 111 ||
				d.Cmdline.Value != "111\x00--flag\x00" || d.Raw["comm"].Value != "111\n" {
				t.Fatalf("half of another: %+v %+v %+v %+v", d.Environ, d.OOMScore, d.Cmdline, d.IO)
			}
		}
	}
	t.Logf("%d read whole, %d had ended", whole, ended)
}

// A thread may run as somebody else, in another namespace than its process: here one of ours does.
func TestThreadsThatDiffer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	ready, end := make(chan error), make(chan struct{})
	defer close(end)
	tid := 0
	go onOwnThread(func() {
		tid = unix.Gettid()
		err := unix.Unshare(unix.CLONE_NEWUTS)
		if err == nil {
			err = unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_WAKE_ALARM, 0, 0, 0)
		}
		ready <- err
		<-end
	})
	if err := <-ready; err != nil {
		t.Skipf("needs the right to make namespaces: %v", err)
	}
	d := read(t, liveReader(t), idOf(t, os.Getpid()))
	for _, thread := range d.Threads.Value {
		var want []Field
		switch thread.TID {
		case tid:
			want = []Field{"ns.uts", "status.CapBnd"}
		case os.Getpid():
		default:
			continue // may be another test's, on its way out
		}
		if diff := cmp.Diff(want, thread.Differs); diff != "" || thread.Comm == "" {
			t.Errorf("thread %d %q:\n%s", thread.TID, thread.Comm, diff)
		}
	}
	if !slices.ContainsFunc(d.Threads.Value, func(thread Thread) bool { return thread.TID == tid }) {
		t.Errorf("%d is not among %+v", tid, d.Threads)
	}
}

func TestReadGivesEverythingBack(t *testing.T) {
	r := liveReader(t)
	id := idOf(t, os.Getpid())
	read(t, r, id)
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := count()
	for range 20 {
		read(t, r, id)
		_, _ = r.Read(context.Background(), nil, ID{PID: id.PID, Start: id.Start + 1})
	}
	eventually(t, "as many descriptors as before", func() bool { return count() <= before })
}

func TestReadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := liveReader(t).Read(ctx, nil, idOf(t, os.Getpid())); !errors.Is(err, context.Canceled) {
		t.Errorf("Read = %v", err)
	}
}

func TestCostlyPartsAreReadWhenAskedFor(t *testing.T) {
	r, err := NewDetailReader(Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	var self proc.Stat
	if err := proc.ParseStat(st, &self); err != nil {
		t.Fatal(err)
	}
	id := ID{PID: self.PID, Start: self.StartTime}
	for parts, want := range map[Part][3]reading.State{
		0:           {reading.NotRead, reading.NotRead, reading.NotRead},
		PartMounts:  {reading.Known, reading.NotRead, reading.NotRead},
		PartFiles:   {reading.NotRead, reading.Known, reading.NotRead},
		PartThreads: {reading.NotRead, reading.NotRead, reading.Known},
		AllParts:    {reading.Known, reading.Known, reading.Known},
	} {
		d, err := r.ReadParts(t.Context(), nil, id, parts)
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]reading.State{d.Mounts.State, d.Files.State, d.Threads.State}; got != want {
			t.Errorf("parts %b: mounts, files and threads are %v, want %v", parts, got, want)
		}
		if !d.Environ.OK() {
			t.Errorf("parts %b: environ is %v", parts, d.Environ.How)
		}
	}
}
