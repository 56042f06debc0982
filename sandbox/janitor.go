package sandbox

import (
	"context"
	"os"
	"syscall"
	"time"

	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/reexec"
	"cutaway/sandbox/stage"
)

// janitor is a small process that outlives a launcher that is killed: it kills the sandbox and removes its cgroups then.
// Namespaces and mounts go with the last process, cgroups do not.
type janitor struct {
	leash *os.File
	pid   int
}

// janitorDelay is how long a sandbox lives before a janitor is worth its start. When the launcher is killed before, the
// empty cgroup is removed by the next launch that lives for so long.
const janitorDelay = 25 * time.Millisecond

// keepClean has a janitor at hand while the sandbox runs, and sweeps up what others left.
func (b *Sandbox) keepClean(exe string) {
	select {
	case <-b.ended:
		return
	case <-time.After(janitorDelay):
	}
	if exe == "" {
		exe = "/proc/self/exe"
	}
	b.cleaning.Lock()
	if !b.cleaned {
		// Without one, only a SIGKILL of the launcher leaves something, which the next start finds.
		b.janitor, _ = hire(exe, b.pidfd, b.groupPaths)
	}
	b.cleaning.Unlock()
	sweep()
}

// sweep is Sweep in passing. What cannot be removed is tried again by the next.
func sweep() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, _ = Sweep(ctx)
}

// Sweep removes what launchers of this user that were killed too early for a janitor left behind: their cgroups, and what is
// still in them. It returns the names of their sandboxes. Nothing else can stay: namespaces and mounts go with the last process.
func Sweep(ctx context.Context) ([]string, error) {
	m, err := cgroups.ThisMachine()
	if err != nil {
		return nil, err
	}
	return m.Sweep(ctx)
}

// hire starts a janitor for a sandbox with cgroups. It is given the first process's pidfd.
func hire(exe string, pidfd int, cgroups []string) (*janitor, error) {
	chores := stage.Chores{PidFD: stage.ExtraFD, Cgroups: cgroups}
	plan, err := reexec.Memfd("cutaway-chores", chores.Encode())
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
