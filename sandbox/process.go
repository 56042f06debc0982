package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/fault"
	"cutaway/inspect/proc"
)

// forkOnOwnThread starts a process from a thread that lives as long as the process: the signal that it asks for on its
// parent's end comes when the *thread* that started it ends (PR_SET_PDEATHSIG, prctl(2)). The thread enters the namespaces
// that are joined before, and ends with the process then. A process that makes others this one's children says which in
// more: they are waited for too, and exited tells how the last one ended.
func forkOnOwnThread(path string, attr *syscall.ProcAttr, joins []*os.File, more <-chan int, exited chan<- syscall.WaitStatus) (int, error) {
	type started struct {
		pid int
		err error
	}
	result := make(chan started)
	onOwnThread(func() {
		if len(joins) == 0 {
			defer runtime.UnlockOSThread()
		}
		if err := setnsAll(joins); err != nil {
			result <- started{0, err}
			return
		}
		pid, err := syscall.ForkExec(path, []string{"cutaway-init"}, attr)
		result <- started{pid, err}
		if err != nil {
			return
		}
		status := await(pid)
		if more != nil {
			for pid := range more {
				status = await(pid)
			}
		}
		exited <- status
	})
	r := <-result
	return r.pid, r.err
}

// await waits for the end of a child.
func await(pid int) (status syscall.WaitStatus) {
	for {
		if _, err := syscall.Wait4(pid, &status, 0, nil); !errors.Is(err, syscall.EINTR) {
			return status
		}
	}
}

// onOwnThread runs f on a thread that it has for itself, and that is not the process's first: that one's namespaces are what
// /proc/self shows, and it does not end before the process does.
func onOwnThread(f func()) {
	locked := make(chan struct{})
	fault.Go(func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			close(locked)
			f()
			return
		}
		onOwnThread(f) // which is another one, as long as this one is locked
		runtime.UnlockOSThread()
		close(locked)
	})
	<-locked
}

// open is the file, or clones the mount at a path, detached. An idmapped one has its owners shifted by the maps of the process's user
// namespace (mount_setattr(2), MOUNT_ATTR_IDMAP), which works for one mount, not for those below it.
func (t shipment) open(pid int) (int, error) {
	if t.file != nil {
		return unix.FcntlInt(t.file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	}
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	if t.recursive {
		flags |= unix.AT_RECURSIVE
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, t.path, flags)
	if err != nil {
		return -1, fmt.Errorf("open_tree: %w", err)
	}
	// A clone of a shared mount is shared with it: what is mounted inside would appear on the host, and pivot_root(2)
	// refuses a shared root.
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|flags&unix.AT_RECURSIVE, &unix.MountAttr{Propagation: unix.MS_PRIVATE}); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("mount_setattr to private: %w", err)
	}
	if !t.idmapped {
		return fd, nil
	}
	userns, err := os.Open(procDir(pid) + "/ns/user")
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	defer userns.Close()
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(userns.Fd())}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, attr); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("mount_setattr with the maps of the user namespace (not every file system can): %w", err)
	}
	return fd, nil
}

// procDir is a process's directory in /proc.
func procDir(pid int) string { return "/proc/" + strconv.Itoa(pid) }

// statOf is what /proc/PID/stat tells (proc_pid_stat(5)); ok is false when the process is gone.
func statOf(pid int) (s proc.Stat, ok bool) {
	b, err := os.ReadFile(procDir(pid) + "/stat")
	return s, err == nil && proc.ParseStat(b, &s) == nil
}

// startTime is the start time of a process in clock ticks; 0 when it is gone.
func startTime(pid int) uint64 {
	s, ok := statOf(pid)
	if !ok {
		return 0
	}
	return s.StartTime
}

// parentOf is a process's parent; 0 when it has none that we see, or is gone.
func parentOf(pid int) int {
	s, _ := statOf(pid)
	return s.PPID
}

// isEnded tells whether a process is gone, or waits to be reaped.
func isEnded(pid int) bool {
	s, ok := statOf(pid)
	return !ok || s.State == 'Z' || s.State == 'X'
}
