package check

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/sandbox/check/calls"
)

// Calls says which system calls of a launch cannot be made.
type Calls struct {
	Missing []Missing
	// Deadly is the call at which a seccomp filter ended the child that asked; what comes after it was not asked.
	Deadly string
}

// Missing is a system call that cannot be made.
type Missing struct {
	Name  string
	Since string        // the first Linux that has it
	Errno syscall.Errno // ENOSYS: not there, or a filter says so; EPERM and others: a filter
}

// Landlock is the version of the kernel's Landlock interface; 0 when there is none for the reason in Errno: ENOSYS is not
// built in, EOPNOTSUPP turned off at boot (landlock(7)).
type Landlock struct {
	ABI   int
	Errno syscall.Errno
}

// ask asks the running kernel what no file tells.
func (m *Machine) ask() {
	answers := calls.Answers{}
	if m.Filtered() {
		answers = askChild()
	} else {
		answers = calls.Probe()
	}
	m.take(answers)
	m.Rlimits = map[int]unix.Rlimit{}
	for resource := range unix.RLIMIT_RTTIME + 1 {
		var limit unix.Rlimit
		if unix.Getrlimit(resource, &limit) == nil {
			m.Rlimits[resource] = limit
		}
	}
}

// askChild asks in a child, because a filter may end who asks. Without an answer nothing is known to be missing.
func askChild() calls.Answers {
	c := exec.Command("/proc/self/exe")
	c.Env = []string{calls.Variable + "=1"}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: 0}
	out, err := c.Output()
	if err != nil && len(out) == 0 {
		return calls.Answers{Errnos: make([]syscall.Errno, len(calls.List)), LandlockErrno: syscall.EPERM}
	}
	return calls.Decode(out)
}

func (m *Machine) take(a calls.Answers) {
	for i, errno := range a.Errnos {
		c := &calls.List[i]
		// Over the mounts it is the user namespace that owns the mount namespace which counts: in one below the host's, EPERM
		// tells nothing, whatever the capabilities are.
		kernel := c.Privileged && !m.hostAdmin()
		refused := m.Filtered() && !kernel && (errno == syscall.EPERM || errno == syscall.EACCES)
		if errno == syscall.ENOSYS || refused {
			m.Calls.Missing = append(m.Calls.Missing, Missing{Name: c.Name, Since: c.Since, Errno: errno})
		}
	}
	if n := len(a.Errnos); n < len(calls.List) {
		m.Calls.Deadly = calls.List[n].Name
	}
	m.Landlock = Landlock{a.Landlock, a.LandlockErrno}
}

// missing finds a call among those that cannot be made.
func (m *Machine) missing(name string) *Missing {
	for i := range m.Calls.Missing {
		if m.Calls.Missing[i].Name == name {
			return &m.Calls.Missing[i]
		}
	}
	return nil
}
