package rootfs

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"
)

// add makes what an entry of an archive tells of; whatever has its name already is replaced, but directories are kept
// when the entry is one too.
func (t *tree) add(hdr *tar.Header, content io.Reader) error {
	if err := t.budget.entry(hdr.Name); err != nil {
		return err
	}
	path, err := cleanPath(hdr.Name)
	if err != nil {
		return err
	}
	if path == "." {
		return t.describeRoot(hdr)
	}
	dir, name := splitPath(path)
	if t.layer != nil && name != whiteoutOpaque && strings.Contains("/"+path, "/"+whiteoutMeta) {
		return nil
	}
	if t.layer != nil && strings.HasPrefix(name, whiteoutPrefix) {
		return t.whiteout(dir, name)
	}
	at, err := t.enter(dir)
	if err != nil {
		return err
	}
	if err := t.fits(at, name); err != nil {
		return err
	}
	if err := t.make(at, name, hdr, content); err != nil {
		return err
	}
	t.made(at, name)
	return nil
}

// describeRoot takes owner, mode and time of the root itself, which archives have as "./".
func (t *tree) describeRoot(hdr *tar.Header) error {
	if hdr.Typeflag != tar.TypeDir {
		return errors.New("the root itself is not a directory in the archive")
	}
	root, err := t.known(t.root)
	if err != nil {
		return err
	}
	root.mode, root.mtime = t.mode(hdr), hdr.ModTime
	return t.owner.give(t.root, ".", hdr)
}

func (t *tree) make(at opened, name string, hdr *tar.Header, content io.Reader) error {
	switch hdr.Typeflag {
	case tar.TypeDir:
		return t.makeOrKeepDirectory(at, name, hdr)
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		return t.makeFile(at, name, hdr, content)
	case tar.TypeSymlink:
		return t.makeNode(at, name, hdr, "link", func() error { return unix.Symlinkat(hdr.Linkname, at.fd, name) })
	case tar.TypeFifo:
		return t.makeNode(at, name, hdr, "FIFO", func() error { return unix.Mknodat(at.fd, name, unix.S_IFIFO|0o600, 0) })
	case tar.TypeLink:
		return t.link(at, name, hdr)
	case tar.TypeChar, tar.TypeBlock:
		if err := t.remove(at, name); err != nil {
			return err
		}
		t.skipped[place{at.dir, name}] = true
		return nil
	default:
		return fmt.Errorf("its type, %q, is not one that a root can hold", hdr.Typeflag)
	}
}

// mode is the mode of a file or directory, without set-user-ID and set-group-ID unless they are asked for. On directories
// they grant nothing: set-group-ID only says which group new files there belong to (inode(7)).
func (t *tree) mode(hdr *tar.Header) uint32 {
	mode := uint32(hdr.Mode) & 0o7777
	if hdr.Typeflag != tar.TypeDir && !t.keepSetuid {
		mode &^= unix.S_ISUID | unix.S_ISGID
	}
	return mode
}

// replace makes something, and again after having removed what was in its place. Nothing is ever written through what
// is there already.
func (t *tree) replace(at opened, name string, create func() error) error {
	delete(t.skipped, place{at.dir, name})
	err := create()
	if err != unix.EEXIST {
		return err
	}
	if err := t.remove(at, name); err != nil {
		return err
	}
	return create()
}

func (t *tree) makeOrKeepDirectory(at opened, name string, hdr *tar.Header) error {
	err := t.makeDirectory(at, name)
	if errors.Is(err, unix.EEXIST) {
		var st unix.Stat_t
		if err := unix.Fstatat(at.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("look at what is in its place: %w", err)
		}
		if err = nil; st.Mode&unix.S_IFMT != unix.S_IFDIR {
			if err = t.remove(at, name); err == nil {
				err = t.makeDirectory(at, name)
			}
		}
	}
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(at.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("look at the directory: %w", err)
	}
	dir := t.dirs[st.Ino]
	if dir == nil {
		return errors.New("somebody else has made this directory while the archive was being unpacked")
	}
	dir.mode, dir.mtime = t.mode(hdr), hdr.ModTime
	return t.owner.give(at.fd, name, hdr)
}

func (t *tree) makeFile(at opened, name string, hdr *tar.Header, content io.Reader) error {
	if err := t.budget.file(hdr.Size); err != nil {
		return err
	}
	fd := -1
	err := t.replace(at, name, func() (err error) {
		fd, err = openat(at.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return fmt.Errorf("make the file: %w", err)
	}
	defer unix.Close(fd)
	if err := t.fill(fd, hdr, content); err != nil {
		return err
	}
	if err := t.owner.give(at.fd, name, hdr); err != nil { // before the mode: it clears set-user-ID
		return err
	}
	if err := unix.Fchmod(fd, t.mode(hdr)); err != nil {
		return fmt.Errorf("set the mode %#o: %w", t.mode(hdr), err)
	}
	return setTime(at.fd, name, hdr)
}

// fill writes a file's content. Sparse files get their holes back: a block of zeros is not written.
func (t *tree) fill(fd int, hdr *tar.Header, content io.Reader) error {
	const block = 4096 // what file systems can leave out
	sparse, size := isSparse(hdr), int64(len(t.buf))
	if sparse {
		size = block
	}
	for offset := int64(0); offset < hdr.Size; {
		piece := t.buf[:min(size, hdr.Size-offset)]
		if _, err := io.ReadFull(content, piece); err != nil {
			return fmt.Errorf("read the file from the archive: %w", err)
		}
		if !sparse || !isZero(piece) {
			if err := writeAt(fd, piece, offset); err != nil {
				return fmt.Errorf("write the file: %w", err)
			}
		}
		offset += int64(len(piece))
	}
	if sparse {
		if err := unix.Ftruncate(fd, hdr.Size); err != nil {
			return fmt.Errorf("set the size %d: %w", hdr.Size, err)
		}
	}
	return nil
}

// isSparse tells whether an entry is a sparse file, in one of GNU tar's four ways to write one.
func isSparse(hdr *tar.Header) bool {
	if hdr.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for record := range hdr.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func isZero(data []byte) bool { return len(bytes.TrimLeft(data, "\x00")) == 0 }

func writeAt(fd int, data []byte, offset int64) error {
	for len(data) > 0 {
		n, err := unix.Pwrite(fd, data, offset)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		data, offset = data[n:], offset+int64(n)
	}
	return nil
}

// makeNode makes a symbolic link or a FIFO.
func (t *tree) makeNode(at opened, name string, hdr *tar.Header, what string, create func() error) error {
	if err := t.replace(at, name, create); err != nil {
		return fmt.Errorf("make the %s: %w", what, err)
	}
	if err := t.owner.give(at.fd, name, hdr); err != nil {
		return err
	}
	if hdr.Typeflag == tar.TypeFifo {
		if err := unix.Fchmodat(at.fd, name, t.mode(hdr), 0); err != nil {
			return fmt.Errorf("set the mode %#o: %w", t.mode(hdr), err)
		}
	}
	return setTime(at.fd, name, hdr)
}

// setTime sets the time of the last change, and leaves that of the last use. A link is not followed.
func setTime(at int, name string, hdr *tar.Header) error {
	times := []unix.Timespec{
		{Nsec: unix.UTIME_OMIT},
		{Sec: hdr.ModTime.Unix(), Nsec: int64(hdr.ModTime.Nanosecond())},
	}
	if err := unix.UtimesNanoAt(at, name, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set its time: %w", err)
	}
	return nil
}
