package inside

import (
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// maxFile bounds what is read of one file below /proc.
const maxFile = 1 << 20

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// entered is which namespaces a thread stands in: nil where it is the process's.
type entered map[string]error

// inNamespaces calls f on a thread of its own that has entered namespaces of a process, as far as that is allowed: f is told
// which could not be entered. The thread ends with f, since the Go runtime could not give its namespaces back.
func inNamespaces(dir string, kinds map[string]int, f func(entered)) {
	done := make(chan struct{})
	go onOwnThread(func() {
		defer close(done)
		e := entered{}
		for name, flag := range kinds {
			if err := enter(filepath.Join(dir, "ns", name), name, flag); err != nil {
				e[name] = err
			}
		}
		f(e)
	})
	<-done
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
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
	runtime.UnlockOSThread()
}

// enter has this thread enter a namespace, unless it is in it already.
func enter(file, name string, flag int) error {
	theirs, err := os.Readlink(file)
	if err != nil {
		return err
	}
	if ours, err := os.Readlink("/proc/thread-self/ns/" + name); err == nil && ours == theirs {
		return nil
	}
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open "+name, err)
	}
	defer unix.Close(fd)
	return os.NewSyscallError("setns "+name, unix.Setns(fd, flag))
}

// throughNamespaces reads what has to be asked from within.
func (v *View) throughNamespaces(dir string) {
	kinds := map[string]int{"uts": unix.CLONE_NEWUTS, "ipc": unix.CLONE_NEWIPC, "net": unix.CLONE_NEWNET}
	inNamespaces(dir, kinds, func(e entered) {
		v.Hostname, v.Domainname = names(e["uts"])
		v.Interfaces = interfaces(e["net"])
		v.Sysctls = sysctls(dir, e)
	})
}
