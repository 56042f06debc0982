package rootfs

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
)

// unpack adds a tar, compressed or not, to the tree and returns how many entries it has. What was read is added to the
// hashes that are not nil, to the end, past what is needed of it.
func (t *tree) unpack(ctx context.Context, r io.Reader, m *meter, stored, uncompressed hash.Hash) (entries int, err error) {
	stream, err := openPlain(ctx, r, t.budget, m, stored, uncompressed)
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	entries, err = t.addAll(stream, m)
	if err != nil {
		return entries, err
	}
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return entries, fmt.Errorf("read the rest of the archive: %w", err)
	}
	m.last()
	return entries, nil
}

// addAll adds the entries of a tar, and returns how many there are.
func (t *tree) addAll(r io.Reader, m *meter) (entries int, err error) {
	archive := tar.NewReader(r)
	for {
		hdr, err := archive.Next()
		if err == io.EOF {
			return entries, nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // add refuses more than that, and less
			return entries, notTar(err, entries)
		}
		if hdr.Typeflag == tar.TypeXGlobalHeader {
			continue // a comment, such as git writes
		}
		if err := t.add(hdr, archive); err != nil {
			return entries, fmt.Errorf("entry %s: %w", show(hdr.Name), err)
		}
		entries++
		m.entries++
		m.tell()
	}
}

func notTar(err error, entries int) error {
	if entries == 0 && errors.Is(err, tar.ErrHeader) {
		return fmt.Errorf("it is not a tar: %w", err)
	}
	return fmt.Errorf("read the archive after %d entries: %w", entries, err)
}
