package seccomp

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filtersOf reads the filters of a running process, the newest first (PTRACE_SECCOMP_GET_FILTER of ptrace(2)). It needs
// CAP_SYS_ADMIN and CONFIG_CHECKPOINT_RESTORE, and goes on without having ended the process.
func filtersOf(t testing.TB, pid int) []block {
	t.Helper()
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(pid); err != nil {
		t.Fatalf("ptrace(PTRACE_SEIZE, %d): %v", pid, err)
	}
	defer unix.PtraceDetach(pid)
	if err := unix.PtraceInterrupt(pid); err != nil {
		t.Fatalf("ptrace(PTRACE_INTERRUPT, %d): %v", pid, err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, unix.WALL, nil); err != nil || !status.Stopped() {
		t.Fatalf("wait for %d to stop: %v, %#x", pid, err, status)
	}
	var filters []block
	for index := uintptr(0); ; index++ {
		n, errno := getFilter(pid, index, nil)
		if errno == unix.ENOENT {
			return filters
		}
		if errno != 0 {
			t.Fatalf("ptrace(PTRACE_SECCOMP_GET_FILTER, %d): %v", pid, errno)
		}
		b := make(block, n)
		if _, errno := getFilter(pid, index, &b[0]); errno != 0 {
			t.Fatalf("ptrace(PTRACE_SECCOMP_GET_FILTER, %d): %v", pid, errno)
		}
		filters = append(filters, b)
	}
}

func getFilter(pid int, index uintptr, into *unix.SockFilter) (int, syscall.Errno) {
	n, _, errno := syscall.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(pid), index,
		uintptr(unsafe.Pointer(into)), 0, 0)
	return int(n), errno
}

// samples are calls that between them take every way through our filters and those of engines: each number with no
// arguments, and those whose arguments count with many.
func samples(t testing.TB, goarch string) map[string]event {
	t.Helper()
	a := arches[goarch]
	list := map[string]event{}
	for i := range table {
		if number := a.number(&table[i]); number != none {
			list[table[i].name] = event{number: uint32(number), arch: a.audit}
		}
	}
	list["a number never given out"] = event{number: 400, arch: a.audit}
	list["a number of the future"] = event{number: 1000, arch: a.audit}
	if goarch == "amd64" {
		list["getpid of x32"] = event{number: 0x40000000 | 39, arch: a.audit}
		list["getpid of i386"] = event{number: 20, arch: i386}
	}
	add := func(call string, arg int, values map[string]uint64) {
		for name, v := range values {
			e := event{number: numberOf(t, goarch, call), arch: a.audit}
			e.args[arg] = v
			list[call+" "+name] = e
		}
	}
	add("ioctl", 1, map[string]uint64{
		"TIOCSTI": unix.TIOCSTI, "TIOCSTI high": unix.TIOCSTI | high, "TIOCLINUX": unix.TIOCLINUX, "TCGETS": unix.TCGETS,
		"TIOCSTI+1": unix.TIOCSTI + 1, "TIOCSTI-1": unix.TIOCSTI - 1, "TIOCLINUX+1": unix.TIOCLINUX + 1, "TIOCSETD": unix.TIOCSETD, "-1": ^uint64(0), "high": high,
	})
	families := map[string]uint64{"high": unix.AF_ALG | high, "-1": ^uint64(0)}
	for f := range uint64(50) {
		families[unixFamily(f)] = f
	}
	add("socket", 0, families)
	add("socketpair", 0, families)
	add("clone", 0, map[string]uint64{
		"fork": uint64(unix.SIGCHLD), "thread": unix.CLONE_THREAD | unix.CLONE_VM, "NEWNS": unix.CLONE_NEWNS, "NEWUSER": unix.CLONE_NEWUSER,
		"NEWPID": unix.CLONE_NEWPID, "NEWNET": unix.CLONE_NEWNET, "NEWIPC": unix.CLONE_NEWIPC, "NEWUTS": unix.CLONE_NEWUTS,
		"NEWCGROUP": unix.CLONE_NEWCGROUP, "NEWUSER high": unix.CLONE_NEWUSER | high, "high": high,
	})
	add("personality", 0, map[string]uint64{
		"PER_LINUX32": perLinux32, "UNAME26": uname26, "UNAME26 of 32 bits": uname26 | perLinux32, "asked": asksOnly, "ADDR_NO_RANDOMIZE": noRandomize,
	})
	return list
}

func unixFamily(f uint64) string {
	switch f {
	case unix.AF_ALG:
		return "AF_ALG"
	case unix.AF_VSOCK:
		return "AF_VSOCK"
	}
	return string([]byte{'0' + byte(f/10), '0' + byte(f%10)})
}

// strictest is what the kernel does with several filters (seccomp_run_filters of kernel/seccomp.c): the lowest action.
func strictest(t testing.TB, filters []block, e event) string {
	t.Helper()
	least := uint32(unix.SECCOMP_RET_ALLOW)
	for _, b := range filters {
		if action, _ := run(t, b, e); int32(action&unix.SECCOMP_RET_ACTION_FULL) < int32(least&unix.SECCOMP_RET_ACTION_FULL) {
			least = action
		}
	}
	return answer(least)
}
