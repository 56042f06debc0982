package rootfs

import (
	"archive/tar"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// settle gives the directories their modes and times, the deepest first: a mode may close a directory to its own owner,
// and whatever is made in a directory changes its time.
func (t *tree) settle() error {
	t.leave()
	dirs := make([]*directory, 0, len(t.dirs))
	for _, d := range t.dirs {
		dirs = append(dirs, d)
	}
	slices.SortFunc(dirs, func(a, b *directory) int { return cmp.Compare(b.depth, a.depth) })
	for _, d := range dirs {
		if err := t.settleOne(d); err != nil {
			return fmt.Errorf("directory %s: %w", show(d.path()), err)
		}
	}
	return nil
}

func (t *tree) settleOne(d *directory) error {
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	fd, err := openat2(t.root, d.path(), &how)
	if err != nil {
		return fmt.Errorf("open it: %w", err)
	}
	defer unix.Close(fd)
	if !d.mtime.IsZero() {
		if err := setTime(fd, ".", &tar.Header{ModTime: d.mtime}); err != nil {
			return err
		}
	}
	if err := unix.Fchmod(fd, d.mode); err != nil {
		return fmt.Errorf("set the mode %#o: %w", d.mode, err)
	}
	return nil
}

// path is where the directory really is, from the root.
func (d *directory) path() string {
	if d.parent == nil {
		return "."
	}
	names := make([]string, d.depth)
	for i := d.depth - 1; i >= 0; i, d = i-1, d.parent {
		names[i] = d.name
	}
	return strings.Join(names, "/")
}
