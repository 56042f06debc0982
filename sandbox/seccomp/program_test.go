package seccomp

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
)

// compiled is a filter and its program for any architecture.
func compiled(t testing.TB, profile, goarch string, keep caps.Set) (*filter, block) {
	t.Helper()
	f, err := newFilter(profile, goarch, keep)
	if err != nil {
		t.Fatal(err)
	}
	program, err := f.program()
	if err != nil {
		t.Fatal(err)
	}
	return f, decode(t, program)
}

// numberOf is a call's number on an architecture.
func numberOf(t testing.TB, goarch, name string) uint32 {
	t.Helper()
	for i := range table {
		if number := arches[goarch].number(&table[i]); table[i].name == name && number != none {
			return uint32(number)
		}
	}
	t.Fatalf("%s has no call %s", goarch, name)
	return 0
}

// all are the capabilities of every kernel there has been.
var all = caps.UpTo(caps.LastKnown())

// Every number, from before the first to beyond the last, gets the answer of its rule, in few instructions.
func TestProgramFollowsTheRules(t *testing.T) {
	for goarch, a := range arches {
		for _, profile := range []string{Docker, Strict} {
			for _, keep := range []caps.Set{0, caps.DockerDefault, all} {
				t.Run(fmt.Sprintf("%s %s %s", goarch, profile, keep.Hex()), func(t *testing.T) {
					f, b := compiled(t, profile, goarch, keep)
					want := map[uint32]string{}
					checked := map[uint32]bool{}
					for _, r := range f.rules {
						want[r.number] = "allow"
						if r.errno != 0 {
							want[r.number] = unix.ErrnoName(r.errno)
						}
						checked[r.number] = r.check != nil
					}
					numbers := []uint32{0x3fffffff, 0x40000000, 0x40000001, 0x7fffffff, 0x80000000, 0xffffffff}
					for n := range uint32(1200) {
						numbers = append(numbers, n)
					}
					most := 0
					for _, n := range numbers {
						if checked[n] {
							continue
						}
						action, steps := run(t, b, event{number: n, arch: a.audit})
						most = max(most, steps)
						expected := want[n]
						if expected == "" {
							expected = "ENOSYS"
						}
						if got := answer(action); got != expected {
							t.Errorf("number %d: %s, want %s", n, got, expected)
						}
					}
					t.Logf("%d instructions, at most %d of them for a call", len(b), most)
					if len(b) > 600 || most > 12 {
						t.Errorf("%d instructions, at most %d of them for a call", len(b), most)
					}
				})
			}
		}
	}
}

func TestOtherArchitecturesEndTheProcess(t *testing.T) {
	for goarch, a := range arches {
		for _, profile := range []string{Docker, Strict} {
			_, b := compiled(t, profile, goarch, all)
			others := []uint32{0, i386, arm, a.audit ^ 1}
			for other, o := range arches {
				if other != goarch {
					others = append(others, o.audit)
				}
			}
			for _, audit := range others {
				for n := range uint32(500) {
					if action, _ := run(t, b, event{number: n, arch: audit}); action != unix.SECCOMP_RET_KILL_PROCESS {
						t.Fatalf("%s %s: number %d of architecture %#x: %s", goarch, profile, n, audit, answer(action))
					}
				}
			}
		}
	}
}

// AUDIT_ARCH_* of the architectures of 32 bits that run beside ours.
const i386, arm = 0x40000003, 0x40000028

const (
	high        = 1 << 32
	noRandomize = 0x40000 // ADDR_NO_RANDOMIZE of personality(2)
)

// The answers that must hold whatever else changes, with the reasons of this package's comments.
func TestAnswers(t *testing.T) {
	const both = "docker strict"
	cloneThread := uint64(unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD |
		unix.CLONE_SYSVSEM | unix.CLONE_SETTLS | unix.CLONE_PARENT_SETTID | unix.CLONE_CHILD_CLEARTID)
	admin := sysAdmin
	tests := []struct {
		profiles, calls string
		keep            caps.Set
		args            [6]uint64
		want            string
	}{
		{both, "read write mmap execve exit_group set_robust_list rseq prlimit64 getrandom statx faccessat2 close_range futex futex_waitv newfstatat pidfd_open", 0, [6]uint64{}, "allow"},
		{both, "capset capget setresuid setgroups prctl seccomp landlock_restrict_self execveat mseal map_shadow_stack", 0, [6]uint64{}, "allow"},
		{both, "clone3", 0, [6]uint64{}, "ENOSYS"},
		{"docker", "clone3", admin, [6]uint64{}, "allow"},
		{"strict", "clone3", all, [6]uint64{}, "ENOSYS"},
		{both, "clone", 0, [6]uint64{uint64(unix.SIGCHLD)}, "allow"},
		{both, "clone", 0, [6]uint64{cloneThread}, "allow"},
		{both, "clone", 0, [6]uint64{cloneThread | high}, "allow"},
		{both, "clone", 0, [6]uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}, "EPERM"},
		{both, "clone", 0, [6]uint64{unix.CLONE_NEWNS}, "EPERM"},
		{both, "clone", 0, [6]uint64{unix.CLONE_NEWPID}, "EPERM"},
		{both, "clone", 0, [6]uint64{unix.CLONE_NEWNET | high}, "EPERM"},
		{both, "clone", 0, [6]uint64{unix.CLONE_NEWCGROUP}, "EPERM"},
		{both, "clone", 0, [6]uint64{unix.CLONE_NEWIPC}, "EPERM"},
		{both, "clone", 0, [6]uint64{unix.CLONE_NEWUTS}, "EPERM"},
		{"docker", "clone", admin, [6]uint64{unix.CLONE_NEWUSER}, "allow"},
		{"strict", "clone", all, [6]uint64{unix.CLONE_NEWUSER}, "EPERM"},

		{both, "ioctl", all, [6]uint64{0, unix.TIOCSTI}, "EPERM"},
		{both, "ioctl", all, [6]uint64{0, unix.TIOCSTI | high}, "EPERM"},
		{both, "ioctl", all, [6]uint64{0, unix.TIOCSTI | 0xdeadbeef<<32}, "EPERM"},
		{both, "ioctl", all, [6]uint64{0, unix.TIOCLINUX}, "EPERM"},
		{both, "ioctl", all, [6]uint64{unix.TIOCSTI, unix.TIOCLINUX | high}, "EPERM"},
		{both, "ioctl", 0, [6]uint64{unix.TIOCSTI, unix.TIOCGWINSZ, unix.TIOCSTI}, "allow"},
		{both, "ioctl", 0, [6]uint64{0, unix.TCGETS}, "allow"},
		{both, "ioctl", 0, [6]uint64{0, unix.TIOCSTI << 32}, "allow"},
		{"docker", "ioctl", 0, [6]uint64{0, unix.TIOCSETD}, "allow"},
		{"strict", "ioctl", 0, [6]uint64{0, unix.TIOCSETD}, "EPERM"},

		{both, "socket", 0, [6]uint64{unix.AF_UNIX}, "allow"},
		{both, "socket", 0, [6]uint64{unix.AF_INET}, "allow"},
		{both, "socket", 0, [6]uint64{unix.AF_INET6}, "allow"},
		{"docker", "socket", 0, [6]uint64{unix.AF_NETLINK}, "allow"},
		{"docker", "socket", 0, [6]uint64{unix.AF_PACKET}, "allow"},
		{"docker", "socket", all, [6]uint64{unix.AF_ALG}, "EPERM"},
		{"docker", "socket", all, [6]uint64{unix.AF_VSOCK}, "EPERM"},
		{"docker", "socket", all, [6]uint64{unix.AF_VSOCK | high}, "EPERM"},
		{"strict", "socket", all, [6]uint64{unix.AF_NETLINK}, "EPERM"},
		{"strict", "socket", all, [6]uint64{unix.AF_PACKET}, "EPERM"},
		{"strict", "socket", all, [6]uint64{unix.AF_ALG | high}, "EPERM"},
		{"strict", "socket", all, [6]uint64{0xffffffff}, "EPERM"},
		{both, "socketpair", 0, [6]uint64{unix.AF_UNIX}, "allow"},
		{"strict", "socketpair", 0, [6]uint64{unix.AF_TIPC}, "EPERM"},

		{both, "personality", 0, [6]uint64{0}, "allow"},
		{both, "personality", 0, [6]uint64{0xffffffff}, "allow"},
		{"docker", "personality", 0, [6]uint64{8}, "allow"},
		{"docker", "personality", 0, [6]uint64{0x20000}, "allow"},
		{"docker", "personality", 0, [6]uint64{0x20008}, "allow"},
		{both, "personality", all, [6]uint64{noRandomize}, "EPERM"},
		{both, "personality", all, [6]uint64{noRandomize | high}, "EPERM"},
		{"strict", "personality", 0, [6]uint64{8}, "EPERM"},

		{both, "io_uring_setup io_uring_enter io_uring_register add_key request_key keyctl userfaultfd kexec_load kexec_file_load", all, [6]uint64{}, "EPERM"},
		{both, "pivot_root swapon swapoff move_pages migrate_pages nfsservctl", all, [6]uint64{}, "EPERM"},
		{both, "mount umount2 mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick unshare setns bpf perf_event_open open_by_handle_at", caps.DockerDefault &^ admin, [6]uint64{}, "EPERM"},
		{both, "init_module finit_module delete_module reboot acct syslog quotactl quotactl_fd settimeofday clock_settime vhangup sethostname setdomainname", caps.DockerDefault, [6]uint64{}, "EPERM"},
		{both, "kcmp pidfd_getfd process_madvise mbind set_mempolicy get_mempolicy lookup_dcookie fanotify_init lsm_list_modules", caps.DockerDefault, [6]uint64{}, "EPERM"},
		{"docker", "mount umount2 unshare setns fsopen bpf perf_event_open syslog sethostname quotactl fanotify_init", admin, [6]uint64{}, "allow"},
		{"docker", "open_by_handle_at chroot reboot acct settimeofday vhangup mbind kcmp finit_module", admin, [6]uint64{}, "EPERM"},
		{"docker", "open_by_handle_at", dacReadSearch, [6]uint64{}, "allow"},
		{"docker", "chroot", sysChroot, [6]uint64{}, "allow"},
		{"docker", "reboot", sysBoot, [6]uint64{}, "allow"},
		{"docker", "bpf", capBPF, [6]uint64{}, "allow"},
		{"docker", "perf_event_open", perfmon, [6]uint64{}, "allow"},
		{"docker", "syslog", capSyslog, [6]uint64{}, "allow"},
		{"docker", "ptrace process_vm_readv process_vm_writev", 0, [6]uint64{}, "allow"},
		{"strict", "ptrace process_vm_readv process_vm_writev mount unshare setns chroot bpf open_by_handle_at reboot kcmp", all, [6]uint64{}, "EPERM"},
		{both, "open_tree_attr listns file_getattr file_setattr", 0, [6]uint64{}, "ENOSYS"},
	}
	for goarch, a := range arches {
		for _, tt := range tests {
			for profile := range strings.FieldsSeq(tt.profiles) {
				_, b := compiled(t, profile, goarch, tt.keep)
				for call := range strings.FieldsSeq(tt.calls) {
					action, _ := run(t, b, event{number: numberOf(t, goarch, call), arch: a.audit, args: tt.args})
					if got := answer(action); got != tt.want {
						t.Errorf("%s %s, %s kept: %s%#x: %s, want %s", goarch, profile, tt.keep, call, tt.args, got, tt.want)
					}
				}
			}
		}
	}
}

// What strict lets through, docker does: whatever the capabilities.
func TestStrictIsLess(t *testing.T) {
	for goarch, a := range arches {
		_, docker := compiled(t, Docker, goarch, 0)
		_, strict := compiled(t, Strict, goarch, all)
		fewer := 0
		for n := range uint32(600) {
			for arg := range uint64(70) {
				e := event{number: n, arch: a.audit, args: [6]uint64{arg, 0x5400 + arg}}
				ours, _ := run(t, strict, e)
				theirs, _ := run(t, docker, e)
				if answer(ours) == "allow" && answer(theirs) != "allow" {
					t.Errorf("%s: strict lets %d%#x through", goarch, n, e.args)
				}
				if arg == 0 && answer(ours) != "allow" && answer(theirs) == "allow" {
					fewer++
				}
			}
		}
		if fewer < 10 {
			t.Errorf("%s: strict refuses only %d calls more", goarch, fewer)
		}
	}
}

func TestUnknownProfileAndArchitecture(t *testing.T) {
	if _, err := Program("dokcer", 0); err == nil || !strings.Contains(err.Error(), "say docker, strict or off") {
		t.Errorf("dokcer: %v", err)
	}
	if _, err := Program("", 0); err == nil {
		t.Error("no profile at all was taken for one")
	}
	if p, err := Program(Off, all); p != nil || err != nil {
		t.Errorf("off: %v, %v", p, err)
	}
	if _, err := newFilter(Docker, "riscv64", 0); err == nil || !strings.Contains(err.Error(), "riscv64") {
		t.Errorf("riscv64: %v", err)
	}
	if f, err := newFilter(Off, "riscv64", 0); f != nil || err != nil {
		t.Errorf("off on riscv64: %v, %v", f, err)
	}
}

// A jump over more than 255 instructions goes by way of another.
func TestBranchReachesFar(t *testing.T) {
	for _, n := range []int{1, 254, 255, 256, 1000} {
		no := make(block, n-1, n)
		for i := range no {
			no[i] = load(offsetNumber)
		}
		no = append(no, fail(unix.EPERM)...)
		b := append(block{load(offsetNumber)}, branch(unix.BPF_JGE, 7, allow(), no)...)
		for number, want := range map[uint32]string{6: "EPERM", 7: "allow"} {
			if action, _ := run(t, b, event{number: number}); answer(action) != want {
				t.Errorf("over %d instructions: %d gives %s, want %s", n, number, answer(action), want)
			}
		}
	}
	if _, err := assemble(make(block, unix.BPF_MAXINSNS+1)); err == nil {
		t.Error("a program that is too long was taken")
	}
}

func TestRefusals(t *testing.T) {
	a := arches[runtime.GOARCH]
	for _, profile := range []string{Docker, Strict} {
		f, b := compiled(t, profile, runtime.GOARCH, caps.DockerDefault)
		list, err := Refusals(profile, caps.DockerDefault)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]Refusal{}
		for i, r := range list {
			if i > 0 && list[i-1].Call >= r.Call {
				t.Errorf("%s: %s comes after %s", profile, r.Call, list[i-1].Call)
			}
			if r.Purpose == "" {
				t.Errorf("%s: %s has no purpose", profile, r.Call)
			}
			named[r.Call] = r
		}
		for _, r := range f.rules {
			refusal, listed := named[r.call.name]
			action, _ := run(t, b, event{number: r.number, arch: a.audit})
			if listed && refusal.For != "" {
				continue
			}
			if (answer(action) != "allow") != listed {
				t.Errorf("%s: %s is listed: %v, and the program says %s", profile, r.call.name, listed, answer(action))
			}
			if listed && unix.ErrnoName(refusal.Errno) != answer(action) {
				t.Errorf("%s: %s is listed with %v, and the program says %s", profile, r.call.name, refusal.Errno, answer(action))
			}
		}
		if r := named["mount"]; r.Call == "" || r.With != map[string]caps.Set{Docker: sysAdmin, Strict: 0}[profile] {
			t.Errorf("%s: mount is listed as %+v", profile, r)
		}
		if r := named["clone"]; !strings.Contains(r.For, "CLONE_NEW") {
			t.Errorf("%s: clone is listed as %+v", profile, r)
		}
		if Describe(profile) == "" {
			t.Errorf("%s has no description", profile)
		}
	}
	if list, err := Refusals(Off, 0); list != nil || err != nil {
		t.Errorf("off refuses %v, %v", list, err)
	}
	if _, err := Refusals("x", 0); err == nil {
		t.Error("x is a profile")
	}
}
