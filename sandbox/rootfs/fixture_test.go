package rootfs

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// at is when the files of the tests were changed last.
var at = time.Unix(1_600_000_000, 123_000_000)

// item is an entry of an archive.
type item struct {
	tar.Header
	content string
}

func file(name, content string) item {
	return item{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: at}, content}
}

func folder(name string, mode int64) item {
	return item{tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode, ModTime: at}, ""}
}

func symlink(name, target string) item {
	return item{tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777, ModTime: at}, ""}
}

func hardlink(name, target string) item {
	return item{tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o644, ModTime: at}, ""}
}

func special(name string, kind byte) item {
	return item{tar.Header{Typeflag: kind, Name: name, Mode: 0o640, Devmajor: 1, Devminor: 3, ModTime: at}, ""}
}

// pack writes a tar.
func pack(t testing.TB, items ...item) []byte {
	t.Helper()
	data, err := tryPack(items...)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func tryPack(items ...item) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, i := range items {
		i.Format = tar.FormatPAX
		if err := w.WriteHeader(&i.Header); err != nil {
			return nil, fmt.Errorf("write the header of %s: %w", i.Name, err)
		}
		if _, err := w.Write([]byte(i.content)); err != nil {
			return nil, fmt.Errorf("write %s: %w", i.Name, err)
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// box is a directory with a cache in it, and nothing else that unpacking may touch.
type box struct {
	dir  string
	opts Options
}

func newBox(t testing.TB) *box {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { removeAll(unix.AT_FDCWD, filepath.Join(dir, "cache"), nil) }) // with directories closed to us
	return &box{dir, Options{CacheDir: filepath.Join(dir, "cache")}}
}

// put writes a file beside the cache.
func (b *box) put(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// unpack unpacks a tar and holds it until the test ends.
func (b *box) unpack(t testing.TB, data []byte) (*Root, error) {
	t.Helper()
	return b.unpackFile(t, b.put(t, "archive", data), Tar, "")
}

func (b *box) unpackFile(t testing.TB, path string, kind Kind, ref string) (*Root, error) {
	t.Helper()
	r, err := Unpack(context.Background(), path, kind, ref, b.opts)
	if err == nil {
		t.Cleanup(func() { r.Close() })
	}
	return r, err
}

func (b *box) mustUnpack(t testing.TB, data []byte) *Root {
	t.Helper()
	r, err := b.unpack(t, data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// empty fails the test when the cache holds a root, or the remains of one.
func (b *box) empty(t testing.TB) {
	t.Helper()
	for _, dir := range []string{rootsDir, workDir, digestsDir} {
		left, err := os.ReadDir(filepath.Join(b.opts.CacheDir, dir))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, e := range left {
			t.Errorf("left in the cache: %s/%s", dir, e.Name())
		}
	}
}

// list describes all files below a directory, a line each: path, kind, mode, size, links, times, contents.
func list(t testing.TB, root string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		line, err := describe(path)
		lines = append(lines, fmt.Sprintf("%q %s", name, line))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func describe(path string) (string, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return "", err
	}
	line := fmt.Sprintf("%06o %d:%d %d.%d", st.Mode, st.Uid, st.Gid, st.Mtim.Sec, st.Mtim.Nsec)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		data, err := os.ReadFile(path)
		return fmt.Sprintf("%s links %d size %d %s", line, st.Nlink, st.Size, sumOf(data)), err
	case unix.S_IFLNK:
		target, err := os.Readlink(path)
		return fmt.Sprintf("%s links %d -> %q", line, st.Nlink, target), err
	}
	return line, nil
}

// content reads a file of a root without following a link.
func content(t testing.TB, r *Root, name string) string {
	t.Helper()
	data, err := readSmall(filepath.Join(r.Dir, name), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func sumOf(data []byte) digest {
	d, err := hashOf(context.Background(), bytes.NewReader(data), &meter{})
	if err != nil {
		panic(err) // reading memory does not fail
	}
	return d
}
