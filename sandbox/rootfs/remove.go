package rootfs

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// removeAll removes what a directory holds under a name, with all that is in it. It follows no link, works as deep as
// descriptors last, and opens directories that their modes close to their owner. Each directory's inode is told, unless
// gone is nil. It is no error when nothing is there.
func removeAll(at int, name string, gone func(inode uint64)) error {
	err := unix.Unlinkat(at, name, 0)
	if err == nil || err == unix.ENOENT {
		return nil
	}
	if err != unix.EISDIR && err != unix.EPERM { // POSIX has EPERM for directories
		return fmt.Errorf("remove %s: %w", show(name), err)
	}
	dir, err := openToChange(at, name)
	if err != nil {
		return fmt.Errorf("open %s to empty it: %w", show(name), err)
	}
	defer dir.Close()
	info, err := inodeOf(dir)
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("list %s to empty it: %w", show(name), err)
	}
	for _, child := range names {
		if err := removeAll(int(dir.Fd()), child, gone); err != nil {
			return err
		}
	}
	if err := unix.Unlinkat(at, name, unix.AT_REMOVEDIR); err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove the directory %s: %w", show(name), err)
	}
	if gone != nil {
		gone(info)
	}
	return nil
}

// openToChange opens a directory to list it and to change what it holds.
func openToChange(at int, name string) (*os.File, error) {
	const needed = 0o700
	var st unix.Stat_t
	if err := unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&needed != needed {
		if err := unix.Fchmodat(at, name, needed, 0); err != nil {
			return nil, err
		}
	}
	return listable(at, name)
}

// listable opens a directory to list it.
func listable(at int, name string) (*os.File, error) {
	fd, err := openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func inodeOf(f *os.File) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0, errors.Join(errors.New("look at an open directory"), err)
	}
	return st.Ino, nil
}
