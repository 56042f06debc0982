package sandbox

import (
	"slices"
	"strconv"

	"cutaway/inspect/caps"
	"cutaway/sandbox/stage"
)

// rights takes from the process what the command is not to have. With no_new_privs the filter comes last, so that it may
// refuse what the steps before it need; without, loading one takes CAP_SYS_ADMIN, and it comes before that is given up.
func (w *writer) rights() {
	if !w.NoNewPrivs {
		w.landlock()
		w.seccomp()
	}
	w.capabilities()
	if w.NoNewPrivs {
		w.begin(StageNoNewPrivs)
		w.add(stage.Op{Verb: stage.NoNewPrivs})
		w.landlock()
		w.seccomp()
	}
}

// capabilities takes those away that are not kept, and with them, in a user namespace that gives all, the inheritable ones,
// which the exec of this program there took along. Without CAP_SETPCAP the bounding set stays as it is: needRights in
// sandbox/check lets that pass only where nothing can be gained from it.
func (w *writer) capabilities() {
	keep, all := w.Kept()
	changes := w.User.UID != 0 || w.User.GID != 0 || len(w.User.Groups) > 0
	w.begin(StageCapabilities)
	if !all && w.privileged {
		w.add(stage.Op{Verb: stage.Bounding, Flags: uint64(keep), N: int64(w.lastCap)})
	}
	if w.privileged || changes {
		w.add(stage.Op{Verb: stage.User, N: int64(w.User.UID), M: int64(w.User.GID), List: decimal(w.User.Groups)})
	}
	set := stage.Op{Verb: stage.Capset, Attr: uint64(keep)}
	if all {
		set.Flags |= stage.KeepPermitted
	}
	if w.Init && keep.Has(capSysPtrace) && !all { // else the init is out of reach: it is not dumpable (ptrace(2))
		set.Flags |= stage.EveryThread
	}
	w.add(set)
	w.parentDeath()
}

// parentDeath ends the first process with the launcher, and with it all of its PID namespace. An init that has none must live
// on for a moment to end the others, which it does when the control socket closes.
func (w *writer) parentDeath() {
	if !w.Init || w.Namespaces.PID.IsNew() {
		w.add(stage.Op{Verb: stage.ParentDeath})
	}
}

// Kept are the capabilities that the command keeps. all means whatever cutaway has itself.
func (s *Spec) Kept() (keep caps.Set, all bool) {
	if slices.Contains(s.Capabilities, "all") {
		return ^caps.Set(0), true
	}
	keep, _ = caps.Encode(s.Capabilities...) // Validate has seen the names
	return keep, false
}

func decimal(numbers []uint32) []string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = strconv.FormatUint(uint64(n), 10)
	}
	return list
}

func (w *writer) landlock() {
	if w.site.landlock == nil {
		return
	}
	w.begin(StageLandlock)
	w.add(*w.site.landlock)
}

func (w *writer) seccomp() {
	if len(w.filter) == 0 {
		return
	}
	w.begin(StageSeccomp)
	w.add(stage.Op{Verb: stage.Seccomp, Data: string(w.filter)})
}
