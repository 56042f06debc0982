package nsfs

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// ID is a namespace's identity: device and inode of its file (namespaces(7)).
type ID struct {
	Dev, Ino uint64
}

// File is an open namespace. It keeps the namespace alive until it is closed, or until nobody refers to it any more.
type File struct {
	file *os.File
}

// ErrNotNamespace says that a path leads to something else.
var ErrNotNamespace = errors.New("not a namespace")

// Open opens the namespace behind a magic link of proc, such as "ns/net" or "fd/3" below an open /proc/PID. It needs the
// right to read the link: PTRACE_MODE_READ_FSCREDS, see ptrace(2). The link may be exchanged by its process at any time.
func Open(dir int, link string) (*File, error) {
	fd, err := retry(func() (int, error) { return unix.Openat(dir, link, unix.O_PATH|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, err
	}
	return fromPath(fd)
}

// OpenIn opens the namespace bound to an absolute path below a foreign root directory. Symbolic links below that root lead
// nowhere else than they lead its processes; the walk may hang at a dead file system. It needs Linux 5.6 (openat2(2)).
func OpenIn(root int, path string) (*File, error) {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	fd, err := retry(func() (int, error) { return unix.Openat2(root, path, &how) })
	if err != nil {
		return nil, err
	}
	return fromPath(fd)
}

// fromPath turns an O_PATH descriptor into one that answers ioctls, when it is of a namespace.
func fromPath(fd int) (*File, error) {
	defer unix.Close(fd)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return nil, err
	}
	if fs.Type != unix.NSFS_MAGIC {
		return nil, ErrNotNamespace
	}
	open, err := retry(func() (int, error) {
		return unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, fmt.Errorf("open a namespace through /proc/self/fd: %w", err)
	}
	return newFile(open), nil
}

func newFile(fd int) *File { return &File{file: os.NewFile(uintptr(fd), "namespace")} }

// Close gives the descriptor back.
func (f *File) Close() error { return f.file.Close() }

func (f *File) fd() int { return int(f.file.Fd()) }

// ID is the namespace's identity.
func (f *File) ID() (ID, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd(), &st); err != nil {
		return ID{}, err
	}
	return ID{Dev: uint64(st.Dev), Ino: st.Ino}, nil
}

// kinds are the kinds of namespace by the flag that makes one (clone(2)).
var kinds = map[int]proc.NSKind{
	unix.CLONE_NEWNS: proc.Mnt, unix.CLONE_NEWNET: proc.Net, unix.CLONE_NEWPID: proc.PID, unix.CLONE_NEWIPC: proc.IPC,
	unix.CLONE_NEWUTS: proc.UTS, unix.CLONE_NEWUSER: proc.User, unix.CLONE_NEWCGROUP: proc.Cgroup, unix.CLONE_NEWTIME: proc.Time,
}

// Kind asks for the kind of the namespace (NS_GET_NSTYPE, since Linux 4.11).
func (f *File) Kind() (proc.NSKind, error) {
	flag, err := f.ask(unix.NS_GET_NSTYPE)
	if err != nil {
		return 0, err
	}
	kind, ok := kinds[flag]
	if !ok {
		return 0, fmt.Errorf("namespace of an unknown kind, clone flag %#x", flag)
	}
	return kind, nil
}

// Owner opens the user namespace that owns the namespace; for a user namespace that is its parent (NS_GET_USERNS, since
// Linux 4.9). EPERM says that it lies outside of the caller's view, or that there is none: the kernel does not tell which.
func (f *File) Owner() (*File, error) { return f.related(unix.NS_GET_USERNS) }

// Parent opens the parent of a PID or user namespace (NS_GET_PARENT, since Linux 4.9). EPERM is as for Owner, EINVAL the
// answer for kinds that have no parents.
func (f *File) Parent() (*File, error) { return f.related(unix.NS_GET_PARENT) }

// OwnerUID is the user who made a user namespace, as the caller's user namespace names them (NS_GET_OWNER_UID, since
// Linux 4.11). EINVAL is the answer for other kinds.
func (f *File) OwnerUID() (uint32, error) {
	for {
		uid, err := unix.IoctlGetUint32(f.fd(), unix.NS_GET_OWNER_UID)
		if err != unix.EINTR {
			return uid, err
		}
	}
}

func (f *File) related(request uint) (*File, error) {
	fd, err := f.ask(request)
	if err != nil {
		return nil, err
	}
	return newFile(fd), nil
}

func (f *File) ask(request uint) (int, error) {
	return retry(func() (int, error) { return unix.IoctlRetInt(f.fd(), request) })
}

// How maps the error of a question to a reading: EPERM is denied (outside of the caller's view, or none), and a kernel
// too old for the question has no answer (ENOTTY), as a kind without one (EINVAL).
func How(err error) reading.How {
	how := reading.FromError(err)
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, ErrNotNamespace) {
		how.State = reading.Absent
	}
	return how
}

func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
