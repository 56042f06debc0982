package rootfs

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// archive is the file or directory that Unpack was given.
type archive struct {
	*os.File
	path string // absolute
	dir  bool
	size int64

	id      string // names what Unpack reads by path, inode, size, times; "" when that cannot tell whether it has changed
	settled bool
}

// openArchive opens what the user named, whoever it belongs to, but no device and no FIFO: they may hang.
func openArchive(path string, kind Kind, ref string) (*archive, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, fmt.Errorf("it is neither a file nor a directory (%s)", info.Mode())
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		f.Close()
		return nil, fmt.Errorf("look at it: %w", err)
	}
	a := &archive{File: f, path: path, size: st.Size, dir: st.Mode&unix.S_IFMT == unix.S_IFDIR}
	if !a.dir && st.Mode&unix.S_IFMT != unix.S_IFREG {
		f.Close()
		return nil, errors.New("it is not a file any more")
	}
	if !a.dir {
		a.id = identity(path, kind, ref, &st)
		a.settled = time.Since(time.Unix(st.Ctim.Sec, st.Ctim.Nsec)) > settling
	}
	return a, nil
}

// settling is how long a file must not have been changed before its times tell whether it was changed again: they are as
// fine as a clock tick, on some file systems a second.
const settling = 2 * time.Second

// identity names a state of a file. A change of it changes the time of the last status change (inode(7)), which only the
// kernel sets.
func identity(path string, kind Kind, ref string, st *unix.Stat_t) string {
	parts, _ := json.Marshal([]any{ // cannot fail: strings and numbers
		path, kind, ref, runtime.GOARCH, st.Dev, st.Ino, st.Size, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec,
	})
	return fmt.Sprintf("%x", sha256.Sum256(parts))
}

// recall returns the digest that the archive had when it was last read, if it has not changed since.
func (c *cache) recall(a *archive) (digest, bool) {
	if a.id == "" {
		return "", false
	}
	data, err := readSmall(filepath.Join(c.dir, digestsDir, a.id), 100)
	if err != nil {
		return "", false
	}
	d, err := parseDigest(string(data))
	return d, err == nil
}

// remember keeps the digest of an archive for recall. Failing to costs time only.
func (c *cache) remember(a *archive, d digest) {
	if a.id == "" || !a.settled {
		return
	}
	name := filepath.Join(c.dir, digestsDir, a.id)
	temp, err := os.CreateTemp(filepath.Dir(name), "new-")
	if err != nil {
		return
	}
	_, err = temp.WriteString(string(d))
	if errors.Join(err, temp.Close()) != nil || os.Rename(temp.Name(), name) != nil {
		_ = os.Remove(temp.Name())
	}
}

// forget removes the digests of archives whose roots are not in the cache, except those that are new, which may be of a
// root that is being made.
func (c *cache) forget(roots map[digest]bool) {
	dir := filepath.Join(c.dir, digestsDir)
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		info, err := f.Info()
		if err != nil || time.Since(info.ModTime()) < time.Hour {
			continue
		}
		data, err := readSmall(filepath.Join(dir, f.Name()), 100)
		if errors.Is(err, fs.ErrNotExist) || err == nil && roots[digest(data)] {
			continue
		}
		_ = os.Remove(filepath.Join(dir, f.Name()))
	}
}
