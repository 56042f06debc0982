package sandbox

import (
	"os"

	"golang.org/x/sys/unix"
)

// heldFile is a file held open, with what tells it from all others.
type heldFile struct {
	fd           int
	major, minor uint32
	ino          uint64
	mode         uint16
	mount        uint64 // the id of its mount as mountinfo has it; 0 on a kernel that does not tell (before 5.8)
}

// holdFile opens a file without opening what it stands for: no device is touched, no FIFO waits.
func holdFile(dir int, name string, how *unix.OpenHow) (*heldFile, error) {
	if how == nil {
		how = &unix.OpenHow{}
	}
	how.Flags |= unix.O_PATH | unix.O_CLOEXEC
	fd, err := unix.Openat2(dir, name, how)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	var st unix.Statx_t
	const want = unix.STATX_INO | unix.STATX_TYPE | unix.STATX_MNT_ID
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, want, &st); err != nil {
		unix.Close(fd)
		return nil, &os.PathError{Op: "statx", Path: name, Err: err}
	}
	held := &heldFile{fd: fd, major: st.Dev_major, minor: st.Dev_minor, ino: st.Ino, mode: st.Mode}
	if st.Mask&unix.STATX_MNT_ID != 0 {
		held.mount = st.Mnt_id
	}
	return held, nil
}

func (f *heldFile) close() { unix.Close(f.fd) }

func (f *heldFile) same(other *heldFile) bool {
	return f.ino == other.ino && f.major == other.major && f.minor == other.minor
}

// isAt tells whether a path of the host leads to this very file, through no symbolic link.
func (f *heldFile) isAt(place string) bool {
	if !absolute(place) {
		return false
	}
	there, err := holdFile(unix.AT_FDCWD, place, &unix.OpenHow{Resolve: unix.RESOLVE_NO_SYMLINKS})
	if err != nil {
		return false
	}
	defer there.close()
	return f.same(there)
}

// below opens a file below this directory as a process whose root it is would find it.
func (f *heldFile) below(name string) (*heldFile, error) {
	return holdFile(f.fd, name, &unix.OpenHow{Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS})
}

func (f *heldFile) kind() uint16 { return f.mode & unix.S_IFMT }

func (f *heldFile) isDevice() bool { return f.kind() == unix.S_IFCHR || f.kind() == unix.S_IFBLK }
