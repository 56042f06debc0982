package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// link makes another name for a file that the root has already. The target is resolved inside of the root, and when it is
// a symbolic link, that link gets another name.
func (t *tree) link(at opened, name string, hdr *tar.Header) error {
	path, err := cleanPath(hdr.Linkname)
	if err != nil {
		return fmt.Errorf("it is a hard link: %w", err)
	}
	dir, target := splitPath(path)
	from, err := t.find(dir)
	if err != nil {
		return fmt.Errorf("make a hard link to %s: %w", show(hdr.Linkname), err)
	}
	defer unix.Close(from.fd)
	if t.skipped[place{from.dir, target}] {
		if err := t.remove(at, name); err != nil {
			return err
		}
		t.skipped[place{at.dir, name}] = true
		return nil
	}
	if same, err := sameFile(from.fd, target, at.fd, name); err != nil {
		return fmt.Errorf("make a hard link to %s: %w", show(hdr.Linkname), err)
	} else if same {
		return nil // to itself, or made before: removing it first would remove the target
	}
	err = t.replace(at, name, func() error { return unix.Linkat(from.fd, target, at.fd, name, 0) })
	if err != nil {
		return fmt.Errorf("make a hard link to %s: %w", show(hdr.Linkname), err)
	}
	return nil
}

// sameFile tells whether two names are of the same file. The first must exist.
func sameFile(dir1 int, name1 string, dir2 int, name2 string) (bool, error) {
	var a, b unix.Stat_t
	if err := unix.Fstatat(dir1, name1, &a, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return false, err
	}
	if a.Mode&unix.S_IFMT == unix.S_IFDIR {
		return false, errors.New("it is a directory")
	}
	err := unix.Fstatat(dir2, name2, &b, unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.ENOENT {
		return false, nil
	}
	return err == nil && a.Ino == b.Ino && a.Dev == b.Dev, err
}
