package check

import (
	"fmt"
	"strings"
	"syscall"

	"cutaway/inspect/proc"
	"cutaway/inspect/security"
	"cutaway/sandbox/stage"
)

// Advice says in a clause, without a full stop, what most likely made a step of a launch fail on this machine, and what to do; "" when there is
// nothing to say beyond the errno. The failure's Stage is one of cutaway/sandbox's; m may be nil when nothing is known of
// the machine.
func Advice(f stage.Failure, m *Machine) string {
	if m == nil {
		m = unknown
	}
	s := step{f, m, syscall.Errno(f.Errno)}
	if advise := byStage[f.Stage]; advise != nil {
		if text := advise(s); text != "" {
			return text
		}
	}
	return s.everywhere()
}

// unknown is a machine of which nothing is known but that it can do everything.
var unknown = func() *Machine {
	m := &Machine{}
	for kind := range m.Namespaces {
		m.Namespaces[kind] = true
	}
	m.Self.CapEff = 1<<63 - 1
	m.Setgroups = true
	return m
}()

// step is one that failed.
type step struct {
	stage.Failure
	m     *Machine
	errno syscall.Errno
}

// of tells whether the step's description holds one of the words.
func (s step) of(words ...string) bool {
	for _, word := range words {
		if strings.Contains(s.What, word) {
			return true
		}
	}
	return false
}

// denied tells whether the errno is one of those that mean "you may not".
func (s step) denied() bool { return s.errno == syscall.EPERM || s.errno == syscall.EACCES }

// byStage are the errnos that mean something of their own in a stage.
var byStage = map[string]func(step) string{
	"clone":        step.clone,
	"maps":         step.maps,
	"cgroup":       step.cgroup,
	"time":         step.time,
	"mounts":       step.mounts,
	"proc":         step.mounts,
	"binds":        step.mounts,
	"root":         step.root,
	"hostname":     step.hostname,
	"network":      step.network,
	"terminal":     step.terminal,
	"rlimits":      step.rlimits,
	"capabilities": step.capabilities,
	"landlock":     step.landlock,
	"seccomp":      step.seccomp,
	"exec":         step.exec,
}

// everywhere is what errnos mean in every stage.
func (s step) everywhere() string {
	switch s.errno {
	case syscall.EPERM, syscall.EACCES:
		return s.guarded()
	case syscall.ENOSYS:
		if s.m.Filtered() {
			return "the seccomp filter around cutaway hides this system call: " + s.m.filtered("").Advice
		}
		return fmt.Sprintf("this kernel (%s) does not know the system call; cutaway needs Linux 5.12 or newer for mounts", s.m.Kernel)
	case syscall.EMFILE:
		return "cutaway has too many files open: raise the limit (ulimit -n)"
	case syscall.ENFILE:
		return "the machine has too many files open; as root: sysctl -w fs.file-max=1000000"
	case syscall.ENOMEM:
		return "the kernel has no memory for it, or a limit of cutaway's cgroup is reached: cutaway limits self"
	case syscall.ENOSPC:
		return "a file system is full (df), or a limit of the kernel on what may be made is reached"
	case syscall.EROFS:
		return "it lies on a mount that is read-only (findmnt -T PATH)"
	}
	return ""
}

// guarded says which guard around cutaway is the likely one, where the kernel itself would allow the step.
func (s step) guarded() string {
	m := s.m
	switch {
	case m.AppArmor.OK() && m.AppArmor.Value == "1" && !m.Can(capSysAdmin) && (m.Label.Profile == "unconfined" || m.Label.Profile == ""):
		return "AppArmor lets users make user namespaces here, but without capabilities; as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give cutaway a profile with the rule userns (docs/sandbox.md has one)"
	case m.Label.LSM == security.AppArmor && (m.Label.Mode == "enforce" || m.Label.Mode == "kill"):
		return fmt.Sprintf("AppArmor's profile %s confines cutaway: journalctl -k | grep DENIED shows what it refused; in a container: --security-opt apparmor=unconfined", m.Label.Profile)
	case m.Label.LSM == security.SELinux && m.Enforcing.OK() && m.Enforcing.Value:
		return fmt.Sprintf("SELinux may have refused it (%s): ausearch -m avc -ts recent shows it; in a container: --security-opt label=disable", m.Label.Type())
	case s.errno == syscall.EPERM && m.Filtered():
		return "a seccomp filter stands around cutaway (Seccomp is 2 in /proc/self/status): " + m.filtered("").Advice
	}
	return ""
}

// clone is about the process in new namespaces.
func (s step) clone() string {
	m := s.m
	switch s.errno {
	case syscall.EPERM:
		var need Need
		need.New[proc.User] = true
		for _, f := range append(m.needUser(&need), m.needCalls(&need)...) {
			if f.Health == Refused {
				return clauses(f.Value, f.Reason, f.Advice)
			}
		}
		if s.of("setns", "join") {
			return "joining takes CAP_SYS_ADMIN over the user namespace that owns the target's namespaces: join its user namespace as well where it is yours, or run cutaway as root"
		}
		if !m.Can(capSysAdmin) {
			return "namespaces take CAP_SYS_ADMIN unless a user namespace is made with them: make one, or run cutaway as root"
		}
	case syscall.ENOSPC:
		return s.full()
	case syscall.EUSERS:
		return "user or PID namespaces are nested too deeply (32 levels), or user.max_user_namespaces is reached: start cutaway further out"
	case syscall.EINVAL:
		var need Need
		for kind := range need.New {
			need.New[kind] = !m.Namespaces[kind]
		}
		if lacking := m.needKinds(&need); len(lacking) > 0 {
			return clauses(lacking[0].Name+": "+lacking[0].Value, "", lacking[0].Advice)
		}
		return "the kernel lacks one of the kinds of namespaces (ls /proc/self/ns)"
	case syscall.EAGAIN:
		return "a limit on processes is reached: the user's (ulimit -u), the cgroup's (pids.max: cutaway limits self), or the machine's (kernel.threads-max, kernel.pid_max)"
	case syscall.EBUSY:
		return "the cgroup gives controllers to its children, so that no process may be in it (no internal processes, cgroups(7)): choose another"
	case syscall.ENOENT, syscall.ENOEXEC, syscall.ETXTBSY:
		return "cutaway executes itself again, and its program (" + m.Program + ") is gone or was replaced: start the new one"
	case syscall.EACCES:
		if f := m.needRoot(&Need{}); len(f) > 0 {
			return clauses(f[0].Value, f[0].Reason, f[0].Advice)
		}
	}
	return ""
}

// full finds the limit that ENOSPC of clone(2) is about.
func (s step) full() string {
	for kind := range proc.NSKind(proc.NSKinds) {
		if most := s.m.Max[kind]; most.OK() && most.Value == 0 {
			return fmt.Sprintf("user.max_%s_namespaces is 0; as root: sysctl -w user.max_%[1]s_namespaces=10000", kind)
		}
	}
	return "a limit on namespaces is reached: as many exist as user.max_*_namespaces allow (sysctl user; lsns counts them), or user and PID namespaces are nested 32 deep: end what is not needed, or as root raise the limit"
}

// clauses joins what is known of a finding.
func clauses(value, reason, advice string) string {
	f := Finding{Value: value, Reason: reason, Advice: advice}
	return f.said()
}
