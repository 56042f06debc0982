package sandbox

import (
	"errors"
	"os"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// A command that has the host's files in the target's PID namespace is a way to them: who may trace it may open its
// /proc/PID/root (proc_pid_root(5)). Who has the same ids and no fewer capabilities may (ptrace(2)), and the target has all that
// a command like it has.

// outOfReach is what such a command has in addition: only who has CAP_SYS_PTRACE too may trace it then. A command that has
// stayed outside of the target's user namespace is out of reach by that.
func (w *entryWriter) outOfReach(entersUser bool) uint64 {
	if !w.apart || w.foreign && !entersUser {
		return 0
	}
	return uint64(caps.Of(capSysPtrace))
}

// refuseTracer refuses such a command where it would be in reach all the same, unless the target needs nobody to get at the
// host's files.
func (w *entryWriter) refuseTracer(own caps.Set, entersUser bool) error {
	if w.outOfReach(entersUser) == 0 {
		return nil
	}
	bound := reachable(&w.status)
	what := ""
	switch {
	case !w.foreign && bound.Has(capSysAdmin):
		return nil
	case bound.Has(capSysPtrace):
		what = "the target can have CAP_SYS_PTRACE, and could reach the host's files through a command that has them"
	case !entersUser && !own.Has(capSysPtrace):
		what = "without CAP_SYS_PTRACE the target could reach the host's files through a command that has them"
	default:
		return nil
	}
	return &LaunchError{Stage: StageJoin, What: what, Advice: "enter its files too, or accept that: --as-root"}
}

// reachable are the capabilities that a process has or can get by executing something (capabilities(7)).
func reachable(st *proc.Status) caps.Set {
	bound := caps.Set(st.CapPrm | st.CapInh)
	if st.CapBnd.State == reading.Known {
		bound |= caps.Set(st.CapBnd.Value)
	}
	return bound
}

// refuseTracers refuses to launch a sandbox among the processes of a target that may trace its first process while that has
// all our rights still, unless the target needs nobody to get them.
func refuseTracers(pid int, kind string) error {
	if kind != "pid" {
		return nil
	}
	text, err := os.ReadFile(procDir(pid) + "/status")
	if err != nil {
		return err
	}
	var st proc.Status
	if err := proc.ParseStatus(text, &st); err != nil {
		return err
	}
	theirs, err := os.Readlink(procDir(pid) + "/ns/user")
	if err != nil {
		return err
	}
	ours, err := os.Readlink("/proc/self/ns/user")
	if err != nil {
		return err
	}
	if bound := reachable(&st); ours == theirs && bound.Has(capSysPtrace) && !bound.Has(capSysAdmin) {
		return errors.New("it can have CAP_SYS_PTRACE, and could take over the sandbox's first process")
	}
	return nil
}
