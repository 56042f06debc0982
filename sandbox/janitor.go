package sandbox

import (
	"os"
	"syscall"

	"cutaway/sandbox/stage"
)

// janitor is a small process that outlives a launcher that is killed: it kills the sandbox and removes its cgroups then.
// Namespaces and mounts go with the last process, cgroups do not.
type janitor struct {
	leash *os.File
	pid   int
}

// hire starts a janitor for a sandbox with cgroups. It is given the first process's pidfd.
func hire(exe string, pidfd int, cgroups []string) (*janitor, error) {
	chores := stage.Chores{PidFD: stage.ExtraFD, Cgroups: cgroups}
	plan, err := memfd("cutaway-chores", chores.Encode())
	if err != nil {
		return nil, err
	}
	defer plan.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		write.Close()
		return nil, err
	}
	defer null.Close()
	pid, err := syscall.ForkExec(exe, []string{"cutaway-janitor"}, &syscall.ProcAttr{
		Dir:   "/",
		Env:   []string{stage.Variable + "=" + stage.RoleJanitor},
		Files: []uintptr{null.Fd(), null.Fd(), null.Fd(), plan.Fd(), read.Fd(), uintptr(pidfd)},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		write.Close()
		return nil, err
	}
	return &janitor{leash: write, pid: pid}, nil
}

// dismiss tells the janitor that all is clean.
func (j *janitor) dismiss() {
	if j == nil {
		return
	}
	j.leash.Write([]byte{0})
	j.leash.Close()
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(j.pid, &status, 0, nil); err != syscall.EINTR {
			return
		}
	}
}
