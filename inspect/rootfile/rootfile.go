// Package rootfile reads files below a root directory that belongs to somebody else, such as /proc/PID/root, without being led
// out of it or held up in it.
package rootfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxEntries caps how many names of one directory are looked at.
const maxEntries = 4096

// ErrNotRegular is wrapped when something else stands where a regular file, or a directory, is expected. Its errno is the nearest
// that the kernel has.
var ErrNotRegular = fmt.Errorf("not a regular file (%w)", unix.EMEDIUMTYPE)

// Root is a directory below which paths mean what they mean to a process whose root it is.
type Root string

// Read reads a regular file below the root, whole, up to most bytes; a larger one is EFBIG. Links are followed inside of the root
// only (RESOLVE_IN_ROOT, openat2(2)), and nothing but a regular file of a real file system is opened for reading, so that no FIFO,
// device, socket or file of the kernel's (/proc/kmsg) that somebody put there can hold the reader up or be set off. A file system
// that does not answer (FUSE, NFS) still can: who cannot wait reads apart.
func (r Root) Read(path string, most int) ([]byte, error) {
	fd, err := r.openPath(path, unix.S_IFREG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if err := realFile(fd); err != nil {
		return nil, fmt.Errorf("open %s: %w", r.Path(path), err)
	}
	// Only an O_PATH descriptor is held so far; its link in /proc opens the very file that was looked at. O_NONBLOCK keeps a lease
	// that somebody holds (fcntl(2), F_SETLEASE) from holding the open up.
	file, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", r.Path(path), err)
	}
	defer unix.Close(file)
	// Not through os.File, whose reads wait where a file has nothing to read yet.
	text, err := io.ReadAll(io.LimitReader(descriptor(file), int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Path(path), err)
	}
	if len(text) > most {
		return nil, fmt.Errorf("read %s, more than %d bytes: %w", r.Path(path), most, unix.EFBIG)
	}
	return text, nil
}

// descriptor reads from an open file.
type descriptor int

// Read is read(2).
func (d descriptor) Read(b []byte) (int, error) {
	for {
		switch n, err := unix.Read(int(d), b); {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// kernelFiles are the file systems in which a file is no data but a question to the kernel: to read one may wait (trace_pipe), take
// away what it tells (/proc/kmsg), or ask a device (/sys).
var kernelFiles = map[int64]bool{
	unix.PROC_SUPER_MAGIC: true, unix.SYSFS_MAGIC: true, unix.DEBUGFS_MAGIC: true, unix.TRACEFS_MAGIC: true, unix.SECURITYFS_MAGIC: true,
	unix.CGROUP_SUPER_MAGIC: true, unix.CGROUP2_SUPER_MAGIC: true, unix.BPF_FS_MAGIC: true, unix.BINFMTFS_MAGIC: true, unix.PSTOREFS_MAGIC: true,
	unix.EFIVARFS_MAGIC: true, unix.SELINUX_MAGIC: true, unix.SMACK_MAGIC: true, unix.AAFS_MAGIC: true, unix.RDTGROUP_SUPER_MAGIC: true,
	unix.NSFS_MAGIC: true, unix.XENFS_SUPER_MAGIC: true, configfsMagic: true,
}

// configfsMagic is CONFIGFS_MAGIC of fs/configfs/mount.c.
const configfsMagic = 0x62656570

// realFile refuses the kernel's own files.
func realFile(fd int) error {
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil {
		return err
	}
	if kernelFiles[int64(st.Type)] {
		return fmt.Errorf("a file of the kernel's: %w", ErrNotRegular)
	}
	return nil
}

// List returns the names in a directory below the root, at most 4096.
func (r Root) List(path string) ([]string, error) {
	fd, err := r.openPath(path, unix.S_IFDIR)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	dir, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", r.Path(path), err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("list %s: %w", r.Path(path), err)
	}
	return names, nil
}

// Path is how a person would reach a file below the root.
func (r Root) Path(path string) string { return filepath.Join(string(r), path) }

// openPath opens a path without opening what stands there, and checks its kind.
func (r Root) openPath(path string, kind uint32) (int, error) {
	fd, err := r.resolve(path)
	if err != nil {
		return -1, fmt.Errorf("open %s: %w", r.Path(path), err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("stat %s: %w", r.Path(path), err)
	}
	if st.Mode&unix.S_IFMT != kind {
		unix.Close(fd)
		return -1, fmt.Errorf("open %s: %w", r.Path(path), ErrNotRegular)
	}
	return fd, nil
}

func (r Root) resolve(path string) (int, error) {
	root, err := unix.Open(string(r), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(root)
	fd, err := unix.Openat2(root, path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	// Before Linux 5.6, and where a seccomp filter does not know the call, only our own root can be read safely.
	if r == "/" && (errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM)) {
		return unix.Open(filepath.Join("/", path), unix.O_PATH|unix.O_CLOEXEC, 0)
	}
	return fd, err
}
