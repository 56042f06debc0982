package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// namespaceFile is a namespace that is held open.
type namespaceFile struct {
	kind string
	file *os.File
}

// joinOrder leaves mnt to the end: files of ours are found by paths until then. Where user comes, orderWriter's join says.
var joinOrder = [...]string{"ipc", "uts", "net", "cgroup", "pid", "time", "mnt", "user"}

// join opens the namespaces that the Spec joins. Each target is held by a pidfd while they are opened, and must be the
// process that its name stood for: one with the same PID and another start time is a stranger.
func (l *launch) join() error {
	for _, kind := range joinOrder {
		target, joined := l.spec.Namespaces.Of(kind).Joined()
		if !joined {
			continue
		}
		f, err := l.openNamespace(target, kind)
		if err != nil {
			return failed(StageClone, "join the "+kind+" namespace of "+target, "", err)
		}
		l.joins = append(l.joins, namespaceFile{kind, f})
	}
	l.site.joined = len(l.joins) > 0
	return nil
}

// joins tells whether a type is among those that are joined.
func joins(list []namespaceFile, kinds ...string) bool {
	return slices.ContainsFunc(list, func(n namespaceFile) bool { return slices.Contains(kinds, n.kind) })
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
	f, err := os.Open(procDir(pid) + "/ns/" + name)
	if err != nil {
		return nil, err
	}
	if err := refuseTracers(pid, name); err != nil {
		f.Close()
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
