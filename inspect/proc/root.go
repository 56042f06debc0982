package proc

import (
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Root is an open proc file system. Its methods may be used by several goroutines at once.
type Root struct {
	fd   int
	path string
}

// OpenRoot opens the proc file system mounted at path.
func OpenRoot(path string) (*Root, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the proc file system at %s: %w", path, err)
	}
	return &Root{fd: fd, path: path}, nil
}

// IsProc tells whether a proc file system stands here, and not a copy of one on a disk.
func (r *Root) IsProc() bool {
	var fs unix.Statfs_t
	return unix.Fstatfs(r.fd, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC
}

// Path is where the root was opened.
func (r *Root) Path() string { return r.path }

// Close gives the descriptor back.
func (r *Root) Close() error { return unix.Close(r.fd) }

// PIDs appends the PIDs of all processes to list, in the kernel's (ascending) order. It opens the directory anew, since
// a position in one open directory cannot be shared. buf is scratch space; 32 KiB or more keeps the calls few.
func (r *Root) PIDs(list []int, buf []byte) ([]int, error) {
	fd, err := unix.Openat(r.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return list, fmt.Errorf("open %s: %w", r.path, err)
	}
	defer unix.Close(fd)
	for {
		n, err := unix.Getdents(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return list, fmt.Errorf("list %s: %w", r.path, err)
		}
		if n == 0 {
			return list, nil
		}
		list = appendPIDs(list, buf[:n])
	}
}

// appendPIDs walks linux_dirent64 records (getdents64(2)): inode 8, offset 8, length 2, type 1, then the name.
func appendPIDs(list []int, records []byte) []int {
	const header = 19
	for len(records) > header {
		length := int(records[16]) | int(records[17])<<8
		if length <= header || length > len(records) {
			return list
		}
		if pid, ok := leadingNumber(records[header:length]); ok {
			list = append(list, pid)
		}
		records = records[length:]
	}
	return list
}

// leadingNumber reads a NUL-terminated name that is all digits.
func leadingNumber(name []byte) (int, bool) {
	n := 0
	for i, c := range name {
		if c == 0 {
			return n, i > 0
		}
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return 0, false
}

// Reader reads files and links of one process after the other into buffers of its own; what a method returns is valid
// until the next call. One goroutine may use it at a time.
type Reader struct {
	root *Root
	dir  int // /proc/PID, or -1
	path []byte
	buf  []byte
}

// maxFile caps what is read of one file: no process may make its reader grow without bound.
const maxFile = 1 << 20

// NewReader makes a reader below the root.
func (r *Root) NewReader() *Reader {
	return &Reader{root: r, dir: -1, path: make([]byte, 0, 64), buf: make([]byte, 4096)}
}

// Enter opens /proc/PID; File and Link then answer for this very process, even when it ends and its PID is used again:
// the directory stays bound to the old one and gives ESRCH or ENOENT (fs/proc/base.c, proc_pid_lookup).
func (r *Reader) Enter(pid int) error {
	r.Leave()
	r.path = append(strconv.AppendInt(r.path[:0], int64(pid), 10), 0)
	fd, err := openat(r.root.fd, r.path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC)
	if err != nil {
		return err
	}
	r.dir = fd
	return nil
}

// Leave closes what Enter opened.
func (r *Reader) Leave() {
	if r.dir >= 0 {
		unix.Close(r.dir)
		r.dir = -1
	}
}

// File reads a file of the process that was entered, whole, up to 1 MiB. It is for files of one record (stat, status,
// cgroup, cmdline, attr/current, …), not for lists such as mountinfo.
func (r *Reader) File(name string) ([]byte, error) {
	r.path = append(append(r.path[:0], name...), 0)
	return r.read(r.dir)
}

// Stat reads /proc/PID/stat without entering the process: the one file of a process that every tick needs.
func (r *Reader) Stat(pid int) ([]byte, error) {
	r.path = strconv.AppendInt(r.path[:0], int64(pid), 10)
	r.path = append(r.path, "/stat\x00"...)
	return r.read(r.root.fd)
}

// OpenStat opens /proc/PID/stat, to be read again and again with Again. The caller closes the descriptor.
func (r *Reader) OpenStat(pid int) (int, error) {
	r.path = strconv.AppendInt(r.path[:0], int64(pid), 10)
	r.path = append(r.path, "/stat\x00"...)
	return openat(r.root.fd, r.path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK)
}

// Again reads an open stat file from its start: ESRCH when its process has ended, even when the PID is used again.
func (r *Reader) Again(fd int) ([]byte, error) {
	for {
		n, err := unix.Pread(fd, r.buf, 0)
		if err == unix.EINTR {
			continue
		}
		return r.buf[:max(n, 0)], err
	}
}

// Link reads where a link of the process that was entered points, as the kernel words it.
func (r *Reader) Link(name string) ([]byte, error) {
	r.path = append(append(r.path[:0], name...), 0)
	for {
		n, _, errno := unix.Syscall6(unix.SYS_READLINKAT, uintptr(r.dir), uintptr(unsafe.Pointer(&r.path[0])),
			uintptr(unsafe.Pointer(&r.buf[0])), uintptr(len(r.buf)), 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return nil, errno
		}
		return r.buf[:n], nil
	}
}

// read reads the file named by r.path below a directory. Non-blocking, since in a tree that is not proc a FIFO could
// stand there.
func (r *Reader) read(dir int) ([]byte, error) {
	fd, err := openat(dir, r.path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	defer closeFD(fd)
	n := 0
	for {
		if n == len(r.buf) {
			if n >= maxFile {
				return r.buf[:n], nil
			}
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		m, _, errno := unix.Syscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&r.buf[n])), uintptr(len(r.buf)-n))
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return nil, errno
		}
		n += int(m)
		// The files of the hot loop are made in one piece (fs/seq_file.c, single_open), so a short read is the end and
		// the call that would return 0 is saved. mountinfo and its like are not, and are not read with this.
		if n < len(r.buf) {
			return r.buf[:n], nil
		}
	}
}

// openat is openat(2) with a path that ends with NUL, so that no string is allocated for it.
func openat(dir int, path []byte, flags int) (int, error) {
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&path[0])), uintptr(flags), 0, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return -1, errno
		}
		return int(fd), nil
	}
}

func closeFD(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }
