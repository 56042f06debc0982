package inside

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"cutaway/inspect/fault"
)

// kinds are the namespaces that a thread may enter alone, as long as it has the rights (setns(2)). Those of users and of time take
// only a process that has no other threads, and the PID namespace would be for children.
var kinds = []struct {
	name string
	flag int
}{
	{"uts", unix.CLONE_NEWUTS}, {"ipc", unix.CLONE_NEWIPC}, {"net", unix.CLONE_NEWNET}, {"cgroup", unix.CLONE_NEWCGROUP},
}

// entered tells of each kind of namespace whether the thread stands in the process's: nil, or why it does not.
type entered map[string]error

// inNamespaces calls f where the namespaces are a process's, as far as that is allowed: f is told which are not. When they are ours
// f is just called; else it runs on a thread of its own, which ends with f, since nobody could give its namespaces back.
func inNamespaces(dir place, f func(entered)) {
	others, e := toEnter(dir)
	if len(others) == 0 {
		f(e)
		return
	}
	done := make(chan struct{})
	fault.Go(func() {
		onOwnThread(func() {
			defer close(done)
			for _, kind := range others {
				e[kinds[kind].name] = enter(dir, kind)
			}
			f(e)
		})
	})
	<-done
}

// toEnter lists the kinds in which the process is elsewhere than we are.
func toEnter(dir place) (others []int, e entered) {
	e = entered{}
	for i, kind := range kinds {
		theirs, err := dir.link("ns/" + kind.name)
		if err != nil {
			e[kind.name] = err
			continue
		}
		// All threads but those that are at work here have the namespaces of the first.
		if ours, err := os.Readlink("/proc/self/ns/" + kind.name); err != nil || ours != theirs {
			others = append(others, i)
		}
	}
	return others, e
}

// onOwnThread runs a goroutine on a thread that ends with it. The process's first thread would not end: it would stay in the
// namespaces, and /proc/self is what that one is in. Where chance puts us on it, it is held until another has taken over.
func onOwnThread(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		f() // and never unlocked
		return
	}
	done := make(chan struct{})
	fault.Go(func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	})
	<-done
	runtime.UnlockOSThread()
}

// enter has this thread enter a namespace.
func enter(dir place, kind int) error {
	name := kinds[kind].name
	fd, err := unix.Openat(int(dir), "ns/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open "+name, err)
	}
	defer unix.Close(fd)
	return os.NewSyscallError("setns "+name, unix.Setns(fd, kinds[kind].flag))
}
