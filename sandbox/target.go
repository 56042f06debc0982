package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/security"
	"cutaway/sandbox/cgroups"
)

// target is what was found of a process that is entered: everything that is needed of it, held open.
type target struct {
	*Entry
	pin        *pin
	namespaces []namespaceFile // to enter, in joinOrder
	foreign    bool            // it is in another user namespace than we, entered or not
	root       *os.File        // to chroot to; nil when it is ours, or not wanted
	apart      bool            // its files are others than ours, and are not entered
	cwd        string          // as its mount namespace names it
	cgroups    []*os.File      // cgroup.procs of each that is not ours
	status     proc.Status
	uids, gids []proc.IDMapping // of its user namespace
	rlimits    []proc.ResourceLimit
	label      security.Label // "" where no security module labels processes
	env        []string
	notes      []string
}

// openTarget opens everything of the process while a pidfd holds it, and looks at its start time last: then all of it was
// one process's. The target is there to close with an error too.
func openTarget(e *Entry) (*target, error) {
	t := &target{Entry: e}
	if err := t.open(); err != nil {
		return t, failed(StageJoin, fmt.Sprintf("open process %d", e.PID), "", err)
	}
	return t, nil
}

func (t *target) open() (err error) {
	if t.pin, err = pinProcess(t.PID, t.Start); err != nil {
		return err
	}
	for _, step := range []func(dir string) error{t.readStatus, t.openNamespaces, t.openRoot, t.readEnviron, t.openCgroups} {
		if err := step(procDir(t.PID)); err != nil {
			return err
		}
	}
	return t.pin.check()
}

// enters tells whether a type of namespaces is entered.
func (t *target) enters(kind string) bool { return joins(t.namespaces, kind) }

func (t *target) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (t *target) readStatus(dir string) error {
	text, err := os.ReadFile(dir + "/status")
	if err != nil {
		return err
	}
	if err := proc.ParseStatus(text, &t.status); err != nil {
		return err
	}
	for _, m := range []struct {
		file string
		to   *[]proc.IDMapping
	}{{"/uid_map", &t.uids}, {"/gid_map", &t.gids}} {
		text, err := os.ReadFile(dir + m.file)
		if errors.Is(err, os.ErrNotExist) {
			continue // no user namespaces
		}
		if err == nil {
			*m.to, err = proc.ParseIDMap(text)
		}
		if err != nil {
			return fmt.Errorf("read %s%s: %w", dir, m.file, err)
		}
	}
	if t.label, err = labelOf(dir); err != nil {
		return err
	}
	if text, err = os.ReadFile(dir + "/limits"); err != nil {
		return err
	}
	if t.rlimits, err = proc.ParseLimits(text); err != nil {
		return fmt.Errorf("read %s/limits: %w", dir, err)
	}
	return nil
}

// labelOf is a process's label, "" where no security module labels processes: the file is not there, or reading it is EINVAL.
// attr/current is of whichever module comes first (proc_pid_attr(5)).
func labelOf(dir string) (security.Label, error) {
	for _, file := range []string{"/attr/apparmor/current", "/attr/current"} {
		b, err := os.ReadFile(dir + file)
		switch {
		case err == nil:
			return security.ParseLabel(b, file != "/attr/current"), nil
		case !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.EINVAL):
			return security.Label{}, err
		}
	}
	return security.Label{}, nil
}

func (t *target) openNamespaces(dir string) error {
	for _, kind := range joinOrder {
		theirs, err := os.Readlink(dir + "/ns/" + kind)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		ours, err := os.Readlink("/proc/self/ns/" + kind)
		if err != nil {
			return err
		}
		if ours == theirs {
			continue
		}
		if kind == "user" {
			t.foreign = true
		}
		if !t.wants(kind) {
			t.apart = t.apart || kind == "mnt"
			continue
		}
		f, err := os.Open(dir + "/ns/" + kind)
		if err != nil {
			return err
		}
		t.namespaces = append(t.namespaces, namespaceFile{kind, f})
	}
	return nil
}

func (t *target) wants(kind string) bool {
	if t.HostTools && kind == "mnt" {
		return false
	}
	return t.Namespaces == nil || slices.Contains(t.Namespaces, kind)
}

// openRoot opens the target's root, where its files are wanted and are others than ours: a process may have changed its root
// without a mount namespace of its own.
func (t *target) openRoot(dir string) error {
	fd, err := unix.Open(dir+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s/root: %w", dir, err)
	}
	root := os.NewFile(uintptr(fd), dir+"/root")
	theirs, err := root.Stat()
	if err != nil {
		root.Close()
		return err
	}
	ours, err := os.Stat("/")
	other := err != nil || !os.SameFile(ours, theirs)
	if !t.wants("mnt") {
		t.apart = t.apart || other
		root.Close()
		return nil
	}
	if other || t.enters("mnt") {
		t.root = root
	} else {
		root.Close()
	}
	t.cwd, _ = os.Readlink(dir + "/cwd")
	return nil
}

// openCgroups opens where the command joins the target's cgroups. A normal user may often not: to move a process takes the
// right to write the cgroup.procs of the ancestor that both have (cgroups(7)).
func (t *target) openCgroups(string) error {
	m, err := cgroups.ThisMachine()
	if err != nil {
		return err
	}
	theirs, err := cgroups.MembershipOf(t.PID)
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, p := range m.Hierarchies.Places(m.Own) {
		own[p.Dir] = true
	}
	for _, p := range m.Hierarchies.Places(theirs) {
		if own[p.Dir] {
			continue
		}
		if cgroups.IsFrozen(p) { // who joins it is frozen too, and never comes to the command
			return &LaunchError{Stage: StageJoin, What: "it is frozen (paused)", Path: p.Dir, Advice: "let it go on first: cutaway thaw, docker unpause, podman unpause"}
		}
		f, err := os.OpenFile(filepath.Join(p.Dir, "cgroup.procs"), os.O_WRONLY, 0)
		if errors.Is(err, os.ErrPermission) && os.Geteuid() != 0 {
			continue // compareCgroup says so
		}
		if err != nil {
			return fmt.Errorf("join its cgroup: %w", err)
		}
		t.cgroups = append(t.cgroups, f)
	}
	return nil
}

// compareCgroup notes when the command is in another cgroup than the target.
func (t *target) compareCgroup(command int) {
	ours, err := os.ReadFile(procDir(command) + "/cgroup")
	if err != nil {
		return // it has ended
	}
	if isEnded(command) {
		return // it may have ended before, and then had left its cgroups
	}
	theirs, err := os.ReadFile(procDir(t.PID) + "/cgroup")
	if err == nil && string(ours) != string(theirs) {
		t.note("its cgroup could not be joined: its limits do not hold for the command, and its use does not count there")
	}
}

func (t *target) close() {
	if t.pin != nil {
		t.pin.close()
	}
	for _, n := range t.namespaces {
		n.file.Close()
	}
	for _, f := range t.cgroups {
		f.Close()
	}
	if t.root != nil {
		t.root.Close()
	}
}
