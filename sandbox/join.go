package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// join opens the namespaces that the Spec joins. Each target is held by a pidfd while they are opened, and must be the
// process that its name stood for: one with the same PID and another start time is a stranger.
func (l *launch) join() error {
	for _, name := range NamespaceTypes {
		target, joined := l.spec.Namespaces.Of(name).Joined()
		if !joined {
			continue
		}
		if name == "user" || name == "mnt" || name == "time" {
			return &LaunchError{
				Stage: StageClone, What: "join the " + name + " namespace of " + target, Err: errors.ErrUnsupported,
				Advice: "`cutaway enter` enters one; a sandbox can join net, pid, ipc, uts and cgroup",
			}
		}
		f, err := l.openNamespace(target, name)
		if err != nil {
			return failed(StageClone, "join the "+name+" namespace of "+target, "", err)
		}
		l.joins = append(l.joins, f)
	}
	l.site.joined = len(l.joins) > 0
	return nil
}

func (l *launch) openNamespace(target, name string) (*os.File, error) {
	if l.opts.Resolve == nil {
		return nil, errors.New("nobody knows what that is")
	}
	pid, start, err := l.opts.Resolve(target)
	if err != nil {
		return nil, err
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("open process %d: %w", pid, err)
	}
	defer unix.Close(pidfd)
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/ns/" + name)
	if err != nil {
		return nil, err
	}
	if now := startTime(pid); now != start {
		f.Close()
		return nil, fmt.Errorf("process %d ended meanwhile: %w", pid, syscall.ESRCH)
	}
	return f, nil
}

// setnsAll moves the calling thread into the namespaces; what it starts is in them. The thread is good for nothing else then.
func setnsAll(namespaces []*os.File) error {
	for _, f := range namespaces {
		if err := unix.Setns(int(f.Fd()), 0); err != nil {
			return fmt.Errorf("setns %s: %w", f.Name(), err)
		}
	}
	return nil
}
