package sandbox

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/sandbox/seccomp"
	"cutaway/sandbox/stage"
)

// entryWriter works out the order that makes a command a process like the target.
type entryWriter struct {
	orderWriter
	*target
	environ []string // the caller's
}

func (w *entryWriter) order(terminal bool) (*stage.Order, error) {
	o := &stage.Order{}
	own := ownCapabilities()
	w.begin(StageJoin)
	w.cgroup()
	w.applyLabel()
	w.add(stage.Op{Verb: stage.Keyring}, stage.Op{Verb: stage.Guard})
	w.join(w.target.namespaces, own.Has(capSysAdmin), w.place)
	w.standardFiles(terminal)
	if err := w.rights(own); err != nil {
		return nil, err
	}
	w.begin(StageExec)
	w.appear()
	w.exec(terminal)
	if terminal {
		t := &stage.Terminal{Root: -1, UID: w.status.UID[1], GID: w.status.GID[1]}
		if w.AsRoot {
			t.UID, t.GID = uint32(os.Geteuid()), uint32(os.Getegid())
		}
		if w.target.root != nil {
			t.Root = w.send(w.target.root)
		}
		o.Terminal = t
	}
	o.Ops, o.FDs = w.ops, len(w.files)
	return o, nil
}

func (w *entryWriter) cgroup() {
	for _, f := range w.cgroups {
		join := stage.Op{Verb: stage.WriteFD, N: w.send(f), Data: "0", Path: f.Name()}
		if os.Geteuid() != 0 {
			join.Flags = stage.Optional // compareCgroup says so
		}
		w.add(join)
	}
}

// applyLabel has the command's execve take the target's AppArmor profile or SELinux context (proc_pid_attr(5)). It is said
// while our own /proc is there.
func (w *entryWriter) applyLabel() {
	l := w.target.label
	if ours, err := labelOf("/proc/self"); w.AsRoot || l.Raw == "" || err == nil && l.Raw == ours.Raw {
		return
	}
	path, text := "/proc/self/attr/exec", l.Raw
	if l.LSM == security.AppArmor {
		if l.Profile == "unconfined" {
			return
		}
		text = "exec " + l.Profile
		if _, err := os.Stat("/proc/self/attr/apparmor/exec"); err == nil {
			path = "/proc/self/attr/apparmor/exec"
		}
	}
	w.add(stage.Op{Verb: stage.WriteFile, Path: path, Data: text})
}

// place gives the process the target's root, or the host's files and a /proc of the PID namespace that was entered, of which
// the process that mounts it must be a part.
func (w *entryWriter) place() {
	if w.HostTools {
		w.add(
			stage.Op{Verb: stage.Unshare, Flags: unix.CLONE_NEWNS, Data: "a new mount namespace"},
			stage.Op{Verb: stage.Slave},
		)
		if w.enters("pid") {
			w.add(stage.Op{Verb: stage.Fork}, stage.Op{Verb: stage.NewFS, Path: "proc", Target: "/proc"})
		}
	}
	if w.target.root != nil {
		w.add(stage.Op{Verb: stage.ChrootFD, N: w.send(w.target.root), Path: w.target.root.Name()})
	}
}

// rights takes from the command what the target does not have.
func (w *entryWriter) rights(own caps.Set) error {
	w.begin(StageCapabilities)
	switch entersUser := w.enters("user"); {
	case w.AsRoot && entersUser:
		w.add(stage.Op{Verb: stage.BecomeRoot})
	case w.AsRoot:
	default:
		if err := w.restrict(own, entersUser); err != nil {
			return err
		}
	}
	return nil
}

// restrict is for who may not have all that cutaway has. A filter that is loaded with no_new_privs comes last, one without it
// while there is CAP_SYS_ADMIN (seccomp(2)).
func (w *entryWriter) restrict(own caps.Set, entersUser bool) error {
	if err := w.refuseTracer(own, entersUser); err != nil {
		return err
	}
	sets, bounding := w.sets(entersUser)
	filter, err := w.filter()
	if err != nil {
		return err
	}
	noNewPrivs := w.status.NoNewPrivs.State == reading.Known && w.status.NoNewPrivs.Value
	if len(filter) > 0 && !noNewPrivs && !entersUser && !own.Has(capSysAdmin) {
		noNewPrivs = true
		w.note("no_new_privs, which its filter takes without CAP_SYS_ADMIN")
	}
	w.restrictResources()
	if len(filter) > 0 && !noNewPrivs {
		w.add(filter...)
	}
	if entersUser || own.Has(capSetPCap) {
		w.add(bounding...)
	} else {
		sets.Attr, sets.Flags, sets.M = sets.Attr&uint64(own), sets.Flags&uint64(own), sets.M&int64(own)
	}
	if err := w.become(own, entersUser); err != nil {
		return err
	}
	w.add(sets)
	if noNewPrivs {
		w.add(stage.Op{Verb: stage.NoNewPrivs})
		w.add(filter...)
	}
	return nil
}

// sets are the capabilities that the target has, none where they would count for more than they do there.
func (w *entryWriter) sets(entersUser bool) (sets stage.Op, bounding []stage.Op) {
	st := &w.status
	sets = stage.Op{Verb: stage.CapSets, Attr: st.CapPrm, Flags: st.CapInh}
	if st.CapAmb.State == reading.Known {
		sets.M = int64(st.CapAmb.Value)
	}
	bound, known := st.CapBnd.Value, st.CapBnd.State == reading.Known
	if w.foreign && !entersUser {
		// What it has counts in its user namespace only; here it would count on the host.
		sets.Attr, sets.Flags, sets.M, bound, known = 0, 0, 0, 0, true
		w.note("its user namespace is not entered: the command has no capabilities")
	}
	if keep := w.outOfReach(entersUser); keep != 0 {
		sets.Attr, sets.Flags, sets.M, bound = sets.Attr|keep, sets.Flags|keep, sets.M|int64(keep), bound|keep
	}
	if known {
		bounding = []stage.Op{{Verb: stage.Bounding, Flags: bound, N: int64(lastCap())}}
	}
	return sets, bounding
}

// become makes the command's user the target's, as the user namespace that was entered names it.
func (w *entryWriter) become(own caps.Set, entersUser bool) error {
	uid, gid, groups := w.status.UID[1], w.status.GID[1], w.status.Groups
	if entersUser {
		var ok bool
		if uid, ok = inside(w.uids, uid); !ok {
			return failed(StageCapabilities, fmt.Sprintf("become its user %d, which its user namespace does not map", w.status.UID[1]), "", nil)
		}
		if gid, ok = inside(w.gids, gid); !ok {
			return failed(StageCapabilities, fmt.Sprintf("become its group %d, which its user namespace does not map", w.status.GID[1]), "", nil)
		}
		groups = nil
		for _, g := range w.status.Groups {
			if g, ok := inside(w.gids, g); ok {
				groups = append(groups, g)
			}
		}
		w.add(stage.Op{Verb: stage.Groups, List: decimal(groups), Flags: stage.Optional})
		w.add(stage.Op{Verb: stage.IDs, N: int64(uid), M: int64(gid)})
		return nil
	}
	if !own.Has(capSetUID) && uid == uint32(os.Geteuid()) && gid == uint32(os.Getegid()) {
		return nil
	}
	w.add(stage.Op{Verb: stage.Groups, List: decimal(groups)}, stage.Op{Verb: stage.IDs, N: int64(uid), M: int64(gid)})
	return nil
}

// inside is an id as a user namespace names it.
func inside(maps []proc.IDMapping, outside uint32) (uint32, bool) {
	for _, m := range maps {
		if outside >= m.Outside && outside-m.Outside < m.Count {
			return m.Inside + (outside - m.Outside), true
		}
	}
	return 0, false
}

// filter is the seccomp program that stands in for the target's: its own cannot be read without stopping it
// (PTRACE_SECCOMP_GET_FILTER, ptrace(2)).
func (w *entryWriter) filter() ([]stage.Op, error) {
	if s := w.status.Seccomp; s.State != reading.Known || s.Value == 0 {
		return nil, nil
	}
	program, err := seccomp.Program(seccomp.Docker, caps.Set(w.status.CapBnd.Value))
	if err != nil {
		return nil, failed(StageSeccomp, "build the filter of system calls", "", err)
	}
	w.note("its seccomp filter cannot be taken over: Docker's default stands in for it")
	return []stage.Op{{Verb: stage.Seccomp, Data: string(program)}}, nil
}

// restrictResources gives the command the target's resource limits, as far as they are not above ours.
func (w *entryWriter) restrictResources() {
	for number, theirs := range w.rlimits { // in the order of their numbers (proc_pid_limits in fs/proc/base.c)
		var ours unix.Rlimit
		if unix.Getrlimit(number, &ours) != nil {
			continue
		}
		soft, hard := min(resource(theirs.Soft), ours.Max), min(resource(theirs.Hard), ours.Max)
		if soft != ours.Cur || hard != ours.Max {
			w.add(stage.Op{Verb: stage.Rlimit, N: int64(number), Flags: soft, Attr: hard, Data: theirs.Name})
		}
	}
}

func resource(v proc.LimitValue) uint64 {
	if v.Unlimited {
		return unix.RLIM_INFINITY
	}
	return v.N
}

// standardFiles leaves the process no other files than the command's.
func (w *entryWriter) standardFiles(terminal bool) {
	files := stage.Op{Verb: stage.Standard, N: 0, M: 1, Attr: 2}
	if terminal {
		files.N, files.M, files.Attr = stage.TerminalFD, stage.TerminalFD, ^uint64(0)
	}
	w.add(files, stage.Op{Verb: stage.CloseRest})
}

// appear makes the process a part of the PID namespace that was entered. It comes when nothing is left that the target has
// not: with CAP_SYS_PTRACE, which containers can be given, it may trace what it sees there, dumpable or not (ptrace(2)).
func (w *entryWriter) appear() {
	if w.enters("pid") && !w.HostTools {
		w.add(stage.Op{Verb: stage.Guard}) // again: a change of credentials sets it to /proc/sys/fs/suid_dumpable
		w.add(stage.Op{Verb: stage.Fork})
	}
	w.add(stage.Op{Verb: stage.ParentDeath}) // a change of credentials clears it, and so does a fork
}

// exec makes the process the command.
func (w *entryWriter) exec(terminal bool) {
	w.add(stage.Op{Verb: stage.Session})
	if w.status.Umask.State == reading.Known {
		w.add(stage.Op{Verb: stage.Umask, N: int64(w.status.Umask.Value)})
	}
	switch {
	case w.Dir != "":
		w.add(stage.Op{Verb: stage.Chdir, Target: w.Dir})
	case strings.HasPrefix(w.cwd, "/"):
		w.add(stage.Op{Verb: stage.Chdir, Target: w.cwd, Flags: stage.Optional})
	}
	env := w.environment(terminal)
	path, ok := variable(env, "PATH")
	if !ok {
		path = defaultPath
	}
	commands := [][]string{w.Command}
	if len(w.Command) == 0 {
		commands = [][]string{{shells[0]}, {shells[1]}}
	}
	for i, command := range commands {
		o := stage.Op{Verb: stage.Exec, List: command, More: env, Path: path}
		if i < len(commands)-1 {
			o.Flags = stage.Optional // another is tried
		}
		w.add(o)
	}
}

// environment is the target's, with what the caller sets, and TERM of the caller's terminal. Where the target's root is not
// entered it is the caller's: an LD_PRELOAD of the target's, such as /proc/1/root/x.so, would have the host's tools execute what
// is inside.
func (w *entryWriter) environment(terminal bool) []string {
	env := slices.Clone(w.environ)
	if w.target.root != nil || w.wants("mnt") && !w.AsRoot { // without a root to enter the target's files are ours
		env = slices.Clone(w.env)
	}
	set := func(name, value string) {
		env = slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		env = append(env, name+"="+value)
	}
	if term, ok := variable(w.environ, "TERM"); ok && terminal {
		set("TERM", term)
	}
	for _, v := range w.Env {
		name, value, _ := strings.Cut(v, "=")
		set(name, value)
	}
	return env
}
