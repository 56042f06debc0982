package cgroups

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/sandbox/shell"
)

// patience is how long Kill, Freeze and Remove try when their context says nothing.
const patience = 5 * time.Second

// again calls step, at growing intervals, until it is done, fails, or the time is over. It tells whether it was done.
func again(ctx context.Context, most time.Duration, step func() (done bool, err error)) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for pause := 200 * time.Microsecond; ; pause = min(2*pause, 20*time.Millisecond) {
		done, err := step()
		if done || err != nil {
			return done, err
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(pause):
		}
	}
}

// PIDs lists the processes in the group and in the cgroups below it, ascending, as this PID namespace counts them. A 0 is
// a process outside of it.
func (g *Group) PIDs() ([]int, error) {
	var all []int
	for _, f := range g.folders {
		pids, err := f.pids()
		if err != nil {
			return nil, err
		}
		all = append(all, pids...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// pids lists the processes in a folder and below it. What is removed meanwhile held none.
func (f *folder) pids() ([]int, error) {
	var pids []int
	for _, dir := range f.below() {
		file := filepath.Join(dir, "cgroup.procs")
		text, err := os.ReadFile(file)
		if errors.Is(err, unix.EOPNOTSUPP) { // a threaded cgroup: its processes are listed above it (cgroups(7))
			continue
		}
		if err != nil && !isGone(err) {
			return nil, &Error{What: "read", Path: file, Err: errnoOf(err)}
		}
		for word := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}

func isGone(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV) }

// Kill ends all processes of the group and of the cgroups below it with SIGKILL, and returns when none is left. v2 does
// that by itself (cgroup.kill, Linux 5.14). Elsewhere they are frozen first, so that none can start others, and killed one
// by one through pidfds, until none is left.
func (g *Group) Kill(ctx context.Context) error {
	if f := g.v2(); f != nil && f.has("cgroup.kill") {
		if err := f.write("cgroup.kill", "1"); err != nil && !isGone(err) {
			return &Error{What: "write 1", Path: f.file("cgroup.kill"), Err: err, Advice: ownerAdvice(err)}
		}
	}
	var left []int
	done, err := again(ctx, patience, func() (bool, error) {
		var err error
		left, err = g.PIDs()
		if err != nil || len(left) == 0 {
			return err == nil, err
		}
		return false, g.sweep()
	})
	if err != nil || done {
		return err
	}
	return &Error{
		What: "kill " + processes(len(left)) + " in " + g.Name, Err: leftError(ctx),
		Advice: "left are " + listed(left) + "; one in state D waits in the kernel, and ends when that does: `ps -o pid,stat,wchan -p " + listed(left) + "`",
	}
}

func ownerAdvice(err error) string {
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return "the cgroup belongs to another user: run cutaway as root"
	}
	return ""
}

// leftError is why something did not end in time.
func leftError(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return unix.ETIMEDOUT
}

func listed(pids []int) string {
	const most = 10
	words := make([]string, 0, most)
	for _, pid := range pids[:min(len(pids), most)] {
		words = append(words, strconv.Itoa(pid))
	}
	return strings.Join(words, ",")
}

// sweep kills what is there now. Frozen processes on v1 take the signal when they are thawed.
func (g *Group) sweep() error {
	if f := g.freezer(); f != nil && !f.V2 {
		if err := f.write("freezer.state", "FROZEN"); err == nil {
			defer f.write("freezer.state", "THAWED") //nolint:errcheck // tried again by the next sweep
		}
	}
	victims, err := g.pin()
	defer func() {
		for _, fd := range victims {
			unix.Close(fd)
		}
	}()
	if err != nil {
		return err
	}
	for pid, fd := range victims {
		err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		if err != nil && err != unix.ESRCH {
			return &Error{What: "kill process " + strconv.Itoa(pid), Err: err, Advice: ownerAdvice(err)}
		}
	}
	return nil
}

// pin opens pidfds of the group's processes. Only those are returned that are listed again afterwards: had a process ended
// and its PID gone to a stranger before it was opened, it would not be.
func (g *Group) pin() (map[int]int, error) {
	pids, err := g.PIDs()
	if err != nil {
		return nil, err
	}
	pinned := map[int]int{}
	for _, pid := range pids {
		if pid == 0 {
			return pinned, &Error{What: "kill the processes in " + g.Name, Advice: "one is outside of this PID namespace: do it where `cutaway ps` shows all of them"}
		}
		fd, err := unix.PidfdOpen(pid, 0)
		switch err {
		case nil:
			pinned[pid] = fd
		case unix.ESRCH, unix.EINVAL, unix.ENOENT: // ended, or a thread whose leader has
		default:
			return pinned, &Error{What: "open process " + strconv.Itoa(pid), Err: err}
		}
	}
	if pids, err = g.PIDs(); err != nil {
		return pinned, err
	}
	for pid, fd := range pinned {
		if !slices.Contains(pids, pid) {
			unix.Close(fd)
			delete(pinned, pid)
		}
	}
	return pinned, nil
}

// KillLine is the shell line that does as much as Kill does in one step.
func (g *Group) KillLine() string {
	if f := g.v2(); f != nil && f.has("cgroup.kill") {
		return "echo 1 > " + shell.Quote(f.file("cgroup.kill"))
	}
	if len(g.folders) == 0 {
		return ""
	}
	return "kill -s KILL $(cat " + shell.Quote(g.folders[0].file("cgroup.procs")) + ")"
}
