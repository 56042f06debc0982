package rootfs

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// store holds an image's files by name, such as "blobs/sha256/...". A file that is missing is fs.ErrNotExist.
type store interface {
	open(name string) (*blob, error)
	close()
}

// blob is one file of a store.
type blob struct {
	*io.SectionReader
	file io.Closer // nil when it is the store's
}

func (b *blob) close() {
	if b.file != nil {
		b.file.Close()
	}
}

// maxJSON bounds an index, a manifest, a configuration. Registries refuse manifests larger than 4 MiB.
const maxJSON = 4 << 20

// readJSON reads a small file of a store.
func readJSON(s store, name string) ([]byte, error) {
	b, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if b.Size() > maxJSON {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that are read", show(name), b.Size(), maxJSON)
	}
	data := make([]byte, b.Size())
	if _, err := io.ReadFull(b, data); err != nil {
		return nil, fmt.Errorf("read %s: %w", show(name), err)
	}
	return data, nil
}

// dirStore is a directory. Its links lead nowhere else than inside of it.
type dirStore struct{ root *os.File }

func (s dirStore) open(name string) (*blob, error) {
	f, err := s.openFile(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", show(name), err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &blob{io.NewSectionReader(f, 0, info.Size()), f}, nil
}

func (s dirStore) close() {} // the directory is the caller's

// openFile opens a regular file. What it is, is looked at before: to open a device or a FIFO can do something, or hang.
func (s dirStore) openFile(name string) (*os.File, error) {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	var before, after unix.Stat_t
	fd, err := openat2(int(s.root.Fd()), name, &how)
	if err != nil {
		return nil, err
	}
	err = unix.Fstat(fd, &before)
	unix.Close(fd)
	if err != nil {
		return nil, err
	}
	if before.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, errors.New("it is not a file")
	}
	how.Flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC
	if fd, err = openat2(int(s.root.Fd()), name, &how); err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	if err := unix.Fstat(fd, &after); err != nil || after.Ino != before.Ino || after.Dev != before.Dev {
		f.Close()
		return nil, errors.Join(errors.New("it was exchanged while it was opened"), err)
	}
	return f, nil
}

// tarStore is an archive, which is not compressed, whose files are found by their offsets.
type tarStore struct {
	file  io.ReaderAt
	own   io.Closer // the file, if it is the store's
	files map[string]span
	links map[string]string // what a name stands for: docker writes a layer that two images share once
}

type span struct{ offset, size int64 }

// maxFiles bounds the files in an archive of images: a few for each layer and image.
const maxFiles = 20_000

func newTarStore(ctx context.Context, f io.ReaderAt, size int64) (*tarStore, error) {
	s := &tarStore{file: f, files: map[string]span{}, links: map[string]string{}}
	where := io.NewSectionReader(f, 0, size)
	archive := tar.NewReader(where) // steps over the files by seeking
	for n := 0; ; n++ {
		if n > maxFiles {
			return nil, &LimitError{"too many files in an archive of images", maxFiles}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hdr, err := archive.Next()
		if err == io.EOF {
			return s, nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return nil, notTar(err, n)
		}
		name := path.Clean("/" + hdr.Name)[1:]
		delete(s.files, name) // the last of a name counts
		delete(s.links, name)
		switch hdr.Typeflag {
		case tar.TypeReg:
			at, err := where.Seek(0, io.SeekCurrent) // the header is read in whole blocks, and nothing more
			if err != nil {
				return nil, err
			}
			if !isSparse(hdr) {
				s.files[name] = span{at, hdr.Size}
			}
		case tar.TypeSymlink:
			s.links[name] = path.Join(path.Dir("/"+name), hdr.Linkname)[1:]
		case tar.TypeLink:
			s.links[name] = path.Clean("/" + hdr.Linkname)[1:]
		}
	}
}

func (s *tarStore) open(name string) (*blob, error) {
	const mostLinks = 10
	at := path.Clean("/" + name)[1:]
	for range mostLinks {
		if f, ok := s.files[at]; ok {
			return &blob{io.NewSectionReader(s.file, f.offset, f.size), nil}, nil
		}
		to, ok := s.links[at]
		if !ok {
			return nil, fmt.Errorf("open %s: %w", show(name), fs.ErrNotExist)
		}
		at = to
	}
	return nil, fmt.Errorf("open %s: %w", show(name), unix.ELOOP)
}

func (s *tarStore) close() {
	if s.own != nil {
		s.own.Close()
	}
}

// openStore opens the archive's files. A compressed one is uncompressed first, into a file that has no name: an image's
// files are read in another order than they are stored in.
func openStore(ctx context.Context, j *job) (store, error) {
	if j.in.dir {
		return dirStore{j.in.File}, nil
	}
	magic, err := bufio.NewReader(io.NewSectionReader(j.in, 0, 6)).Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if compression(magic) == "" {
		s, err := newTarStore(ctx, j.in, j.in.size)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	plain, err := j.uncompress(ctx)
	if err != nil {
		return nil, fmt.Errorf("uncompress it: %w", err)
	}
	size, err := plain.Seek(0, io.SeekEnd)
	if err != nil {
		plain.Close()
		return nil, err
	}
	s, err := newTarStore(ctx, plain, size)
	if err != nil {
		plain.Close()
		return nil, err
	}
	s.own = plain
	return s, nil
}

// uncompress writes the archive without its compression to a file in the cache that is gone when it is closed.
func (j *job) uncompress(ctx context.Context) (*os.File, error) {
	fd, err := openat(unix.AT_FDCWD, path.Join(j.cache.dir, workDir), unix.O_TMPFILE|unix.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make a file without a name in the cache (O_TMPFILE): %w", err)
	}
	f := os.NewFile(uintptr(fd), "an uncompressed archive")
	j.meter.start(Checking, j.in.size)
	stream, err := openPlain(ctx, io.NewSectionReader(j.in, 0, j.in.size), &budget{limits: j.opts.Limits}, j.meter, nil, nil)
	if err != nil {
		f.Close()
		return nil, err
	}
	defer stream.Close()
	for buf := make([]byte, chunk); ; {
		n, err := stream.Read(buf)
		if _, err := f.Write(buf[:n]); err != nil {
			f.Close()
			return nil, err
		}
		j.meter.tell()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			f.Close()
			return nil, err
		}
	}
}

// inStore is the name of a blob in a layout (image-spec, image-layout.md).
func (d digest) inStore() string { return "blobs/" + strings.Replace(string(d), ":", "/", 1) }
