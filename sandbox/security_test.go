package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"cutaway/sandbox/reexec"
)

// Files of the host's that plain ownership guards: a process of host uid 0 without any capability could open them for
// writing. They are only opened here, never written.
func TestHostFilesCannotBeOpenedForWriting(t *testing.T) {
	script := `for f in /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches /proc/irq/default_smp_affinity /proc/sysrq-trigger /sys/kernel/mm/ksm/run /sys/kernel/uevent_helper; do
		[ -e $f ] || continue
		if (: >>$f) 2>/dev/null; then echo "opened $f"; else echo "refused $f"; fi
	done`
	for name, change := range map[string]func(*Spec){
		"user namespace":    func(*Spec) {},
		"no user namespace": func(s *Spec) { s.Namespaces.User = HostNamespace },
		"all capabilities":  func(s *Spec) { s.Capabilities = []string{"all"} },
	} {
		t.Run(name, func(t *testing.T) {
			s := isolated(script)
			change(s)
			if s.Namespaces.User == HostNamespace {
				needRoot(t)
			}
			r := run(t, s, Options{})
			if strings.Contains(r.out, "opened") || strings.Count(r.out, "refused") < 3 {
				t.Errorf("a host's file was opened:\n%s%s", r.out, r.errOut)
			}
		})
	}
}

// What the launcher's caller left open, and its environment, do not reach the command.
func TestNothingOfTheCallersIsReachable(t *testing.T) {
	leak, err := os.Open("/root")
	if err != nil {
		if leak, err = os.Open("/"); err != nil {
			t.Fatal(err)
		}
	}
	defer leak.Close()
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, leak.Fd(), syscall.F_SETFD, 0); errno != 0 {
		t.Fatal(errno)
	}
	s := isolated(`ls /proc/self/fd; echo cwd $(pwd); env; ls /proc/1/fd >/dev/null; readlink /proc/1/exe; cat /proc/1/environ`)
	r := run(t, s, Options{Environ: []string{"SECRET=1", "PATH=/nowhere"}})
	if got := lines(r.out); !slices.Equal(got[:4], []string{"0", "1", "2", "3"}) || got[4] != "cwd /" { // 3 is ls's own
		t.Errorf("descriptors or directory: %q", got)
	}
	if strings.Contains(r.out, "SECRET") || strings.Contains(r.out, "/nowhere") || strings.Contains(r.out, "cutaway") {
		t.Errorf("the caller's environment or the init is reachable:\n%s", r.out)
	}
}

func TestRootCannotBeChanged(t *testing.T) {
	r := run(t, isolated(`touch /etc/x; mount -o remount,bind,rw / 2>&1; mount -t tmpfs t /mnt 2>&1; mount -t cgroup -o rdma c /mnt 2>&1; mknod /tmp/sda b 8 0 2>&1; ls /dev; echo end`), Options{})
	if _, err := os.Stat("/etc/x"); err == nil {
		t.Fatal("/etc/x was made on the host")
	}
	if !strings.Contains(r.errOut, "Read-only file system") {
		t.Errorf("touch said %q", r.errOut)
	}
	for _, disk := range []string{"sda", "vda", "nvme", "loop", "kmsg", "mem"} {
		if slices.ContainsFunc(lines(r.out), func(l string) bool { return strings.HasPrefix(l, disk) }) {
			t.Errorf("/dev holds %s:\n%s", disk, r.out)
		}
	}
	if !strings.HasSuffix(r.out, "end\n") {
		t.Errorf("the script was stopped: %s", r.out)
	}
}

// A filter, not the lack of rights, must refuse these: each would succeed, or fail otherwise, without it.
func TestSystemCallsAreRefused(t *testing.T) {
	want := map[string][]string{
		"io_uring_setup":    {"EPERM", "ENOSYS"},
		"open_by_handle_at": {"EPERM"},
		"bpf":               {"EPERM"},
		"clone3":            {"ENOSYS"},
		"tiocsti":           {"EPERM"},
		"x32 getpid":        {"ENOSYS", "EPERM"},
		"unshare user":      {"EPERM"},
		"mount":             {"EPERM"},
		"setns":             {"EPERM"},
	}
	for _, filter := range []Seccomp{SeccompDocker, SeccompStrict} {
		for name, errnos := range want {
			t.Run(fmt.Sprintf("%s/%s", filter, name), func(t *testing.T) {
				s := isolated("")
				s.Seccomp = filter
				s.Command = []string{probePlace}
				s.Env.Set["CUTAWAY_PROBE"] = name
				r := run(t, s, Options{})
				if !slices.Contains(errnos, strings.TrimSpace(r.out)) {
					t.Errorf("%s said %q (%s, %v), want one of %v", name, r.out, r.errOut, r.status, errnos)
				}
			})
		}
	}
}

func TestStatusInside(t *testing.T) {
	r := run(t, isolated(`grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status`), Options{})
	var got []string
	for _, l := range lines(r.out) {
		got = append(got, strings.Join(strings.Fields(l), " "))
	}
	want := []string{
		"CapInh: 0000000000000000", "CapPrm: 0000000000000000", "CapEff: 0000000000000000", "CapBnd: 0000000000000000",
		"CapAmb: 0000000000000000", "NoNewPrivs: 1", "Seccomp: 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("status inside:\n%s", strings.Join(got, "\n"))
	}
}

// Every thread of the init has given up its rights, and none of its files can be had.
func TestInitHasNoRights(t *testing.T) {
	s := isolated(`cat /proc/1/task/*/status | grep -E '^(CapEff|CapPrm|Seccomp:)'; readlink /proc/1/exe || echo unreadable; (: >>/proc/1/exe) 2>/dev/null && echo opened`)
	s.Capabilities = []string{"sys_ptrace", "dac_override"} // the worst case: these let it look at the init
	s.Seccomp = SeccompDocker
	r := run(t, s, Options{})
	for _, l := range lines(r.out) {
		f := strings.Fields(l)
		switch {
		case f[0] == "Seccomp:" && f[1] != "2":
			t.Errorf("a thread of the init has no filter: %s", l)
		case strings.HasPrefix(f[0], "Cap") && f[1] != "0000000000080002":
			t.Errorf("a thread of the init kept %s", l)
		case l == "opened":
			t.Error("the init's program was opened for writing")
		}
	}
	if len(lines(r.out)) < 4 {
		t.Errorf("saw too little: %s%s", r.out, r.errOut)
	}
}

// No thread of the init is anybody outside, or has a right, of whatever the launcher is.
func TestInitsThreadsAreNobody(t *testing.T) {
	needNamespaces(t)
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	box, err := Start(t.Context(), isolated("exec sleep 1000"), Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Kill(); _, _ = box.Wait() })
	files, _ := filepath.Glob(procDir(box.PID) + "/task/*/status")
	uid := ""
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines(string(b)) {
			name, value, _ := strings.Cut(l, ":\t")
			switch {
			case name == "Uid" && uid == "":
				uid = value
			case name == "Uid" && value != uid, name == "Uid" && os.Geteuid() == 0 && strings.HasPrefix(value, "0\t"):
				t.Errorf("%s is user %s, another %s", file, value, uid)
			case (name == "CapEff" || name == "CapPrm") && value != "0000000000000000":
				t.Errorf("%s has %s", file, l)
			}
		}
	}
	if len(files) < 2 {
		t.Errorf("%d threads", len(files))
	}
}

// The init's program, where it can be reached at all, is behind a read-only mount or sealed.
func TestInitsProgramIsReadOnly(t *testing.T) {
	exe, err := reexec.Open("", true)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	f, err := os.OpenFile(exe.Path, os.O_WRONLY, 0)
	if err == nil { // a sealed file may be opened, not written
		_, err = f.Write([]byte{0})
		f.Close()
	}
	if !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.ETXTBSY) {
		t.Errorf("writing the init's program: %v", err)
	}
}

// A root file system that somebody else made may hold anything (CVE-2019-19921, CVE-2025-31133).
func TestHostileRootIsRefused(t *testing.T) {
	for name, prepare := range map[string]func(root string) error{
		"proc is a link": func(root string) error {
			return errors.Join(os.Remove(filepath.Join(root, "proc")), os.Symlink("/etc", filepath.Join(root, "proc")))
		},
		"dev is a link": func(root string) error {
			return errors.Join(os.Remove(filepath.Join(root, "dev")), os.Symlink("/etc", filepath.Join(root, "dev")))
		},
		"sys is a file": func(root string) error {
			return errors.Join(os.Remove(filepath.Join(root, "sys")), os.WriteFile(filepath.Join(root, "sys"), nil, 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := busyboxRoot(t)
			if err := prepare(root); err != nil {
				t.Fatal(err)
			}
			s := isolated("echo ran")
			s.Root = Root{Kind: RootDir, Path: root, Switch: PivotRoot}
			s.Mounts = nil
			r, err := try(t, s, Options{})
			var launch *LaunchError
			if !errors.As(err, &launch) || launch.Path == "" {
				t.Fatalf("launched, or failed without a path: %v %v", err, r)
			}
		})
	}
}

// A null device that is none is not bound into a sandbox: what is masked with it would be readable.
func TestFalseDeviceIsRefused(t *testing.T) {
	root := busyboxRoot(t)
	if err := os.WriteFile(filepath.Join(root, "dev/null"), []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	s := isolated("cat /dev/null; ls -l /dev/null")
	s.Root = Root{Kind: RootDir, Path: root, Switch: PivotRoot}
	s.Mounts = nil
	r := run(t, s, Options{})
	if strings.Contains(r.out, "secret") || !strings.HasPrefix(r.out, "crw") {
		t.Errorf("/dev/null inside is %q", r.out)
	}
}

func TestKernelSecretsAreHidden(t *testing.T) {
	r := run(t, isolated(`for f in kcore keys timer_list; do [ ! -e /proc/$f ] || head -c 1 /proc/$f 2>/dev/null | wc -c; done; ls /proc/scsi /proc/acpi /sys/firmware 2>/dev/null; dmesg 2>&1 | head -c 40`), Options{})
	for _, l := range lines(r.out) {
		if l != "0" && !regexp.MustCompile(`^/|Operation not permitted|Permission denied|read kernel`).MatchString(l) {
			t.Errorf("the kernel told %q", l)
		}
	}
}

// No socket of an engine's, none of the host's abstract ones.
func TestHostsSocketsAreOutOfReach(t *testing.T) {
	r := run(t, isolated(`ls /run; wc -l </proc/net/unix`), Options{})
	got := lines(r.out)
	if !slices.Equal(got, []string{"probe", "1"}) { // the heading alone
		t.Errorf("/run and the sockets inside: %q", got)
	}
}

// A set-user-ID program gives nothing.
func TestSetUserIDGivesNothing(t *testing.T) {
	s := isolated(`/usr/bin/su -c id root </dev/null 2>&1; grep CapEff /proc/self/status; find / -xdev -perm -4000 -type f 2>/dev/null | head -3; grep ' / ' /proc/self/mountinfo`)
	s.User = User{UID: 1000, GID: 1000}
	if os.Geteuid() != 0 {
		s.User = User{}
	}
	r := run(t, s, Options{})
	if !strings.Contains(r.out, "nosuid") {
		t.Errorf("the root is not nosuid:\n%s", r.out)
	}
	if strings.Contains(r.out, "uid=0(root)") && os.Geteuid() == 0 {
		t.Errorf("su gave root:\n%s", r.out)
	}
}
