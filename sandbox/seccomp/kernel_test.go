package seccomp

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// garbage are arguments with which no call that we try does anything: no such descriptor, address, flag or command.
var garbage = [6]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// Each call that a profile is said to refuse is refused by the kernel with that errno.
func TestKernelRefuses(t *testing.T) {
	for _, profile := range []string{Docker, Strict} {
		list, err := Refusals(profile, 0)
		if err != nil {
			t.Fatal(err)
		}
		var calls []try
		var tried []Refusal
		for _, r := range list {
			if r.For == "" {
				calls = append(calls, try{numberOf(t, runtime.GOARCH, r.Call), garbage})
				tried = append(tried, r)
			}
		}
		for name, uid := range users() {
			t.Run(profile+" as "+name, func(t *testing.T) {
				for i, errno := range errnos(t, errand{Program: program(t, profile), UID: uid, Calls: calls}) {
					if errno != tried[i].Errno {
						t.Errorf("%s: %v, want %v", tried[i].Call, errno, tried[i].Errno)
					}
				}
			})
		}
	}
}

func TestKernelComparesArguments(t *testing.T) {
	call := func(name string, args ...uint64) try {
		c := try{Number: numberOf(t, runtime.GOARCH, name)}
		copy(c.Args[:], args)
		return c
	}
	const noFD = ^uint64(0)
	tests := []struct {
		what                string
		call                try
		off, docker, strict syscall.Errno
	}{
		{"TIOCSTI", call("ioctl", noFD, unix.TIOCSTI), unix.EBADF, unix.EPERM, unix.EPERM},
		{"TIOCSTI with a high bit", call("ioctl", noFD, unix.TIOCSTI|high), unix.EBADF, unix.EPERM, unix.EPERM},
		{"TIOCLINUX with high bits", call("ioctl", noFD, unix.TIOCLINUX|0xff<<56), unix.EBADF, unix.EPERM, unix.EPERM},
		{"TIOCGWINSZ", call("ioctl", noFD, unix.TIOCGWINSZ), unix.EBADF, unix.EBADF, unix.EBADF},
		{"a vsock socket", call("socket", unix.AF_VSOCK|high, 999), unix.EINVAL, unix.EPERM, unix.EPERM},
		{"a netlink socket", call("socket", unix.AF_NETLINK, 999), unix.EINVAL, unix.EINVAL, unix.EPERM},
		{"an IP socket", call("socket", unix.AF_INET, 999), unix.EINVAL, unix.EINVAL, unix.EINVAL},
		{"a pair of TIPC sockets", call("socketpair", unix.AF_TIPC, 999), unix.EINVAL, unix.EINVAL, unix.EPERM},
		// CLONE_NEWNS may not come with CLONE_FS, so that nothing starts where it is let through.
		{"a namespace", call("clone", unix.CLONE_NEWNS|unix.CLONE_FS), unix.EINVAL, unix.EPERM, unix.EPERM},
		{"a thread without its process", call("clone", unix.CLONE_THREAD), unix.EINVAL, unix.EINVAL, unix.EINVAL},
		{"no randomness", call("personality", noRandomize), 0, unix.EPERM, unix.EPERM},
		{"asking for the personality", call("personality", 0xffffffff), 0, 0, 0},
		{"a number that was never given out", call("read"), 0, unix.ENOSYS, unix.ENOSYS},
		{"a number of the future", call("read"), 0, unix.ENOSYS, unix.ENOSYS},
		{"getpid of x32", call("getpid"), 0, unix.ENOSYS, unix.ENOSYS},
	}
	for i := range tests {
		switch tt := &tests[i]; tt.what {
		case "a number that was never given out":
			tt.call.Number, tt.off = 400, unix.ENOSYS
		case "a number of the future":
			tt.call.Number, tt.off = 1000, unix.ENOSYS
		case "getpid of x32":
			tt.call.Number, tt.off = 0x40000000|tt.call.Number, unix.ENOSYS
		}
	}
	calls := make([]try, len(tests))
	for i := range tests {
		calls[i] = tests[i].call
	}
	for _, profile := range []string{Off, Docker, Strict} {
		for name, uid := range users() {
			t.Run(profile+" as "+name, func(t *testing.T) {
				for i, errno := range errnos(t, errand{Program: program(t, profile), UID: uid, Calls: calls}) {
					want := map[string]syscall.Errno{Off: tests[i].off, Docker: tests[i].docker, Strict: tests[i].strict}[profile]
					if errno != want {
						t.Errorf("%s: %v, want %v", tests[i].what, errno, want)
					}
				}
			})
		}
	}
}

// A program of 32 bits does not begin: its calls have other numbers, and would mean others to the filter.
func TestKernelEndsProgramsOf32Bits(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("needs amd64: the program is for i386")
	}
	file := filepath.Join(t.TempDir(), "exit42")
	if err := os.WriteFile(file, exit42(), 0o755); err != nil {
		t.Fatal(err)
	}
	out := send(t, errand{Argv: []string{file}})
	if got := fmt.Sprint(out.err); got != "exit status 42" {
		livetest.Skip(t, "needs a kernel that runs programs of 32 bits (CONFIG_IA32_EMULATION): "+got+" "+out.stderr)
	}
	for _, profile := range []string{Docker, Strict} {
		out := send(t, errand{Program: program(t, profile), Argv: []string{file}})
		if signalOf(out.err) != syscall.SIGSYS {
			t.Errorf("%s: %v %s, want the signal SIGSYS", profile, out.err, out.stderr)
		}
	}
}

// exit42 is an ELF program for i386 that calls _exit(42).
func exit42() []byte {
	const base, header = 0x08048000, 52 + 32
	code := []byte{
		0xb8, 1, 0, 0, 0, // mov eax, __NR_exit
		0xbb, 42, 0, 0, 0, // mov ebx, 42
		0xcd, 0x80, // int 0x80
	}
	size := uint32(header + len(code))
	b := []byte{0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, 2|3<<16) // ET_EXEC, EM_386
	for _, v := range []uint32{1, base + header, 52, 0, 0, 52 | 32<<16, 1, 0} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, v := range []uint32{1, 0, base, base, size, size, 5, 0x1000} { // PT_LOAD, read and execute
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(b, code...)
}
