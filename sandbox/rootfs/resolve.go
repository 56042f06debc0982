package rootfs

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// cleanPath turns a name in an archive into a path below the root: "." is the root itself. A leading "/" means the root, as
// it does inside. ".." is refused: no archiver writes it, and what it means would depend on links.
func cleanPath(name string) (string, error) {
	parts := strings.Split(name, "/")
	kept := parts[:0]
	for _, part := range parts {
		switch part {
		case "", ".":
		case "..":
			return "", fmt.Errorf("%s leads upwards (\"..\"): refused", show(name))
		default:
			kept = append(kept, part)
		}
	}
	if len(kept) == 0 {
		return ".", nil
	}
	return strings.Join(kept, "/"), nil
}

// splitPath splits a clean path into its directory and its last name.
func splitPath(path string) (dir, name string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return ".", path
}

// openDirIn opens a directory as a process would whose root this is: links, also absolute ones, lead nowhere else than
// inside. No mount below is entered, and none of proc's links, which lead anywhere.
func openDirIn(root int, path string) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	return openat2(root, path, &how)
}

// openat2 asks again when a rename anywhere in the system came in between a lookup of "..": EAGAIN, see openat2(2).
func openat2(dir int, path string, how *unix.OpenHow) (int, error) {
	for try := 0; ; try++ {
		fd, err := unix.Openat2(dir, path, how)
		switch {
		case err == unix.EINTR, err == unix.EAGAIN && try < 1000:
		case err == unix.ENOSYS:
			return -1, fmt.Errorf("openat2(2): %w: unpacking safely needs Linux 5.6", err)
		default:
			return fd, err
		}
	}
}

// openat never follows a link in the last name.
func openat(dir int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}
