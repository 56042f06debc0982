package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/sandbox/stage"
)

// forkOnOwnThread starts a process from a thread that lives as long as the process: the signal that it asks for on its
// parent's end comes when the *thread* that started it ends (PR_SET_PDEATHSIG, prctl(2)). The thread enters the namespaces
// that are joined before, and ends with the process then.
func forkOnOwnThread(path string, attr *syscall.ProcAttr, joins []*os.File, exited chan<- syscall.WaitStatus) (int, error) {
	type started struct {
		pid int
		err error
	}
	result := make(chan started)
	go func() {
		runtime.LockOSThread()
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
		var status syscall.WaitStatus
		for {
			if _, err := syscall.Wait4(pid, &status, 0, nil); !errors.Is(err, syscall.EINTR) {
				break
			}
		}
		exited <- status
	}()
	r := <-result
	return r.pid, r.err
}

// message is one of the child's messages; fd is -1 when it brought no descriptor.
type message struct {
	kind stage.Kind
	text string
	fd   int
}

// receive reads the control socket until its end. Messages are few; the channel holds them all, so that nobody must wait.
func receive(control int) chan message {
	messages := make(chan message, 64)
	go func() {
		defer close(messages)
		b, oob := make([]byte, 16<<10), make([]byte, unix.CmsgSpace(4))
		for {
			n, oobn, _, _, err := unix.Recvmsg(control, b, oob, unix.MSG_CMSG_CLOEXEC)
			if err == unix.EINTR {
				continue
			}
			if err != nil || n == 0 {
				return
			}
			messages <- message{kind: stage.Kind(b[0]), text: string(b[1:n]), fd: descriptorIn(oob[:oobn])}
		}
	}()
	return messages
}

func descriptorIn(oob []byte) int {
	list, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(list) == 0 {
		return -1
	}
	fds, err := unix.ParseUnixRights(&list[0])
	if err != nil || len(fds) == 0 {
		return -1
	}
	return fds[0]
}

// memfd is a file in memory that holds b.
func memfd(name string, b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Write(b); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// program is cutaway's own program in a form that a sandbox may see.
type program struct {
	path string
	fd   int
}

func (p *program) close() {
	if p != nil && p.fd >= 0 {
		unix.Close(p.fd)
	}
}

// highFD is above the descriptors that a child is given, which are put in place before it executes the program.
const highFD = 100

// openProgram makes the program executable by a path that leads to a read-only mount of its own: the init's /proc/PID/exe
// cannot be opened for writing through it (CVE-2019-5736). Who may not mount gets a sealed copy in memory when the command
// could trace the init; else the init is protected by not being dumpable.
func openProgram(exe string, traceable bool) (*program, error) {
	if exe == "" {
		exe = "/proc/self/exe"
	}
	tree, err := unix.OpenTree(unix.AT_FDCWD, exe, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err == nil {
		err = unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID})
		if err != nil {
			unix.Close(tree)
			return nil, fmt.Errorf("mount_setattr on a bind of %s: %w", exe, err)
		}
		return programIn(tree)
	}
	if !traceable {
		return &program{path: exe, fd: -1}, nil
	}
	return sealedCopy(exe)
}

func programIn(fd int) (*program, error) {
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, highFD)
	unix.Close(fd)
	if err != nil {
		return nil, err
	}
	return &program{path: "/proc/self/fd/" + strconv.Itoa(high), fd: high}, nil
}

func sealedCopy(exe string) (*program, error) {
	b, err := os.ReadFile(exe)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("cutaway", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("cutaway", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, err
	}
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err != nil {
			unix.Close(fd)
			return nil, err
		}
		b = b[n:]
	}
	seals := unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return programIn(fd)
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
	userns, err := os.Open("/proc/" + strconv.Itoa(pid) + "/ns/user")
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

// startTime is the start time of a process in clock ticks (proc_pid_stat(5)); 0 when it is gone.
func startTime(pid int) uint64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	var s proc.Stat
	if err != nil || proc.ParseStat(b, &s) != nil {
		return 0
	}
	return s.StartTime
}
