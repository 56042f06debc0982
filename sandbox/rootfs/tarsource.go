package rootfs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// tarSource is a tar of a root.
type tarSource struct {
	in *archive
	d  digest
}

// openTar reads the archive once for its digest. Unpacking reads it again: then whoever has the root in the cache already,
// under another name or from another file, need not unpack it to find that out.
func openTar(ctx context.Context, j *job, ref string) (source, error) {
	if ref != "" {
		return nil, fmt.Errorf("%s names an image, and a tar has none: leave it out, or say that it is an image", show(ref))
	}
	if j.in.dir {
		return nil, errors.New("it is a directory, not a tar: use it as a directory, or say that it is an image")
	}
	j.meter.start(Checking, j.in.size)
	d, err := hashOf(ctx, j.in, j.meter)
	if err != nil {
		return nil, fmt.Errorf("read it for its digest: %w", err)
	}
	return &tarSource{j.in, d}, nil
}

func (s *tarSource) digest() digest       { return s.d }
func (s *tarSource) config() *ImageConfig { return nil }
func (s *tarSource) kind() Kind           { return Tar }
func (s *tarSource) close()               {} // the archive is the job's

func (s *tarSource) unpack(ctx context.Context, t *tree, m *meter) error {
	if _, err := s.in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	m.start(Unpacking, s.in.size)
	h := sha256.New()
	entries, err := t.unpack(ctx, s.in, m, h, nil)
	if err != nil {
		return err
	}
	if sum(h) != s.d {
		return errors.New("it was changed while it was read: try again")
	}
	if entries == 0 {
		return errors.New("it is empty: no file is in it")
	}
	return s.notAnImage(t)
}

// notAnImage refuses an image that was taken for a tar of files: a sandbox would find no program in it.
func (s *tarSource) notAnImage(t *tree) error {
	var st unix.Stat_t
	for _, name := range []string{"oci-layout", "manifest.json"} {
		if unix.Fstatat(t.root, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			continue
		}
		if t.missing("bin") && t.missing("usr") && t.missing("etc") {
			return fmt.Errorf("it is an image, not the files of a root (it has %s): say that it is an image", name)
		}
	}
	return nil
}

func (t *tree) missing(name string) bool {
	var st unix.Stat_t
	return unix.Fstatat(t.root, name, &st, unix.AT_SYMLINK_NOFOLLOW) == unix.ENOENT
}
