package rootfs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Unpack makes a root directory out of the archive at path, or finds it in the cache, and holds it there until the Root is
// closed. ref chooses among several images in one archive: a name such as "busybox:1", a tag, or a digest; "" is good when
// there is one for this machine. When Unpack fails, or the context ends, nothing stays behind.
//
// A *LimitError says that the archive holds more than the Limits allow. An archive that changes while it is read is an
// error.
func Unpack(ctx context.Context, path string, kind Kind, ref string, opts Options) (*Root, error) {
	root, err := unpackOrFind(ctx, path, kind, ref, opts)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		err = fmt.Errorf("%w: make room where the cache is, or choose another cache directory", err)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	return root, nil
}

func unpackOrFind(ctx context.Context, path string, kind Kind, ref string, opts Options) (*Root, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	in, err := openArchive(path, kind, ref)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	c, err := openCache(opts.CacheDir)
	if err != nil {
		return nil, err
	}
	j := &job{opts: opts, cache: c, in: in, meter: &meter{report: opts.Progress}}
	if d, ok := c.recall(in); ok {
		if root, err := c.open(ctx, opts.key(d), j.wait); root != nil || err != nil {
			return root, err
		}
	}
	src, err := j.source(ctx, kind, ref)
	if err != nil {
		return nil, err
	}
	defer src.close()
	root, err := j.run(ctx, src)
	if err == nil {
		c.remember(in, src.digest())
	}
	return root, err
}

// job is one call of Unpack.
type job struct {
	opts  Options
	cache *cache
	in    *archive
	meter *meter
}

func (j *job) wait() { j.meter.start(Waiting, 0) }

// source is an archive whose digest is known.
type source interface {
	digest() digest
	config() *ImageConfig
	kind() Kind
	// unpack adds all files to the tree. It is an error when they are not those that the digest is of.
	unpack(ctx context.Context, t *tree, m *meter) error
	close()
}

func (j *job) source(ctx context.Context, kind Kind, ref string) (source, error) {
	switch kind {
	case Tar:
		return openTar(ctx, j, ref)
	case Image:
		return openImage(ctx, j, ref)
	default:
		return nil, fmt.Errorf("%q is not a kind of archive: say %s or %s", string(kind), Tar, Image)
	}
}

// run finds the root in the cache, or makes it.
func (j *job) run(ctx context.Context, src source) (*Root, error) {
	key := j.opts.key(src.digest())
	for {
		root, err := j.cache.open(ctx, key, j.wait)
		if root != nil || err != nil {
			return root, err
		}
		w, err := j.cache.claim(ctx, key, j.wait)
		if err != nil {
			return nil, err
		}
		if _, missing := os.Lstat(j.cache.root(key)); missing == nil { // made by whom we waited for
			err = w.giveUp()
		} else {
			err = j.make(ctx, src, w)
		}
		if err != nil {
			return nil, err
		}
		// Not locked yet: it may be removed before we open it, and then is made again.
	}
}

// make fills the root and puts it into the cache, or leaves nothing.
func (j *job) make(ctx context.Context, src source, w *work) error {
	e, err := j.fill(ctx, src, filepath.Join(w.dir, rootName))
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return errors.Join(err, w.giveUp())
	}
	if err := w.finish(e); err != nil {
		return errors.Join(err, removeAll(unix.AT_FDCWD, w.dir, nil))
	}
	return nil
}

func (j *job) fill(ctx context.Context, src source, dir string) (entry, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return entry{}, err
	}
	root, err := os.Open(dir)
	if err != nil {
		return entry{}, err
	}
	defer root.Close()
	b := &budget{limits: j.opts.Limits}
	t, err := newTree(int(root.Fd()), j.opts, b)
	if err != nil {
		return entry{}, err
	}
	defer t.leave()
	if err := src.unpack(ctx, t, j.meter); err != nil {
		return entry{}, err
	}
	if err := t.settle(); err != nil {
		return entry{}, err
	}
	return entry{
		Version: entryVersion, Digest: src.digest(), Kind: src.kind(), Path: j.in.path, Made: time.Now().UTC(),
		Bytes: b.bytes, Entries: b.entries, Skipped: len(t.skipped), Config: src.config(),
	}, nil
}

// hashOf reads a file, or a part of it, for its digest.
func hashOf(ctx context.Context, r io.Reader, m *meter) (digest, error) {
	h, buf := sha256.New(), make([]byte, chunk)
	in := &input{ctx: ctx, r: r, meter: m}
	for {
		n, err := in.Read(buf)
		h.Write(buf[:n])
		m.tell()
		if err == io.EOF {
			return sum(h), nil
		}
		if err != nil {
			return "", err
		}
	}
}
