package cgroups

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
)

// Sweep removes the cgroups that launchers of this user left behind which were killed, after it has killed what is left in
// them: those below the caller's own cgroups and those of all cgroups above it that are called
// cutaway-<PID>-<start time>-<number>, with -keep or without, whose launcher is not alive, and that nobody holds locked. It
// returns their names.
func (m *Machine) Sweep(ctx context.Context) ([]string, error) {
	found := map[string][]cgroup.Place{}
	for _, place := range m.Hierarchies.Places(m.Own) {
		for at := place; ; at = above(at) {
			for _, name := range orphansIn(at.Dir) {
				found[name] = append(found[name], child(at, name))
			}
			if at.Dir == at.Mount {
				break
			}
		}
	}
	var swept []string
	var failed error
	for name, places := range found {
		ok, err := m.sweepGroup(ctx, name, places)
		failed = join(failed, err)
		if ok {
			swept = append(swept, name)
		}
	}
	slices.Sort(swept)
	return swept, failed
}

// orphansIn lists the cgroups in a directory whose names say that their launcher has ended.
func orphansIn(dir string) []string {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	return slices.DeleteFunc(names, func(name string) bool {
		pid, start, ok := ownerOf(name)
		return !ok || alive(pid, start)
	})
}

// ownerOf reads the launcher's PID and start time out of a cgroup's name.
func ownerOf(name string) (pid int, start uint64, ok bool) {
	parts := strings.Split(strings.TrimSuffix(name, keepSuffix), "-")
	if len(parts) != 4 || parts[0] != "cutaway" {
		return 0, 0, false
	}
	pid, err1 := strconv.Atoi(parts[1])
	start, err2 := strconv.ParseUint(parts[2], 10, 64)
	_, err3 := strconv.ParseUint(parts[3], 10, 32)
	return pid, start, err1 == nil && err2 == nil && err3 == nil && pid > 0
}

// alive tells whether a process runs that started then. What cannot be told counts as alive.
func alive(pid int, start uint64) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return false
	}
	var stat proc.Stat
	if err != nil || proc.ParseStat(text, &stat) != nil {
		return true
	}
	return stat.StartTime == start && stat.State != 'Z' && stat.State != 'X'
}

// sweepGroup removes one orphan, unless it is another user's or locked: a launcher in another PID namespace, whose PIDs
// mean nothing here, holds its lock all the same.
func (m *Machine) sweepGroup(ctx context.Context, name string, places []cgroup.Place) (bool, error) {
	g := &Group{Name: name, machine: m}
	defer g.Close()
	for _, place := range places {
		f, err := openFolder(place)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return false, err
		}
		g.folders = append(g.folders, f)
		st, err := f.stat()
		if err != nil || int(st.Uid) != os.Geteuid() {
			return false, err
		}
		if unix.Flock(int(f.dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			return false, nil
		}
	}
	if _, holds := g.Holds(m.Own); holds || len(g.folders) == 0 {
		return false, nil
	}
	if err := g.Kill(ctx); err != nil {
		return false, err
	}
	return true, g.Remove(ctx)
}
