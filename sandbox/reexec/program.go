package reexec

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Program is cutaway's own program in a form that a sandbox may see.
type Program struct {
	Path string // to execute it by
	fd   int
}

// Close lets go of it; what was started from it keeps it.
func (p *Program) Close() {
	if p != nil && p.fd >= 0 {
		unix.Close(p.fd)
	}
}

// highFD is above the descriptors that a child is given, which are put in place before it executes the program.
const highFD = 100

// Open makes a program, the caller's own when exe is "", executable by a path that leads to a read-only mount of its own: the init's /proc/PID/exe
// cannot be opened for writing through it (CVE-2019-5736). Who may not mount gets a sealed copy in memory when the command
// could trace the init; else the init is protected by not being dumpable.
func Open(exe string, traceable bool) (*Program, error) {
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
		return &Program{Path: exe, fd: -1}, nil
	}
	return sealedCopy(exe)
}

func programIn(fd int) (*Program, error) {
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, highFD)
	unix.Close(fd)
	if err != nil {
		return nil, err
	}
	return &Program{Path: "/proc/self/fd/" + strconv.Itoa(high), fd: high}, nil
}

func sealedCopy(exe string) (*Program, error) {
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
