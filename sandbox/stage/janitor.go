package stage

import "syscall"

// Chores are what a janitor does when its launcher ends without a word: kill the sandbox and remove its cgroups.
type Chores struct {
	PidFD   int64    // of the sandbox's first process
	Cgroups []string // directories, absolute; children are not expected
}

// Encode is the chores as the janitor reads them.
func (c *Chores) Encode() []byte {
	var w buffer
	w.num(magic)
	w.num(uint64(c.PidFD))
	w.list(c.Cgroups)
	return w.b
}

func decodeChores(b []byte) (c Chores, ok bool) {
	r := buffer{b: b}
	r.getNum()
	c = Chores{PidFD: int64(r.getNum()), Cgroups: r.getList()}
	return c, !r.bad && len(r.b) == 0
}

// cleanUpAfter waits for the launcher's end of the pipe in ControlFD: a byte says that all is clean, its end that the
// launcher was killed.
func cleanUpAfter(c Chores) {
	syscall.Setsid() // a terminal's ^C is not for us
	for fd := 0; fd < 3; fd++ {
		syscall.Close(fd)
	}
	syscall.Chdir("/")
	var b [1]byte
	for {
		n, err := syscall.Read(ControlFD, b[:])
		if err == syscall.EINTR {
			continue
		}
		if n > 0 {
			syscall.Exit(0)
		}
		break
	}
	call(sysPidfdSend, uintptr(c.PidFD), uintptr(syscall.SIGKILL), 0, 0, 0, 0)
	for range 200 {
		left := false
		for _, dir := range c.Cgroups {
			killGroup(dir)
			if err := syscall.Rmdir(dir); err != nil && err != syscall.ENOENT {
				left = true
			}
		}
		if !left {
			break
		}
		pause := syscall.Timespec{Nsec: 10e6}
		syscall.Nanosleep(&pause, nil)
	}
	syscall.Exit(0)
}

// killGroup kills what is in a cgroup: at once where the kernel can (cgroup.kill, v2), else one by one.
func killGroup(dir string) {
	if fd, err := syscall.Open(dir+"/cgroup.kill", syscall.O_WRONLY|cloexec, 0); err == nil {
		_, err = syscall.Write(fd, []byte("1"))
		syscall.Close(fd)
		if err == nil {
			return
		}
	}
	fd, err := syscall.Open(dir+"/cgroup.procs", syscall.O_RDONLY|cloexec, 0)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	var text [4096]byte
	n, _ := syscall.Read(fd, text[:])
	for rest, more := string(text[:max(n, 0)]), true; more; {
		var word string
		word, rest, more = cut(rest, '\n')
		if pid := atoi(word); pid > 0 {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
