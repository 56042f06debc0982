package sandbox

import (
	"cutaway/inspect/caps"
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
	bound := caps.Set(w.status.CapPrm | w.status.CapInh)
	if w.status.CapBnd.State == reading.Known {
		bound |= caps.Set(w.status.CapBnd.Value)
	}
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
