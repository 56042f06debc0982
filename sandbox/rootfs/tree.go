package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// tree is a root that is being filled. Only this process writes below it, and nothing reads there until it is done, so
// that between two of its steps nothing changes; but every link that it made may be hostile.
type tree struct {
	root       int // descriptor
	owner      owner
	keepSetuid bool
	budget     *budget

	dirs    map[uint64]*directory // every directory, by inode
	last    opened                // the directory that was entered last: archives stay in one for a while
	layer   map[place]bool        // what the layer made, which its own whiteouts do not hide; nil for a plain tar
	skipped map[place]bool        // device files, which links may be asked for
	buf     []byte
}

// directory is what is still to be done for a directory, and where it really is: depths and lengths of names count after
// links have been followed.
type directory struct {
	parent *directory
	name   string
	depth  int
	length int // of the path from the root
	mode   uint32
	mtime  time.Time // zero: as it comes
}

// place is a name in a directory.
type place struct {
	in   *directory
	name string
}

// opened is a directory that is open.
type opened struct {
	path string // it was asked for by
	fd   int    // O_PATH; -1 for none
	dir  *directory
}

// dirMode is the mode of directories that an archive has files in but does not have itself.
const dirMode = 0o755

// newTree takes an open, empty directory, which stays the caller's to close.
func newTree(root int, opts Options, b *budget) (*tree, error) {
	t := &tree{
		root: root, owner: newOwner(opts), keepSetuid: opts.KeepSetuid, budget: b,
		dirs: map[uint64]*directory{}, last: opened{fd: -1}, skipped: map[place]bool{}, buf: make([]byte, chunk),
	}
	var st unix.Stat_t
	if err := unix.Fstat(root, &st); err != nil {
		return nil, fmt.Errorf("look at the new root: %w", err)
	}
	t.dirs[st.Ino] = &directory{name: ".", mode: dirMode}
	return t, t.owner.give(root, ".", &tar.Header{})
}

// leave closes the directory that was entered last.
func (t *tree) leave() {
	if t.last.fd >= 0 {
		unix.Close(t.last.fd)
	}
	t.last = opened{fd: -1}
}

// enter opens the directory that a clean path leads to, and makes those that are missing. It is open until enter is
// called again.
func (t *tree) enter(path string) (opened, error) {
	if t.last.fd >= 0 && t.last.path == path {
		return t.last, nil
	}
	dir, err := t.find(path)
	if errors.Is(err, unix.ENOENT) && path != "." {
		if err := t.makeMissing(path); err != nil {
			return opened{}, err
		}
		dir, err = t.find(path)
	}
	if err != nil {
		return opened{}, fmt.Errorf("enter %s: %w", show(path), err)
	}
	t.leave()
	t.last = dir
	return dir, nil
}

// makeMissing makes a directory that the archive has files in, but has not, or not yet.
func (t *tree) makeMissing(path string) error {
	parent, name := splitPath(path)
	at, err := t.enter(parent)
	if err != nil {
		return err
	}
	err = t.makeDirectory(at, name)
	if errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("enter %s: it is a link to something that is missing", show(path))
	}
	if err != nil {
		return err
	}
	return t.owner.give(at.fd, name, &tar.Header{})
}

// find opens the directory that a clean path leads to. The caller closes it.
func (t *tree) find(path string) (opened, error) {
	fd, err := openDirIn(t.root, path)
	if err != nil {
		return opened{}, err
	}
	dir, err := t.known(fd)
	if err != nil {
		unix.Close(fd)
		return opened{}, err
	}
	return opened{path, fd, dir}, nil
}

// known is what is known of an open directory.
func (t *tree) known(fd int) (*directory, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	dir := t.dirs[st.Ino]
	if dir == nil {
		return nil, errors.New("somebody else has made this directory while the archive was being unpacked")
	}
	return dir, nil
}

// fits tells whether a name in a directory is within the limits.
func (t *tree) fits(at opened, name string) error {
	return t.budget.length(at.dir.length + 1 + len(name))
}

// makeDirectory makes a directory that can be written to; its mode comes at the end. EEXIST says that something is there.
func (t *tree) makeDirectory(at opened, name string) error {
	if err := errors.Join(t.fits(at, name), t.budget.depth(at.dir.depth+1)); err != nil {
		return err
	}
	if err := unix.Mkdirat(at.fd, name, 0o700); err != nil {
		return fmt.Errorf("make the directory %s: %w", show(name), err)
	}
	var st unix.Stat_t
	if err := unix.Fstatat(at.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("look at the directory %s: %w", show(name), err)
	}
	t.dirs[st.Ino] = &directory{
		parent: at.dir, name: name, depth: at.dir.depth + 1, length: at.dir.length + 1 + len(name), mode: dirMode,
	}
	t.made(at, name)
	return nil
}

// made notes that a layer has something under this name.
func (t *tree) made(at opened, name string) {
	if t.layer != nil {
		t.layer[place{at.dir, name}] = true
	}
}

// remove removes what is under a name, with all that is in it.
func (t *tree) remove(at opened, name string) error {
	// A path that was entered may have led through what is removed now.
	t.last.path = ""
	delete(t.skipped, place{at.dir, name})
	if err := removeAll(at.fd, name, func(inode uint64) { delete(t.dirs, inode) }); err != nil {
		return fmt.Errorf("replace %s: %w", show(name), err)
	}
	return nil
}
