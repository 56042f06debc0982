package sandbox

import (
	"os"
	"strconv"
	"strings"
	"syscall"

	"cutaway/sandbox/reexec"
	"cutaway/sandbox/stage"
)

// program is how cutaway's own program is started again.
type program struct {
	role     string     // of package stage
	standard []*os.File // its first three descriptors; nil is /dev/null
	plan     *os.File
	extra    []*os.File // from stage.ExtraFD on
	sys      syscall.SysProcAttr
	joins    []*os.File // namespaces that the starting thread enters before
	more     <-chan int // PIDs that are waited for after its own end: the last one's end is what exited tells
}

// start starts a program that talks to the launcher, and becomes the box's process for now.
func (l *launch) start(p *program) error {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return failed(l.stage, "socketpair", "", err)
	}
	l.box.control = pair[0]
	defer syscall.Close(pair[1])
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return failed(l.stage, "open", os.DevNull, err)
	}
	defer null.Close()
	attr := &syscall.ProcAttr{
		Env:   roleEnv(p.role),
		Files: []uintptr{null.Fd(), null.Fd(), null.Fd(), p.plan.Fd(), uintptr(pair[1])},
		Sys:   &p.sys,
	}
	for i, f := range p.standard {
		if f != nil {
			attr.Files[i] = f.Fd()
		}
	}
	for _, f := range p.extra {
		attr.Files = append(attr.Files, f.Fd())
	}
	p.sys.PidFD = &l.box.pidfd
	l.exited = make(chan syscall.WaitStatus, 1)
	pid, err := forkOnOwnThread(l.exe.Path, attr, p.joins, p.more, l.exited)
	if err != nil {
		return failed(l.stage, "start "+p.role, "", err)
	}
	l.box.PID = pid
	l.messages = reexec.Receive(pair[0])
	return nil
}

// roleEnv is the environment of cutaway's own program in a role.
func roleEnv(role string) []string {
	return []string{stage.Variable + "=" + role, "GOMAXPROCS=1"} // a small init has few threads
}

// largeMemory is from where on a copy of this process's page tables costs more than one more start of the program.
const largeMemory = 64 << 20

// isLarge tells whether a fork of this process is dear. With a new user namespace Go forks with a copy of the page tables
// instead of vfork(2), which takes 10 ms at 256 MiB.
func isLarge() bool {
	b, err := os.ReadFile("/proc/self/statm") // proc_pid_statm(5): size and resident, in pages
	if err != nil {
		return false
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return false
	}
	pages, err := strconv.Atoi(fields[1])
	return err == nil && pages*os.Getpagesize() > largeMemory
}
